#include "data_plane/router/access_policy.h"

#include <gtest/gtest.h>

namespace lateen::router {
namespace {

using Kind = Condition::Kind;

Condition of(Kind kind, std::vector<Condition> children) { return {.kind = kind, .children = std::move(children)}; }
Condition text(Kind kind, std::string value, StringMatch::Kind how = StringMatch::exact) {
  return {.kind = kind, .text = {.kind = how, .text = std::move(value)}};
}
Condition header(std::string name, std::string value) {
  return {.kind = Condition::header,
          .header_match = {.name = std::move(name), .kind = HeaderMatch::string, .text = {.text = std::move(value)}}};
}
const Condition yes{}, no = of(Condition::negation, {Condition{}});

class AccessTest : public testing::Test {
 protected:
  AccessTest() {
    request.add(":method", "GET");
    request.add(":path", "/a/b?c=d");
    request.add("x-user", "ann");
  }
  void show_certificate(telemetry::PeerCertificate certificate) {
    connection.mutual_tls = connection.tls = true;
    connection.peer_certificate = std::make_shared<telemetry::PeerCertificate>(std::move(certificate));
  }
  AccessFacts facts() { return {.connection = connection, .record = &record, .request = &request, .client = client}; }
  bool holds(const Condition& condition) { return condition.holds(facts()); }
  bool holds_for_tcp(const Condition& condition) { return condition.holds({.connection = connection}); }

