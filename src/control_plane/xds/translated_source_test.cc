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

// One stream with all types, as a proxy opens it.
struct Stream {
  Stream(TranslatedSource& source, std::string_view ip) : view(std::move(*source.view(node(ip)))) {
    for (auto* each : {&clusters, &listeners, &endpoints, &routes, &names}) (void)each->push(view->resources(*each));
  }
  std::unique_ptr<View> view;
  Subscription clusters = subscribed(xds::type::cluster, {}), listeners = subscribed(xds::type::listener, {}),
               endpoints = subscribed(xds::type::endpoint, {catalog, other}),
               routes = subscribed(xds::type::route, {"80"}), names = subscribed(xds::type::name_table, {});
};

TEST(TranslatedSource, ProxiesOfOneClassShareOneTranslation) {
  TranslatedSource source(world({"10.0.0.5"}));
  Stream one(source, "10.0.1.7");
  const auto computed = source.world().statistics().computed;
  Stream replica(source, "10.0.1.8");
  EXPECT_EQ(source.world().statistics().computed, computed);
  EXPECT_EQ(one.clusters.sent(), replica.clusters.sent());
  EXPECT_EQ(one.listeners.sent(), replica.listeners.sent());
  EXPECT_EQ(one.endpoints.sent(), replica.endpoints.sent());
  EXPECT_EQ(one.routes.sent(), replica.routes.sent());
  EXPECT_EQ(one.names.sent(), replica.names.sent());
}

TEST(TranslatedSource, ProxiesOfDifferentClassesShareEqualResources) {
  TranslatedSource source(world({"10.0.0.5"}));
  Stream client(source, "10.0.1.7");
  auto elsewhere_node = node("10.0.1.9");
  elsewhere_node.namespace_ = "shop";
  const auto elsewhere = std::move(*source.view(elsewhere_node));
  auto clusters = subscribed(xds::type::cluster, {});
  const auto set = elsewhere->resources(clusters);
  EXPECT_NE(set, client.clusters.sent());
  EXPECT_EQ(set->find(other), client.clusters.sent()->find(other));
}

TEST(TranslatedSource, AnEndpointMakesOnlyItsOwnAssignmentAnew) {
  TranslatedSource source(world({"10.0.0.5"}));
  Stream one(source, "10.0.1.7"), replica(source, "10.0.1.8");
  const auto before = source.world().statistics();
  source.set_snapshot(world({"10.0.0.5", "10.0.0.6"}));
  for (auto* stream : {&one, &replica}) {
    EXPECT_EQ(stream->view->resources(stream->clusters), stream->clusters.sent());
    EXPECT_EQ(stream->view->resources(stream->listeners), stream->listeners.sent());
    EXPECT_EQ(stream->view->resources(stream->routes), stream->routes.sent());
    EXPECT_EQ(stream->view->resources(stream->names), stream->names.sent());
    EXPECT_NE(stream->view->resources(stream->endpoints), stream->endpoints.sent());
  }
  // The assignment, and the list it is in; once for both.
  EXPECT_EQ(source.world().statistics().computed, before.computed + 2);
  EXPECT_EQ(source.world().statistics().unchanged, before.unchanged);
}

TEST(TranslatedSource, WhatOnlyAProxyThatLeftNeededIsDropped) {
  TranslatedSource source(world({"10.0.0.5"}));
  Stream stays(source, "10.0.1.7");
  std::weak_ptr<const ResourceSet> only_its;
  {
    auto other_node = node("10.0.1.9");
    other_node.namespace_ = "shop";
    const auto view = std::move(*source.view(other_node));
    auto clusters = subscribed(xds::type::cluster, {});
    only_its = view->resources(clusters);
    source.world().collect();
    EXPECT_FALSE(only_its.expired());
  }
  const auto before = source.world().statistics();
  source.world().collect();
  EXPECT_TRUE(only_its.expired());
  EXPECT_GT(source.world().statistics().collected, before.collected);
  for (auto* each : {&stays.clusters, &stays.listeners, &stays.endpoints, &stays.routes, &stays.names})
    EXPECT_EQ(stays.view->resources(*each), each->sent());
  EXPECT_EQ(source.world().statistics().computed, before.computed);
}

TEST(TranslatedSource, ProxiesThatComeAndGoLeaveNothingBehind) {
  TranslatedSource source(world({"10.0.0.5"}));
  std::vector<std::weak_ptr<const ResourceSet>> sets;
  for (int i = 0; i < 100; ++i) {
    auto passing = node("10.0.1.9");
    passing.namespace_ = fmt::format("team-{}", i);
    const auto view = std::move(*source.view(passing));
    auto clusters = subscribed(xds::type::cluster, {});
    sets.push_back(view->resources(clusters));
  }
  EXPECT_LT(std::ranges::count_if(sets, [](const auto& each) { return !each.expired(); }), 20);
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
