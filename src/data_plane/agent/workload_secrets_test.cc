#include "data_plane/agent/workload_secrets.h"

#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/io/files.h"
#include "lib/io/scope.h"
#include "lib/io/simulated.h"
#include "lib/tls/test_pki.h"

namespace lateen::agent {
namespace {

using ::testing::HasSubstr;

const tls::SpiffeId web = *tls::SpiffeId::parse("spiffe://td/ns/a/sa/web");

// Signs with a test authority, or fails as told; notes when and how it was asked.
class TestSigner final : public Signer {
 public:
  explicit TestSigner(io::Loop& loop) : loop_(loop), pki(loop.wall_now()) {}

  io::Task<Result<SignedChain>> sign(SigningRequest request) override {
    asked_at.push_back(loop_.wall_now());
    had_certificate.push_back(request.certificate != nullptr);
    co_await loop_.sleep(takes);
    if (failure) co_return std::unexpected(*failure);
    const auto csr = tls::CertificateRequest::parse_pem(request.csr_pem);
    tls::CertificatePlan plan;
    plan.names.uris = {identity};
    plan.not_before = loop_.wall_now() - 2min;
    plan.not_after = loop_.wall_now() + request.ttl;
    co_return SignedChain{{*tls::issue(csr->public_key(), plan, pki.root.front(), pki.root_key)},
                          pki.root.front().pem()};
  }

  io::Loop& loop_;
  tls::TestPki pki;
  std::string identity = web.text();
  Duration takes = 20ms;
  std::optional<Error> failure;
  std::vector<WallTime> asked_at;
  std::vector<bool> had_certificate;
};

class WorkloadSecretsTest : public ::testing::Test {
 protected:
  WorkloadSecretsTest() {
    std::string pattern = std::filesystem::temp_directory_path() / "lateen-agent.XXXXXX";
    directory = ::mkdtemp(pattern.data());
    options.identity = web;
    options.directory = directory;
  }
  ~WorkloadSecretsTest() override { std::filesystem::remove_all(directory); }

