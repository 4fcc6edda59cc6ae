#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/collections/query.h"

namespace lateen::collections {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct World {
  Database db;
  Input<std::string, int> numbers{db, "numbers"};
  Query<std::string, int> doubled{db, "doubled", [this](const std::string& key) {
                                    const auto number = numbers.get(key);
                                    return number ? *number * 2 : -1;
                                  }};
  Query<Unit, int> total{db, "total", [this](const Unit&) {
                           int sum = 0;
                           for (const auto& [key, value] : numbers.all()) sum += *value;
                           return sum;
                         }};
  Query<std::string, bool> is_large{db, "is_large", [this](const std::string& key) { return *doubled.get(key) > 100; }};
  Query<std::string, std::string> label{
      db, "label", [this](const std::string& key) { return std::string(*is_large.get(key) ? "large" : "small"); }};
};

TEST(Collections, AnEntryIsComputedOnceAndRemembered) {
  World w;
  w.numbers.set("a", 4);
  EXPECT_EQ(*w.doubled.get("a"), 8);
  EXPECT_EQ(*w.doubled.get("a"), 8);
  EXPECT_EQ(w.doubled.runs(), 1);
}

TEST(Collections, OnlyWhatReadAChangeRunsAgain) {
  World w;
  for (int i = 0; i < 100; ++i) w.numbers.set(std::to_string(i), i);
  for (int i = 0; i < 100; ++i) w.label.get(std::to_string(i));
  const uint64_t before = w.db.statistics().computed;
  w.numbers.set("60", 1000);
  for (int i = 0; i < 100; ++i) w.label.get(std::to_string(i));
  EXPECT_EQ(w.db.statistics().computed - before, 2);  // doubled(60) and is_large(60), which was and is true
  EXPECT_EQ(*w.label.get("60"), "large");
}

TEST(Collections, AnEqualResultStopsTheChangeAndKeepsItsAddress) {
  World w;
  w.numbers.set("a", 1);
  const auto label = w.label.get("a");
  const uint64_t since = w.label.changed_at("a");
  w.numbers.set("a", 2);
  EXPECT_EQ(w.label.get("a").get(), label.get());
  EXPECT_EQ(w.label.changed_at("a"), since);
  EXPECT_EQ(w.label.runs(), 1);
  EXPECT_EQ(w.is_large.runs(), 2);
  w.numbers.set("a", 51);
  EXPECT_EQ(*w.label.get("a"), "large");
  EXPECT_EQ(*label, "small") << "a value that was handed out stays as it is";
  EXPECT_GT(w.label.changed_at("a"), since);
}

TEST(Collections, SettingAnEqualValueIsNoChange) {
  World w;
  EXPECT_TRUE(w.numbers.set("a", 1));
  const uint64_t revision = w.db.revision();
  EXPECT_FALSE(w.numbers.set("a", 1));
  EXPECT_FALSE(w.numbers.erase("b"));
  EXPECT_EQ(w.db.revision(), revision);
}

TEST(Collections, AnAbsentKeyIsAnAnswerThatIsRecorded) {
  World w;
  EXPECT_EQ(*w.doubled.get("a"), -1);
  w.numbers.set("b", 5);
  EXPECT_EQ(*w.doubled.get("a"), -1);
  EXPECT_EQ(w.doubled.runs(), 1);
  w.numbers.set("a", 5);
  EXPECT_EQ(*w.doubled.get("a"), 10);
  w.numbers.erase("a");
  EXPECT_EQ(*w.doubled.get("a"), -1);
}

TEST(Collections, WholeCollectionAndKeysAreReadsOfTheirOwn) {
  World w;
  Query<Unit, size_t> count{w.db, "count", [&](const Unit&) { return w.numbers.keys().size(); }};
  w.numbers.assign({{"a", std::make_shared<const int>(1)}, {"b", std::make_shared<const int>(2)}});
  EXPECT_EQ(*w.total.get(), 3);
  EXPECT_EQ(*count.get(), 2);
  w.numbers.set("a", 10);
  EXPECT_EQ(*w.total.get(), 12);
  EXPECT_EQ(*count.get(), 2);
  EXPECT_EQ(count.runs(), 1);
  EXPECT_TRUE(w.numbers.assign({{"b", std::make_shared<const int>(2)}}));
  EXPECT_FALSE(w.numbers.assign({{"b", std::make_shared<const int>(2)}}));
  EXPECT_EQ(*w.total.get(), 2);
  EXPECT_EQ(*count.get(), 1);
}

TEST(Collections, ReadsMayDependOnEarlierReads) {
  Database db;
  Input<Unit, std::string> chosen{db, "chosen"};
  Input<std::string, int> numbers{db, "numbers"};
  Query<Unit, int> value{db, "value", [&](const Unit&) { return *numbers.get(*chosen.get()); }};
  chosen.set({}, "a");
  numbers.set("a", 1);
  numbers.set("b", 2);
  EXPECT_EQ(*value.get(), 1);
  chosen.set({}, "b");
  numbers.erase("a");  // would crash the function if its old second read were checked or repeated first
  EXPECT_EQ(*value.get(), 2);
  numbers.set("a", 3);
  EXPECT_EQ(*value.get(), 2);
  EXPECT_EQ(value.runs(), 2) << "reads of an earlier run are forgotten";
}

TEST(Collections, AnIndexGroupsAndOnlyItsGroupChanges) {
  Database db;
  struct Pod {
    std::string ns;
    int ip;
    bool operator==(const Pod&) const = default;
  };
  Input<std::string, Pod> pods{db, "pods"};
  pods.set("early", Pod{"x", 9});
  Index<std::string, std::string, Pod> by_namespace{
      db, "pods by namespace", pods, [](const std::string&, const Pod& pod) { return std::vector{pod.ns, pod.ns}; }};
  Query<std::string, int> sum{db, "sum", [&](const std::string& ns) {
                                int sum = 0;
                                for (const auto& [name, pod] : by_namespace.of(ns)) sum += pod->ip;
                                return sum;
                              }};
  Query<Unit, std::vector<std::string>> namespaces{db, "namespaces",
                                                   [&](const Unit&) { return by_namespace.groups(); }};
  pods.set("p1", {"x", 1});
  pods.set("p2", {"y", 2});
  EXPECT_EQ(*sum.get("x"), 10);
  EXPECT_EQ(*sum.get("y"), 2);
  EXPECT_EQ(*sum.get("z"), 0);
  EXPECT_THAT(*namespaces.get(), ElementsAre("x", "y"));
  pods.set("p2", {"y", 3});
  EXPECT_EQ(*sum.get("x"), 10);
  EXPECT_EQ(*sum.get("y"), 3);
  EXPECT_THAT(*namespaces.get(), ElementsAre("x", "y"));
  EXPECT_EQ(sum.runs(), 4);
  EXPECT_EQ(namespaces.runs(), 1);
  pods.set("p2", {"z", 3});
  EXPECT_EQ(*sum.get("y"), 0);
  EXPECT_EQ(*sum.get("z"), 3);
  EXPECT_THAT(*namespaces.get(), ElementsAre("x", "z"));
  pods.erase("p2");
  EXPECT_EQ(*sum.get("z"), 0);
  EXPECT_EQ(sum.runs(), 7);
}

TEST(Collections, CollectDropsWhatNobodyAskedForSince) {
  World w;
  for (int i = 0; i < 10; ++i) w.label.get(std::to_string(i));
  const Pin pin = w.label.pin("3");
  EXPECT_EQ(w.db.collect(), 0);
  w.label.get("5");
  // Of ten labels two stay, each with its is_large, its doubled and the absent key that this read.
  EXPECT_EQ(w.db.collect(), 32);
  EXPECT_EQ(w.label.size(), 2);
  EXPECT_EQ(w.doubled.size(), 2);
  w.numbers.set("3", 70);
  w.numbers.set("7", 70);
  EXPECT_EQ(*w.label.get("3"), "large");
  EXPECT_EQ(*w.label.get("7"), "large");
}

TEST(Collections, AQueryMayEndBeforeItsReaders) {
  Database db;
  Input<Unit, int> input{db, "input"};
  input.set({}, 1);
  auto lower = std::make_unique<Query<Unit, int>>(db, "lower", [&](const Unit&) { return *input.get(); });
  Query<Unit, int> upper{db, "upper", [&](const Unit&) { return lower ? *lower->get() : *input.get() + 100; }};
  EXPECT_EQ(*upper.get(), 1);
  lower.reset();
  EXPECT_EQ(*upper.get(), 101);
}

// entries[i] names the entries that entry i adds up.
struct Graph {
  Database db;
  Input<int, std::vector<int>> edges{db, "edges"};
  Query<int, int> sum{db, "sum",
                      [this](const int& i) {
                        int sum = 1;
                        if (const auto next = edges.get(i))
                          for (int j : *next) sum += *sum_of(j);
                        return sum;
                      },
                      -1000};
  std::shared_ptr<const int> sum_of(int i) { return sum.get(i); }
};

TEST(Cycles, AreReportedAndTakeTheFallback) {
  Graph g;
  g.edges.set(0, {1});
  g.edges.set(1, {2, 3});
  g.edges.set(2, {0});
  EXPECT_EQ(*g.sum.get(0), -1000);
  EXPECT_EQ(*g.sum.get(1), -1000);
  EXPECT_EQ(*g.sum.get(2), -1000);
  EXPECT_EQ(*g.sum.get(3), 1);
  EXPECT_THAT(g.db.take_cycles(), ElementsAre("sum(0) -> sum(1) -> sum(2) -> sum(0)"));
  EXPECT_THAT(g.db.take_cycles(), IsEmpty());
}

TEST(Cycles, AreTheSameFromWhereverTheyAreEntered) {
  // Knot {0,1,2}: found through 1 -> 0 first, and 2 reaches it only through an entry that is finished already.
  for (int first : {0, 1, 2, 3}) {
    Graph g;
    g.edges.set(0, {1, 2});
    g.edges.set(1, {0});
    g.edges.set(2, {1});
    g.edges.set(3, {2, 4});
    g.sum.get(first);
    for (int i : {0, 1, 2}) EXPECT_EQ(*g.sum.get(i), -1000) << "entered at " << first;
    EXPECT_EQ(*g.sum.get(3), -998) << "reads a cycle, is not on one";
  }
}

TEST(Cycles, EndWhenAChangeBreaksThem) {
  Graph g;
  g.edges.set(0, {1});
  g.edges.set(1, {2});
  g.edges.set(2, {0});
  g.edges.set(9, {0});
  EXPECT_EQ(*g.sum.get(9), -999);
  g.edges.set(2, {});
  EXPECT_EQ(*g.sum.get(9), 4);
  EXPECT_EQ(*g.sum.get(0), 3);
  g.edges.set(2, {2});
  EXPECT_EQ(*g.sum.get(9), -997);
  g.edges.set(2, {9});
  EXPECT_EQ(*g.sum.get(1), -1000);
}

TEST(Cycles, AChainWithoutEndIsCutAndHealsWhenItEnds) {
  Database db;
  Input<Unit, int> end{db, "end"};
  std::function<std::shared_ptr<const int>(int)> next;
  Query<int, int> chain{db, "chain", [&](const int& i) { return i >= *end.get() ? i : *next(i + 1); }, -1};
  next = [&](int i) { return chain.get(i); };
  end.set({}, 1'000'000'000);
  EXPECT_EQ(*chain.get(0), -1);
  EXPECT_THAT(db.take_cycles(), ::testing::SizeIs(1));
  end.set({}, 200);
  EXPECT_EQ(*chain.get(0), 200);
  EXPECT_THAT(db.take_cycles(), IsEmpty());
}

}  // namespace
}  // namespace lateen::collections
