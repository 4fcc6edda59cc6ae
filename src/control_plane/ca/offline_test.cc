#include "control_plane/ca/offline.h"

#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/io/files.h"
#include "lib/io/reactor.h"
#include "lib/schema/document.h"

namespace lateen::ca {
namespace {

using ::testing::HasSubstr;

class OfflineTest : public ::testing::Test {
 protected:
  OfflineTest() {
    std::string pattern = std::filesystem::temp_directory_path() / "lateen-offline.XXXXXX";
    directory = ::mkdtemp(pattern.data());
    // openssl judges by the calendar of this machine.
    now = std::chrono::floor<std::chrono::seconds>(io::Reactor().wall_now());
  }
  ~OfflineTest() override { std::filesystem::remove_all(directory); }

  void make_root() { ASSERT_TRUE(make_offline_root({.directory = directory + "/ca", .trust_domain = "td"}, now)); }
  IssueRequest request() const {
    return {.authority = directory + "/ca", .directory = directory + "/out", .identity = "spiffe://td/ns/a/sa/b"};
  }
  static io::Finished run(std::vector<std::string> command) {
    return io::run_program(command).value_or(io::Finished{.status = -1, .output = "", .errors = "not found"});
  }
  std::string directory;
  WallTime now;
};

TEST_F(OfflineTest, OpensslAcceptsWhatIsIssued) {
  make_root();
  IssueRequest wanted = request();
  wanted.dns_names = {"b.a.svc", "localhost"};
  const auto issued = issue_offline(wanted, now);
  ASSERT_TRUE(issued) << issued.error().message;
  EXPECT_EQ(issued->files.size(), 3u);
  const std::string out = directory + "/out/";
  const auto verified = run({"openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile",
                             out + "root-cert.pem", out + "cert-chain.pem"});
  EXPECT_EQ(verified.status, 0) << verified.output << verified.errors;
  const auto printed = run({"openssl", "x509", "-in", out + "cert-chain.pem", "-noout", "-text"});
  EXPECT_THAT(printed.output, HasSubstr("X509v3 Subject Alternative Name: critical"));
  EXPECT_THAT(printed.output, HasSubstr("URI:spiffe://td/ns/a/sa/b, DNS:b.a.svc, DNS:localhost"));
  EXPECT_THAT(printed.output, HasSubstr("TLS Web Server Authentication, TLS Web Client Authentication"));
  EXPECT_EQ(run({"openssl", "pkey", "-in", out + "key.pem", "-noout", "-check"}).status, 0);
  struct stat info{};
  ASSERT_EQ(::stat((out + "key.pem").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(OfflineTest, SignsRequestsAndKeysMadeByOpenssl) {
  make_root();
  const std::string key = directory + "/rsa.pem", csr = directory + "/csr.pem";
  ASSERT_EQ(run({"openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", csr, "-subj",
                 "/CN=web", "-addext", "subjectAltName=URI:spiffe://td/ns/a/sa/web"})
                .status,
            0);
  IssueRequest by_request = request();
  by_request.identity = "";
  by_request.request_file = csr;
  const auto issued = issue_offline(by_request, now);
  ASSERT_TRUE(issued) << issued.error().message;
  EXPECT_EQ(issued->leaf.spiffe_id()->text(), "spiffe://td/ns/a/sa/web");
  EXPECT_FALSE(io::read_file(directory + "/out/key.pem")) << "the key stays with its owner";

  IssueRequest by_key = request();
  by_key.key_file = key;
  EXPECT_TRUE(issue_offline(by_key, now));
  const std::string out = directory + "/out/";
  EXPECT_TRUE(tls::Credentials::parse(*io::read_file(out + "cert-chain.pem"), *io::read_file(out + "key.pem")));
}

TEST_F(OfflineTest, KeysAreNotOverwrittenByAccident) {
  make_root();
  EXPECT_EQ(make_offline_root({.directory = directory + "/ca"}, now).error().kind, ErrorKind::already_exists);
  ASSERT_TRUE(issue_offline(request(), now));
  const auto again = issue_offline(request(), now);
  EXPECT_EQ(again.error().kind, ErrorKind::already_exists);
  EXPECT_THAT(again.error().message, HasSubstr("/out/key.pem holds another key"));
  IssueRequest same_key = request();
  same_key.key_file = directory + "/out/key.pem";
  EXPECT_TRUE(issue_offline(same_key, now)) << "renewal with one's own key";
  IssueRequest forced = request();
  forced.force = true;
  EXPECT_TRUE(issue_offline(forced, now));
  EXPECT_TRUE(make_offline_root({.directory = directory + "/ca", .force = true}, now));
}

TEST_F(OfflineTest, ErrorsNameTheCause) {
  EXPECT_THAT(issue_offline(request(), now).error().message, HasSubstr("/ca/ca-cert.pem"));
  make_root();
  IssueRequest bad = request();
  bad.identity = "spiffe://elsewhere/ns/a/sa/b";
  EXPECT_THAT(issue_offline(bad, now).error().message, HasSubstr("outside of the trust domain td"));
  bad.identity = "b";
  EXPECT_FALSE(issue_offline(bad, now));
  bad = request();
  bad.ttl = 0s;
  EXPECT_FALSE(issue_offline(bad, now));
  bad = request();
  bad.key_file = bad.request_file = "x";
  EXPECT_FALSE(issue_offline(bad, now));
  bad.request_file = "";
  EXPECT_THAT(issue_offline(bad, now).error().message, HasSubstr("x"));
  bad = request();
  bad.directory = "/proc/nowhere";
  EXPECT_THAT(issue_offline(bad, now).error().message, HasSubstr("/proc/nowhere"));
}

TEST_F(OfflineTest, ShowsWhatIsInAFile) {
  make_root();
  ASSERT_TRUE(issue_offline(request(), now));
  const auto shown = show_file(directory + "/out/cert-chain.pem", now);
  ASSERT_TRUE(shown);
  EXPECT_THAT(*shown, HasSubstr("URI:spiffe://td/ns/a/sa/b"));
  EXPECT_THAT(*shown, HasSubstr("24h0m0s left"));
  EXPECT_EQ(*show_file(directory + "/out/key.pem", now), "private key\nkey          ECDSA P-256\n");
  schema::Diagnostics diagnostics;
  schema::Node json;
  ASSERT_TRUE(schema::read_json(*show_file_as_json(directory + "/ca/root-cert.pem", now), "", diagnostics, json));
  EXPECT_EQ(*json.as_list()->front().find("authority")->as_bool(), true);
  ASSERT_TRUE(io::write_file(directory + "/empty", "nothing"));
  EXPECT_THAT(show_file(directory + "/empty", now).error().message, HasSubstr("no certificate"));
}

}  // namespace
}  // namespace lateen::ca
