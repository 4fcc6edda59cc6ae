#include "lib/http/client.h"
#include "lib/http/http_test_world.h"

namespace lateen::http {
namespace {

using io::SimulatedWorld;
using io::Task;

// A server that plays a script: waits until it has read something ending in `expect`, then says `answer`.
struct Line {
  std::string expect, answer;
  bool close = false, abort = false;
};

class ScriptedServer {
 public:
  ScriptedServer(SimulatedWorld& world, std::vector<Line> script) : scope(world), script_(std::move(script)) {
    acceptor_ = std::move(*world.host("10.0.0.2").listen(*SocketAddress::parse("10.0.0.2:80")));
    scope.start(play(*this));
  }
  ~ScriptedServer() { scope.cancel(); }
  std::string heard;
  io::Scope scope;

 private:
  static Task<void> play(ScriptedServer& self) {
    auto transport = co_await self.acceptor_->accept();
    if (!transport) co_return;
    for (const Line& line : self.script_) {
      Buffer buffer;
      while (!self.heard.ends_with(line.expect)) {
        const auto n = co_await io::read_some(**transport, buffer);
        if (!n || *n == 0) co_return;
        self.heard += buffer.view();
        buffer.clear();
      }
      (void)co_await io::write_all(**transport, line.answer);
      if (line.abort) (*transport)->abort_on_close();
      if (line.close || line.abort) co_return;
    }
    for (Buffer buffer;; buffer.clear()) {
      const auto n = co_await io::read_some(**transport, buffer);
      if (!n || *n == 0) co_return;
      self.heard += buffer.view();
    }
  }
  std::unique_ptr<io::Acceptor> acceptor_;
  std::vector<Line> script_;
};

Request request(std::string_view method, std::string_view path, std::unique_ptr<Body> body = nullptr) {
  Request made;
  made.headers.add(":method", method);
  made.headers.add(":scheme", "http");
  made.headers.add(":authority", "x");
  made.headers.add(":path", path);
  made.body = std::move(body);
  return made;
}

// One client connection; keeps the last response so that the test can pull it.
class OneClient : Progress {
 public:
  explicit OneClient(SimulatedWorld& world) : world(world), scope(world) {
    scope.start(connect(*this));
    world.run_until([&] { return connection != nullptr; });
  }
  ~OneClient() { scope.cancel(); }

  // The status, or the error; the interim statuses before it.
  std::string send(Request request, Duration within = 100ms) {
    said.clear();
    scope.start(run(*this, std::move(request)));
    world.run_for(within);
    return said;
  }
  std::string get(std::string_view path) { return send(request("GET", path)) + read(); }
  // Pulls the response's body as far as it comes.
  std::string read() {
    if (!response.body) return "";
    std::string text = " ";
    for (;;) {
      Body::Pulled pulled = response.body->try_pull();
      if (pulled.state == Body::chunk) {
        text += pulled.bytes.view();
        continue;
      }
      if (pulled.state == Body::ended) text += "<ended>";
      if (pulled.state == Body::failed) text += "<" + response.body->last_error().message + ">";
      return text;
    }
  }

  static Task<void> connect(OneClient& self) {
    auto made = co_await self.world.host("10.0.0.1").connect(*SocketAddress::parse("10.0.0.2:80"));
    self.connection = make_client(std::move(*made), {});
  }
  static Task<void> run(OneClient& self, Request request) {
    SendResult result = co_await self.connection->send(std::move(request), &self);
    if (!result) {
      const SendError& error = result.error();
      self.said += fmt::format("{}{}{}", error.error.message, error.reused_connection ? " (reused)" : "",
                               error.request ? " (request kept)" : "");
      if (error.where == SendError::body) self.said += " (own)";
      co_return;
    }
    self.response = std::move(*result);
    self.said += std::to_string(self.response.status());
  }
  Task<void> inform(Headers head) override {
    said += head.value(":status");
    said += ",";
    co_return;
  }

