#include "control_plane/ca/certificate_authority.h"

#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/io/files.h"

namespace lateen::ca {
namespace {

using ::testing::HasSubstr;

const WallTime now = *parse_time("2026-11-25T12:00:00Z");
const tls::SpiffeId web = *tls::SpiffeId::parse("spiffe://cluster.local/ns/a/sa/web");

class AuthorityTest : public ::testing::Test {
 protected:
  AuthorityTest() {
    std::string pattern = std::filesystem::temp_directory_path() / "lateen-ca.XXXXXX";
    directory = ::mkdtemp(pattern.data());
  }
  ~AuthorityTest() override { std::filesystem::remove_all(directory); }
  std::string read(const std::string& name) const { return io::read_file(directory + "/" + name).value_or(""); }
  void write(const std::string& name, std::string_view text) const {
    ASSERT_TRUE(io::write_file(directory + "/" + name, text));
  }
  static std::string request(std::string_view uri, const std::string& common_name = "") {
    tls::RequestNames names;
    names.names.uris = {std::string(uri)};
    names.common_name = common_name;
    return tls::CertificateRequest::make(*tls::PrivateKey::generate(), names)->pem();
  }
  std::string directory;
};

TEST_F(AuthorityTest, MakesARootOnceAndFindsItAgain) {
  const std::string folder = directory + "/state/ca";
  std::string root;
  {
    const auto authority = CertificateAuthority::open(folder, now);
    ASSERT_TRUE(authority) << authority.error().message;
    root = (*authority)->root_pem();
  }
  struct stat info{};
  ASSERT_EQ(::stat((folder + "/ca-key.pem").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  const auto again = CertificateAuthority::open(folder, now + 1h);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ((*again)->root_pem(), root);
  EXPECT_EQ((*again)->signer().names().uris, (std::vector<std::string>{"spiffe://cluster.local"}));
}

TEST_F(AuthorityTest, CertifiesTheCallerAndIgnoresTheRequestsNames) {
  const auto authority = *CertificateAuthority::in_memory(now);
  const auto issued = authority->sign(request("spiffe://cluster.local/ns/evil/sa/root"), {web}, 0s, now, {"web.a.svc"});
  ASSERT_TRUE(issued) << issued.error().message;
  const tls::Certificate& leaf = issued->chain.front();
  EXPECT_EQ(leaf.names().uris, (std::vector<std::string>{web.text()}));
  EXPECT_EQ(leaf.names().dns, (std::vector<std::string>{"web.a.svc"}));
  EXPECT_EQ(leaf.subject(), "");
  EXPECT_EQ(leaf.not_before(), now - 2min);
  EXPECT_EQ(leaf.not_after(), now + 24h);
  EXPECT_TRUE(authority->trust()->verify(issued->chain, now, tls::Purpose::client));
  EXPECT_TRUE(authority->trust()->verify(issued->chain, now, tls::Purpose::server));
  EXPECT_EQ(issued->pem(), (std::vector<std::string>{leaf.pem(), authority->root_pem()}));
  const auto named = authority->sign(request("spiffe://cluster.local/x", "web"), {web}, 0s, now);
  EXPECT_EQ(named->chain.front().subject(), "CN=web");
  EXPECT_NE(named->chain.front().serial(), leaf.serial());
}

TEST_F(AuthorityTest, RefusesWhatItMustNotSign) {
  const auto authority = *CertificateAuthority::in_memory(now);
  const std::string csr = request(web.text());
  EXPECT_EQ(authority->sign("no request", {web}, 1h, now).error().kind, ErrorKind::invalid);
  EXPECT_EQ(authority->sign(csr, {}, 1h, now).error().kind, ErrorKind::invalid);
  EXPECT_THAT(authority->sign(csr, {web}, 91 * 24h, now).error().message, HasSubstr("above the maximum"));
  EXPECT_TRUE(authority->sign(csr, {web}, 90 * 24h, now));
  EXPECT_EQ(authority->sign(csr, {web}, 1h, now + 3651 * 24h).error().kind, ErrorKind::unavailable);
  EXPECT_EQ(authority->sign(csr, {web}, 48h, now + 3649 * 24h)->chain.front().not_after(), now + 3650 * 24h)
      << "no certificate outlives its signer";
}

TEST_F(AuthorityTest, SignsWithPluggedInFiles) {
  const auto root_key = *tls::PrivateKey::generate(), key = *tls::PrivateKey::generate();
  tls::CertificatePlan plan;
  plan.common_name = "corporate root";
  plan.authority = true;
  plan.not_before = now - 1h;
  plan.not_after = now + 1000h;
  const auto root = *tls::make_self_signed(root_key, plan);
  plan.common_name = "mesh intermediate";
  const auto intermediate = *tls::issue(key.public_key(), plan, root, root_key);
  write("ca-cert.pem", intermediate.pem());
  write("ca-key.pem", key.pem());
  write("root-cert.pem", root.pem());
  write("cert-chain.pem", intermediate.pem() + root.pem());
  auto authority = CertificateAuthority::open(directory, now);
  ASSERT_TRUE(authority) << authority.error().message;
  const auto issued = (*authority)->sign(request(web.text()), {web}, 1h, now);
  EXPECT_EQ(issued->pem(), (std::vector<std::string>{issued->chain.front().pem(), intermediate.pem(), root.pem()}));
  EXPECT_TRUE((*tls::TrustBundle::parse(root.pem()))->verify(issued->chain, now));
  EXPECT_FALSE(*(*authority)->renew_root(now + 999h)) << "a plugged-in authority is renewed by its owner";

  // A new intermediate under the same root is taken over while running; a key that does not fit is not.
  plan.common_name = "second intermediate";
  const auto second = *tls::issue(key.public_key(), plan, root, root_key);
  write("ca-cert.pem", second.pem());
  write("cert-chain.pem", second.pem());
  EXPECT_TRUE(*(*authority)->reload(now));
  EXPECT_FALSE(*(*authority)->reload(now));
  EXPECT_EQ((*authority)->signer().subject(), "CN=second intermediate");
  write("ca-key.pem", root_key.pem());
  EXPECT_THAT((*authority)->reload(now).error().message, HasSubstr("ca-key.pem: the private key does not belong"));
  EXPECT_TRUE((*authority)->sign(request(web.text()), {web}, 1h, now));
}

TEST_F(AuthorityTest, RootsChangeByAddingOnly) {
  auto authority = *CertificateAuthority::open(directory, now);
  const std::string old_root = authority->root_pem();
  const auto other = *CertificateAuthority::in_memory(now);
  write("root-cert.pem", other->root_pem() + old_root);
  EXPECT_TRUE(*authority->reload(now));
  EXPECT_EQ(authority->root_pem(), other->root_pem() + old_root);
  write("root-cert.pem", other->root_pem());
  EXPECT_FALSE(authority->reload(now));
  EXPECT_EQ(authority->root_pem(), other->root_pem() + old_root);
}

TEST_F(AuthorityTest, RenewsItsRootWithTheSameKey) {
  auto authority = *CertificateAuthority::open(directory, now);
  const std::string old_root = authority->root_pem();
  const auto before = *authority->sign(request(web.text()), {web}, 48h, now + 2999 * 24h);
  EXPECT_FALSE(*authority->renew_root(now + 2900 * 24h));
  EXPECT_TRUE(*authority->renew_root(now + 3000 * 24h));
  EXPECT_THAT(authority->root_pem(), HasSubstr(old_root));
  EXPECT_TRUE(authority->trust()->verify(before.chain, now + 3000 * 24h));
  EXPECT_EQ(*(*CertificateAuthority::open(directory, now + 3000 * 24h))->trust()->certificates().begin(),
            authority->signer());
}

TEST_F(AuthorityTest, BadFoldersAreNamed) {
  write("ca-cert.pem", "no certificate");
  EXPECT_THAT(CertificateAuthority::open(directory, now).error().message, HasSubstr("ca-key.pem"));
  write("ca-key.pem", "no key");
  write("root-cert.pem", "no root");
  EXPECT_THAT(CertificateAuthority::open(directory, now).error().message, HasSubstr(directory + "/ca-cert.pem"));
  EXPECT_EQ(read("ca-cert.pem"), "no certificate") << "what is there is never overwritten";
  EXPECT_THAT(CertificateAuthority::open("/proc/nowhere", now).error().message, HasSubstr("/proc/nowhere"));
  EXPECT_FALSE(CertificateAuthority::open(directory, now, {.trust_domain = "Not A Domain"}));
}

TEST_F(AuthorityTest, GoesOnWhenItsFolderCannotBeWritten) {
  auto authority = *CertificateAuthority::open(directory, now);
  std::filesystem::remove_all(directory);
  const WallTime late = now + 3000 * 24h;
  EXPECT_THAT(authority->renew_root(late).error().message, HasSubstr("goes on with its old root"));
  EXPECT_FALSE(authority->reload(late));
  EXPECT_TRUE(authority->sign(request(web.text()), {web}, 1h, late));
}

TEST_F(AuthorityTest, OwnCredentialsNameTheControlPlane) {
  const auto authority = *CertificateAuthority::in_memory(now);
  const auto own = authority->own_credentials({"istiod.istio-system.svc"}, 24h, now);
  ASSERT_TRUE(own);
  EXPECT_EQ(own->leaf().names().dns, (std::vector<std::string>{"istiod.istio-system.svc"}));
  EXPECT_EQ(own->leaf().spiffe_id()->text(), "spiffe://cluster.local/ns/istio-system/sa/istiod");
}

}  // namespace
}  // namespace lateen::ca
