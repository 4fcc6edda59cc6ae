// RBAC: rules as YAML in, verdicts out.
#include "data_plane/discovery/read_rbac.h"

#include <gmock/gmock.h>

#include "data_plane/discovery/reading_test_tools.h"

namespace lateen::discovery {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RbacTest : public ::testing::Test {
 protected:
  RbacTest() {
    connection.remote = connection.direct_remote = SocketAddress::parse("10.0.0.9:4000").value();
    connection.local = SocketAddress::parse("10.0.0.1:8080").value();
    connection.requested_server_name = "web.example.com";
    request.add(":path", "/admin/x?y=1");
    request.add(":method", "GET");
    request.add("x-role", "boss");
  }
  void present_certificate(std::vector<std::string> uris, std::vector<std::string> dns = {}) {
    connection.mutual_tls = true;
    connection.peer_certificate = std::make_shared<const telemetry::PeerCertificate>(
        telemetry::PeerCertificate{.uri_sans = std::move(uris), .dns_sans = std::move(dns), .subject = "CN=me"});
  }
  Result<router::AccessRules> rules(std::string_view text) {
    return read_rbac(message_of<envoy::config::rbac::v3::RBAC>(text), notes);
  }
  Result<router::AccessRules> one_policy(std::string_view permission, std::string_view principal) {
    return rules(fmt::format("policies: {{p: {{permissions: [{}], principals: [{}]}}}}", permission, principal));
  }
  bool allows(const Result<router::AccessRules>& read) {
    EXPECT_TRUE(read) << read.error().message;
    return read && judge(*read).allowed;
  }
  router::AccessRules::Verdict judge(const router::AccessRules& rules) {
    return rules.judge(
        {.connection = connection, .record = &record, .request = &request, .client = connection.remote.ip});
  }