  telemetry::ConnectionRecord connection;
  telemetry::Record record;
  Headers request;
  Ip client = Ip::parse("203.0.113.7").value();
};

TEST_F(AccessTest, AndOrNot) {
  struct Case {
    Condition condition;
    bool expected;
  };
  const Case cases[] = {
      {yes, true},
      {no, false},
      {of(Condition::all_of, {yes, yes}), true},
      {of(Condition::all_of, {yes, no}), false},
      {of(Condition::any_of, {no, yes}), true},
      {of(Condition::any_of, {no, no}), false},
      {of(Condition::any_of, {}), false},
      {of(Condition::negation, {of(Condition::all_of, {yes, no})}), true},
      {of(Condition::all_of, {of(Condition::any_of, {no, yes}), of(Condition::negation, {no})}), true},
  };
  for (const Case& each : cases) EXPECT_EQ(holds(each.condition), each.expected) << &each - cases;
}

TEST_F(AccessTest, PathsAreMatchedWithoutTheirQuery) {
  EXPECT_TRUE(holds(text(Condition::url_path, "/a/b")));
  EXPECT_FALSE(holds(text(Condition::url_path, "/a/b?c=d")));
  EXPECT_TRUE(holds(text(Condition::url_path, "/a", StringMatch::prefix)));
}

TEST_F(AccessTest, HeadersAndPathsDoNotHoldForTcpButTheirOppositeDoes) {
  EXPECT_TRUE(holds(header("x-user", "ann")));
  EXPECT_FALSE(holds_for_tcp(header("x-user", "ann")));
  EXPECT_FALSE(holds_for_tcp(text(Condition::url_path, "", StringMatch::prefix)));
  EXPECT_TRUE(holds_for_tcp(of(Condition::negation, {header("x-user", "ann")})));
  EXPECT_FALSE(holds_for_tcp(text(Condition::metadata, "", StringMatch::prefix)));
}

TEST_F(AccessTest, AddressesAreTheClientsThePeersOrTheDestination) {
  connection.remote = connection.direct_remote = SocketAddress::parse("10.0.0.9:5").value();
  connection.local = SocketAddress::parse("10.1.0.1:8080").value();
  const auto in = [](Kind kind, const char* range) {
    return Condition{.kind = kind, .range = Cidr::parse(range).value()};
  };
  EXPECT_TRUE(holds(in(Condition::remote_ip, "203.0.113.0/24")));
  EXPECT_FALSE(holds(in(Condition::remote_ip, "10.0.0.0/8")));
  EXPECT_TRUE(holds(in(Condition::direct_remote_ip, "10.0.0.9/32")));
  EXPECT_FALSE(holds(in(Condition::direct_remote_ip, "203.0.113.0/24")));
  EXPECT_TRUE(holds(in(Condition::destination_ip, "10.1.0.0/16")));
  EXPECT_FALSE(holds(in(Condition::destination_ip, "10.0.0.0/16")));
}

TEST_F(AccessTest, PortRangesAreHalfOpen) {
  const auto within = [this](uint32_t from, uint32_t to) {
    return holds({.kind = Condition::destination_port, .from = from, .to = to});
  };
  connection.local.port = 8080;
  EXPECT_TRUE(within(8080, 8081));
  EXPECT_TRUE(within(8000, 9000));
  EXPECT_FALSE(within(8000, 8080));
  EXPECT_FALSE(within(8081, 9000));
  connection.local.port = 65535;
  EXPECT_TRUE(within(65535, 65536));
}

TEST_F(AccessTest, ServerNamesAreThoseOfTheHandshake) {
  EXPECT_FALSE(holds(text(Condition::server_name, "web.example")));
  connection.requested_server_name = "web.example";
  EXPECT_TRUE(holds(text(Condition::server_name, "web.example")));
}

TEST_F(AccessTest, APrincipalIsAnyNameOfTheCertificate) {
  show_certificate({.uri_sans = {"spiffe://a/x", "spiffe://a/y"}, .dns_sans = {"d.example"}, .subject = "CN=s"});
  for (const char* name : {"spiffe://a/x", "spiffe://a/y", "d.example", "CN=s"})
    EXPECT_TRUE(holds(text(Condition::principal, name))) << name;
  EXPECT_FALSE(holds(text(Condition::principal, "spiffe://a/z")));
  EXPECT_FALSE(holds(text(Condition::principal, "spiffe://a/")));
}

TEST_F(AccessTest, WithoutAVerifiedCertificateNobodyIsAPrincipal) {
  const Condition anybody = text(Condition::principal, "", StringMatch::prefix);
  EXPECT_FALSE(holds(anybody));
  EXPECT_FALSE(holds({.kind = Condition::mutual_tls}));
  show_certificate({.uri_sans = {"spiffe://a/x"}});
  EXPECT_TRUE(holds(anybody));
  EXPECT_TRUE(holds({.kind = Condition::mutual_tls}));
  connection.mutual_tls = false;  // shown, but not verified
  EXPECT_FALSE(holds(anybody));
  EXPECT_FALSE(holds({.kind = Condition::mutual_tls}));
}

TEST_F(AccessTest, MetadataIsFoundByNamespaceAndKey) {
  Condition condition = text(Condition::metadata, "admin");
  condition.name_space = "jwt";
  condition.key = "role";
  EXPECT_FALSE(holds(condition));
  record.extra.make().dynamic_metadata["jwt"]["name"] = "admin";
  record.extra.make().dynamic_metadata["other"]["role"] = "admin";
  EXPECT_FALSE(holds(condition));
  record.extra.make().dynamic_metadata["jwt"]["role"] = "admin";
  EXPECT_TRUE(holds(condition));
}

TEST_F(AccessTest, APolicyNeedsOnePermissionAndOnePrincipal) {
  const auto policy = [&](std::vector<Condition> permissions, std::vector<Condition> principals) {
    return AccessPolicy{"p", std::move(permissions), std::move(principals)}.holds(facts());
  };
  EXPECT_TRUE(policy({no, yes}, {yes, no}));
  EXPECT_FALSE(policy({yes}, {no}));
  EXPECT_FALSE(policy({no}, {yes}));
  EXPECT_FALSE(policy({}, {yes}));
  EXPECT_FALSE(policy({yes}, {}));
}

TEST_F(AccessTest, AllowNeedsAMatchDenyForbidsItLogLetsAllPass) {
  const AccessPolicy match{"m", {yes}, {yes}}, miss{"n", {no}, {yes}};
  struct Case {
    AccessRules::Action action;
    std::vector<AccessPolicy> policies;
    bool allowed;
    std::string_view policy;
  };
  const Case cases[] = {
      {AccessRules::allow, {miss, match}, true, "m"},
      {AccessRules::allow, {miss}, false, ""},
      {AccessRules::allow, {}, false, ""},
      {AccessRules::deny, {miss, match}, false, "m"},
      {AccessRules::deny, {miss}, true, ""},
      {AccessRules::deny, {}, true, ""},
      {AccessRules::log, {match}, true, "m"},
      {AccessRules::log, {miss}, true, ""},
  };
  for (const Case& each : cases) {
    const AccessRules rules(each.action, each.policies);
    const AccessRules::Verdict verdict = rules.judge(facts());
    EXPECT_EQ(verdict.allowed, each.allowed) << &each - cases;
    EXPECT_EQ(verdict.policy, each.policy) << &each - cases;
  }
}

TEST_F(AccessTest, PoliciesAreLookedAtInTheOrderOfTheirNames) {
  const AccessRules rules(AccessRules::deny, {{"b", {yes}, {yes}}, {"c", {yes}, {yes}}, {"a", {no}, {yes}}});
  EXPECT_EQ(rules.judge(facts()).policy, "b");
}

TEST(DenialDetails, NameThePolicyWithoutBlanks) {
  EXPECT_EQ(denial_details({false, "ns[foo]-policy[a b]-rule[0]"}),
            "rbac_access_denied_matched_policy[ns[foo]-policy[a_b]-rule[0]]");
  EXPECT_EQ(denial_details({false, ""}), "rbac_access_denied_matched_policy[none]");
}

}  // namespace
}  // namespace lateen::router
