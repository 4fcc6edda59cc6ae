// Clusters and endpoints as YAML in; settings, refusals and notes out.
#include "data_plane/discovery/read_cluster.h"

#include <gmock/gmock.h>

#include "data_plane/discovery/reading_test_tools.h"

namespace lateen::discovery {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ReadClusterTest : public ::testing::Test {
 protected:
  Result<std::shared_ptr<const upstream::ClusterSettings>> read(std::string_view fields) {
    notes = Notes("cluster");
    return read_cluster(message_of<envoy::config::cluster::v3::Cluster>(fmt::format("name: web\n{}", fields)), contexts,
                        notes);
  }
  Result<std::shared_ptr<const upstream::EndpointSet>> read_assignment(std::string_view fields) {
    notes = Notes("endpoints");
    return read_endpoints(
        message_of<envoy::config::endpoint::v3::ClusterLoadAssignment>(fmt::format("cluster_name: web\n{}", fields)),
        notes);
  }
  static std::string refusal(const auto& read) { return read ? "accepted" : read.error().message; }

  TlsContexts contexts{{}};
  Notes notes{"cluster"};
};

TEST_F(ReadClusterTest, DefaultsAreEnvoys) {
  const auto cluster = read("");
  ASSERT_TRUE(cluster);
  EXPECT_EQ((*cluster)->discovery, upstream::Discovery::fixed);
  EXPECT_EQ((*cluster)->balancing, upstream::Balancing::round_robin);
  EXPECT_EQ((*cluster)->connect_timeout, 5s);
  EXPECT_EQ((*cluster)->breakers.max_connections, 1024);
  EXPECT_EQ((*cluster)->breakers.max_retries, 3);
  EXPECT_EQ((*cluster)->panic_threshold_percent, 50);
  EXPECT_FALSE((*cluster)->outlier_detection);
  EXPECT_THAT(said(notes), IsEmpty());
}

TEST_F(ReadClusterTest, EndpointsAreAskedForUnderTheServiceNameElseTheClusters) {
  EXPECT_EQ((*read("type: EDS\neds_cluster_config: {eds_config: {ads: {}}}"))->eds_name, "web");
  EXPECT_EQ((*read("type: EDS\neds_cluster_config: {eds_config: {ads: {}}, service_name: other}"))->eds_name, "other");
  EXPECT_THAT(said(notes), IsEmpty());
}

TEST_F(ReadClusterTest, SettingsAreKept) {
  const auto cluster = read(R"(
type: STRICT_DNS
connect_timeout: 3s
lb_policy: LEAST_REQUEST
least_request_lb_config: {choice_count: 3}
common_lb_config: {healthy_panic_threshold: {value: 0}}
circuit_breakers: {thresholds: [{max_connections: 1, max_pending_requests: 2, max_requests: 3, max_retries: 4}]}
outlier_detection: {consecutive_5xx: 7, interval: 2s, base_ejection_time: 3s, max_ejection_percent: 50}
upstream_bind_config: {source_address: {address: 127.0.0.6, port_value: 0}}
dns_lookup_family: V4_ONLY
dns_refresh_rate: 7s
typed_extension_protocol_options:
  envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
    "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
    explicit_http_config: {http2_protocol_options: {max_concurrent_streams: 9}}
    common_http_protocol_options: {idle_timeout: 8s}
load_assignment:
  cluster_name: web
  endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: web.example.com, port_value: 80}}}}]}]
)");
  ASSERT_TRUE(cluster) << refusal(cluster);
  const upstream::ClusterSettings& settings = **cluster;
  EXPECT_EQ(settings.discovery, upstream::Discovery::strict_dns);
  EXPECT_EQ(settings.connect_timeout, 3s);
  EXPECT_EQ(settings.least_request_choices, 3);
  EXPECT_EQ(settings.panic_threshold_percent, 0);
  EXPECT_EQ(settings.breakers.max_pending_requests, 2);
  EXPECT_EQ(settings.breakers.max_retries, 4);
  EXPECT_EQ(settings.outlier_detection->consecutive_5xx, 7);
  EXPECT_EQ(settings.outlier_detection->base_ejection_time, 3s);
  EXPECT_EQ(settings.bind->ip.text(), "127.0.0.6");
  EXPECT_TRUE(settings.dns_v4 && !settings.dns_v6);
  EXPECT_EQ(settings.dns_refresh_rate, 7s);
  EXPECT_EQ(settings.http.version, http::Version::http2);
  EXPECT_EQ(settings.http.max_concurrent_streams, 9);
  EXPECT_EQ(settings.http.idle_timeout, 8s);
  EXPECT_EQ(settings.fixed_endpoints.at(0).hostname, "web.example.com");
  EXPECT_THAT(said(notes), IsEmpty());
}

