#include "lib/http/client.h"
#include "lib/http/http_test_world.h"

namespace lateen::http {
namespace {

using io::SimulatedWorld;
using io::Task;

// A pool of connections to TestServer, and the answers that came.
class TestClient {
 public:
  TestClient(SimulatedWorld& world, ClientOptions options = {}, PoolLimits* limits = nullptr)
      : world(world),
        pool(std::make_unique<http::Pool>(
            world, [&world] { return world.host("10.0.0.1").connect(*SocketAddress::parse("10.0.0.2:80")); }, options,
            limits)),
        scope(world) {}
  ~TestClient() { scope.cancel(); }

  static Request request(io::Loop& loop, std::string_view method, std::string_view path,
                         std::optional<std::string> body = {}) {
    Request made;
    made.headers.add(":method", method);
    made.headers.add(":scheme", "http");
    made.headers.add(":authority", "x.test");
    made.headers.add(":path", path);
    if (body) made.body = text_body(loop, std::move(*body));
    return made;
  }

  void ask(Request request) {
    outcomes.emplace_back();
    scope.start(run(*this, outcomes.size() - 1, std::move(request)));
  }
  void get(std::string_view path) { ask(request(world, "GET", path)); }
  // "200 text", or "WHERE: message".
  std::string outcome(std::string_view path) {
    get(path);
    const size_t index = outcomes.size() - 1;
    world.run_until([&] { return !outcomes[index].empty(); });
    return outcomes[index];
  }

  static Task<void> run(TestClient& self, size_t index, Request request) {
    auto sent = co_await self.pool->send(std::move(request), self.progress);
    if (!sent) {
      static constexpr const char* names[] = {"connect", "overflow", "refused", "reset", "protocol"};
      self.outcomes[index] = fmt::format("{}: {}", names[sent.error().where], sent.error().error.message);
      co_return;
    }
    std::string text = std::to_string(sent->status());
    if (sent->body) {
      const auto body = co_await read_all(*sent->body, 100 << 20);
      text += body ? " " + *body : " broken: " + body.error().message;
      if (const Headers* trailers = sent->body->trailers())
        for (const auto field : *trailers) text += fmt::format(" {}={}", field.name, field.value);
    }
    self.outcomes[index] = text;
  }

