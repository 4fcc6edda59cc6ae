// The smallest proxy there can be: a service that sends what it is asked to a pool. Whole exchanges over both hops.
#include "lib/http/client.h"
#include "lib/http/http_test_world.h"

namespace lateen::http {
namespace {

using io::SimulatedWorld;
using io::Task;

struct PassOn final : Progress {
  explicit PassOn(ServerStream& stream) : stream(stream) {}
  Task<void> inform(Headers head) override { (void)co_await stream.inform(std::move(head)); }
  ServerStream& stream;
};

// 10.0.0.1 (raw client) -> 10.0.0.2 (relay) -> 10.0.0.3 (service).
class Relay {
 public:
  Relay(SimulatedWorld& world, FunctionService::Function function)
      : pool(
            world, [&world] { return world.host("10.0.0.2").connect(*SocketAddress::parse("10.0.0.3:80")); }, {},
            &limits),
        upstream(std::move(function)),
        relay(world, [this](ServerStream& stream) { return pass_on(stream); }),
        scope(world) {
    acceptor = std::move(*world.host("10.0.0.3").listen(*SocketAddress::parse("10.0.0.3:80")));
    scope.start(accept(*this));
  }
  ~Relay() { scope.cancel(); }

  Task<void> pass_on(ServerStream& stream) {
    PassOn interim(stream);
    SendResult result = co_await pool.send(std::move(stream.request()), &interim);
    Response response;
    if (result)
      response = std::move(*result);
    else
      response = plain_response(stream.transport().loop(), 503, result.error().error.message);
    (void)co_await stream.respond(std::move(response));
  }
  static Task<void> accept(Relay& self) {
    for (;;) {
      auto transport = co_await self.acceptor->accept();
      if (!transport) co_return;
      self.scope.start(serve(self, std::move(*transport)));
    }
  }
  static Task<void> serve(Relay& self, std::unique_ptr<io::Transport> transport) {
    ++self.upstream_open;
    co_await serve_connection(*transport, self.upstream, self.options, Protocol::http1);
    --self.upstream_open;
  }

  ServerOptions options;
  PoolLimits limits;
  http::Pool pool;
  FunctionService upstream;
  TestServer relay;
  std::unique_ptr<io::Acceptor> acceptor;
  int upstream_open = 0;
  io::Scope scope;
};

// Passes a body back as it comes.
class Mirror final : public Body {
 public:
  explicit Mirror(std::unique_ptr<Body> source) : source_(std::move(source)) {}
  Pulled try_pull() override { return source_->try_pull(); }
  io::Readiness& readable() override { return source_->readable(); }
  const Headers* trailers() const override { return source_->trailers(); }
  Error last_error() const override { return source_->last_error(); }