TEST_F(ReadClusterTest, WhatIsNotSupportedIsRefusedByName) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"cluster_type: {name: envoy.clusters.aggregate}", "envoy.clusters.aggregate"},
      {"transport_socket: {name: q, typed_config: {'@type': "
       "type.googleapis.com/envoy.extensions.transport_sockets.quic.v3.QuicUpstreamTransport}}",
       "QuicUpstreamTransport"},
      {"load_assignment: {cluster_name: web, endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: "
       "{address: web, port_value: 80}}}}]}]}",
       "malformed IP address: web"},
      {"filters: [{name: f, typed_config: {'@type': "
       "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy, stat_prefix: t, cluster: c}}]",
       "TcpProxy"},
      {"upstream_bind_config: {source_address: {address: web, port_value: 0}}", "source_address"},
  };
  for (const auto& [fields, words] : cases) EXPECT_THAT(refusal(read(fields)), HasSubstr(words)) << fields;
}

TEST_F(ReadClusterTest, WhatIsNotHonouredIsNamed) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"health_checks: [{timeout: 1s, interval: 1s, tcp_health_check: {}, unhealthy_threshold: 1, healthy_threshold: "
       "1}]",
       "field health_checks is not honoured"},
      {"type: EDS\neds_cluster_config: {eds_config: {path_config_source: {path: /x}}}",
       "field eds_cluster_config.eds_config other than ads is not honoured"},
      {"circuit_breakers: {thresholds: [{priority: HIGH, max_retries: 1}]}",
       "field circuit_breakers.thresholds of priority HIGH is not honoured"},
      {"circuit_breakers: {thresholds: [{retry_budget: {}}]}",
       "field circuit_breakers.thresholds.retry_budget is not honoured"},
      {"outlier_detection: {enforcing_success_rate: 100}",
       "field outlier_detection.enforcing_success_rate is not honoured"},
      {"alt_stat_name: other", "field alt_stat_name is not honoured"},
      {"upstream_bind_config: {source_address: {address: 10.0.0.1, port_value: 0}, freebind: true}",
       "field upstream_bind_config.freebind is not honoured"},
      {"common_lb_config: {locality_weighted_lb_config: {}}\nload_assignment: {cluster_name: web, endpoints: "
       "[{load_balancing_weight: 3}]}",
       "field load_assignment.endpoints.load_balancing_weight is not honoured"},
  };
  for (const auto& [fields, note] : cases) {
    EXPECT_EQ(refusal(read(fields)), "accepted") << fields;
    EXPECT_THAT(said(notes), ElementsAre(note)) << fields;
  }
  ASSERT_TRUE(read("alt_stat_name: web;"));
  EXPECT_THAT(said(notes), IsEmpty()) << "the cluster's own name, closed for Envoy's rules of tags";
}

TEST_F(ReadClusterTest, EndpointsKeepHealthWeightPlaceAndMetadata) {
  const auto set = read_assignment(R"(
policy: {overprovisioning_factor: 200}
endpoints:
- locality: {region: r, zone: z}
  priority: 1
  load_balancing_weight: 5
  lb_endpoints:
  - endpoint: {address: {socket_address: {address: 10.0.0.2, port_value: 80}}}
    health_status: DRAINING
    load_balancing_weight: 7
    metadata: {filter_metadata: {envoy.transport_socket_match: {tlsMode: istio}, istio: {workload: "a;b;c;d"}}}
  - {endpoint: {address: {pipe: {path: /run/x}}}, health_status: DEGRADED}
)");
  ASSERT_TRUE(set) << refusal(set);
  EXPECT_THAT(said(notes), IsEmpty());
  EXPECT_EQ((*set)->overprovisioning_percent, 200);
  const upstream::Locality locality{"r", "z", ""};
  EXPECT_EQ((*set)->locality_weights.at({1, locality}), 5);
  const upstream::Endpoint& first = (*set)->endpoints.at(0);
  EXPECT_EQ(first.address.text(), "10.0.0.2:80");
  EXPECT_EQ(first.health, upstream::Health::unhealthy);
  EXPECT_EQ(first.weight, 7);
  EXPECT_EQ(first.priority, 1);
  EXPECT_EQ(first.transport_match.at("tlsMode"), "istio");
  EXPECT_EQ(first.istio_workload, "a;b;c;d");
  const upstream::Endpoint& second = (*set)->endpoints.at(1);
  EXPECT_TRUE(second.address.is_unix());
  EXPECT_EQ(second.health, upstream::Health::degraded);
  EXPECT_EQ(second.weight, 1);
}

TEST_F(ReadClusterTest, WhatIsNotHonouredOfEndpointsIsNamed) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"policy: {drop_overloads: [{category: lb, drop_percentage: {numerator: 5}}]}",
       "field policy.drop_overloads.lb is not honoured"},
      {"policy: {endpoint_stale_after: 5s}", "field policy.endpoint_stale_after is not honoured"},
      {"endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 10.0.0.2, port_value: 80}}, "
       "health_check_config: {port_value: 1}}}]}]",
       "field endpoint.health_check_config is not honoured"},
  };
  for (const auto& [fields, note] : cases) {
    EXPECT_EQ(refusal(read_assignment(fields)), "accepted") << fields;
    EXPECT_THAT(said(notes), ElementsAre(note)) << fields;
  }
  EXPECT_THAT(refusal(read_assignment("endpoints: [{lb_endpoints: [{endpoint: {address: {envoy_internal_address: "
                                      "{server_listener_name: x}}}}]}]")),
              HasSubstr("only socket_address and pipe"));
}

}  // namespace
}  // namespace lateen::discovery
