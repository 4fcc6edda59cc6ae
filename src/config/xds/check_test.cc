#include "config/xds/check.h"

#include <gmock/gmock.h>

#include "config/xds/protos.h"
#include "config/xds/read.h"

namespace lateen::xds {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

template <class M>
std::vector<std::string> violations(std::string_view yaml) {
  M message;
  schema::Diagnostics diagnostics;
  read_message_text(yaml, "f.yaml", diagnostics, message);
  EXPECT_EQ(diagnostics.first_error(), "");
  std::vector<std::string> out;
  for (const auto& each : check(message)) out.push_back(each.path + ": " + each.reason);
  return out;
}

using envoy::config::bootstrap::v3::Bootstrap;
using envoy::config::cluster::v3::Cluster;
using envoy::config::listener::v3::Listener;
using envoy::config::route::v3::RouteConfiguration;

TEST(Check, AValidClusterPasses) {
  EXPECT_THAT(violations<Cluster>("name: a\ntype: EDS\neds_cluster_config: {eds_config: {ads: {}}}\n"), ElementsAre());
}

TEST(Check, FindsEveryBrokenRuleWithItsPath) {
  EXPECT_THAT(
      violations<Cluster>(
          "connect_timeout: 0s\nload_assignment:\n  endpoints:\n  - load_balancing_weight: 0\n    priority: 129\n"),
      testing::UnorderedElementsAre(
          "name: value length must be at least 1 characters", "connect_timeout: value must be greater than 0s",
          "load_assignment.cluster_name: value length must be at least 1 characters",
          "load_assignment.endpoints[0].load_balancing_weight: value must be greater than or equal to 1",
          "load_assignment.endpoints[0].priority: value must be less than or equal to 128"));
}

TEST(Check, WordsAnErrorAsEnvoyDoes) {
  EXPECT_EQ(
      checked(Cluster()).error().message,
      "Proto constraint validation failed (ClusterValidationError.Name: value length must be at least 1 characters)");
  Bootstrap bootstrap;
  bootstrap.mutable_static_resources()->add_clusters()->set_name("a");
  bootstrap.mutable_static_resources()->add_clusters();
  EXPECT_EQ(
      checked(bootstrap).error().message,
      "Proto constraint validation failed (BootstrapValidationError.StaticResources: embedded message failed "
      "validation | caused by Bootstrap_StaticResourcesValidationError.Clusters[1]: embedded message failed validation "
      "| caused by ClusterValidationError.Name: value length must be at least 1 characters)");
}

TEST(Check, RequiredOneofsMessagesAndLists) {
  EXPECT_THAT(violations<RouteConfiguration>("virtual_hosts:\n- name: a\n  routes: [{match: {}}, {redirect: {}}]\n"),
              testing::UnorderedElementsAre(
                  "virtual_hosts[0].domains: value must contain at least 1 item(s)",
                  HasSubstr("virtual_hosts[0].routes[0].match: field: path_specifier, reason: is required"),
                  HasSubstr("virtual_hosts[0].routes[0]: field: action, reason: is required"),
                  HasSubstr("virtual_hosts[0].routes[1].match: value is required")));
}

TEST(Check, HeaderNamesAndEnumsAndInsideAny) {
  EXPECT_THAT(violations<RouteConfiguration>("request_headers_to_remove: [\"a\\nb\", ok]\n"),
              ElementsAre("request_headers_to_remove[0]: value is no valid HTTP header name"));
  EXPECT_THAT(violations<Cluster>("name: a\nlb_policy: 77\n"),
              ElementsAre("lb_policy: value must be one of the defined enum values"));
  EXPECT_THAT(
      violations<Listener>(
          "filter_chains:\n- filters:\n  - name: x\n    typed_config:\n      \"@type\": "
          "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy\n      cluster: c\n"),
      ElementsAre("filter_chains[0].filters[0].typed_config.stat_prefix: value length must be at least 1 characters"));
}

TEST(Check, StopsCountingAtItsLimit) {
  Bootstrap bootstrap;
  for (int i = 0; i < 500; ++i) bootstrap.mutable_static_resources()->add_clusters();
  EXPECT_EQ(check(bootstrap).size(), 100u);
  EXPECT_EQ(check(bootstrap, {.most = 3}).size(), 3u);
}

}  // namespace
}  // namespace lateen::xds
