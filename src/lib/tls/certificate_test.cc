#include "lib/tls/certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/base/strings.h"
#include "lib/tls/digest.h"
#include "lib/tls/test_pki.h"

namespace lateen::tls {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const WallTime now = *parse_time("2026-11-25T12:00:00Z");

TEST(Digest, KnownAnswers) {
  EXPECT_EQ(hex_encode(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex_encode(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
  EXPECT_FALSE(equal_in_constant_time("abc", "abcd"));
  EXPECT_FALSE(equal_in_constant_time("abc", "abd"));
  EXPECT_NE(random_bytes(16), random_bytes(16));
}

TEST(Key, IsWrittenAndReadForEveryType) {
  for (KeyType type : {KeyType::ecdsa_p256, KeyType::ecdsa_p384, KeyType::rsa_2048}) {
    const auto key = PrivateKey::generate(type);
    ASSERT_TRUE(key);
    const auto again = PrivateKey::parse_pem(key->pem());
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_TRUE(again->public_key() == key->public_key());
    const auto signature = again->sign("message");
    ASSERT_TRUE(signature);
    EXPECT_TRUE(key->public_key().verifies("message", *signature));
    EXPECT_FALSE(key->public_key().verifies("massage", *signature));
    EXPECT_FALSE(key->public_key().verifies("message", ""));
    EXPECT_TRUE(*PublicKey::parse_pem(key->public_key().pem()) == key->public_key());
  }
  EXPECT_EQ(PrivateKey::generate()->describe(), "ECDSA P-256");
  EXPECT_EQ(PrivateKey::generate(KeyType::rsa_2048)->describe(), "RSA 2048");
}

TEST(Key, RefusesWhatItCannotUse) {
  EXPECT_FALSE(PrivateKey::parse_pem(""));
  EXPECT_FALSE(PrivateKey::parse_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"));
  EXPECT_FALSE(PrivateKey::parse_pem(PrivateKey::generate()->public_key().pem()));
  const auto encrypted = PrivateKey::parse_pem("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n");
  EXPECT_THAT(encrypted.error().message, HasSubstr("encrypted"));
}

TEST(Certificate, CarriesWhatItWasIssuedWith) {
  const TestPki pki(now);
  CertificatePlan plan = pki.leaf_plan("spiffe://td/ns/a/sa/b");
  plan.names.dns = {"b.a.svc"};
  plan.names.ips = {"10.0.0.7", "2001:db8::1"};
  const Credentials member = pki.member(plan);
  const Certificate read = *Certificate::parse_pem(member.leaf().pem());
  EXPECT_EQ(read.names(), plan.names);
  EXPECT_EQ(read.subject(), "");
  EXPECT_EQ(read.issuer(), "CN=test root");
  EXPECT_EQ(read.not_before(), plan.not_before);
  EXPECT_EQ(read.not_after(), plan.not_after);
  EXPECT_EQ(read.spiffe_id()->text(), "spiffe://td/ns/a/sa/b");
  EXPECT_EQ(read.serial().size(), 32u);
  EXPECT_EQ(read.sha256(), hex_encode(sha256(read.der())));
  EXPECT_FALSE(read.is_authority());
  EXPECT_TRUE(pki.root.front().is_authority());
  EXPECT_TRUE(pki.root.front().is_self_signed());
  EXPECT_FALSE(read.is_self_signed());
  EXPECT_TRUE(*Certificate::parse_der(read.der()) == read);
  EXPECT_FALSE(Certificate::parse_der(read.der() + "x"));
  EXPECT_THAT(describe(read, now), HasSubstr("URI:spiffe://td/ns/a/sa/b"));
  EXPECT_THAT(describe(read, now + 48h), HasSubstr("EXPIRED 24h0m0s ago"));
}

// Valid from 1950 to the end of 9999, as "no well-defined expiration" is written (RFC 5280 section 4.1.2.5).
constexpr std::string_view for_ever =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBEDCBtgIBATAKBggqhkjOPQQDAjATMREwDwYDVQQDDAhmb3IgZXZlcjAgFw01\n"
    "MDAxMDEwMDAwMDBaGA85OTk5MTIzMTIzNTk1OVowEzERMA8GA1UEAwwIZm9yIGV2\n"
    "ZXIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATljmr3Q7Tqk61cX7T3SZmjsEW/\n"
    "8K1eHEocHk+m0j8QSnrDtu5k/b06dxzcPvUJrHNYz1vzFRMRltmBJx0XHNMcMAoG\n"
    "CCqGSM49BAMCA0kAMEYCIQDhqxF2hZJYcYYfZr0IwrsNnQcve6Q1YDN4NlgaWJlw\n"
    "AAIhAP86wHe2msu9nHUyBrWP1vN5Znd+Lvs9CvdJaHoO9LOF\n"
    "-----END CERTIFICATE-----\n";

TEST(Certificate, NeverExpiringIsLaterThanAnyOther) {
  const Certificate read = *Certificate::parse_pem(std::string(for_ever));
  EXPECT_EQ(format_time(read.not_before()), "1970-01-01T00:00:00.000Z");
  EXPECT_GT(read.not_after(), now + longest_duration);
  EXPECT_GT(read.not_after() - read.not_before(), longest_duration);
}

TEST(Certificate, ChainsKeepTheirOrderAndNameTheBadOne) {
  const TestPki pki(now);
  const std::string leaf = pki.member("spiffe://td/x").leaf().pem(), root = pki.root.front().pem();
  const auto chain = Certificate::parse_chain("comment\n" + leaf + "\n\nmore text\n" + root);
  ASSERT_TRUE(chain);
  ASSERT_EQ(chain->size(), 2u);
  EXPECT_TRUE(chain->back() == pki.root.front());
  EXPECT_EQ(pem_of(*chain), leaf + root);
  std::string broken = leaf + root;
  broken[leaf.size() + 60] = '!';
  EXPECT_THAT(Certificate::parse_chain(broken).error().message, HasSubstr("certificate 2 of the PEM text"));
  EXPECT_THAT(Certificate::parse_chain("").error().message, HasSubstr("no PEM block"));
}

TEST(Certificate, NulInANameIsRefusedAtTheDoor) {
  const TestPki pki(now);
  std::string der = pki.member("spiffe://td/ns/a/sa/bXevil").leaf().der();
  der[der.find("bXevil") + 1] = '\0';
  EXPECT_THAT(Certificate::parse_der(der).error().message, HasSubstr("NUL"));
}

TEST(Certificate, NoTruncatedFormIsAccepted) {
  const std::string der = TestPki(now).root.front().der();
  for (size_t size = 0; size < der.size(); ++size) EXPECT_FALSE(Certificate::parse_der(der.substr(0, size)));
}

TEST(Certificate, NamesHosts) {
  const TestPki pki(now);
  CertificatePlan plan = pki.leaf_plan("spiffe://td/x");
  plan.names.dns = {"istiod.istio-system.svc", "*.example.com", "*.com"};
  plan.names.ips = {"10.0.0.7", "2001:db8::1"};
  const Certificate certificate = pki.member(plan).leaf();
  for (const char* host :
       {"istiod.istio-system.svc", "ISTIOD.istio-system.svc.", "a.example.com", "10.0.0.7", "2001:0db8:0::1"})
    EXPECT_TRUE(certifies_host(certificate, host)) << host;
  for (const char* host : {"", "example.com", ".example.com", "a.b.example.com", "other.com", "10.0.0.8",
                           "xistiod.istio-system.svc", "spiffe://td/x"})
    EXPECT_FALSE(certifies_host(certificate, host)) << host;
}

TEST(Credentials, KeyMustFitTheLeaf) {
  const TestPki pki(now);
  const Credentials a = pki.member("spiffe://td/a"), b = pki.member("spiffe://td/b");
  EXPECT_TRUE(Credentials::parse(a.leaf().pem(), a.key.pem()));
  EXPECT_THAT(Credentials::parse(a.leaf().pem(), b.key.pem()).error().message, HasSubstr("does not belong"));
}

TEST(Request, CarriesNamesAndProvesItsKey) {
  const auto key = PrivateKey::generate();
  RequestNames names;
  names.names.uris = {"spiffe://td/ns/a/sa/b"};
  const auto made = CertificateRequest::make(*key, names);
  ASSERT_TRUE(made) << made.error().message;
  const auto read = CertificateRequest::parse_pem(made->pem());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->names().names, names.names);
  EXPECT_TRUE(read->public_key() == key->public_key());
  EXPECT_FALSE(CertificateRequest::make(*key, {}));

  RequestNames common;
  common.common_name = "web";
  EXPECT_EQ(CertificateRequest::make(*key, common)->names().common_name, "web");
}

TEST(Request, ForgedSignatureIsRefused) {
  RequestNames names;
  names.names.uris = {"spiffe://td/ns/a/sa/b"};
  std::string pem = CertificateRequest::make(*PrivateKey::generate(), names)->pem();
  const size_t begin = pem.find('\n') + 1, end = pem.find("\n-----END");
  std::string body;
  for (char c : pem.substr(begin, end - begin))
    if (c != '\n') body += c;
  std::string der = *base64_decode(body);
  der[der.find("/sa/b") + 4] = 'c';
  const auto forged = CertificateRequest::parse_pem("-----BEGIN CERTIFICATE REQUEST-----\n" + base64_encode(der) +
                                                    "\n-----END CERTIFICATE REQUEST-----\n");
  EXPECT_THAT(forged.error().message, HasSubstr("not signed by its own key"));
}

TEST(Issue, FollowsTheRules) {
  const TestPki pki(now);
  const Credentials member = pki.member("spiffe://td/x");
  const auto plan = pki.leaf_plan("spiffe://td/y");
  EXPECT_THAT(issue(member.key.public_key(), plan, member.leaf(), member.key).error().message,
              HasSubstr("no certificate authority"));
  EXPECT_THAT(issue(member.key.public_key(), plan, pki.root.front(), member.key).error().message,
              HasSubstr("does not belong"));
  CertificatePlan empty = plan;
  empty.not_after = empty.not_before;
  EXPECT_FALSE(issue(member.key.public_key(), empty, pki.root.front(), pki.root_key));
  CertificatePlan bad_ip = plan;
  bad_ip.names.ips = {"10.0.0.300"};
  EXPECT_FALSE(issue(member.key.public_key(), bad_ip, pki.root.front(), pki.root_key));
  CertificatePlan longer = plan;
  longer.not_after = pki.root.front().not_after() + 1h;
  EXPECT_EQ(issue(member.key.public_key(), longer, pki.root.front(), pki.root_key)->not_after(),
            pki.root.front().not_after());
}

TEST(Trust, FollowsChainsAtTheGivenTime) {
  const TestPki pki(now);
  CertificatePlan between;
  between.common_name = "intermediate";
  between.authority = true;
  between.path_length = 0;
  between.not_before = now - 1h;
  between.not_after = now + 500h;
  const auto between_key = PrivateKey::generate();
  const auto intermediate = *issue(between_key->public_key(), between, pki.root.front(), pki.root_key);
  const auto leaf_key = PrivateKey::generate();
  const auto leaf = *issue(leaf_key->public_key(), pki.leaf_plan("spiffe://td/x"), intermediate, *between_key);

  EXPECT_TRUE(pki.trust->verify({leaf, intermediate}, now, Purpose::client));
  EXPECT_TRUE(pki.trust->verify({leaf, intermediate, pki.root.front()}, now, Purpose::server));
  EXPECT_THAT(pki.trust->verify({leaf}, now).error().message, HasSubstr("unable to get local issuer"));
  EXPECT_THAT(pki.trust->verify({leaf, intermediate}, now + 25h).error().message, HasSubstr("has expired"));
  EXPECT_THAT(pki.trust->verify({leaf, intermediate}, now - 1h).error().message, HasSubstr("not yet valid"));
  EXPECT_FALSE(pki.trust->verify({}, now));
  const TestPki foreign(now, "foreign root");
  EXPECT_FALSE(foreign.trust->verify({leaf, intermediate}, now));

  const auto partial = TrustBundle::parse(intermediate.pem());
  EXPECT_TRUE((*partial)->verify({leaf}, now)) << "an intermediate may be the anchor";
  TrustOptions lax;
  lax.allow_expired = true;
  EXPECT_TRUE((*TrustBundle::parse(pki.root.front().pem(), {}, lax))->verify({leaf, intermediate}, now + 25h));
}

TEST(Trust, RefusesUselessBundles) {
  EXPECT_FALSE(TrustBundle::parse(""));
  EXPECT_FALSE(TrustBundle::parse("no certificate"));
  const std::string root = TestPki(now).root.front().pem();
  EXPECT_FALSE(TrustBundle::parse(root, "no list"));
  EXPECT_TRUE(TrustBundle::parse(root + root)) << "the same root twice is fine";
}

}  // namespace
}  // namespace lateen::tls
