#include "lib/store/store.h"

#include <filesystem>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/base/random.h"
#include "lib/store/sqlite.h"

namespace lateen::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() {
    std::string folder = std::filesystem::temp_directory_path() / "lateen-store-XXXXXX";
    folder_ = mkdtemp(folder.data());
    reopen();
  }
  ~StoreTest() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  void reopen() {
    store_.reset();
    auto opened = open_sqlite(path(), {.durable = false});
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
  }
  std::string path() const { return folder_ / "state.db"; }
  std::vector<std::string> keys(const RangeRequest& request) {
    std::vector<std::string> keys;
    for (const Entry& entry : store_->range(request)->entries) keys.push_back(entry.key);
    return keys;
  }

  std::filesystem::path folder_;
  std::unique_ptr<Store> store_;
  const WallTime start_{std::chrono::hours(480000)};
};

TEST_F(StoreTest, RevisionsCountCommits) {
  EXPECT_EQ(*store_->revision(), 0);
  EXPECT_EQ(*store_->put("a", "1"), 1);
  EXPECT_EQ(*store_->put("b", "2"), 2);
  EXPECT_EQ(*store_->put("a", "3"), 3);
  EXPECT_EQ(**store_->get("a"), (Entry{"a", "3", 1, 3, 0}));
  EXPECT_EQ(*store_->remove("a"), 4);
  EXPECT_EQ(*store_->remove("a"), 4) << "nothing to delete is no commit";
  EXPECT_EQ(*store_->get("a"), std::nullopt);
  EXPECT_EQ(*store_->put("a", "5"), 5);
  EXPECT_EQ((*store_->get("a"))->created, 5);
}

TEST_F(StoreTest, KeysAndValuesAreBytes) {
  const std::string key("\0k\xff", 3), value("\0\n\xfe", 3);
  ASSERT_TRUE(store_->put(key, value));
  ASSERT_TRUE(store_->put("empty", ""));
  EXPECT_EQ((*store_->get(key))->value, value);
  EXPECT_EQ((*store_->get("empty"))->value, "");
}

TEST_F(StoreTest, AnExpectedRevisionThatDoesNotHoldWritesNothing) {
  ASSERT_TRUE(store_->put("a", "1", 0));
  EXPECT_EQ(store_->put("a", "2", 0).error().kind, ErrorKind::already_exists);
  EXPECT_EQ(store_->remove("a", 7).error().kind, ErrorKind::already_exists);
  EXPECT_EQ(store_->remove("absent", 7).error().kind, ErrorKind::already_exists);
  const auto both = store_->commit({{"new", "x", {}}, {"a", "2", Revision{9}}});
  ASSERT_FALSE(both);
  EXPECT_EQ(both.error().message, "a: expected at revision 9, it is at 1");
  EXPECT_EQ(*store_->get("new"), std::nullopt) << "all or nothing";
  EXPECT_EQ(*store_->put("a", "2", 1), 2);
}

TEST_F(StoreTest, ImpossibleWritesAreRefused) {
  EXPECT_EQ(store_->put("", "x").error().kind, ErrorKind::invalid);
  EXPECT_EQ(store_->put(std::string(5000, 'k'), "x").error().kind, ErrorKind::too_large);
  EXPECT_EQ(store_->put("k", std::string(17 << 20, 'v')).error().kind, ErrorKind::too_large);
  EXPECT_EQ(store_->commit({{"a", "1", {}}, {"a", "2", {}}}).error().kind, ErrorKind::invalid);
  EXPECT_EQ(store_->commit({{"a", "1", {}, 99}}).error().kind, ErrorKind::not_found);
  EXPECT_EQ(*store_->revision(), 0);
}

TEST_F(StoreTest, RangesHaveOrderPagesAndPast) {
  for (const char* key : {"b/2", "a", "b/1", "b0", "b/3"}) ASSERT_TRUE(store_->put(key, "x"));
  ASSERT_TRUE(store_->remove("b/2"));
  EXPECT_THAT(keys({.prefix = "b/"}), ElementsAre("b/1", "b/3"));
  EXPECT_THAT(keys({.prefix = ""}), ElementsAre("a", "b/1", "b/3", "b0"));
  EXPECT_THAT(keys({.prefix = "b/", .revision = 5}), ElementsAre("b/1", "b/2", "b/3"));
  EXPECT_THAT(keys({.prefix = "b/", .revision = 1}), ElementsAre("b/2"));
  const auto page = store_->range({.prefix = "b/", .limit = 1});
  EXPECT_TRUE(page->more);
  EXPECT_EQ(page->revision, 6);
  EXPECT_THAT(keys({.prefix = "b/", .after = page->entries[0].key, .limit = 1}), ElementsAre("b/3"));
  EXPECT_FALSE(store_->range({.prefix = "b/", .after = "b/1", .limit = 1})->more);
  EXPECT_EQ(store_->range({.prefix = "", .revision = 99}).error().kind, ErrorKind::invalid);
}

