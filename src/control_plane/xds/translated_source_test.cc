#include "control_plane/xds/translated_source.h"

#include <gmock/gmock.h>

#include "config/objects/objects.h"
#include "config/xds/names.h"
#include "config/xds/protos.h"
#include "istio/networking/nds/v1/nds.pb.h"

namespace lateen::discovery {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsSupersetOf;

std::shared_ptr<const snapshot::Snapshot> world(const std::vector<std::string>& addresses) {
  std::string yaml = R"(
apiVersion: v1
kind: Service
metadata: {name: catalog, namespace: shop}
spec: {clusterIP: 10.96.0.7, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: other, namespace: shop}
spec: {clusterIP: 10.96.0.8, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: other-1, namespace: shop, labels: {kubernetes.io/service-name: other}}
addressType: IPv4
endpoints: [{addresses: ["10.0.0.99"]}]
ports: [{name: http, port: 8080, protocol: TCP}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: catalog-1, namespace: shop, labels: {kubernetes.io/service-name: catalog}}
addressType: IPv4
endpoints:
)";
  for (const auto& each : addresses) yaml += fmt::format("- addresses: [\"{}\"]\n", each);
  yaml += "ports: [{name: http, port: 8080, protocol: TCP}]\n";
  schema::Diagnostics diagnostics;
  auto objects = config::read_objects(yaml, "world.yaml", diagnostics);
  EXPECT_EQ(diagnostics.first_error(), "");
  snapshot::Inputs inputs;
  inputs.clusters.push_back(
      {std::string(snapshot::configuration_cluster), std::make_shared<const config::Objects>(std::move(objects))});
  return snapshot::Snapshot::build(inputs);
}

Node node(std::string_view ip) {
  Node out;
  out.id = fmt::format("sidecar~{}~web-1.web~web.svc.cluster.local", ip);
  out.type = "sidecar";
  out.ips = {*Ip::parse(ip)};
  out.name = "web-1";
  out.namespace_ = "web";
  out.domain = "web.svc.cluster.local";
  out.metadata = schema::Node::map();
  return out;
}

Subscription subscribed(std::string_view type, std::vector<std::string> names) {
  Subscription out(Mode::delta, std::string(type), "n-");
  Request request;
  request.subscribe = std::move(names);
  out.take(request);
  return out;
}

std::vector<std::string> names_of(const std::optional<Push>& push) {
  std::vector<std::string> out;
  if (!push) return out;
  for (const auto* each : push->resources) out.push_back(each->name);
  return out;
}

constexpr const char* catalog = "outbound|80||catalog.shop.svc.cluster.local";
constexpr const char* other = "outbound|80||other.shop.svc.cluster.local";

TEST(TranslatedSource, AnEndpointThatMovesChangesNothingElse) {
  TranslatedSource source(world({"10.0.0.5"}));
  const auto view = std::move(*source.view(node("10.0.1.7")));
  auto clusters = subscribed(xds::type::cluster, {});
  auto endpoints = subscribed(xds::type::endpoint, {catalog, other});
  EXPECT_THAT(names_of(clusters.push(view->resources(clusters))), IsSupersetOf({catalog, other}));
  EXPECT_THAT(names_of(endpoints.push(view->resources(endpoints))), ElementsAre(catalog, other));

  source.set_snapshot(world({"10.0.0.5", "10.0.0.6"}));
  EXPECT_EQ(view->resources(clusters), clusters.sent());  // the same object
  EXPECT_THAT(names_of(endpoints.push(view->resources(endpoints))), ElementsAre(catalog));
  source.set_snapshot(world({"10.0.0.5", "10.0.0.6"}));
  EXPECT_EQ(view->resources(endpoints), endpoints.sent());
}

TEST(TranslatedSource, EqualProxiesShareTheirResources) {
  TranslatedSource source(world({"10.0.0.5"}));
  const auto one = std::move(*source.view(node("10.0.1.7"))), again = std::move(*source.view(node("10.0.1.7")));
  auto clusters = subscribed(xds::type::cluster, {});
  EXPECT_EQ(one->resources(clusters), again->resources(clusters));
}

TEST(TranslatedSource, ListenersAndTheRoutesTheyAskFor) {
  TranslatedSource source(world({"10.0.0.5"}));
  const auto view = std::move(*source.view(node("10.0.1.7")));
  auto listeners = subscribed(xds::type::listener, {});
  EXPECT_THAT(names_of(listeners.push(view->resources(listeners))),
              IsSupersetOf({"virtualOutbound", "virtualInbound"}));
  auto routes = subscribed(xds::type::route, {"80"});
  EXPECT_THAT(names_of(routes.push(view->resources(routes))), ElementsAre("80"));
  auto secrets = subscribed(xds::type::secret, {"default"});
  EXPECT_EQ(view->resources(secrets), nullptr);
}

TEST(TranslatedSource, TheNameTableHasTheServices) {
  TranslatedSource source(world({"10.0.0.5"}));
  const auto view = std::move(*source.view(node("10.0.1.7")));
  auto names = subscribed(xds::type::name_table, {});
  const auto set = view->resources(names);
  ASSERT_EQ(set->all().size(), 1u);
  istio::networking::nds::v1::NameTable table;
  ASSERT_TRUE(table.ParseFromString(std::string(set->all()[0]->message())));
  const auto& entry = table.table().at("catalog.shop.svc.cluster.local");
  EXPECT_THAT(entry.ips(), ElementsAre("10.96.0.7"));
  EXPECT_EQ(entry.registry(), "Kubernetes");
  EXPECT_EQ(entry.shortname(), "catalog");
  EXPECT_EQ(entry.namespace_(), "shop");
}

TEST(TranslatedSource, OtherProxiesAreRefusedByName) {
  TranslatedSource source(world({}));
  auto waypoint = node("10.0.1.7");
  waypoint.type = "waypoint";
  EXPECT_EQ(source.view(waypoint).error().kind, ErrorKind::unsupported);
}

}  // namespace
}  // namespace lateen::discovery
