// One proxied connection on the simulated network: client, proxy, two backends.
#include "data_plane/tcp/tcp_proxy.h"

#include <gmock/gmock.h>

#include "data_plane/tcp/rbac.h"
#include "data_plane/upstream/tls_socket.h"
#include "lib/io/scope.h"
#include "lib/io/simulated.h"

namespace lateen::tcp {
namespace {

using testing::HasSubstr;

SocketAddress at(std::string_view text) { return SocketAddress::parse(text).value(); }

class TcpProxyTest : public testing::Test {
 protected:
  TcpProxyTest()
      : cluster_counters(registry), counters(registry), shard(registry, 0), scope(world), guard(scope), run(world) {
    settings->stat_prefix = "t";
    settings->targets = {{"one", 1}};
    put_cluster("one", {"10.0.0.2:8080"});
    put_cluster("two", {"10.0.0.3:8080"});
    for (const char* ip : {"10.0.0.2", "10.0.0.3"}) scope.start(accept(ip));
    acceptor = std::move(*world.host("10.0.0.1").listen(at("10.0.0.1:80"), {}));
  }

  void put_cluster(const std::string& name, const std::vector<std::string>& addresses) {
    auto cluster = std::make_shared<upstream::ClusterSettings>();
    cluster->name = name;
    cluster->connect_timeout = 2s;
    cluster->transport_sockets.push_back({.name = "raw", .socket = std::make_shared<upstream::RawSocket>()});
    for (const std::string& address : addresses) cluster->fixed_endpoints.push_back({.address = at(address)});
    clusters.put(std::make_shared<upstream::Cluster>(world.host("10.0.0.1"), cluster, shard, cluster_counters));
  }
  io::Task<void> accept(std::string ip) {
    auto listening = world.host(ip).listen(at(ip + ":8080"), {});
    for (;;) {
      auto transport = co_await (*listening)->accept();
      if (!transport) co_return;
      backend = std::move(*transport);
      ++reached[ip];
    }
  }
  io::Task<void> connect() {
    client = std::move(*co_await world.host("10.0.0.9").connect(at("10.0.0.1:80"), {}));
    accepted = std::move(*co_await acceptor->accept());
  }
  // One client, from its first byte to the end of its connection.
  io::Task<void> serve() {
    co_await connect();
    const auto transport = std::move(accepted);
    telemetry::ConnectionRecord about;
    about.remote = transport->remote();
    about.local = transport->local();
    TcpProxy proxy(settings, clusters, shard, counters);
    Connection connection(*transport, about);
    co_await proxy.serve(connection);
    flags = connection.record().flags.text();
    received = connection.record().bytes_received;
    sent = connection.record().bytes_sent;
  }
  void start() {
    run.start(serve());
    world.run_for(100ms);
  }
  bool over() { return run.done().is_set(); }

  // What has come so far; "|" at the orderly end, "!" after a reset.
  static std::string read(io::Transport& transport) {
    std::string out;
    for (;;) {
      char bytes[4096];
      const io::Moved moved = transport.try_read(bytes);
      if (moved.state == io::Moved::ended) return out + "|";
      if (moved.state == io::Moved::failed) return out + "!";
      if (moved.state == io::Moved::blocked) return out;
      out.append(bytes, moved.bytes);
    }
  }
  void write(io::Transport& transport, std::string_view text) {
    EXPECT_EQ(transport.try_write(text).bytes, text.size());
    world.run_for(10ms);
  }

