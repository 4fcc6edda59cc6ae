#include "control_plane/ingest/directory.h"

#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/io/scope.h"

namespace lateen::ingest {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
namespace fs = std::filesystem;

std::string service(std::string_view name) {
  return fmt::format("apiVersion: v1\nkind: Service\nmetadata: {{name: {}}}\nspec: {{ports: [{{port: 80}}]}}\n---\n",
                     name);
}

class Directory : public ::testing::Test {
 protected:
  Directory() {
    std::string folder = fs::temp_directory_path() / "lateen-ingest-XXXXXX";
    folder_ = mkdtemp(folder.data());
  }
  ~Directory() override { fs::remove_all(folder_); }

  void write(const fs::path& path, std::string_view text) {
    fs::create_directories((folder_ / path).parent_path());
    std::ofstream(folder_ / path) << text;
  }
  void open(DirectoryOptions options = {.quiet = 20ms}) {
    auto source = DirectorySource::open(reactor_, folder_, std::move(options));
    ASSERT_TRUE(source) << source.error().message;
    source_ = std::move(*source);
  }
  // Waits until the next change is seen; fails the test when there is none in ten seconds.
  void next() {
    const auto bounded = [](DirectorySource& source, io::Loop& loop) -> io::Task<void> {
      const auto wait = [](DirectorySource& source) -> io::Task<Result<>> {
        co_await source.next();
        co_return Result<>();
      };
      const Result<> seen = co_await io::within(loop, 10s, wait(source));
      EXPECT_TRUE(seen) << "no change was seen";
    };
    reactor_.run_until_done(bounded(*source_, reactor_));
  }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& service : source_->intent().objects().services) names.push_back(service.metadata.name);
    return names;
  }

  fs::path folder_;
  io::Reactor reactor_;
  std::unique_ptr<DirectorySource> source_;
};

TEST_F(Directory, ReadsYamlAndJsonBelowIt) {
  write("b.yaml", service("b"));
  write("a.yml", service("a"));
  write("deep/er/c.json",
        R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"c"},"spec":{"ports":[{"port":80}]}})");
  write("README.md", "no objects");
  write(".hidden.yaml", service("hidden"));
  write("b.yaml~", service("backup"));
  open();
  EXPECT_THAT(names(), ElementsAre("a", "b", "c"));
  EXPECT_THAT(source_->intent().diagnostics().all(), IsEmpty());
}

TEST_F(Directory, AMissingFolderIsAnError) {
  const auto source = DirectorySource::open(reactor_, folder_ / "none");
  ASSERT_FALSE(source);
  EXPECT_EQ(source.error().kind, ErrorKind::not_found);
  EXPECT_THAT(source.error().message, HasSubstr("none"));
}

