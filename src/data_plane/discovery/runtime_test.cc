// Resources as xDS brings them: what is applied, refused, waited for and given up, on a simulated host.
#include "data_plane/discovery/runtime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data_plane/discovery/reading_test_tools.h"
#include "lib/io/simulated.h"

namespace lateen::discovery {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view cluster_text = R"(
name: web
connect_timeout: 3s
type: EDS
eds_cluster_config: {eds_config: {ads: {}}, service_name: web-endpoints}
)";

constexpr std::string_view routes_text = R"(
name: main
virtual_hosts:
- name: all
  domains: ["*"]
  routes: [{match: {prefix: /}, direct_response: {status: 204}}]
)";

auto cluster() { return message_of<envoy::config::cluster::v3::Cluster>(cluster_text); }
auto routes() { return message_of<envoy::config::route::v3::RouteConfiguration>(routes_text); }
class RuntimeTest : public ::testing::Test {
 protected:
  RuntimeTest()
      : contexts({}),
        families(registry),
        worker(world.host("10.0.0.1"), registry, families, 0),
        runtime(world, registry, contexts, {}, "node") {
    runtime.add_worker({world, worker});
  }
  bool is_open() {
    bool open = false;
    io::Scope scope(world);
    const auto knock = [](io::Network& network, bool& open) -> io::Task<void> {
      open = (co_await network.connect(SocketAddress::parse("10.0.0.1:80").value(), {})).has_value();
    };
    scope.start(knock(world.host("10.0.0.9"), open));
    world.run_for(1s);
    scope.cancel();
    return open;
  }

  io::SimulatedWorld world{3};
  metrics::Registry registry;
  TlsContexts contexts;
  downstream::Families families;
  downstream::Worker worker;
  Runtime runtime;
};

TEST_F(RuntimeTest, AListenerWaitsForItsRoutes) {
  ASSERT_TRUE(runtime.put_listener(rds_listener(), "1"));
  EXPECT_THAT(runtime.wanted_routes(), ElementsAre("main"));
  EXPECT_FALSE(runtime.all_listeners_serve());
  EXPECT_FALSE(is_open());
  ASSERT_TRUE(runtime.put_routes(routes(), "1"));
  EXPECT_TRUE(runtime.all_listeners_serve());
  EXPECT_TRUE(is_open());
  runtime.remove_listener("in");
  EXPECT_TRUE(runtime.wanted_routes().empty());
  EXPECT_FALSE(is_open());
}

TEST_F(RuntimeTest, ItWaitsAsLongAsItIsTold) {
  ASSERT_TRUE(runtime.put_listener(rds_listener(), "1"));
  world.run_for(14s);
  EXPECT_FALSE(is_open());
  world.run_for(1s);
  EXPECT_TRUE(is_open()) << "the default of initial_fetch_timeout";

  ASSERT_TRUE(runtime.put_listener(rds_listener(", initial_fetch_timeout: 2s"), "2"));
  EXPECT_FALSE(runtime.all_listeners_serve());
  world.run_for(3s);
  EXPECT_TRUE(runtime.all_listeners_serve());

  ASSERT_TRUE(runtime.put_listener(rds_listener(", initial_fetch_timeout: 0s"), "3"));
  world.run_for(1h);
  EXPECT_FALSE(runtime.all_listeners_serve()) << "0: for ever";
}

TEST_F(RuntimeTest, AnUnchangedListenerIsLeftAlone) {
  ASSERT_TRUE(runtime.put_routes(routes(), "1"));
  ASSERT_TRUE(runtime.put_listener(rds_listener(), "1"));
  ASSERT_TRUE(runtime.put_listener(rds_listener(), "2"));
  EXPECT_EQ(runtime.listeners().at("in").version, "1");
}

TEST_F(RuntimeTest, WhatIsWrongLeavesTheLastGoodOne) {
  ASSERT_TRUE(runtime.put_cluster(cluster(), "1"));
  EXPECT_THAT(runtime.wanted_endpoints(), ElementsAre("web-endpoints"));
  auto wrong = cluster();
  wrong.mutable_connect_timeout()->set_seconds(-1);
  const auto refused = runtime.put_cluster(wrong, "2");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("ConnectTimeout"));
  EXPECT_EQ(runtime.clusters().at("web").version, "1");
  EXPECT_THAT(runtime.clusters().at("web").error, HasSubstr("ConnectTimeout"));
  world.run_for(1s);
  EXPECT_EQ(worker.clusters.find("web")->settings().connect_timeout, 3s);
  ASSERT_TRUE(runtime.put_cluster(cluster(), "3"));
  EXPECT_EQ(runtime.clusters().at("web").error, "");
}

TEST_F(RuntimeTest, EndpointsMayComeBeforeTheirCluster) {
  auto endpoints = message_of<envoy::config::endpoint::v3::ClusterLoadAssignment>(R"(
cluster_name: web-endpoints
endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 10.0.0.2, port_value: 80}}}}]}]
)");
  ASSERT_TRUE(runtime.put_endpoints(endpoints));
  ASSERT_TRUE(runtime.put_cluster(cluster(), "1"));
  world.run_for(1s);
  ASSERT_TRUE(worker.clusters.find("web")->pick());
  EXPECT_EQ(worker.clusters.find("web")->pick()->endpoint().address.text(), "10.0.0.2:80");
  runtime.remove_cluster("web");
  world.run_for(1s);
  EXPECT_FALSE(worker.clusters.find("web"));
  EXPECT_TRUE(runtime.wanted_endpoints().empty());
}

TEST_F(RuntimeTest, AListenerWithAFilterThatIsNotSupportedIsRefusedByName) {
  auto wrong = rds_listener();
  auto* filter = wrong.mutable_filter_chains(0)->mutable_filters(0);
  filter->mutable_typed_config()->set_type_url(
      "type.googleapis.com/envoy.extensions.filters.network.zookeeper_proxy.v3.ZooKeeperProxy");
  const auto refused = runtime.put_listener(wrong, "1");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("ZooKeeperProxy"));
  EXPECT_TRUE(runtime.all_listeners_serve());
}

}  // namespace
}  // namespace lateen::discovery
