// The law: whatever the edits, an incremental result equals the result from scratch, and what did not need to run did
// not.
#include <set>

#include <gtest/gtest.h>

#include "lib/base/random.h"
#include "lib/collections/query.h"

namespace lateen::collections {
namespace {

// A random program over random inputs. Layer 0 reads inputs; layer n reads layer n-1, inputs, groups of an index and
// now and then everything; which of them depends on the values read so far. Small value ranges make equal results
// frequent.
struct Program {
  static constexpr int layers = 4, width = 8, keys = 10;

  explicit Program(uint64_t shape) : shape(shape) {}

  uint64_t shape;  // what the functions do
  Database db;
  Input<int, int> input{db, "input"};
  Index<int, int, int> by_value{db, "by value", input, [](int, int value) { return std::vector{value % 3}; }};
  Query<std::pair<int, int>, int> cell{db, "cell", [this](const std::pair<int, int>& at) { return compute(at); }, 77};
  std::map<std::pair<int, int>, int> runs;

  int compute(std::pair<int, int> at) {
    ++runs[at];
    const auto [layer, column] = at;
    Random random(shape * 1000 + static_cast<uint64_t>(layer * width + column));
    int sum = 0;
    const int reads = 1 + static_cast<int>(random.below(4));
    for (int i = 0; i < reads; ++i) {
      const int pick = static_cast<int>(random.below(100)) + sum;  // later reads depend on earlier values
      if (layer > 0 && pick % 2 == 0) {
        sum += *cell.get({layer - 1, pick % width});
      } else if (pick % 10 == 1) {
        for (const auto& [key, value] : input.all()) sum += *value;
      } else if (pick % 10 == 3) {
        for (const auto& [key, value] : by_value.of(pick % 3)) sum += key + *value;
      } else if (pick % 10 == 5) {
        sum += static_cast<int>(input.size());
      } else {
        const auto value = input.get(pick % keys);
        sum += value ? *value : 1;
      }
    }
    return sum % 5;
  }
};

void edit(Program& program, Random& random) {
  const int key = static_cast<int>(random.below(Program::keys));
  if (random.chance(0.25))
    program.input.erase(key);
  else
    program.input.set(key, static_cast<int>(random.below(6)));
}

TEST(Law, IncrementalEqualsFromScratch) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    Random random(seed);
    Program incremental(seed);
    for (int round = 0; round < 40; ++round) {
      for (uint64_t edits = random.below(4); edits > 0; --edits) edit(incremental, random);
      Program scratch(seed);
      scratch.input.assign(incremental.input.all());
      for (int asked = 0; asked < 6; ++asked) {
        const std::pair at{static_cast<int>(random.below(Program::layers)),
                           static_cast<int>(random.below(Program::width))};
        ASSERT_EQ(*incremental.cell.get(at), *scratch.cell.get(at)) << "seed " << seed << " round " << round;
      }
      if (random.chance(0.1)) incremental.db.collect();
    }
  }
}

TEST(Law, NothingRunsTwiceARevisionAndNothingRunsWithoutAChange) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    Random random(seed);
    Program program(seed);
    for (int round = 0; round < 30; ++round) {
      edit(program, random);
      program.runs.clear();
      for (int layer = 0; layer < Program::layers; ++layer)
        for (int column = 0; column < Program::width; ++column) program.cell.get({layer, column});
      for (const auto& [at, runs] : program.runs) ASSERT_EQ(runs, 1);
      program.runs.clear();
      for (int layer = 0; layer < Program::layers; ++layer)
        for (int column = 0; column < Program::width; ++column) program.cell.get({layer, column});
      ASSERT_TRUE(program.runs.empty());
    }
  }
}

// Any graph, cycles included: the values follow from the edges alone, not from the history or the order of asking.
struct Wild {
  static constexpr int size = 9;
  Database db;
  Input<int, std::vector<int>> edges{db, "edges"};
  std::function<int(int)> ask = [this](int i) { return *sum.get(i); };
  Query<int, int> sum{db, "sum",
                      [this](const int& i) {
                        int sum = i;
                        if (const auto next = edges.get(i))
                          for (int j : *next) sum += ask(j);
                        return sum % 1000;
                      },
                      -1};
};

TEST(Law, HoldsWithCyclesToo) {
  for (uint64_t seed = 1; seed <= 80; ++seed) {
    Random random(seed);
    Wild incremental;
    for (int round = 0; round < 40; ++round) {
      std::vector<int> next;
      for (uint64_t n = random.below(3); n > 0; --n) next.push_back(static_cast<int>(random.below(Wild::size)));
      incremental.edges.set(static_cast<int>(random.below(Wild::size)), next);
      for (int asked = 0; asked < 3; ++asked) {
        const int i = static_cast<int>(random.below(Wild::size));
        Wild scratch;
        scratch.edges.assign(incremental.edges.all());
        ASSERT_EQ(*incremental.sum.get(i), *scratch.sum.get(i))
            << "seed " << seed << " round " << round << " entry " << i;
      }
      if (random.chance(0.1)) incremental.db.collect();
    }
  }
}

// A mesh in small: the work after one change does not grow with the mesh.
TEST(Law, WorkIsProportionalToTheChange) {
  std::vector<uint64_t> work;
  for (int services : {100, 1000}) {
    Database db;
    Input<int, int> endpoint{db, "endpoint"};
    Query<int, int> cluster{db, "cluster", [&](const int& i) { return *endpoint.get(i); }};
    Query<int, int> proxy{db, "proxy", [&](const int& p) {
                            int sum = 0;
                            for (int i = p * 10; i < p * 10 + 10; ++i) sum += *cluster.get(i);
                            return sum;
                          }};
    for (int i = 0; i < services; ++i) endpoint.set(i, i);
    for (int p = 0; p < services / 10; ++p) proxy.get(p);
    const Statistics before = db.statistics();
    endpoint.set(55, 1'000'000);
    for (int p = 0; p < services / 10; ++p) proxy.get(p);
    EXPECT_EQ(db.statistics().computed - before.computed, 2);
    EXPECT_EQ(db.statistics().marked - before.marked, 2);
    work.push_back(db.statistics().computed - before.computed + db.statistics().marked - before.marked);
  }
  EXPECT_EQ(work[0], work[1]);
}

}  // namespace
}  // namespace lateen::collections
