#include "apps/wiring/proxy_tables.h"

#include <gmock/gmock.h>

#include "lib/schema/document.h"

namespace lateen::wiring {
namespace {

using testing::HasSubstr;

schema::Node yaml(std::string_view text) {
  schema::Diagnostics diagnostics;
  auto documents = schema::read_yaml(text, "test", diagnostics);
  EXPECT_EQ(diagnostics.first_error(), "");
  return documents.empty() ? schema::Node() : std::move(documents[0]);
}

TEST(Table, ColumnsFitAndLinesHaveNoTail) {
  EXPECT_EQ(table_of({{"A", "LONGER", "C"}, {"aaa", "b", ""}}), "A    LONGER  C\naaa  b\n");
}

TEST(ProxyStatus, OneLineAProxyAndTheReasonsBelow) {
  const auto page = yaml(R"(
- {proxy: web.shop, cluster_id: Kubernetes, peer: "10.0.0.1:1", istio_version: "1.30.0", types: [
    {type: CDS, state: SYNCED}, {type: LDS, state: REFUSED, refusal: no such filter}, {type: RDS, state: SYNCED}]}
)");
  EXPECT_EQ(proxy_status_table(page),
            "NAME      CLUSTER     CDS     LDS      EDS  RDS     SDS  PEER        VERSION\n"
            "web.shop  Kubernetes  SYNCED  REFUSED  -    SYNCED  -    10.0.0.1:1  1.30.0\n"
            "web.shop refuses LDS: no such filter\n");
  EXPECT_TRUE(proxy_status_has_problems(page));
  EXPECT_FALSE(proxy_status_has_problems(yaml("[{proxy: a, types: [{type: CDS, state: SYNCED}]}]")));
  EXPECT_EQ(proxy_status_table(yaml("[]")), "NAME  CLUSTER  CDS  LDS  EDS  RDS  SDS  PEER  VERSION\n");
}

constexpr std::string_view dump = R"(
configs:
- "@type": type.googleapis.com/envoy.admin.v3.ClustersConfigDump
  static_clusters: [{cluster: {name: agent, type: STATIC}}]
  dynamicActiveClusters:
  - cluster: {name: "outbound|80|v1|a.shop.svc.cluster.local", type: EDS, metadata: {filterMetadata: {istio: {config: /x}}}}
  - cluster: {name: "outbound|81||a.shop.svc.cluster.local", type: EDS}
- "@type": type.googleapis.com/envoy.admin.v3.ListenersConfigDump
  dynamic_listeners:
  - {name: broken, error_state: {details: no}}
  - name: 10.0.0.1_80
    active_state:
      listener:
        name: 10.0.0.1_80
        address: {socket_address: {address: 10.0.0.1, port_value: 80}}
        filter_chains:
        - filter_chain_match: {transport_protocol: tls, server_names: [a, b], destination_port: 443}
          filters:
          - typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy, cluster: c}
        default_filter_chain:
          filters:
          - typed_config: {"@type": type.googleapis.com/x.HttpConnectionManager, rds: {route_config_name: "80"}}
- "@type": type.googleapis.com/envoy.admin.v3.RoutesConfigDump
  dynamicRouteConfigs:
  - routeConfig: {name: "80", virtualHosts: [{name: "a:80", domains: [a, a.shop], routes: [{match: {prefix: /}}, {match: {path: /x}}]}]}
- "@type": type.googleapis.com/envoy.admin.v3.EndpointsConfigDump
  dynamicEndpointConfigs:
  - endpointConfig:
      clusterName: outbound|80||a
      endpoints: [{locality: {region: r, zone: z}, lbEndpoints: [{endpoint: {address: {socketAddress: {address: 10.0.0.7, portValue: 8080}}}, loadBalancingWeight: 3}]}]
)";

std::string shown(ConfigKind kind, const ConfigFilter& filter = {}) {
  return config_table(resources_in_dump(yaml(dump), kind, filter), kind);
}

TEST(ProxyConfig, ClustersWithTheirPartsAndFilters) {
  EXPECT_EQ(shown(ConfigKind::clusters),
            "SERVICE FQDN              PORT  SUBSET  DIRECTION  TYPE    DESTINATION RULE\n"
            "agent                     -     -       -          STATIC\n"
            "a.shop.svc.cluster.local  80    v1      outbound   EDS     /x\n"
            "a.shop.svc.cluster.local  81    -       outbound   EDS\n");
  EXPECT_THAT(shown(ConfigKind::clusters, {.port = 81}), testing::Not(HasSubstr("v1")));
  EXPECT_THAT(shown(ConfigKind::clusters, {.fqdn = "agent"}), HasSubstr("STATIC"));
}

TEST(ProxyConfig, ListenersRoutesAndEndpoints) {
  EXPECT_EQ(shown(ConfigKind::listeners),
            "NAME         ADDRESS   PORT  MATCH                            DESTINATION\n"
            "10.0.0.1_80  10.0.0.1  80    Trans: tls; SNI: a,b; Port: 443  Cluster: c\n"
            "10.0.0.1_80  10.0.0.1  80    ALL                              Route: 80\n");
  EXPECT_THAT(shown(ConfigKind::routes), HasSubstr("80    a:80        a + 1 more  /*"));
  EXPECT_THAT(shown(ConfigKind::endpoints), HasSubstr("10.0.0.7:8080  HEALTHY  3       r/z       outbound|80||a"));
}

TEST(ProxyConfig, KindsByTheirShortNames) {
  EXPECT_EQ(parse_config_kind("ep").value(), ConfigKind::endpoints);
  EXPECT_EQ(parse_config_kind("listeners").value(), ConfigKind::listeners);
  EXPECT_THAT(parse_config_kind("x").error().message, HasSubstr("all, clusters, listeners"));
}

}  // namespace
}  // namespace lateen::wiring