  SimulatedWorld& world;
  std::unique_ptr<ClientConnection> connection;
  Response response;
  std::string said;
  io::Scope scope;
};

TEST(Http1Client, ReadsEveryFraming) {
  SimulatedWorld world(1);
  ScriptedServer server(world, {{"/1 HTTP/1.1\r\nhost: x\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc"},
                                {"/2 HTTP/1.1\r\nhost: x\r\n\r\n",
                                 "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nsum: 1\r\n\r\n"},
                                {"/3 HTTP/1.1\r\nhost: x\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n"},
                                {"/4 HTTP/1.1\r\nhost: x\r\n\r\n", "HTTP/1.1 304 Not\r\ncontent-length: 9\r\n\r\n"},
                                {"/5 HTTP/1.1\r\nhost: x\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\nto the end", true}});
  OneClient client(world);
  EXPECT_EQ(client.get("/1"), "200 abc<ended>");
  EXPECT_EQ(client.get("/2"), "200 ab<ended>");
  ASSERT_TRUE(client.response.body->trailers());
  EXPECT_EQ(client.response.body->trailers()->value("sum"), "1");
  EXPECT_EQ(client.get("/3"), "204");
  EXPECT_EQ(client.get("/4"), "304");
  EXPECT_TRUE(client.connection->usable());
  EXPECT_EQ(client.get("/5"), "200 to the end<ended>");
  EXPECT_FALSE(client.connection->usable());
  EXPECT_TRUE(client.connection->finished());
}

TEST(Http1Client, ReportsInterimResponses) {
  SimulatedWorld world(1);
  ScriptedServer server(world, {{"\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nlink: a\r\n\r\n"},
                                {"", "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"}});
  OneClient client(world);
  EXPECT_EQ(client.get("/"), "100,103,200");
}

TEST(Http1Client, SaysHowItWentWrong) {
  const auto outcome = [](Line line) {
    SimulatedWorld world(1);
    ScriptedServer server(world, {std::move(line)});
    OneClient client(world);
    const std::string got = client.get("/");
    EXPECT_FALSE(client.connection->usable());
    client.response = {};
    world.run_for(10ms);
    EXPECT_TRUE(client.connection->finished());
    return got;
  };
  EXPECT_EQ(outcome({"\r\n\r\n", "", true}), "the server closed the connection before it answered (request kept)");
  EXPECT_EQ(outcome({"\r\n\r\n", "HTTP/1.1 200 OK\r\nconte", true}),
            "the server closed the connection before it answered (request kept)");
  EXPECT_EQ(outcome({"\r\n\r\n", "SMTP ready\r\n"}), "response head: invalid status line (request kept)");
  EXPECT_EQ(outcome({"\r\n\r\n", "HTTP/1.1 200 OK\r\na: " + std::string(100000, 'a')}),
            "response head: head too large (request kept)");
  EXPECT_EQ(outcome({"\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabc", true}),
            "200 abc<the server ended the connection inside a response body>");
  EXPECT_EQ(outcome({"\r\n\r\n", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\nzz\r\n"}),
            "200 a<response body: invalid chunk size>");
  EXPECT_EQ(outcome({"\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n"}),
            "response head: 101 without an upgrade asked for (request kept)");
}

TEST(Http1Client, DoesNotSayWhatWouldSplitARequest) {
  SimulatedWorld world(1);
  ScriptedServer server(world, {});
  OneClient client(world);
  EXPECT_EQ(client.send(request("GET", "/a HTTP/1.1\r\nx: y")),
            "the request's head cannot be said in HTTP/1 (request kept)");
  EXPECT_EQ(server.heard, "");
}

TEST(Http1Client, ReadsAnEarlyAnswerWhileItUploads) {
  SimulatedWorld world(1);
  ScriptedServer server(world, {{"\r\n\r\n", "HTTP/1.1 413 Too\r\ncontent-length: 2\r\n\r\nno"}});
  // The body never ends: the answer comes first.
  struct Endless final : Body {
    explicit Endless(io::Loop& loop) : flag(loop) {}
    Pulled try_pull() override { return {.state = blocked}; }
    io::Readiness& readable() override { return flag; }
    Error last_error() const override { return {}; }
    io::Readiness flag;
  };
  OneClient client(world);
  EXPECT_EQ(client.send(request("POST", "/", std::make_unique<Endless>(world))), "413");
  EXPECT_EQ(client.read(), " no<ended>");
  EXPECT_EQ(client.connection->active_streams(), 1u);  // the upload goes on while the response is held
  client.response = {};
  EXPECT_TRUE(client.connection->finished());
}

TEST(Http1Client, FailsWhenTheRequestsBodyFails) {
  SimulatedWorld world(1);
  ScriptedServer server(world, {});
  struct Failing final : Body {
    explicit Failing(io::Loop& loop) : flag(loop) {}
    Pulled try_pull() override { return {.state = flag.is_set() ? failed : blocked}; }
    io::Readiness& readable() override { return flag; }
    Error last_error() const override { return {ErrorKind::closed, "the client left"}; }
    io::Readiness flag;
  };
  auto body = std::make_unique<Failing>(world);
  Failing* failing = body.get();
  OneClient client(world);
  EXPECT_EQ(client.send(request("POST", "/", std::move(body))), "");
  failing->flag.set();
  world.run_for(10ms);
  EXPECT_EQ(client.said, "the request's body: the client left (own)");
  EXPECT_TRUE(client.connection->finished());
  EXPECT_FALSE(server.heard.ends_with("0\r\n\r\n"));
}

TEST(Http1Client, HoldsABodyToItsLength) {
  for (const size_t announced : {2u, 9u}) {
    SimulatedWorld world(1);
    ScriptedServer server(world, {});
    struct Lying final : Body {
      Lying(io::Loop& loop, size_t announced) : flag(loop, true), announced(announced) {}
      Pulled try_pull() override {
        if (!std::exchange(first, false)) return {.state = ended};
        return {.state = chunk, .bytes = Buffer("abcde")};
      }
      io::Readiness& readable() override { return flag; }
      std::optional<uint64_t> length() const override { return announced; }
      Error last_error() const override { return {}; }
      io::Readiness flag;
      size_t announced;
      bool first = true;
    };
    OneClient client(world);
    const std::string said = client.send(request("POST", "/", std::make_unique<Lying>(world, announced)));
    EXPECT_EQ(said, fmt::format("the request's body: a body is {} than its announced length (own)",
                                announced == 2 ? "longer" : "shorter"));
  }
}

TEST(Http1Client, CarriesTunnels) {
  SimulatedWorld world(1);
  ScriptedServer server(
      world, {{"\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: ws\r\n\r\nhi"},
              {"raw", "there", true}});
  Request tunnel = request("GET", "/", text_body(world, "raw"));
  tunnel.is_tunnel = true;
  tunnel.headers.add("upgrade", "ws");
  tunnel.headers.add("connection", "upgrade");
  OneClient client(world);
  EXPECT_EQ(client.send(std::move(tunnel)), "101");
  world.run_for(10ms);
  EXPECT_EQ(server.heard, "GET / HTTP/1.1\r\nhost: x\r\nupgrade: ws\r\nconnection: upgrade\r\n\r\nraw");
  EXPECT_EQ(client.read(), " hithere<ended>");
}

TEST(Http1Client, MayDieBeforeItsResponse) {
  SimulatedWorld world(1);
  ScriptedServer server(world, {{"\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc"}});
  OneClient client(world);
  EXPECT_EQ(client.get("/"), "200 abc");
  client.connection.reset();
  EXPECT_EQ(client.read(), " <the connection was closed on this side>");
}

}  // namespace
}  // namespace lateen::http