 private:
  std::unique_ptr<Body> source_;
};

Task<void> mirror(ServerStream& stream) {
  Request& request = stream.request();
  Response response = plain_response(stream.transport().loop(), request.is_tunnel ? 101 : 200, "");
  if (request.headers.method() == "CONNECT") response.headers.set_status(200);
  if (request.is_tunnel && request.headers.has("upgrade"))
    response.headers.add("upgrade", request.headers.value("upgrade"));
  if (request.body) response.body = std::make_unique<Mirror>(std::move(request.body));
  (void)co_await stream.respond(std::move(response));
}

constexpr std::string_view chunked_post = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";

TEST(Relay, StreamsBothWaysAtOnceWithTrailers) {
  SimulatedWorld world(1);
  Relay relay(world, mirror);
  RawClient client(world);
  EXPECT_EQ(client.exchange(fmt::format("{}3\r\nabc\r\n", chunked_post)),
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n");
  EXPECT_EQ(client.exchange("2\r\nde\r\n"), "2\r\nde\r\n");
  EXPECT_EQ(client.exchange("0\r\nsum: 5\r\n\r\n"), "0\r\nsum: 5\r\n\r\n");
  EXPECT_EQ(client.exchange("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
  EXPECT_EQ(relay.upstream_open, 1);
  EXPECT_EQ(relay.limits.requests, 0u);
}

TEST(Relay, PassesInterimResponsesOn) {
  SimulatedWorld world(1);
  Relay relay(world, [](ServerStream& stream) -> Task<void> {
    Headers hints;
    hints.set_status(103);
    (void)co_await stream.inform(std::move(hints));
    (void)co_await stream.respond(plain_response(stream.transport().loop(), 200, "ok"));
  });
  RawClient client(world);
  EXPECT_EQ(client.exchange("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
            "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
}

TEST(Relay, CarriesTunnels) {
  SimulatedWorld world(1);
  Relay relay(world, mirror);
  RawClient client(world);
  EXPECT_EQ(client.exchange("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: ws\r\n\r\nearly"),
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: ws\r\nconnection: upgrade\r\n\r\nearly");
  EXPECT_EQ(client.exchange("late"), "late");
  client.leave();
  world.run_for(3s);
  EXPECT_EQ(relay.upstream_open, 0);
  EXPECT_EQ(relay.relay.open, 0);
  RawClient connecting(world);
  EXPECT_EQ(connecting.exchange("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\nearly"), "HTTP/1.1 200 OK\r\n\r\nearly");
  connecting.transport->shutdown_write();
  EXPECT_EQ(connecting.receive(), "<end>");
}

TEST(Relay, TellsEachSideWhenTheOtherGoes) {
  SimulatedWorld world(1);
  Relay relay(world, mirror);
  {
    RawClient client(world);  // leaves in the middle of its body
    client.send(fmt::format("{}3\r\nabc\r\n", chunked_post));
    world.run_for(10ms);
    EXPECT_EQ(relay.upstream_open, 1);
    client.leave();
  }
  world.run_for(3s);
  EXPECT_EQ(relay.upstream_open, 0);
  EXPECT_EQ(relay.relay.open, 0);
  RawClient client(world);  // the upstream dies in the middle of its own
  EXPECT_EQ(client.exchange(fmt::format("{}3\r\nabc\r\n", chunked_post)),
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n");
  relay.scope.cancel();
  const std::string got = client.receive();
  EXPECT_TRUE(got == "<reset>" || got == "<end>") << got;
  EXPECT_EQ(relay.limits.requests, 0u);
}

TEST(Relay, EndsTheUpstreamsWorkWhenTheClientLeaves) {
  SimulatedWorld world(1);
  Relay relay(world, [](ServerStream& stream) -> Task<void> {
    co_await stream.transport().loop().sleep(1h);
    co_await mirror(stream);
  });
  RawClient client(world);
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  world.run_for(10ms);
  EXPECT_EQ(relay.upstream.started, 1);
  EXPECT_EQ(relay.upstream.ended, 0);
  client.leave();
  world.run_for(10ms);
  EXPECT_EQ(relay.upstream.ended, 1);
  EXPECT_EQ(relay.upstream.finished, 0);
}

TEST(Relay, HoldsLittleForASlowReaderOrASlowUpstream) {
  for (const bool upstream_reads : {true, false}) {
    SimulatedWorld world(1);
    Relay relay(world, [&](ServerStream& stream) -> Task<void> {
      if (!upstream_reads) co_await stream.transport().loop().sleep(1h);
      co_await mirror(stream);
    });
    RawClient client(world);
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n");
    const std::string block(65536, 'x');
    size_t sent = 0;
    for (int i = 0; i < 500; ++i) {
      const io::Moved moved = client.transport->try_write(block);
      if (moved.state == io::Moved::moved) sent += moved.bytes;
      world.run_for(1ms);
    }
    // Each hop's windows and a few blocks: nothing else may pile up.
    EXPECT_LT(sent, 4 * world.quality().window + 16 * Buffer::block_size) << upstream_reads;
  }
}

TEST(Relay, SurvivesABadNetworkWithTheSameTraceForTheSameSeed) {
  const auto run = [](uint64_t seed) {
    SimulatedWorld world(seed);
    world.set_quality({.delay = 1ms, .jitter = 5ms, .loss = 0.05, .window = 20'000});
    Relay relay(world, mirror);
    const std::string body(300'000, 'x');
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 5; ++i) clients.push_back(std::make_unique<RawClient>(world));
    for (auto& client : clients)
      client->send(fmt::format("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n{}", body.substr(0, 5000)));
    size_t received = 0;
    for (auto& client : clients) received += client->receive(5s).size();
    EXPECT_GE(received, 5 * 5000u);
    return world.trace();
  };
  EXPECT_EQ(run(3), run(3));
  EXPECT_NE(run(3), run(4));
}

}  // namespace
}  // namespace lateen::http