  io::SimulatedWorld world{21};
  metrics::Registry registry;
  upstream::ClusterCounters cluster_counters;
  TcpCounters counters;
  metrics::Shard shard;
  upstream::Clusters clusters;
  std::shared_ptr<TcpProxySettings> settings = std::make_shared<TcpProxySettings>();
  std::unique_ptr<io::Acceptor> acceptor;
  std::unique_ptr<io::Transport> client, accepted, backend;
  std::map<std::string, int> reached;
  std::string flags;
  uint64_t received = 0, sent = 0;
  io::Scope scope;
  io::CancelOnExit guard;
  io::Child run;
};

TEST_F(TcpProxyTest, EachEndIsPassedOnWhileTheOtherWayGoesOn) {
  start();
  write(*client, "question");
  client->shutdown_write();
  world.run_for(1s);
  EXPECT_EQ(read(*backend), "question|");
  EXPECT_FALSE(over());
  write(*backend, "late answer");
  EXPECT_EQ(read(*client), "late answer");
  backend->shutdown_write();
  world.run_for(1s);
  EXPECT_EQ(read(*client), "|");
  EXPECT_TRUE(over());
  EXPECT_EQ(flags, "-");
  EXPECT_EQ(received, 8);
  EXPECT_EQ(sent, 11);
}

TEST_F(TcpProxyTest, TheBackendMayEndFirst) {
  start();
  write(*backend, "banner");
  backend->shutdown_write();
  world.run_for(1s);
  EXPECT_EQ(read(*client), "banner|");
  write(*client, "still here");
  EXPECT_EQ(read(*backend), "still here");
}

TEST_F(TcpProxyTest, AResetIsPassedOnAsAReset) {
  start();
  backend->abort_on_close();
  backend.reset();
  world.run_for(1s);
  EXPECT_TRUE(over());
  EXPECT_EQ(read(*client), "!");
}

TEST_F(TcpProxyTest, AConnectionInWhichNothingMovesIsClosed) {
  settings->idle_timeout = 10s;
  start();
  world.run_for(8s);
  write(*client, "x");
  world.run_for(8s);
  write(*backend, "y");
  world.run_for(8s);
  EXPECT_FALSE(over()) << "either way counts";
  world.run_for(3s);
  EXPECT_TRUE(over());
  EXPECT_EQ(read(*client), "y|");
}

TEST_F(TcpProxyTest, ZeroMeansNoIdleTimeout) {
  settings->idle_timeout = 0s;
  start();
  world.run_for(24h);
  EXPECT_FALSE(over());
}

TEST_F(TcpProxyTest, ASlowReaderIsNotIdle) {
  settings->idle_timeout = 3s;
  world.set_quality("10.0.0.1", "10.0.0.9", {.window = 1000});
  start();
  write(*backend, std::string(20'000, 'x'));  // one block for the proxy, twenty seconds for the client
  size_t got = 0;
  for (int i = 0; i < 20; ++i) {
    world.run_for(1s);
    got += read(*client).size();
  }
  EXPECT_EQ(got, 20'000);
  EXPECT_FALSE(over());
}

TEST_F(TcpProxyTest, ConnectionsAreSharedOutByWeight) {
  settings->targets = {{"one", 1}, {"two", 3}};
  for (int i = 0; i < 400; ++i) {
    start();
    client.reset(), backend.reset();
    ASSERT_TRUE(world.run_until([&] { return over(); }));
  }
  EXPECT_EQ(reached["10.0.0.2"] + reached["10.0.0.3"], 400);
  EXPECT_NEAR(reached["10.0.0.3"], 300, 30);
}

TEST_F(TcpProxyTest, WhatCannotBeReachedIsClosedWithItsFlags) {
  put_cluster("empty", {});
  put_cluster("closed port", {"10.0.0.2:1"});
  struct Case {
    std::string cluster, flags;
  };
  for (const Case& each : {Case{"unknown", "NC"}, Case{"empty", "UH"}, Case{"closed port", "UF,URX"}}) {
    settings->targets = {{each.cluster, 1}};
    start();
    ASSERT_TRUE(world.run_until([&] { return over(); })) << each.cluster;
    world.run_for(1s);
    EXPECT_EQ(flags, each.flags) << each.cluster;
    EXPECT_EQ(read(*client), "!") << each.cluster;
  }
}

TEST_F(TcpProxyTest, AnotherAttemptGoesToAnotherEndpoint) {
  put_cluster("half", {"10.0.0.2:1", "10.0.0.3:8080"});
  settings->targets = {{"half", 1}};
  settings->max_connect_attempts = 2;
  for (int i = 0; i < 4; ++i) {
    start();
    write(*client, "hello");
    EXPECT_EQ(read(*backend), "hello");
    client.reset(), backend.reset();
    ASSERT_TRUE(world.run_until([&] { return over(); }));
  }
  EXPECT_EQ(reached["10.0.0.3"], 4);
}

TEST_F(TcpProxyTest, RbacClosesWhomNoPolicyAllows) {
  router::AccessPolicy inside{.name = "inside"};
  inside.permissions.emplace_back();
  inside.principals.push_back({.kind = router::Condition::remote_ip, .range = Cidr::parse("10.0.0.0/24").value()});
  Rbac rbac(std::make_shared<const router::AccessRules>(router::AccessRules::allow, std::vector{inside}));
  run.start(connect());
  ASSERT_TRUE(world.run_until([&] { return over(); }));
  for (const auto& [from, allowed] : {std::pair{"10.0.0.9:1", true}, std::pair{"10.0.1.9:1", false}}) {
    telemetry::ConnectionRecord about;
    about.remote = at(from);
    Connection connection(*accepted, about);
    std::optional<bool> passed;
    const auto judge = [](Rbac& rbac, Connection& connection, std::optional<bool>& passed) -> io::Task<void> {
      passed = co_await rbac.open(connection);
    };
    scope.start(judge(rbac, connection, passed));
    EXPECT_EQ(passed, allowed) << from;
    EXPECT_EQ(about.termination_details, allowed ? "" : "rbac_access_denied_matched_policy[none]");
  }
}

}  // namespace
}  // namespace lateen::tcp
