// What happens to the store when the world is unkind: full disks, damaged and foreign files, crashes.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/base/strings.h"
#include "lib/store/connection.h"
#include "lib/store/sqlite.h"

namespace lateen::store {
namespace {

using ::testing::HasSubstr;

class StoreDamage : public ::testing::Test {
 protected:
  StoreDamage() {
    std::string folder = std::filesystem::temp_directory_path() / "lateen-store-XXXXXX";
    folder_ = mkdtemp(folder.data());
  }
  ~StoreDamage() override { std::filesystem::remove_all(folder_); }
  std::string path() const { return folder_ / "state.db"; }
  void fill(int count) {
    auto store = open_sqlite(path(), {.durable = false});
    ASSERT_TRUE(store) << store.error().message;
    for (int i = 0; i < count; ++i) ASSERT_TRUE((*store)->put(fmt::format("k{:04}", i), std::string(500, 'v')));
  }
  std::filesystem::path folder_;
};

TEST_F(StoreDamage, AForeignFileIsNamedAndLeftAlone) {
  const std::string text = "this is a letter to my aunt, and not a database at all\n" + std::string(4000, '.');
  std::ofstream(path()) << text;
  const auto store = open_sqlite(path());
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().kind, ErrorKind::invalid);
  EXPECT_THAT(store.error().message, HasSubstr(path() + ": the file is damaged or is no store"));
  std::ifstream back(path());
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(back), {}), text);
}

TEST_F(StoreDamage, ADamagedFileIsFoundAtTheDoor) {
  fill(200);
  std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(3 * 4096);
  file << std::string(40000, '\x5a');
  file.close();
  const auto store = open_sqlite(path());
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().kind, ErrorKind::invalid);
  EXPECT_THAT(store.error().message, HasSubstr("put a backup in its place"));
}

TEST_F(StoreDamage, DatabasesOfOthersAndOfTheFutureAreRefused) {
  {
    auto other = Connection::open(path());
    ASSERT_TRUE((*other)->execute("CREATE TABLE recipes (name TEXT)"));
  }
  EXPECT_THAT(open_sqlite(path()).error().message, HasSubstr("is the database of another program"));
  std::filesystem::remove(path());
  fill(1);
  {
    auto future = Connection::open(path());
    ASSERT_TRUE((*future)->execute("PRAGMA user_version = 999"));
  }
  EXPECT_THAT(open_sqlite(path()).error().message, HasSubstr("was written by a newer version (schema 999"));
}

TEST_F(StoreDamage, MigrationsRunOnceAndTogether) {
  auto connection = Connection::open(path());
  const char* first[] = {"CREATE TABLE a (x)"};
  const char* second[] = {"CREATE TABLE a (x)", "INSERT INTO a VALUES (5)"};
  const char* broken[] = {"CREATE TABLE a (x)", "INSERT INTO a VALUES (5)", "INSERT INTO a VALUES (6)", "NONSENSE"};
  ASSERT_TRUE(migrate(**connection, first));
  ASSERT_TRUE(migrate(**connection, second));
  ASSERT_TRUE(migrate(**connection, second));
  EXPECT_EQ(*(*connection)->integer("SELECT count(*) FROM a"), 1);
  const auto failed = migrate(**connection, broken);
  EXPECT_THAT(failed.error().message, HasSubstr("migration 4: "));
  EXPECT_EQ(*(*connection)->integer("SELECT count(*) FROM a"), 1);
  EXPECT_EQ(*(*connection)->integer("PRAGMA user_version"), 2);
}

TEST_F(StoreDamage, APathThatCannotBeSaysWhy) {
  EXPECT_EQ(open_sqlite(folder_ / "no" / "such" / "state.db").error().kind, ErrorKind::not_found);
  EXPECT_THAT(open_sqlite(folder_).error().message, HasSubstr("cannot be opened"));
  if (geteuid() == 0) return;  // root may do anything
  fill(1);
  std::filesystem::permissions(path(), std::filesystem::perms::none);
  EXPECT_EQ(open_sqlite(path()).error().kind, ErrorKind::permission);
}

// A limit on the size of files stands in for a full disk; it holds for the whole process, hence the child.
TEST_F(StoreDamage, AFullDiskIsSaidAndLosesNothing) {
  fill(10);
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    auto store = open_sqlite(path(), {.durable = false});
    rlimit limit{256 << 10, 256 << 10};
    setrlimit(RLIMIT_FSIZE, &limit);
    Result<Revision> put = store ? Result<Revision>(0) : failed(store);
    for (int i = 0; put && i < 1000; ++i) put = (*store)->put("new", std::string(100'000, 'x'));
    const bool said =
        !put && put.error().kind == ErrorKind::unavailable && put.error().message.find("full") != std::string::npos;
    const bool readable = store && (*store)->get("k0003").value_or(std::nullopt).has_value();
    if (!said) fmt::print(stderr, "{}\n", put ? "no error" : put.error().message);
    _exit(said && readable ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  auto store = open_sqlite(path(), {.durable = false});
  ASSERT_TRUE(store) << store.error().message;
  for (int i = 0; i < 10; ++i) EXPECT_TRUE((*store)->get(fmt::format("k{:04}", i)).value().has_value());
  EXPECT_TRUE((*store)->put("after", "there is room again"));
}

TEST_F(StoreDamage, AKilledProgramLosesNoCommitThatReturned) {
  int channel[2];
  ASSERT_EQ(pipe(channel), 0);
  const pid_t child = fork();
  if (child == 0) {
    auto store = open_sqlite(path(), {.durable = false});
    for (uint32_t i = 0; store && (*store)->put(std::to_string(i), "x"); ++i)
      if (write(channel[1], &i, sizeof i) != sizeof i) break;
    _exit(1);
  }
  close(channel[1]);
  uint32_t last = 0;
  while (last < 200 && read(channel[0], &last, sizeof last) == sizeof last) {
  }
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  while (read(channel[0], &last, sizeof last) == sizeof last) {
  }
  close(channel[0]);
  EXPECT_GE(last, 200);
  auto store = open_sqlite(path(), {.durable = false});
  ASSERT_TRUE(store) << store.error().message;
  for (uint32_t i = 0; i <= last; ++i) ASSERT_TRUE((*store)->get(std::to_string(i)).value().has_value()) << i;
  EXPECT_GE(*(*store)->revision(), last + 1);
}

TEST_F(StoreDamage, TwoProgramsDoNotTearEachOther) {
  auto one = open_sqlite(path(), {.durable = false});
  auto two = open_sqlite(path(), {.durable = false});
  ASSERT_TRUE(one && two);
  EXPECT_EQ(*(*one)->put("a", "1", 0), 1);
  EXPECT_EQ((*two)->put("a", "2", 0).error().kind, ErrorKind::already_exists);
  EXPECT_EQ(*(*two)->put("b", "2"), 2);
  EXPECT_EQ(*(*one)->revision(), 2);
}

}  // namespace
}  // namespace lateen::store
