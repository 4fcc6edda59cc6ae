#include "control_plane/registry/registry.h"

#include <gtest/gtest.h>

namespace lateen::registry {
namespace {

config::Objects read(std::string_view text) {
  schema::Diagnostics diagnostics;
  auto out = config::read_objects(text, "test.yaml", diagnostics);
  EXPECT_FALSE(diagnostics.has_errors()) << diagnostics.first_error();
  return out;
}

const Service* find(const Registry& registry, std::string_view host) {
  for (const auto& each : registry.services)
    if (each.hostname == host) return &each;
  return nullptr;
}

constexpr std::string_view two_services = R"(
apiVersion: v1
kind: Service
metadata: {name: %, namespace: shop}
spec: {clusterIP: 10.96.0.1, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: catalog, namespace: shop}
spec: {clusterIP: 10.96.0.2, ports: [{name: http, port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: catalog-1, namespace: shop, labels: {kubernetes.io/service-name: catalog}}
addressType: IPv4
endpoints: [{addresses: [10.0.0.5]}]
ports: [{name: http, port: 8080, protocol: TCP}]
)";

std::string with_first(const std::string& name) {
  std::string out(two_services);
  return out.replace(out.find('%'), 1, name);
}

TEST(registry, a_service_without_slices_takes_nothing_from_the_others) {
  for (const auto* first : {"aaa", "zzz", "a-very-long-name-that-lives-on-the-heap-and-moves"}) {
    const auto objects = read(with_first(first));
    const auto registry = merge({{"Kubernetes", &objects}});
    const auto* catalog = find(registry, "catalog.shop.svc.cluster.local");
    ASSERT_NE(catalog, nullptr);
    ASSERT_EQ(catalog->endpoints.size(), 1u) << first;
    EXPECT_EQ(catalog->endpoints[0].address, "10.0.0.5");
    EXPECT_EQ(catalog->endpoints[0].port, 8080u);
  }
}

TEST(registry, joins_a_service_of_two_clusters) {
  const auto one = read(with_first("aaa")), two = read(with_first("bbb"));
  const auto registry = merge({{"one", &one}, {"two", &two}});
  const auto* catalog = find(registry, "catalog.shop.svc.cluster.local");
  ASSERT_NE(catalog, nullptr);
  EXPECT_EQ(catalog->endpoints.size(), 2u);
  EXPECT_EQ(catalog->addresses.size(), 2u);
  EXPECT_EQ(registry.services.size(), 3u);
}

TEST(registry, a_workload_entry_serves_the_service_that_selects_it) {
  const auto objects = read(R"(
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec: {clusterIP: 10.96.0.9, selector: {app: db}, ports: [{name: tcp, port: 3306, targetPort: 3307}]}
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: vm, namespace: shop}
spec: {address: 192.0.2.1, labels: {app: db}, serviceAccount: db}
)");
  const auto registry = merge({{"Kubernetes", &objects}});
  const auto* db = find(registry, "db.shop.svc.cluster.local");
  ASSERT_NE(db, nullptr);
  ASSERT_EQ(db->endpoints.size(), 1u);
  EXPECT_EQ(db->endpoints[0].port, 3307u);
  EXPECT_EQ(db->endpoints[0].service_account, "spiffe://cluster.local/ns/shop/sa/db");
  EXPECT_TRUE(db->endpoints[0].mutual_tls);
}

TEST(protocol, is_read_from_names_and_numbers) {
  EXPECT_EQ(protocol_of_port(80, "http-web", "", "TCP"), Protocol::http);
  EXPECT_EQ(protocol_of_port(80, "grpc-web-x", "", "TCP"), Protocol::grpc_web);
  EXPECT_EQ(protocol_of_port(80, "x", "kubernetes.io/h2c", "TCP"), Protocol::http2);
  EXPECT_EQ(protocol_of_port(3306, "", "", "TCP"), Protocol::tcp);
  EXPECT_EQ(protocol_of_port(8081, "auto", "", "TCP"), Protocol::automatic);
  EXPECT_EQ(protocol_of_port(53, "dns", "", "UDP"), Protocol::udp);
}

}  // namespace
}  // namespace lateen::registry