TEST_F(Directory, SeesFilesComeChangeAndGo) {
  open();
  EXPECT_THAT(names(), IsEmpty());
  write("a.yaml", service("a"));
  next();
  EXPECT_THAT(names(), ElementsAre("a"));
  write("sub/b.yaml", service("b"));
  next();
  EXPECT_THAT(names(), ElementsAre("a", "b"));
  write("sub/b.yaml", service("b2"));  // in a folder that was made while it was watched
  next();
  EXPECT_THAT(names(), ElementsAre("a", "b2"));
  fs::remove(folder_ / "a.yaml");
  next();
  EXPECT_THAT(names(), ElementsAre("b2"));
  fs::remove_all(folder_ / "sub");
  next();
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(Directory, SeesFilesThatAreExchangedByRenaming) {
  write("a.yaml", service("a"));
  open();
  write(".a.yaml.tmp", service("a2"));
  fs::rename(folder_ / ".a.yaml.tmp", folder_ / "a.yaml");
  next();
  EXPECT_THAT(names(), ElementsAre("a2"));
  fs::rename(folder_ / "a.yaml", folder_ / "a.yaml~");  // as some editors save: away, then anew
  write("a.yaml", service("a3"));
  next();
  EXPECT_THAT(names(), ElementsAre("a3"));
}

TEST_F(Directory, WaitsForFilesThatAreWrittenInSteps) {
  write("a.yaml", service("a"));
  open({.quiet = 300ms, .patience = 10s});
  const auto writer = [](fs::path path, io::Loop& loop) -> io::Task<void> {
    const std::string text = service("a2") + service("b2");
    for (size_t half : {text.size() / 3, text.size() / 2, text.size()}) {
      std::ofstream(path) << text.substr(0, half);
      co_await loop.sleep(20ms);
    }
  };
  io::Scope scope(reactor_);
  scope.start(writer(folder_ / "a.yaml", reactor_));
  next();
  scope.cancel();
  EXPECT_THAT(names(), ElementsAre("a2", "b2"));
  EXPECT_EQ(source_->intent().version(), 2) << "no half of it was believed";
  EXPECT_THAT(source_->intent().diagnostics().all(), IsEmpty());
}

TEST_F(Directory, ABrokenFileIsNamedAndKeepsItsObjects) {
  write("a.yaml", service("a"));
  open();
  write("a.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: none}\n");
  next();
  EXPECT_THAT(names(), ElementsAre("a"));
  ASSERT_EQ(source_->intent().diagnostics().all().size(), 1);
  EXPECT_THAT(schema::format(source_->intent().diagnostics().all()[0]),
              HasSubstr((folder_ / "a.yaml").string() + ":4:15: error: spec.ports: "));
}

// As kubelet mounts a ConfigMap: files are links through ..data, and an update exchanges that one link.
TEST_F(Directory, FollowsAMountedConfigMap) {
  write("..2026_01/a.yaml", service("a"));
  write("..2026_01/b.yaml", service("b"));
  fs::create_symlink("..2026_01", folder_ / "..data");
  fs::create_symlink("..data/a.yaml", folder_ / "a.yaml");
  fs::create_symlink("..data/b.yaml", folder_ / "b.yaml");
  open();
  EXPECT_THAT(names(), ElementsAre("a", "b")) << "each object once, whatever the links";

  write("..2026_02/a.yaml", service("a2"));
  write("..2026_02/b.yaml", service("b"));
  fs::create_symlink("..2026_02", folder_ / "..data_tmp");
  fs::rename(folder_ / "..data_tmp", folder_ / "..data");
  fs::remove_all(folder_ / "..2026_01");
  next();
  EXPECT_THAT(names(), ElementsAre("a2", "b"));
}

TEST_F(Directory, LimitsAreErrorsThatTakeNothingAway) {
  write("a.yaml", service("a"));
  open({.quiet = 20ms, .limits = {.files = 3, .file_bytes = 1000, .total_bytes = 5000}});
  write("big.yaml", "# " + std::string(2000, 'x') + "\n" + service("big"));
  next();
  EXPECT_THAT(names(), ElementsAre("a"));
  EXPECT_THAT(source_->intent().diagnostics().first_error(), HasSubstr("is larger than 1000 bytes"));
  for (const char* name : {"b.yaml", "c.yaml", "d.yaml"}) write(name, service(name));
  next();
  EXPECT_THAT(names(), ElementsAre("a"));
  EXPECT_THAT(source_->intent().diagnostics().first_error(), HasSubstr("the limit is 3"));
  for (const char* name : {"c.yaml", "d.yaml", "big.yaml"}) fs::remove(folder_ / name);
  next();
  EXPECT_THAT(names(), ElementsAre("a", "b.yaml"));
}

TEST_F(Directory, LinksInCirclesEnd) {
  write("a.yaml", service("a"));
  for (const char* name : {"loop", "other", "third"}) fs::create_directory_symlink(".", folder_ / name);
  write("deep/b.yaml", service("b"));
  fs::create_directory_symlink("deep", folder_ / "again");
  open();
  EXPECT_THAT(names(), ElementsAre("a", "b"));
  EXPECT_THAT(source_->intent().diagnostics().all(), IsEmpty()) << "each folder is seen once";
}

TEST_F(Directory, AFolderThatIsExchangedIsFollowed) {
  write("a.yaml", service("a"));
  open({.quiet = 20ms, .patience = 100ms});
  const fs::path away = folder_.string() + "-away";
  fs::rename(folder_, away);
  next();
  EXPECT_THAT(names(), ElementsAre("a"));
  EXPECT_THAT(source_->intent().diagnostics().first_error(), HasSubstr(folder_.string()));
  fs::create_directories(folder_);
  write("b.yaml", service("b"));
  next();
  EXPECT_THAT(names(), ElementsAre("b"));
  write("c.yaml", service("c"));
  next();
  EXPECT_THAT(names(), ElementsAre("b", "c"));
  fs::remove_all(away);
}

}  // namespace
}  // namespace lateen::ingest
