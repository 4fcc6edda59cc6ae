#include "data_plane/agent/file_secrets.h"

#include <filesystem>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/tls/test_pki.h"

namespace lateen::agent {
namespace {

namespace fs = std::filesystem;

class FileSecretsTest : public ::testing::Test {
 protected:
  FileSecretsTest() : pki(reactor.wall_now()) {
    std::string pattern = fs::temp_directory_path() / "lateen-files.XXXXXX";
    directory = ::mkdtemp(pattern.data());
  }
  ~FileSecretsTest() override { fs::remove_all(directory); }

  void write(const tls::Credentials& credentials, const std::string& folder) {
    ASSERT_TRUE(io::write_file(folder + "/cert.pem", tls::pem_of(credentials.chain)));
    ASSERT_TRUE(io::write_file(folder + "/key.pem", credentials.key.pem()));
  }
  // Lets the reactor run until the condition holds; ten seconds are only for the case that it never does.
  static io::Task<void> await(io::Reactor& reactor, const std::function<bool()>& condition) {
    for (int i = 0; i < 1000 && !condition(); ++i) co_await reactor.sleep(10ms);
  }
  void run_until(const std::function<bool()>& condition) {
    reactor.run_until_done(await(reactor, condition));
    EXPECT_TRUE(condition());
  }

  io::Reactor reactor;
  tls::TestPki pki;
  std::string directory;
};

TEST_F(FileSecretsTest, FollowsChangesAndKeepsTheLastGood) {
  const auto first = pki.member("spiffe://td/one"), second = pki.member("spiffe://td/two");
  write(first, directory);
  FileSecrets secrets(reactor);
  std::vector<std::string> seen;
  const auto watch = secrets.watch("file-cert:" + directory + "/cert.pem~" + directory + "/key.pem",
                                   [&](SecretPtr secret) { seen.push_back(secret->chain); });
  ASSERT_EQ(seen.size(), 1u) << "told at once";
  ASSERT_TRUE(io::write_file(directory + "/cert.pem", "broken"));
  reactor.run_until_done(await(reactor, [turns = 0]() mutable { return ++turns > 40; }));
  EXPECT_EQ(seen.size(), 1u);
  write(second, directory);
  run_until([&] { return seen.size() == 2; });
  EXPECT_EQ(seen.back(), second.leaf().pem());
}

TEST_F(FileSecretsTest, FollowsExchangedSymlinksAndFilesThatComeLater) {
  const std::string one = directory + "/..one", two = directory + "/..two", data = directory + "/..data";
  FileSecrets secrets(reactor);
  secrets.map("default", {.chain = data + "/cert.pem", .key = data + "/key.pem", .roots = "", .crl = ""});
  std::string seen;
  const auto watch = secrets.watch("default", [&](SecretPtr secret) { seen = secret->chain; });
  const auto other =
      secrets.watch("file-root:" + directory + "/roots.pem", [&](SecretPtr secret) { seen = secret->roots; });
  EXPECT_EQ(seen, "");
  ASSERT_TRUE(io::write_file(directory + "/roots.pem", pki.root.front().pem()));
  run_until([&] { return seen == pki.root.front().pem(); });
  EXPECT_EQ(secrets.watch("unknown", [](SecretPtr) {}) == nullptr, false);
}

TEST_F(FileSecretsTest, ErrorsNameTheFile) {
  const auto missing = read_secret({.chain = "", .key = "", .roots = directory + "/none.pem", .crl = ""});
  EXPECT_THAT(missing.error().message, ::testing::HasSubstr("/none.pem"));
  write(pki.member("spiffe://td/one"), directory);
  ASSERT_TRUE(io::write_file(directory + "/key.pem", tls::PrivateKey::generate()->pem()));
  const auto misfit =
      read_secret({.chain = directory + "/cert.pem", .key = directory + "/key.pem", .roots = "", .crl = ""});
  EXPECT_THAT(misfit.error().message, ::testing::HasSubstr("does not belong"));
}

}  // namespace
}  // namespace lateen::agent