  std::string directory;
  io::SimulatedWorld world{11};
  TestSigner signer{world};
  WorkloadOptions options;
};

TEST_F(WorkloadSecretsTest, FetchesThenRenewsAtHalfItsLife) {
  WorkloadSecrets secrets(world, signer, options);
  io::Scope scope(world);
  const io::CancelOnExit guard(scope);
  std::vector<std::string> order;
  const auto watch_root = secrets.watch("ROOTCA", [&](SecretPtr) { order.push_back("ROOTCA"); });
  const auto watch_own = secrets.watch("default", [&](SecretPtr secret) {
    order.push_back("default");
    EXPECT_TRUE(tls::Credentials::parse(secret->chain, secret->key));
  });
  scope.start(secrets.run());
  world.run_for(1s);
  ASSERT_TRUE(secrets.ready().is_set());
  EXPECT_EQ(order, (std::vector<std::string>{"ROOTCA", "default"}));
  const WallTime first = signer.asked_at.front();

  world.run_for(100h);
  // 24 hours of life, renewed when about 12 are left: nine fetches in 100 hours, never far from the middle.
  EXPECT_EQ(signer.asked_at.size(), 9u);
  EXPECT_EQ(secrets.rotations(), 9u);
  for (size_t i = 1; i < signer.asked_at.size(); ++i) {
    const Duration gap = signer.asked_at[i] - signer.asked_at[i - 1];
    EXPECT_GT(gap, 11h + 40min);
    EXPECT_LT(gap, 12h + 20min);
    EXPECT_TRUE(signer.had_certificate[i]) << "renewal shows the certificate, no token is needed";
  }
  EXPECT_EQ(first, signer.asked_at.front());
  EXPECT_EQ(std::count(order.begin(), order.end(), "ROOTCA"), 1) << "an unchanged root is not published again";
  EXPECT_TRUE(secrets.certificate()->valid_at(world.wall_now()));
}

TEST_F(WorkloadSecretsTest, KeepsTheLastGoodOneWhileTheSignerIsAway) {
  WorkloadSecrets secrets(world, signer, options);
  io::Scope scope(world);
  const io::CancelOnExit guard(scope);
  scope.start(secrets.run());
  world.run_for(1s);
  const std::string first = secrets.certificate()->sha256();
  signer.failure = Error{ErrorKind::unavailable, "control plane is down"};
  world.run_for(18h);
  EXPECT_EQ(secrets.certificate()->sha256(), first);
  EXPECT_TRUE(secrets.certificate()->valid_at(world.wall_now()));
  EXPECT_EQ(secrets.last_error()->message, "control plane is down");
  const size_t attempts = signer.asked_at.size();
  EXPECT_GT(attempts, 500u);
  EXPECT_LT(attempts, 2000u) << "at most every 15 seconds in the long run";
  signer.failure.reset();
  world.run_for(31s);
  EXPECT_NE(secrets.certificate()->sha256(), first);
  EXPECT_FALSE(secrets.last_error());
}

TEST_F(WorkloadSecretsTest, AHangingSignerIsAskedAgain) {
  signer.takes = 10h;
  WorkloadSecrets secrets(world, signer, options);
  io::Scope scope(world);
  const io::CancelOnExit guard(scope);
  scope.start(secrets.run());
  world.run_for(60s);
  EXPECT_GE(signer.asked_at.size(), 3u);
  EXPECT_EQ(secrets.last_error()->kind, ErrorKind::timed_out);
  signer.takes = 1ms;
  world.run_for(30s);
  EXPECT_TRUE(secrets.ready().is_set());
}

TEST_F(WorkloadSecretsTest, StartsFromDiskWithoutTheSigner) {
  {
    WorkloadSecrets secrets(world, signer, options);
    io::Scope scope(world);
    const io::CancelOnExit guard(scope);
    scope.start(secrets.run());
    world.run_for(1s);
  }
  struct stat info{};
  ASSERT_EQ(::stat((directory + "/key.pem").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  signer.failure = Error{ErrorKind::unavailable, "down"};
  const auto start_again = [&](const tls::SpiffeId& identity) {
    WorkloadOptions again = options;
    again.identity = identity;
    WorkloadSecrets secrets(world, signer, again);
    io::Scope scope(world);
    const io::CancelOnExit guard(scope);
    scope.start(secrets.run());
    world.run_for(1s);
    return secrets.ready().is_set();
  };
  EXPECT_TRUE(start_again(web));
  EXPECT_FALSE(start_again(*tls::SpiffeId::parse("spiffe://td/ns/a/sa/other"))) << "the certificate of somebody else";
  world.run_for(25h);
  EXPECT_FALSE(start_again(web)) << "expired";
  ASSERT_TRUE(io::write_file(directory + "/key.pem", "garbage"));
  EXPECT_FALSE(start_again(web));
}

TEST_F(WorkloadSecretsTest, RefusesWhatItDidNotAskFor) {
  signer.identity = "spiffe://td/ns/a/sa/other";
  WorkloadSecrets secrets(world, signer, options);
  io::Scope scope(world);
  const io::CancelOnExit guard(scope);
  scope.start(secrets.run());
  world.run_for(1s);
  EXPECT_FALSE(secrets.ready().is_set());
  EXPECT_THAT(secrets.last_error()->message, HasSubstr("the token belongs to another namespace or service account"));
}

TEST_F(WorkloadSecretsTest, AFullDiskDoesNotStopIt) {
  options.directory = "/proc/nowhere";
  WorkloadSecrets secrets(world, signer, options);
  io::Scope scope(world);
  const io::CancelOnExit guard(scope);
  scope.start(secrets.run());
  world.run_for(20h);
  EXPECT_EQ(secrets.rotations(), 2u);
}

TEST(SecretBoard, WatchersMayGoAtAnyTime) {
  auto board = std::make_unique<SecretBoard>();
  int calls = 0;
  std::unique_ptr<SecretSource::Watch> one, two;
  one = board->watch("x", [&](SecretPtr) {
    ++calls;
    one.reset();
    two.reset();
  });
  two = board->watch("x", [&](SecretPtr) { ++calls; });
  EXPECT_TRUE(board->publish("x", Secret{.chain = "a", .key = "b", .roots = "", .crl = ""}));
  EXPECT_EQ(calls, 1);
  EXPECT_FALSE(board->publish("x", Secret{.chain = "a", .key = "b", .roots = "", .crl = ""}));
  const auto late = board->watch("x", [&](SecretPtr secret) { calls += secret->chain == "a" ? 10 : 0; });
  EXPECT_EQ(calls, 11) << "told at once";
  board.reset();
}

}  // namespace
}  // namespace lateen::agent