  SimulatedWorld& world;
  std::unique_ptr<http::Pool> pool;
  Progress* progress = nullptr;
  std::vector<std::string> outcomes;
  io::Scope scope;
};

Task<void> echo(ServerStream& stream) {
  Request& request = stream.request();
  const std::string path(request.headers.path());
  if (path == "/slow") co_await stream.transport().loop().sleep(1s);
  std::string text = path;
  if (request.body) {
    const auto body = co_await read_all(*request.body, 100 << 20);
    text += body ? ":" + *body : " failed";
  }
  (void)co_await stream.respond(plain_response(stream.transport().loop(), 200, text));
}

TEST(Pool, UsesAConnectionAgain) {
  SimulatedWorld world(1);
  TestServer server(world, echo);
  TestClient client(world);
  EXPECT_EQ(client.outcome("/a"), "200 /a");
  EXPECT_EQ(client.outcome("/b"), "200 /b");
  client.ask(TestClient::request(world, "POST", "/c", "body"));
  world.run_for(10ms);
  EXPECT_EQ(client.outcomes.back(), "200 /c:body");
  EXPECT_EQ(client.pool->counts().connections_opened, 1u);
  EXPECT_EQ(client.pool->counts().requests, 3u);
  EXPECT_EQ(server.open, 1);
}

TEST(Pool, OpensOneConnectionForEachConcurrentRequest) {
  SimulatedWorld world(1);
  TestServer server(world, echo);
  TestClient client(world);
  for (int i = 0; i < 5; ++i) client.get("/slow");
  world.run_for(500ms);
  EXPECT_EQ(client.pool->active_requests(), 5u);
  EXPECT_EQ(server.open, 5);
  world.run_for(1s);
  for (const auto& outcome : client.outcomes) EXPECT_EQ(outcome, "200 /slow");
  EXPECT_EQ(client.pool->active_requests(), 0u);
  EXPECT_EQ(client.outcome("/again"), "200 /again");
  EXPECT_EQ(client.pool->counts().connections_opened, 5u);
}

TEST(Pool, KeepsItsLimits) {
  SimulatedWorld world(1);
  TestServer server(world, echo);
  int told = 0;
  PoolLimits limits{.max_connections = 2, .max_pending_requests = 3, .max_requests = 100};
  limits.on_connections = [&told](int change) { told += change; };
  TestClient client(world, {}, &limits);
  client.get("/slow");
  client.get("/slow");
  world.run_for(10ms);
  for (int i = 0; i < 4; ++i) client.get(fmt::format("/{}", i));
  EXPECT_EQ(limits.pending_requests, 3u);
  EXPECT_EQ(limits.requests, 2u);
  EXPECT_EQ(client.outcomes.back(), "overflow: too many requests wait for a connection");
  world.run_for(2s);
  EXPECT_EQ(client.outcomes[2], "200 /0");
  EXPECT_EQ(client.outcomes[4], "200 /2");
  EXPECT_EQ(server.open, 2);
  EXPECT_EQ(limits.connections, 2u);
  EXPECT_EQ(told, 2);
  EXPECT_EQ(limits.requests, 0u);
  EXPECT_EQ(limits.pending_requests, 0u);
  limits.max_requests = 1;
  client.get("/slow");
  EXPECT_EQ(client.outcome("/x"), "overflow: too many requests");
  client.pool.reset();
  EXPECT_EQ(limits.connections, 0u);
  EXPECT_EQ(told, 0);
  EXPECT_EQ(limits.requests, 0u);
}

TEST(Pool, GivesBackConnectionsThatWereStillBeingMade) {
  SimulatedWorld world(1);
  TestServer server(world, echo);
  PoolLimits limits{.max_connections = 2};
  TestClient client(world, {}, &limits);
  world.partition("10.0.0.1", "10.0.0.2");
  client.get("/");
  world.run_for(10ms);
  EXPECT_EQ(limits.connections, 1u);
  client.pool.reset();
  EXPECT_EQ(limits.connections, 0u);
}

TEST(Pool, TellsAllWhoWaitWhenAConnectFails) {
  SimulatedWorld world(1);
  TestClient client(world);
  client.get("/a");
  client.get("/b");
  world.run_for(10ms);
  ASSERT_EQ(client.outcomes.size(), 2u);
  for (const auto& outcome : client.outcomes) EXPECT_TRUE(outcome.starts_with("connect: ")) << outcome;
  EXPECT_EQ(client.pool->connections(), 0u);
}

TEST(Pool, ReplacesAStaleConnection) {
  SimulatedWorld world(1);
  TestServer server(world, [](ServerStream& stream) -> Task<void> {
    // Ends the connection after the answer without saying so: the client finds out while it asks again.
    (void)co_await stream.respond(plain_response(stream.transport().loop(), 200, "one"));
    stream.drain_connection();
  });
  TestClient client(world);
  EXPECT_EQ(client.outcome("/a"), "200 one");
  EXPECT_EQ(client.outcome("/b"), "200 one");  // the end is under way while this is sent
  world.run_for(1s);
  EXPECT_EQ(client.outcome("/c"), "200 one");
  EXPECT_EQ(server.service.started, 3);
  client.ask(TestClient::request(world, "POST", "/d", "once"));  // may have been seen: not repeated
  world.run_for(10ms);
  EXPECT_TRUE(client.outcomes.back() == "200 one" || client.outcomes.back().starts_with("reset: "))
      << client.outcomes.back();
}

TEST(Pool, NoticesTheEndOfIdleConnections) {
  SimulatedWorld world(1);
  TestServer server(world, echo, {.idle_timeout = 5s});
  TestClient client(world);
  EXPECT_EQ(client.outcome("/a"), "200 /a");
  EXPECT_EQ(client.pool->connections(), 1u);
  world.run_for(7s);
  EXPECT_EQ(client.pool->connections(), 0u);
  EXPECT_EQ(client.pool->counts().connections_closed, 1u);
}

TEST(Pool, ClosesWhatIsIdleTooLongOrUsedUp) {
  SimulatedWorld world(1);
  TestServer server(world, echo);
  TestClient idle(world, {.idle_timeout = 3s});
  EXPECT_EQ(idle.outcome("/a"), "200 /a");
  world.run_for(5s);
  EXPECT_EQ(server.open, 0);
  TestClient counted(world, {.max_requests_per_connection = 2});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(counted.outcome("/a"), "200 /a");
  EXPECT_EQ(counted.pool->counts().connections_opened, 3u);
}

TEST(Pool, Drains) {
  SimulatedWorld world(1);
  TestServer server(world, echo);
  TestClient client(world);
  EXPECT_EQ(client.outcome("/a"), "200 /a");
  client.get("/slow");
  client.get("/slow");
  world.run_for(10ms);
  client.pool->drain();
  world.run_for(10ms);
  EXPECT_EQ(server.open, 2);
  world.run_for(2s);
  EXPECT_EQ(client.outcomes.back(), "200 /slow");
  EXPECT_EQ(server.open, 0);
  EXPECT_EQ(client.outcome("/b"), "200 /b");  // on a new connection
}

TEST(Pool, BreaksWhatIsUnderWayWhenItDies) {
  SimulatedWorld world(1);
  TestServer server(world, echo);
  TestClient client(world);
  client.get("/slow");
  world.run_for(10ms);
  client.get("/slow");  // still connecting
  client.pool.reset();
  world.run_for(10ms);
  EXPECT_EQ(client.outcomes[0], "reset: the connection was closed on this side");
  EXPECT_EQ(client.outcomes[1], "connect: the pool is closed");
  world.run_for(2s);
  EXPECT_EQ(server.open, 0);
}

TEST(Pool, SurvivesTasksThatGiveUp) {
  SimulatedWorld world(1);
  TestServer server(world, echo);
  PoolLimits limits{.max_connections = 1};
  TestClient client(world, {}, &limits);
  client.get("/slow");
  client.get("/slow");
  world.run_for(10ms);
  client.scope.cancel();
  world.run_for(10ms);
  EXPECT_EQ(server.open, 0);
  EXPECT_EQ(limits.requests + limits.pending_requests + limits.connections, 0u);
  EXPECT_EQ(client.outcome("/a"), "200 /a");
}

TEST(Pool, SurvivesAServerThatDies) {
  SimulatedWorld world(1);
  TestServer server(world, echo);
  TestClient client(world);
  for (int i = 0; i < 3; ++i) client.get("/slow");
  world.run_for(10ms);
  world.crash("10.0.0.2");
  world.run_for(10ms);
  for (const auto& outcome : client.outcomes) EXPECT_TRUE(outcome.starts_with("reset: ")) << outcome;
  EXPECT_EQ(client.pool->connections(), 0u);
}

TEST(Pool, MovesLargeBodiesBothWays) {
  SimulatedWorld world(1);
  TestServer server(world, echo);
  TestClient client(world);
  const std::string large(3'000'000, 'x');
  client.ask(TestClient::request(world, "POST", "/", large));
  world.run_until([&] { return !client.outcomes.back().empty(); });
  EXPECT_EQ(client.outcomes.back(), "200 /:" + large);
}

}  // namespace
}  // namespace lateen::http
