// Two proxies tell each other who they are before the first byte, and what is said instead.
#include "data_plane/tcp/istio_filters.h"

#include <gmock/gmock.h>

#include "data_plane/tcp/tcp_proxy.h"
#include "data_plane/upstream/tls_socket.h"
#include "lib/io/scope.h"
#include "lib/io/simulated.h"
#include "lib/tls/test_pki.h"

namespace lateen::tcp {
namespace {

using namespace std::string_literals;
using Exchanged = Result<std::shared_ptr<const telemetry::Peer>>;

SocketAddress at(std::string_view text) { return SocketAddress::parse(text).value(); }

class MetadataExchangeTest : public testing::Test {
 protected:
  MetadataExchangeTest() : scope(world), guard(scope), run(world) {
    self.workload = "me";
    scope.start(connect());
    EXPECT_TRUE(world.run_until([&] { return near && far; }));
  }
  io::Task<void> connect() {
    auto acceptor = std::move(*world.host("10.0.0.1").listen(at("10.0.0.1:80"), {}));
    near = std::move(*co_await world.host("10.0.0.9").connect(at("10.0.0.1:80"), {}));
    far = std::move(*co_await acceptor->accept());
  }
  void exchange() {
    const auto task = [](MetadataExchangeTest& test) -> io::Task<void> {
      test.result = co_await exchange_metadata(*test.near, telemetry::encode_exchange(test.self, "id"));
    };
    run.start(task(*this));
    world.run_for(100ms);
  }
  void say(std::string_view bytes) {
    (void)far->try_write(bytes);
    world.run_for(100ms);
  }

  io::SimulatedWorld world{4};
  telemetry::Peer self;
  std::unique_ptr<io::Transport> near, far;
  std::optional<Exchanged> result;
  io::Scope scope;
  io::CancelOnExit guard;
  io::Child run;
};

TEST_F(MetadataExchangeTest, EachSideSpeaksFirstAndTakesNoByteBeyond) {
  exchange();
  const std::string said = telemetry::encode_exchange(self, "id");
  std::string heard(said.size() + 10, '\0');
  EXPECT_EQ(far->try_read(heard).bytes, said.size());
  EXPECT_FALSE(result);
  telemetry::Peer other;
  other.workload = "you";
  const std::string answer = telemetry::encode_exchange(other, "id2") + "payload";
  for (char each : answer) say({&each, 1});
  ASSERT_TRUE(result && *result);
  EXPECT_EQ((**result)->workload, "you");
  std::string rest(10, '\0');
  EXPECT_EQ(near->try_read(rest).bytes, 7);
}

TEST_F(MetadataExchangeTest, WhatIsNoExchangeEndsIt) {
  struct Case {
    std::string bytes;
    std::string_view why;
  };
  const Case cases[] = {{"GET / HTTP/1.1\r\n", "metadata_exchange_header_not_found"},
                        {"\x3d\x23", "metadata_exchange_header_not_found"},
                        {"\x3d\x23\x04\x67\xff\xff\xff\xff", "metadata_exchange_too_large"},
                        {"\x3d\x23\x04\x67\0\0\0\x05he"s, "metadata_exchange_cut_off"}};
  for (const Case& each : cases) {
    near.reset(), far.reset(), result.reset();
    scope.start(connect());
    ASSERT_TRUE(world.run_until([&] { return near && far; }));
    exchange();
    say(each.bytes);
    far->shutdown_write();
    world.run_for(100ms);
    ASSERT_TRUE(result) << each.why;
    ASSERT_FALSE(*result) << each.why;
    EXPECT_EQ(result->error().message, each.why);
  }
}

TEST_F(MetadataExchangeTest, WhatCannotBeReadOfAPeerIsNoPeer) {
  exchange();
  say("\x3d\x23\x04\x67\0\0\0\x05\xff\xff\xff\xff\xff"s);
  ASSERT_TRUE(result && *result);
  EXPECT_EQ(**result, nullptr);
}

TEST_F(MetadataExchangeTest, ConnectionsOfAnotherProtocolPassUntouched) {
  MetadataExchange filter("istio-peer-exchange", "own");
  telemetry::ConnectionRecord about;
  about.application_protocol = "istio";
  Connection connection(*near, about);
  std::optional<bool> passed;
  const auto open = [](MetadataExchange& filter, Connection& connection,
                       std::optional<bool>& passed) -> io::Task<void> { passed = co_await filter.open(connection); };
  run.start(open(filter, connection, passed));
  world.run_for(1s);
  EXPECT_EQ(passed, true);
  char byte[1];
  EXPECT_EQ(far->try_read(byte).state, io::Moved::blocked) << "nothing was said";
}

// The client side: TcpProxy over mutual TLS to a peer that announces the exchange and then says nothing.
TEST_F(MetadataExchangeTest, APeerThatNeverSaysWhoItIsIsIdle) {
  const tls::TestPki pki(world.wall_now());
  const auto settings_of = [&](std::string_view name) {
    return tls::ContextSettings{
        .credentials = {pki.member(name)}, .trust = pki.trust, .alpn = {std::string(exchange_alpn)}};
  };
  auto slot = std::make_shared<upstream::TlsSlot>();
  slot->set(*tls::Context::client(settings_of("spiffe://td/client")));
  metrics::Registry registry;
  metrics::Shard shard(registry, 0);
  upstream::ClusterCounters cluster_counters(registry);
  TcpCounters counters(registry);
  auto cluster = std::make_shared<upstream::ClusterSettings>();
  cluster->name = "web";
  cluster->metadata_exchange = true;
  cluster->transport_sockets.push_back(
      {.name = "tls", .socket = std::make_shared<upstream::TlsSocket>(slot, upstream::TlsSocket::Settings{})});
  cluster->fixed_endpoints.push_back({.address = at("10.0.0.2:80")});
  upstream::Clusters clusters;
  clusters.put(std::make_shared<upstream::Cluster>(world.host("10.0.0.1"), cluster, shard, cluster_counters));
  const auto peer = [](io::Network& network, std::shared_ptr<const tls::Context> context) -> io::Task<void> {
    auto acceptor = std::move(*network.listen(at("10.0.0.2:80"), {}));
    auto silent = co_await tls::accept(std::move(*co_await acceptor->accept()), context);
    EXPECT_TRUE(silent);
    co_await network.loop().sleep(1h);
  };
  scope.start(peer(world.host("10.0.0.2"), *tls::Context::server(settings_of("spiffe://td/server"))));

  auto settings = std::make_shared<TcpProxySettings>();
  settings->targets = {{"web", 1}};
  settings->idle_timeout = 10s;
  TcpProxy proxy(settings, clusters, shard, counters);
  telemetry::ConnectionRecord about;
  Connection connection(*far, about);
  run.start(proxy.serve(connection));
  world.run_for(9s);
  EXPECT_FALSE(run.done().is_set());
  world.run_for(2s);
  EXPECT_TRUE(run.done().is_set());
  EXPECT_EQ(connection.record().flags.text(), "UPE");
  run.cancel();
  scope.cancel();
}

}  // namespace
}  // namespace lateen::tcp
