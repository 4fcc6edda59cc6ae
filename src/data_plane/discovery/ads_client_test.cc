// The xDS client against a control plane that says what the test wants, in both variants of the protocol.
#include "data_plane/discovery/ads_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/xds/message.h"
#include "config/xds/names.h"
#include "data_plane/discovery/reading_test_tools.h"
#include "lib/grpc/server.h"
#include "lib/http/client.h"
#include "lib/io/simulated.h"

namespace lateen::discovery {
namespace {

namespace discovery_v3 = envoy::service::discovery::v3;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

// Keeps what it was asked and sends what it is told.
template <class Request>
class Plane {
 public:
  io::Task<grpc::Status> serve(grpc::ServerCall& call) {
    ++streams;
    requests.clear();
    current_ = &call;
    for (;;) {
      Request request;
      const auto more = co_await call.read(request);
      if (!more || !*more) co_return grpc::Status{};
      requests.push_back(std::move(request));
    }
  }
  void push(const google::protobuf::MessageLite& response) { current_->outgoing().add(response); }
  // The last request about a type.
  const Request& about(std::string_view type) const {
    static const Request none;
    for (auto it = requests.rbegin(); it != requests.rend(); ++it)
      if (it->type_url() == type) return *it;
    return none;
  }
  std::vector<Request> requests;  // of the newest stream
  int streams = 0;

 private:
  grpc::ServerCall* current_ = nullptr;
};

envoy::config::cluster::v3::Cluster cluster(const std::string& name, bool by_eds = false) {
  envoy::config::cluster::v3::Cluster out;
  out.set_name(name);
  out.mutable_connect_timeout()->set_seconds(1);
  if (!by_eds) return out;
  out.set_type(envoy::config::cluster::v3::Cluster::EDS);
  out.mutable_eds_cluster_config()->mutable_eds_config()->mutable_ads();
  return out;
}
auto broken(const std::string& name) {
  auto out = cluster(name);
  out.mutable_connect_timeout()->set_seconds(-1);
  return out;
}
auto endpoints(const std::string& name) {
  envoy::config::endpoint::v3::ClusterLoadAssignment out;
  out.set_cluster_name(name);
  return out;
}

class AdsClientTest : public ::testing::Test {
 protected:
  static constexpr std::string_view address = "10.0.0.2:15010";

  AdsClientTest()
      : contexts({}),
        runtime(world, registry, contexts, {}, "node"),
        scope(world),
        end(scope),
        connections(world),
        end_connections(connections) {
    server.add(std::string(xds::method::ads_delta),
               grpc::streaming([this](grpc::ServerCall& call) { return delta.serve(call); }));
    server.add(std::string(xds::method::ads_sotw),
               grpc::streaming([this](grpc::ServerCall& call) { return sotw.serve(call); }));
    scope.start(listen());
  }
  io::Task<void> listen() {
    auto acceptor = world.host("10.0.0.2").listen(SocketAddress::parse(address).value(), {});
    const auto serve = [](std::unique_ptr<io::Transport> transport, http::Service& service) -> io::Task<void> {
      const http::ServerOptions options;
      co_await http::serve_connection(*transport, service, options, http::Protocol::http2);
    };
    while (auto transport = co_await (*acceptor)->accept()) connections.start(serve(std::move(*transport), server));
  }
  void start(Variant variant) {
    const auto connect = [this] { return world.host("10.0.0.1").connect(SocketAddress::parse(address).value(), {}); };
    http::ClientOptions options;
    options.version = http::Version::http2;
    pool = std::make_unique<http::Pool>(world, connect, options, nullptr);
    channel = std::make_unique<grpc::Channel>(world, grpc::over(*pool), grpc::ChannelOptions{.authority = "plane"});
    envoy::config::core::v3::Node node;
    node.set_id("sidecar~10.0.0.1~a.b~b.svc");
    client = std::make_unique<AdsClient>(world, runtime, contexts, *channel, node, variant);
    scope.start(client->run());
    world.run_for(1s);
  }

  void push_delta(std::string_view type, const std::vector<std::pair<std::string, google::protobuf::Any>>& resources,
                  const std::vector<std::string>& removed = {}) {
    discovery_v3::DeltaDiscoveryResponse response;
    response.set_type_url(std::string(type));
    response.set_nonce(std::to_string(++pushes));
    for (const auto& [name, resource] : resources) {
      auto& added = *response.add_resources();
      added.set_name(name);
      added.set_version(std::to_string(pushes));
      *added.mutable_resource() = resource;
    }
    for (const auto& name : removed) response.add_removed_resources(name);
    delta.push(response);
    world.run_for(1s);
  }
  void push_world(std::string_view type, const std::vector<google::protobuf::Any>& resources) {
    discovery_v3::DiscoveryResponse response;
    response.set_type_url(std::string(type));
    response.set_nonce("n" + std::to_string(++pushes));
    response.set_version_info("v" + std::to_string(pushes));
    for (const auto& resource : resources) *response.add_resources() = resource;
    sotw.push(response);
    world.run_for(1s);
  }
  std::vector<std::string> clusters() const {
    std::vector<std::string> names;
    for (const auto& [name, applied] : runtime.clusters()) names.push_back(name);
    return names;
  }