TEST_F(StoreTest, AWatchSeesEveryChangeOnceInOrder) {
  ASSERT_TRUE(store_->put("x/a", "1"));
  Watch watch(*store_, "x/", store_->range({.prefix = "x/"})->revision);
  EXPECT_THAT(*watch.take(), IsEmpty());
  Revision told = 0;
  store_->on_commit([&](Revision revision) { told = revision; });
  ASSERT_TRUE(store_->commit({{"x/b", "2", {}}, {"y", "0", {}}, {"x/a", std::nullopt, {}}}));
  ASSERT_TRUE(store_->put("y", "1"));
  ASSERT_TRUE(store_->put("x/b", "3"));
  EXPECT_EQ(told, 4);
  EXPECT_THAT(*watch.take(1), ElementsAre(Event{"x/a", std::nullopt, 2}, Event{"x/b", Entry{"x/b", "2", 2, 2, 0}, 2}));
  EXPECT_THAT(*watch.take(1), ElementsAre(Event{"x/b", Entry{"x/b", "3", 2, 4, 0}, 4}));
  EXPECT_THAT(*watch.take(1), IsEmpty());
  ASSERT_TRUE(store_->put("y", "2"));
  EXPECT_THAT(*watch.take(), IsEmpty());
  EXPECT_EQ(watch.position(), 5) << "what does not concern it is not read again";
}

TEST_F(StoreTest, CompactionForgetsThePastOnly) {
  for (int i = 1; i <= 10; ++i) ASSERT_TRUE(store_->put("a", std::to_string(i)));
  ASSERT_TRUE(store_->put("gone", "x"));
  ASSERT_TRUE(store_->remove("gone"));
  ASSERT_TRUE(store_->put("a", "13"));
  ASSERT_TRUE(store_->compact(12));
  EXPECT_EQ(store_->range({.prefix = "", .revision = 5}).error().kind, ErrorKind::not_found);
  EXPECT_EQ(Watch(*store_, "", 11).take().error().kind, ErrorKind::not_found);
  const auto at = store_->range({.prefix = "", .revision = 12});
  EXPECT_THAT(at->entries, ElementsAre(Entry{"a", "10", 1, 10, 0}));
  EXPECT_THAT(*Watch(*store_, "", 12).take(), ElementsAre(Event{"a", Entry{"a", "13", 1, 13, 0}, 13}));
  EXPECT_TRUE(store_->compact(3)) << "compacting what is compacted is nothing";
  EXPECT_EQ(store_->compact(99).error().kind, ErrorKind::invalid);
}

TEST_F(StoreTest, LeasesTakeTheirKeysAlong) {
  const auto lease = store_->grant(10s, start_);
  ASSERT_TRUE(store_->commit({{"vm/1", "x", {}, *lease}, {"vm/2", "y", {}, *lease}}));
  ASSERT_TRUE(store_->put("vm/2", "z"));  // without the lease now
  EXPECT_EQ(*store_->expire(start_ + 9s), 0);
  ASSERT_TRUE(store_->keep_alive(*lease, start_ + 9s));
  reopen();
  EXPECT_EQ(*store_->expire(start_ + 18s), 0);
  Watch watch(*store_, "", *store_->revision());
  EXPECT_EQ(*store_->expire(start_ + 19s), 1);
  EXPECT_THAT(*watch.take(), ElementsAre(Event{"vm/1", std::nullopt, 3}));
  EXPECT_THAT(keys({.prefix = "vm/"}), ElementsAre("vm/2"));
  EXPECT_EQ(store_->keep_alive(*lease, start_).error().kind, ErrorKind::not_found);
  EXPECT_EQ(store_->revoke(*lease).error().kind, ErrorKind::not_found);
  EXPECT_NE(*store_->grant(1s, start_), *lease) << "a number is never used again";
}

// Against a model, over random edits: the present, every past that was not compacted, and the same after reopening.
TEST_F(StoreTest, ReopenedItIsWhatItWas) {
  Random random(7);
  using State = std::map<std::string, Entry>;
  std::map<Revision, State> history = {{0, {}}};
  Revision compacted = 0;
  const auto entries_of = [](const State& state) {
    std::vector<Entry> entries;
    for (const auto& [key, entry] : state) entries.push_back(entry);
    return entries;
  };
  for (int step = 0; step < 300; ++step) {
    State now = history.rbegin()->second;
    const Revision next = history.rbegin()->first + 1;
    std::vector<Write> writes;
    for (int i = 0; i <= static_cast<int>(random.below(3)); ++i) {
      const std::string key = fmt::format("k{}", random.below(4) * 3 + static_cast<uint64_t>(i));
      const auto held = now.find(key);
      if (random.chance(0.3)) {
        writes.push_back({key, std::nullopt, {}});
        now.erase(key);
      } else {
        const std::string value = std::to_string(random.below(100));
        writes.push_back({key, value, held == now.end() ? Revision{0} : held->second.modified});
        now[key] = Entry{key, value, held == now.end() ? next : held->second.created, next, 0};
      }
    }
    std::set<std::string> distinct;
    for (const Write& write : writes) distinct.insert(write.key);
    if (distinct.size() != writes.size()) continue;
    const auto committed = store_->commit(writes);
    ASSERT_TRUE(committed) << committed.error().message;
    if (*committed == next) history[next] = now;
    if (random.chance(0.02)) {
      compacted = random.below(*committed + 1);
      ASSERT_TRUE(store_->compact(compacted));
      std::erase_if(history, [&](const auto& item) { return item.first < compacted; });
    }
    if (random.chance(0.05)) reopen();
    ASSERT_EQ(store_->range({.prefix = ""})->entries, entries_of(history.rbegin()->second));
    auto past = history.lower_bound(random.below(history.rbegin()->first + 1));
    if (past->first == 0) continue;  // as a request, 0 means now
    ASSERT_EQ(store_->range({.prefix = "", .revision = past->first})->entries, entries_of(past->second));
  }
}

}  // namespace
}  // namespace lateen::store