  telemetry::ConnectionRecord connection;
  telemetry::Record record;
  http::Headers request;
  Notes notes{"rbac"};
};

TEST_F(RbacTest, APermissionSaysWhatIsAskedFor) {
  const std::pair<std::string_view, bool> cases[] = {
      {"{any: true}", true},
      {"{url_path: {path: {exact: /admin/x}}}", true},
      {"{url_path: {path: {exact: '/admin/x?y=1'}}}", false},
      {"{url_path: {path: {prefix: /admin}}}", true},
      {"{header: {name: x-role, string_match: {exact: boss}}}", true},
      {"{header: {name: x-role, string_match: {exact: clerk}}}", false},
      {"{header: {name: ':method', string_match: {exact: GET}}}", true},
      {"{destination_ip: {address_prefix: 10.0.0.0, prefix_len: 24}}", true},
      {"{destination_ip: {address_prefix: 10.0.0.2, prefix_len: 32}}", false},
      {"{destination_port: 8080}", true},
      {"{destination_port: 8081}", false},
      {"{destination_port_range: {start: 8080, end: 8081}}", true},
      {"{destination_port_range: {start: 8000, end: 8080}}", false},
      {"{requested_server_name: {suffix: .example.com}}", true},
      {"{not_rule: {destination_port: 8080}}", false},
      {"{and_rules: {rules: [{destination_port: 8080}, {url_path: {path: {exact: /}}}]}}", false},
      {"{or_rules: {rules: [{destination_port: 1}, {destination_port: 8080}]}}", true},
  };
  for (const auto& [permission, expected] : cases)
    EXPECT_EQ(allows(one_policy(permission, "{any: true}")), expected) << permission;
}

TEST_F(RbacTest, APrincipalSaysWhoAsks) {
  present_certificate({"spiffe://td/ns/a/sa/b"});
  connection.remote = SocketAddress::parse("172.16.0.1:1").value();
  const std::pair<std::string_view, bool> cases[] = {
      {"{any: true}", true},
      {"{authenticated: {}}", true},
      {"{authenticated: {principal_name: {exact: 'spiffe://td/ns/a/sa/b'}}}", true},
      {"{authenticated: {principal_name: {prefix: 'spiffe://other/'}}}", false},
      {"{filter_state: {key: io.istio.peer_principal, string_match: {suffix: /sa/b}}}", true},
      {"{direct_remote_ip: {address_prefix: 10.0.0.9, prefix_len: 32}}", true},
      {"{source_ip: {address_prefix: 10.0.0.9, prefix_len: 32}}", true},
      {"{remote_ip: {address_prefix: 172.16.0.0, prefix_len: 12}}", true},
      {"{remote_ip: {address_prefix: 10.0.0.9, prefix_len: 32}}", false},
      {"{not_id: {authenticated: {}}}", false},
      {"{and_ids: {ids: [{any: true}, {header: {name: x-role}}]}}", true},
      {"{or_ids: {ids: [{url_path: {path: {exact: /}}}, {header: {name: x-none}}]}}", false},
  };
  for (const auto& [principal, expected] : cases)
    EXPECT_EQ(allows(one_policy("{any: true}", principal)), expected) << principal;
}

TEST_F(RbacTest, AnyNameOfACertificateThatVerifiedIsItsPeers) {
  const auto named = [&](std::string_view name) {
    return allows(
        one_policy("{any: true}", fmt::format("{{authenticated: {{principal_name: {{exact: '{}'}}}}}}", name)));
  };
  EXPECT_FALSE(named("")) << "no certificate, no name";
  EXPECT_FALSE(allows(one_policy("{any: true}", "{authenticated: {}}")));
  present_certificate({"uri:a", "uri:b"}, {"dns"});
  for (const char* name : {"uri:a", "uri:b", "dns", "CN=me"}) EXPECT_TRUE(named(name)) << name;
  EXPECT_FALSE(named("other"));
  connection.mutual_tls = false;
  EXPECT_FALSE(named("uri:a"));
}

TEST_F(RbacTest, MetadataIsFoundByItsPath) {
  constexpr std::string_view claim =
      "{metadata: {filter: jwt, path: [{key: payload}, {key: iss}], value: {string_match: {exact: me}}}}";
  EXPECT_FALSE(allows(one_policy("{any: true}", claim)));
  record.extra.make().dynamic_metadata["jwt"]["payload.iss"] = "me";
  EXPECT_TRUE(allows(one_policy("{any: true}", claim)));
  std::string inverted(claim);
  inverted.insert(inverted.size() - 2, ", invert: true");
  EXPECT_FALSE(allows(one_policy("{any: true}", inverted)));
}

TEST_F(RbacTest, TheActionDecidesWhatAMatchMeans) {
  constexpr std::string_view matching = "policies: {p: {permissions: [{any: true}], principals: [{any: true}]}}";
  constexpr std::string_view other = "policies: {p: {permissions: [{destination_port: 1}], principals: [{any: true}]}}";
  struct Case {
    std::string action;
    std::string_view policies;
    bool allowed;
    std::string_view policy;
  };
  const Case cases[] = {
      {"ALLOW", matching, true, "p"}, {"ALLOW", other, false, ""}, {"ALLOW", "policies: {}", false, ""},
      {"DENY", matching, false, "p"}, {"DENY", other, true, ""},   {"DENY", "policies: {}", true, ""},
      {"LOG", matching, true, "p"},   {"LOG", other, true, ""}};
  for (const Case& each : cases) {
    const auto read = rules(fmt::format("action: {}\n{}", each.action, each.policies));
    ASSERT_TRUE(read);
    EXPECT_EQ(judge(*read).allowed, each.allowed) << each.action << each.policies;
    EXPECT_EQ(judge(*read).policy, each.policy) << each.action << each.policies;
  }
}

TEST_F(RbacTest, TheFirstPolicyByNameThatMatchesIsTheOneNamed) {
  const auto read = rules(R"(
action: DENY
policies:
  b: {permissions: [{any: true}], principals: [{any: true}]}
  a: {permissions: [{any: true}], principals: [{any: true}]}
)");
  EXPECT_EQ(router::denial_details(judge(*read)), "rbac_access_denied_matched_policy[a]");
}

TEST_F(RbacTest, WhatCannotBeJudgedIsRefused) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"{uri_template: {name: x}}", "{any: true}"},
      {"{any: true}", "{filter_state: {key: other, string_match: {exact: a}}}"},
      {"{any: true}", "{metadata: {filter: f, path: [{key: k}], value: {present_match: true}}}"},
      {"{destination_ip: {address_prefix: 10.0.0.0, prefix_len: 33}}", "{any: true}"},
      {"{not_rule: {uri_template: {name: x}}}", "{any: true}"},
  };
  for (const auto& [permission, principal] : cases) {
    const auto read = one_policy(permission, principal);
    ASSERT_FALSE(read) << permission << principal;
    EXPECT_THAT(read.error().message, HasSubstr("policy p"));
  }
}

TEST_F(RbacTest, WhatIsNotHonouredIsNamed) {
  ASSERT_TRUE(rules("{action: DENY, audit_logging_options: {audit_condition: ON_DENY}}"));
  EXPECT_THAT(said(notes), ElementsAre("field rules.audit_logging_options is not honoured"));
}

}  // namespace
}  // namespace lateen::discovery
