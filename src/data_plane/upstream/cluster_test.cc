#include "data_plane/upstream/cluster.h"

#include <gtest/gtest.h>

#include "data_plane/upstream/tls_socket.h"
#include "lib/io/scope.h"
#include "lib/io/simulated.h"

namespace lateen::upstream {
namespace {

class ClusterTest : public testing::Test {
 protected:
  ClusterTest() { settings->transport_sockets.push_back({.name = "raw", .socket = std::make_shared<RawSocket>()}); }

  std::unique_ptr<Cluster> make() {
    return std::make_unique<Cluster>(world.host("10.0.0.1"), settings, shard, counters);
  }
  static SocketAddress address(uint16_t port) { return {Ip::parse("10.0.0.2").value(), port, {}}; }
  static std::shared_ptr<const EndpointSet> set(std::vector<Endpoint> endpoints) {
    return std::make_shared<EndpointSet>(EndpointSet{.endpoints = std::move(endpoints)});
  }
  // Sends a request that finds nobody.
  void send(Cluster& cluster, const HostPtr& host, const Wish& wish) {
    const auto steps = [](Cluster& cluster, HostPtr host, Wish wish) -> io::Task<void> {
      http::Request request;
      request.headers.add(":method", "GET");
      request.headers.add(":path", "/");
      EXPECT_FALSE(co_await cluster.send(host, std::move(request), wish));
    };
    io::Scope scope(world);
    scope.start(steps(cluster, host, wish));
    EXPECT_TRUE(world.run_until([&] { return scope.size() == 0; }));
  }

  io::SimulatedWorld world{2};
  metrics::Registry registry;
  ClusterCounters counters{registry};
  metrics::Shard shard{registry, 0};
  std::shared_ptr<ClusterSettings> settings = std::make_shared<ClusterSettings>();
};

TEST_F(ClusterTest, HostsStayAsLongAsTheirAddressDoes) {
  const auto cluster = make();
  EXPECT_EQ(cluster->pick(), nullptr);
  cluster->set_endpoints(set({{.address = address(1)}, {.address = address(2)}}));
  const HostPtr first = cluster->hosts()[0], second = cluster->hosts()[1];
  cluster->set_endpoints(
      set({{.address = address(2), .weight = 7, .health = Health::unhealthy}, {.address = address(3)}}));
  ASSERT_EQ(cluster->hosts().size(), 2U);
  EXPECT_EQ(cluster->hosts()[0], second);
  EXPECT_EQ(second->endpoint().weight, 7U) << "what is said of it may change";
  EXPECT_EQ(second->health(), Health::unhealthy);
  EXPECT_EQ(first.use_count(), 1) << "the cluster has let it go";
}

TEST_F(ClusterTest, AnotherTransportSocketIsAnotherHost) {
  const auto tls = std::make_shared<RawSocket>();
  settings->transport_sockets.insert(settings->transport_sockets.begin(),
                                     {.name = "tls", .match = {{"tlsMode", "istio"}}, .socket = tls});
  const auto cluster = make();
  cluster->set_endpoints(set({{.address = address(1), .transport_match = {{"tlsMode", "istio"}, {"more", "x"}}},
                              {.address = address(2), .transport_match = {{"tlsMode", "disabled"}}}}));
  const HostPtr before = cluster->hosts()[0];
  EXPECT_EQ(&before->socket(), tls.get());
  EXPECT_NE(&cluster->hosts()[1]->socket(), tls.get());
  cluster->set_endpoints(set({{.address = address(1)}}));
  EXPECT_NE(cluster->hosts()[0], before);
  EXPECT_NE(&cluster->hosts()[0]->socket(), tls.get());
}

TEST_F(ClusterTest, RetriesAndConnectionsAreLimited) {
  settings->breakers.max_retries = 1;
  settings->breakers.max_connections = 2;
  const auto cluster = make();
  EXPECT_TRUE(cluster->begin_retry());
  EXPECT_FALSE(cluster->begin_retry());
  cluster->end_retry();
  EXPECT_TRUE(cluster->begin_retry());
  EXPECT_TRUE(cluster->begin_connection());
  EXPECT_TRUE(cluster->begin_connection());
  EXPECT_FALSE(cluster->begin_connection());
  EXPECT_EQ(cluster->connection_overflows.value(), 1U);
  cluster->end_connection();
  EXPECT_TRUE(cluster->begin_connection());
  EXPECT_EQ(cluster->connections_active.value(), 2);
}

TEST_F(ClusterTest, AnEjectedHostIsNotPicked) {
  settings->outlier_detection = OutlierDetection{.consecutive_5xx = 1, .max_ejection_percent = 50};
  settings->panic_threshold_percent = 0;
  const auto cluster = make();
  cluster->set_endpoints(set({{.address = address(1)}, {.address = address(2)}}));
  const HostPtr bad = cluster->hosts()[0];
  cluster->record(*bad, Outcome::server_error);
  for (int i = 0; i < 4; ++i) EXPECT_NE(cluster->pick(), bad);
  world.run_for(31s);
  bool again = false;
  for (int i = 0; i < 4; ++i) again |= cluster->pick() == bad;
  EXPECT_TRUE(again);
}

TEST_F(ClusterTest, OriginalDestinationsAreHostsWhileTheyAreUsed) {
  settings->discovery = Discovery::original_destination;
  const auto cluster = make();
  const HostPtr used = cluster->original_destination(address(1));
  EXPECT_EQ(used->endpoint().address, address(1));
  std::weak_ptr<Host> unused = cluster->original_destination(address(2));
  for (uint16_t port = 3; port < 3000; ++port) (void)cluster->original_destination(address(port));
  EXPECT_TRUE(unused.expired()) << "any caller can name any address";
  EXPECT_EQ(cluster->original_destination(address(1)), used);
}

TEST_F(ClusterTest, OriginalDestinationsMayHaveAnotherPort) {
  settings->original_destination_port = 15008;
  EXPECT_EQ(make()->original_destination(address(1))->endpoint().address, address(15008));
}

TEST_F(ClusterTest, TheDownstreamsProtocolIsFollowedWhereTheClusterSaysSo) {
  settings->http.version = http::Version::http2;
  EXPECT_EQ(make()->version_for({}), http::Version::http2);
  settings->use_downstream_protocol = true;
  EXPECT_EQ(make()->version_for({.version = http::Version::http1_0}), http::Version::http1_1);
  EXPECT_EQ(make()->version_for({.version = http::Version::http2}), http::Version::http2);
}

TEST_F(ClusterTest, PoolsThatCallersNamedDoNotPileUp) {
  const auto cluster = make();
  cluster->set_endpoints(set({{.address = address(1)}}));
  const HostPtr host = cluster->hosts()[0];
  for (int i = 0; i < 100; ++i) send(*cluster, host, {.socket = {.sni = std::to_string(i)}});
  int left = 0;
  for (int i = 0; i < 100; ++i)
    left += host->find_pool(Host::PoolKey{http::Version::http1_1, {.sni = std::to_string(i)}}) != nullptr;
  EXPECT_LE(left, 16);
}

}  // namespace
}  // namespace lateen::upstream
