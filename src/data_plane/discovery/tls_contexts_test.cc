#include "data_plane/discovery/tls_contexts.h"

#include <filesystem>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data_plane/agent/file_secrets.h"
#include "lib/tls/test_pki.h"

namespace lateen::discovery {
namespace {

namespace fs = std::filesystem;
namespace tlsv3 = envoy::extensions::transport_sockets::tls::v3;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TlsContextsTest : public ::testing::Test {
 protected:
  TlsContextsTest() : files(reactor), contexts({.files = &files}), pki(reactor.wall_now()) {
    std::string pattern = fs::temp_directory_path() / "lateen-contexts.XXXXXX";
    directory = ::mkdtemp(pattern.data());
    write(pki.member("spiffe://td/one"));
  }
  ~TlsContextsTest() override { fs::remove_all(directory); }

  void write(const tls::Credentials& credentials) const {
    ASSERT_TRUE(io::write_file(directory + "/cert.pem", tls::pem_of(credentials.chain)));
    ASSERT_TRUE(io::write_file(directory + "/key.pem", credentials.key.pem()));
  }
  static io::Task<void> await(io::Reactor& reactor, const std::function<bool()>& condition) {
    for (int i = 0; i < 1000 && !condition(); ++i) co_await reactor.sleep(10ms);
  }
  Result<TlsContexts::Slot> secret(const std::string& name, const envoy::config::core::v3::ConfigSource* from) {
    tlsv3::DownstreamTlsContext message;
    auto& config = *message.mutable_common_tls_context()->add_tls_certificate_sds_secret_configs();
    config.set_name(name);
    if (from) *config.mutable_sds_config() = *from;
    Notes notes("test");
    auto slot = contexts.downstream(message, notes);
    said = notes.texts();
    return slot;
  }

  io::Reactor reactor;
  agent::FileSecrets files;
  TlsContexts contexts;
  tls::TestPki pki;
  std::string directory;
  std::vector<std::string> said;  // by the last secret()
};

TEST_F(TlsContextsTest, AWatchedDirectoryIsFollowed) {
  tlsv3::DownstreamTlsContext message;
  auto& certificate = *message.mutable_common_tls_context()->add_tls_certificates();
  certificate.mutable_certificate_chain()->set_filename(directory + "/cert.pem");
  certificate.mutable_private_key()->set_filename(directory + "/key.pem");
  certificate.mutable_watched_directory()->set_path(directory);
  Notes notes("test");
  const auto slot = contexts.downstream(message, notes);
  ASSERT_TRUE(slot) << slot.error().message;
  EXPECT_TRUE(notes.texts().empty());
  const auto first = (*slot)->get();
  ASSERT_NE(first, nullptr);
  write(pki.member("spiffe://td/two"));
  reactor.run_until_done(await(reactor, [&] { return (*slot)->get() != first; }));
  EXPECT_NE((*slot)->get(), first);
}

TEST_F(TlsContextsTest, NamesOfFilesNeedNoControlPlane) {
  envoy::config::core::v3::ConfigSource from;
  from.mutable_api_config_source()->add_grpc_services()->mutable_envoy_grpc()->set_cluster_name("sds-grpc");
  const auto slot = secret("file-cert:" + directory + "/cert.pem~" + directory + "/key.pem", &from);
  ASSERT_TRUE(slot) << slot.error().message;
  EXPECT_NE((*slot)->get(), nullptr);
}

TEST_F(TlsContextsTest, WhatNothingBringsIsSaid) {
  envoy::config::core::v3::ConfigSource from;
  from.mutable_path_config_source()->set_path("/etc/sds.yaml");
  ASSERT_TRUE(secret("web", &from));
  EXPECT_THAT(said, ElementsAre(HasSubstr("secret web: nothing brings it")));
  from.mutable_api_config_source();
  ASSERT_TRUE(secret("default", &from));
  EXPECT_THAT(said, ElementsAre(HasSubstr("secret default: nothing brings it")));
  EXPECT_TRUE(contexts.wanted_from_ads().empty());
  EXPECT_THAT(secret("other", nullptr).error().message, HasSubstr("static_resources.secrets has none"));
}

TEST_F(TlsContextsTest, ANameThatNothingBroughtIsStillUnknownAndMayComeOverAds) {
  envoy::config::core::v3::ConfigSource from;
  from.mutable_path_config_source()->set_path("/etc/sds.yaml");
  ASSERT_TRUE(secret("web", &from));
  ASSERT_TRUE(secret("web", &from));
  EXPECT_EQ(said.size(), 1u) << "the second one waits as well";
  EXPECT_FALSE(secret("web", nullptr));
  from.mutable_ads();
  const auto slot = secret("web", &from);
  ASSERT_TRUE(slot);
  EXPECT_THAT(contexts.wanted_from_ads(), ElementsAre("web"));
}

TEST_F(TlsContextsTest, OverAdsItIsAskedFor) {
  envoy::config::core::v3::ConfigSource from;
  from.mutable_ads();
  const auto slot = secret("web", &from);
  ASSERT_TRUE(slot);
  EXPECT_THAT(contexts.wanted_from_ads(), ElementsAre("web"));
}

TEST_F(TlsContextsTest, ASecretOfTheBootstrapIsFoundByItsName) {
  tlsv3::Secret given;
  given.set_name("web");
  const auto credentials = pki.member("spiffe://td/web");
  given.mutable_tls_certificate()->mutable_certificate_chain()->set_inline_string(tls::pem_of(credentials.chain));
  given.mutable_tls_certificate()->mutable_private_key()->set_inline_string(credentials.key.pem());
  ASSERT_TRUE(contexts.put_secret(given));
  const auto slot = secret("web", nullptr);
  ASSERT_TRUE(slot) << slot.error().message;
  EXPECT_NE((*slot)->get(), nullptr);
}

}  // namespace
}  // namespace lateen::discovery