  io::SimulatedWorld world{5};
  metrics::Registry registry;
  TlsContexts contexts;
  Runtime runtime;
  Plane<discovery_v3::DeltaDiscoveryRequest> delta;
  Plane<discovery_v3::DiscoveryRequest> sotw;
  grpc::Server server;
  int pushes = 0;
  std::unique_ptr<http::Pool> pool;
  std::unique_ptr<grpc::Channel> channel;
  std::unique_ptr<AdsClient> client;
  io::Scope scope;
  io::CancelOnExit end;
  io::Scope connections;
  io::CancelOnExit end_connections;
};

TEST_F(AdsClientTest, DeltaAsksForClustersThenTheirEndpointsThenListeners) {
  start(Variant::delta);
  ASSERT_EQ(delta.requests.size(), 1u);
  EXPECT_EQ(delta.requests[0].type_url(), xds::type::cluster);
  EXPECT_EQ(delta.requests[0].node().id(), "sidecar~10.0.0.1~a.b~b.svc");
  push_delta(xds::type::cluster, {{"web", xds::pack(cluster("web", true))}});
  EXPECT_EQ(delta.about(xds::type::cluster).response_nonce(), "1");
  EXPECT_THAT(delta.about(xds::type::endpoint).resource_names_subscribe(), ElementsAre("web"));
  EXPECT_FALSE(delta.about(xds::type::endpoint).has_node()) << "the node goes once a stream";
  EXPECT_EQ(delta.about(xds::type::listener).type_url(), "") << "not before there is somewhere to go";
  push_delta(xds::type::endpoint, {{"web", xds::pack(endpoints("web"))}});
  EXPECT_EQ(delta.about(xds::type::listener).type_url(), xds::type::listener);
}

TEST_F(AdsClientTest, DeltaRefusesWithTheReasonAndKeepsTheRest) {
  start(Variant::delta);
  push_delta(xds::type::cluster, {{"bad", xds::pack(broken("bad"))}, {"good", xds::pack(cluster("good"))}});
  const auto& answer = delta.about(xds::type::cluster);
  EXPECT_EQ(answer.response_nonce(), "1");
  EXPECT_EQ(answer.error_detail().code(), 13);
  EXPECT_THAT(answer.error_detail().message(), HasSubstr("Error adding/updating cluster(s) bad: "));
  EXPECT_EQ(client->types().find(xds::type::cluster)->second.rejections, 1u);
  EXPECT_TRUE(runtime.clusters().contains("good"));
  push_delta(xds::type::cluster, {}, {"good"});
  EXPECT_FALSE(runtime.clusters().contains("good"));
  EXPECT_FALSE(delta.about(xds::type::cluster).has_error_detail());
}

TEST_F(AdsClientTest, DeltaTellsANewStreamWhatItHas) {
  start(Variant::delta);
  push_delta(xds::type::cluster, {{"web", xds::pack(cluster("web"))}});
  connections.cancel();
  world.run_for(5s);
  ASSERT_EQ(delta.streams, 2);
  EXPECT_EQ(delta.requests[0].initial_resource_versions().at("web"), "1");
  EXPECT_TRUE(delta.requests[0].has_node());
  EXPECT_THAT(clusters(), ElementsAre("web")) << "goes on being served";
}

TEST_F(AdsClientTest, WhatIsKnownNotToExistIsNotWaitedFor) {
  start(Variant::delta);
  push_delta(xds::type::cluster, {{"web", xds::pack(cluster("web", true))}});
  EXPECT_EQ(delta.about(xds::type::listener).type_url(), "");
  push_delta(xds::type::endpoint, {}, {"web"});
  EXPECT_EQ(delta.about(xds::type::listener).type_url(), xds::type::listener);

  push_delta(xds::type::listener, {{"in", xds::pack(rds_listener(", initial_fetch_timeout: 0s"))}});
  EXPECT_THAT(delta.about(xds::type::route).resource_names_subscribe(), ElementsAre("main"));
  EXPECT_FALSE(client->initialised());
  push_delta(xds::type::route, {}, {"main"});
  EXPECT_TRUE(client->initialised()) << "it answers 404 until they come";
}

TEST_F(AdsClientTest, WhatNobodyWantsAnyMoreIsForgotten) {
  start(Variant::delta);
  push_delta(xds::type::cluster, {{"web", xds::pack(cluster("web", true))}});
  push_delta(xds::type::endpoint, {{"web", xds::pack(endpoints("web"))}});
  EXPECT_TRUE(runtime.endpoints().contains("web"));
  push_delta(xds::type::cluster, {}, {"web"});
  EXPECT_THAT(delta.about(xds::type::endpoint).resource_names_unsubscribe(), ElementsAre("web"));
  EXPECT_FALSE(runtime.endpoints().contains("web"));
  push_delta(xds::type::cluster, {{"web", xds::pack(cluster("web", true))}});
  EXPECT_THAT(delta.about(xds::type::endpoint).resource_names_subscribe(), ElementsAre("web"));
  connections.cancel();
  world.run_for(5s);
  EXPECT_THAT(delta.about(xds::type::endpoint).initial_resource_versions(), IsEmpty()) << "we have none";
}

TEST_F(AdsClientTest, AResourceThatComesTwiceIsRefused) {
  start(Variant::delta);
  push_delta(xds::type::cluster, {{"web", xds::pack(cluster("web"))}, {"web", xds::pack(cluster("web"))}});
  EXPECT_THAT(delta.about(xds::type::cluster).error_detail().message(), HasSubstr("web: duplicate"));
  EXPECT_THAT(clusters(), ElementsAre("web"));
}

TEST_F(AdsClientTest, ASignOfLifeChangesNothing) {
  start(Variant::delta);
  push_delta(xds::type::cluster, {{"web", xds::pack(cluster("web"))}});
  discovery_v3::DeltaDiscoveryResponse response;
  response.set_type_url(std::string(xds::type::cluster));
  response.set_nonce("alive");
  response.add_resources()->set_name("web");
  response.mutable_resources(0)->set_version("1");
  delta.push(response);
  world.run_for(1s);
  EXPECT_EQ(delta.about(xds::type::cluster).response_nonce(), "alive");
  EXPECT_FALSE(delta.about(xds::type::cluster).has_error_detail());
  EXPECT_THAT(clusters(), ElementsAre("web"));
}

TEST_F(AdsClientTest, AWorldIsAllThatThereIs) {
  start(Variant::state_of_the_world);
  ASSERT_EQ(sotw.requests.size(), 1u);
  EXPECT_EQ(sotw.requests[0].node().id(), "sidecar~10.0.0.1~a.b~b.svc");
  EXPECT_THAT(sotw.requests[0].resource_names(), IsEmpty());
  push_world(xds::type::cluster, {xds::pack(cluster("a")), xds::pack(cluster("b"))});
  EXPECT_THAT(clusters(), ElementsAre("a", "b"));
  EXPECT_EQ(sotw.about(xds::type::cluster).version_info(), "v1");
  EXPECT_EQ(sotw.about(xds::type::cluster).response_nonce(), "n1");
  push_world(xds::type::cluster, {xds::pack(cluster("b")), xds::pack(cluster("c"))});
  EXPECT_THAT(clusters(), ElementsAre("b", "c"));
}

TEST_F(AdsClientTest, AWorldsNamesAreAskedForAllAtOnceEachTime) {
  start(Variant::state_of_the_world);
  push_world(xds::type::cluster, {xds::pack(cluster("a", true))});
  EXPECT_THAT(sotw.about(xds::type::endpoint).resource_names(), ElementsAre("a"));
  push_world(xds::type::endpoint, {xds::pack(endpoints("a"))});
  push_world(xds::type::cluster, {xds::pack(cluster("a", true)), xds::pack(cluster("b", true))});
  EXPECT_THAT(sotw.about(xds::type::endpoint).resource_names(), UnorderedElementsAre("a", "b"));
  EXPECT_EQ(sotw.about(xds::type::endpoint).version_info(), "v2");
  EXPECT_EQ(sotw.about(xds::type::endpoint).response_nonce(), "n2");
  push_world(xds::type::endpoint, {xds::pack(endpoints("b"))});
  EXPECT_TRUE(runtime.endpoints().contains("a")) << "what is not in a response about names stays";
}

TEST_F(AdsClientTest, ARefusedWorldKeepsTheVersionAndWhatItNames) {
  start(Variant::state_of_the_world);
  push_world(xds::type::cluster, {xds::pack(cluster("a")), xds::pack(cluster("b"))});
  push_world(xds::type::cluster, {xds::pack(broken("a"))});
  const auto& answer = sotw.about(xds::type::cluster);
  EXPECT_EQ(answer.version_info(), "v1");
  EXPECT_EQ(answer.response_nonce(), "n2");
  EXPECT_THAT(answer.error_detail().message(), HasSubstr("a: "));
  EXPECT_THAT(clusters(), ElementsAre("a")) << "the last good one";
  google::protobuf::Any unreadable;
  unreadable.set_type_url(std::string(xds::type::cluster));
  unreadable.set_value("\xff\xff");
  push_world(xds::type::cluster, {unreadable});
  EXPECT_THAT(clusters(), ElementsAre("a")) << "it may be the one that cannot be read";
}

TEST_F(AdsClientTest, AWorldsNewStreamBeginsWithTheVersionAndNoNonce) {
  start(Variant::state_of_the_world);
  push_world(xds::type::cluster, {xds::pack(cluster("a"))});
  connections.cancel();
  world.run_for(5s);
  ASSERT_EQ(sotw.streams, 2);
  EXPECT_EQ(sotw.requests[0].version_info(), "v1");
  EXPECT_EQ(sotw.requests[0].response_nonce(), "");
  push_world(xds::type::cluster, {});
  EXPECT_THAT(clusters(), IsEmpty()) << "what went while nobody told us";
}

}  // namespace
}  // namespace lateen::discovery
