#include "lib/http/http_test_world.h"

namespace lateen::http {
namespace {

using io::SimulatedWorld;
using io::Task;

// Answers with what it was asked, and with the request's body.
Task<void> echo(ServerStream& stream) {
  Request& request = stream.request();
  std::string text =
      fmt::format("{} {} {}", request.headers.method(), request.headers.authority(), request.headers.path());
  if (request.body) {
    const auto body = co_await read_all(*request.body, 1 << 20);
    text += body ? " [" + *body + "]" : " failed: " + body.error().message;
    if (const Headers* trailers = request.body->trailers())
      for (const auto field : *trailers) text += fmt::format(" {}={}", field.name, field.value);
  }
  (void)co_await stream.respond(plain_response(stream.transport().loop(), 200, text));
}

std::string ok(std::string_view body, std::string_view more = "") {
  return fmt::format("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n{}\r\n{}", body.size(), more, body);
}

TEST(Http1Server, AnswersOneAfterTheOther) {
  SimulatedWorld world(1);
  TestServer server(world, echo);
  RawClient client(world);
  EXPECT_EQ(client.exchange("GET /a HTTP/1.1\r\nHost: x\r\n\r\n"), ok("GET x /a"));
  EXPECT_EQ(client.exchange("POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"), ok("POST x /b [hello]"));
  EXPECT_EQ(
      client.exchange("POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n"
                      "sum: 1\r\n\r\n"),
      ok("POST x /c [abcde] sum=1"));
  EXPECT_EQ(server.open, 1);
}

TEST(Http1Server, KeepsPipelinedRequestsInOrder) {
  SimulatedWorld world(1);
  TestServer server(world, [](ServerStream& stream) -> Task<void> {
    io::Loop& loop = stream.transport().loop();
    if (stream.request().headers.path() == "/slow") co_await loop.sleep(10ms);
    co_await echo(stream);
  });
  RawClient client(world);
  EXPECT_EQ(
      client.exchange("GET /slow HTTP/1.1\r\nHost: x\r\n\r\nPUT /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab"
                      "GET /3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\nGET /4 HTTP/1.1\r\nHost: x\r\n\r\n"),
      ok("GET x /slow") + ok("PUT x /2 [ab]") + ok("GET x /3", "connection: close\r\n") + "<end>");
}

TEST(Http1Server, ReadsAHeadByteByByte) {
  SimulatedWorld world(1);
  TestServer server(world, echo);
  RawClient client(world);
  std::string got;
  for (const char c : std::string("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"))
    got += client.exchange({&c, 1}, 1ms);
  EXPECT_EQ(got + client.receive(), ok("POST x /a [abc]"));
}

TEST(Http1Server, RefusesAndSaysWhy) {
  SimulatedWorld world(1);
  TestServer server(world, echo, {.server_name = "test"});
  const auto refused = [&](std::string_view bytes) {
    RawClient client(world);
    return client.exchange(bytes);
  };
  EXPECT_EQ(refused("GET / HTTP/1.1\r\n\r\n"),
            "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\nserver: test\r\ncontent-length: 12\r\n"
            "connection: close\r\n\r\nmissing host<end>");
  EXPECT_TRUE(refused("GET / HTTP/1.0\r\n\r\n").starts_with("HTTP/1.1 426 Upgrade Required\r\n"));
  EXPECT_TRUE(refused("GET / HTTP/1.1\r\nA: " + std::string(70000, 'a')).starts_with("HTTP/1.1 431 Request Header"));
  EXPECT_NE(refused("GET / HTTP/1.1\r\nHost: x\r\n\r\nnonsense").find("HTTP/1.1 400"), std::string::npos);
  EXPECT_EQ(server.service.refusals,
            "400 missing host;426 HTTP/1.0 is not served here;431 head too large;"
            "400 invalid method;");
  world.run_for(2s);
  EXPECT_EQ(server.open, 0);
}

TEST(Http1Server, ServesHttp10) {
  SimulatedWorld world(1);
  TestServer server(world, echo, {.accept_http10 = true});
  RawClient closing(world);
  EXPECT_EQ(closing.exchange("GET / HTTP/1.0\r\n\r\n"),
            "HTTP/1.0 200 OK\r\ncontent-length: 6\r\nconnection: close\r\n\r\nGET  /<end>");
  RawClient keeping(world);
  EXPECT_EQ(keeping.exchange("GET / HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n"),
            "HTTP/1.0 200 OK\r\ncontent-length: 7\r\nconnection: keep-alive\r\n\r\nGET x /");
}

TEST(Http1Server, Sends100WhenTheBodyIsWanted) {
  SimulatedWorld world(1);
  TestServer server(world, echo);
  RawClient client(world);
  const std::string head = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n";
  EXPECT_EQ(client.exchange(head), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(client.exchange("ab"), ok("POST x /a [ab]"));
  EXPECT_EQ(client.exchange(head + "cd"), ok("POST x /a [cd]"));
}

TEST(Http1Server, ClosesWhenABodyThatWaitsFor100IsNotWanted) {
  SimulatedWorld world(1);
  TestServer server(world, [](ServerStream& stream) -> Task<void> {
    (void)co_await stream.respond(plain_response(stream.transport().loop(), 403, "no"));
  });
  RawClient client(world);
  EXPECT_EQ(client.exchange("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"),
            "HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno<end>");
}

TEST(Http1Server, ReadsAwayAnUnwantedBodyOrCloses) {
  SimulatedWorld world(1);
  TestServer server(world, [](ServerStream& stream) -> Task<void> {
    (void)co_await stream.respond(plain_response(stream.transport().loop(), 200, "no"));
  });
  RawClient client(world);
  const std::string head = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n";
  EXPECT_EQ(client.exchange(fmt::format(fmt::runtime(head), 50000)), ok("no"));
  EXPECT_EQ(client.exchange(std::string(50000, 'x')), "");
  EXPECT_EQ(client.exchange("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), ok("no"));
  EXPECT_EQ(client.exchange(fmt::format(fmt::runtime(head), 50'000'000)), ok("no"));
  EXPECT_EQ(client.receive(1500ms), "<end>");  // it sent nothing for a second
  world.run_for(3s);
  EXPECT_EQ(server.open, 0);
}

TEST(Http1Server, EndsTheServiceWhenTheClientLeaves) {
  SimulatedWorld world(1);
  TestServer server(world, [](ServerStream& stream) -> Task<void> {
    co_await stream.transport().loop().sleep(1h);
    co_await echo(stream);
  });
  for (const std::string_view request :
       {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /pipelined"}) {
    const int ended = server.service.ended;
    RawClient client(world);
    client.send(request);
    world.run_for(10ms);
    EXPECT_EQ(server.service.ended, ended);
    client.leave();
    world.run_for(10ms);
    EXPECT_EQ(server.service.ended, ended + 1) << request;
  }
  EXPECT_EQ(server.service.finished, 0);
  EXPECT_EQ(server.open, 0);
}

TEST(Http1Server, TellsTheServiceOfABodyThatIsCutOff) {
  SimulatedWorld world(1);
  std::string told;
  TestServer server(world, [&](ServerStream& stream) -> Task<void> {
    const auto body = co_await read_all(*stream.request().body, 1000);
    told += body ? *body : body.error().message;
    told += ";";
    (void)co_await stream.respond(plain_response(stream.transport().loop(), 400, "bad"));
  });
  {
    RawClient client(world);
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
    world.run_for(10ms);
    client.leave();
    world.run_for(10ms);
  }
  RawClient client(world);
  EXPECT_EQ(client.exchange("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz"),
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 3\r\nconnection: close\r\n\r\nbad<end>");
  EXPECT_EQ(told, "the client ended the connection inside a request body;request body: invalid chunk size;");
  world.run_for(3s);
  EXPECT_EQ(server.open, 0);
}

// A body of the response that is the body of the request: both directions at once.
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
  Response response;
  Request& request = stream.request();
  response.headers.set_status(!request.is_tunnel ? 200 : request.headers.method() == "CONNECT" ? 200 : 101);
  if (request.headers.has("upgrade")) response.headers.add("upgrade", request.headers.value("upgrade"));
  response.body = std::make_unique<Mirror>(std::move(request.body));
  (void)co_await stream.respond(std::move(response));
}

TEST(Http1Server, StreamsBothWaysAtOnce) {
  SimulatedWorld world(1);
  TestServer server(world, mirror);
  RawClient client(world);
  EXPECT_EQ(client.exchange("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"),
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n");
  EXPECT_EQ(client.exchange("2\r\nde\r\n"), "2\r\nde\r\n");
  EXPECT_EQ(client.exchange("0\r\nsum: 5\r\n\r\n"), "0\r\nsum: 5\r\n\r\n");
  EXPECT_EQ(client.exchange("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"),
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n");
}

TEST(Http1Server, HoldsLittleForASlowReader) {
  SimulatedWorld world(1);
  uint64_t received = 0;
  TestServer server(world, [&](ServerStream& stream) -> Task<void> {
    co_await mirror(stream);
    received = stream.received_bytes();
  });
  RawClient client(world);
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n");
  const std::string block(65536, 'x');
  size_t sent = 0;
  for (int i = 0; i < 1000; ++i) {
    const io::Moved moved = client.transport->try_write(block);
    if (moved.state == io::Moved::moved) sent += moved.bytes;
    world.run_for(1ms);
  }
  // Two windows of the network and the blocks in between: nothing piles up in the server.
  EXPECT_LT(sent, 2 * world.quality().window + 8 * Buffer::block_size);
}

TEST(Http1Server, CarriesTunnels) {
  SimulatedWorld world(1);
  TestServer server(world, mirror);
  RawClient upgrading(world);
  EXPECT_EQ(upgrading.exchange("GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly"),
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\nearly");
  EXPECT_EQ(upgrading.exchange("more"), "more");
  upgrading.transport->shutdown_write();
  EXPECT_EQ(upgrading.receive(), "<end>");
  RawClient connecting(world);
  EXPECT_EQ(connecting.exchange("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"), "HTTP/1.1 200 OK\r\n\r\n");
  EXPECT_EQ(connecting.exchange("raw"), "raw");
  connecting.leave();
  world.run_for(3s);
  EXPECT_EQ(server.open, 0);
  EXPECT_EQ(server.service.ended, 2);
}

TEST(Http1Server, DeclinesTunnelsAndGoesOn) {
  SimulatedWorld world(1);
  TestServer server(world, [](ServerStream& stream) -> Task<void> {
    (void)co_await stream.respond(plain_response(stream.transport().loop(), 403, "no"));
  });
  RawClient client(world);
  const std::string_view no = "HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno";
  EXPECT_EQ(client.exchange("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: a\r\n\r\n"), no);
  EXPECT_EQ(client.exchange("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), no);
}

TEST(Http1Server, FramesWhatHasNoBody) {
  SimulatedWorld world(1);
  TestServer server(world, [](ServerStream& stream) -> Task<void> {
    io::Loop& loop = stream.transport().loop();
    const auto path = std::string(stream.request().headers.path());
    Response response = plain_response(loop, 200, path == "/text" ? "hello" : "");
    if (path == "/204") response.headers.set_status(204);
    if (path == "/304") response.headers.set_status(304);
    if (path == "/304") response.headers.add("content-length", "7");
    (void)co_await stream.respond(std::move(response));
  });
  RawClient client(world);
  const auto ask = [&](std::string_view line) {
    return client.exchange(fmt::format("{} HTTP/1.1\r\nHost: x\r\n\r\n", line));
  };
  EXPECT_EQ(ask("HEAD /text"), "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n");
  EXPECT_EQ(ask("HEAD /"), "HTTP/1.1 200 OK\r\n\r\n");
  EXPECT_EQ(ask("GET /"), "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
  EXPECT_EQ(ask("GET /204"), "HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_EQ(ask("GET /304"), "HTTP/1.1 304 Not Modified\r\ncontent-length: 7\r\n\r\n");
}

TEST(Http1Server, PassesInterimResponsesOn) {
  SimulatedWorld world(1);
  TestServer server(world, [](ServerStream& stream) -> Task<void> {
    Headers hints;
    hints.set_status(103);
    hints.add("link", "</a>");
    (void)co_await stream.inform(std::move(hints));
    co_await echo(stream);
  });
  RawClient client(world);
  EXPECT_EQ(client.exchange("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
            "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" + ok("GET x /"));
}

TEST(Http1Server, KeepsItsTimeouts) {
  SimulatedWorld world(1);
  TestServer server(world, echo, {.idle_timeout = 10s, .request_headers_timeout = 2s, .max_connection_duration = 30s});
  RawClient idle(world), slow(world), busy(world);
  EXPECT_EQ(slow.exchange("GET / HT"), "");
  world.run_for(3s);
  EXPECT_TRUE(slow.receive().starts_with("HTTP/1.1 408 Request Timeout\r\n"));
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(busy.exchange("GET / HTTP/1.1\r\nHost: x\r\n\r\n", 6s), ok("GET x /")) << i;
  }
  EXPECT_EQ(idle.receive(), "<end>");
  EXPECT_EQ(busy.receive(7s), "<end>");  // 30 seconds are over
  EXPECT_EQ(server.open, 0);
}

// Five bytes that come after a time.
class LateBody final : public Body {
 public:
  LateBody(io::Loop& loop, Duration after) : readable_(loop), timer_(loop) {
    timer_.arm(loop.now() + after, [](void* flag) { static_cast<io::Readiness*>(flag)->set(); }, &readable_);
  }
  Pulled try_pull() override {
    if (!readable_.is_set()) return {blocked, {}};
    return std::exchange(given_, true) ? Pulled{ended, {}} : Pulled{chunk, Buffer(std::string_view("hello"))};
  }
  io::Readiness& readable() override { return readable_; }
  std::optional<uint64_t> length() const override { return 5; }
  Error last_error() const override { return {}; }

 private:
  io::Readiness readable_;
  io::Timer timer_;
  bool given_ = false;
};

TEST(Http1Server, SendsAShortBodyWithItsHeadWhenItComesAtOnce) {
  for (const auto& [after, together] : {std::pair(Duration(1), true), std::pair<Duration, bool>(1s, false)}) {
    io::SimulatedWorld world(1);
    TestServer server(world, [&world, after](ServerStream& stream) -> io::Task<void> {
      Response response = plain_response(world, 200, "");
      response.body = std::make_unique<LateBody>(world, after);
      (void)co_await stream.respond(std::move(response));
    });
    RawClient client(world);
    client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    char bytes[4096];
    io::Moved moved;
    const Time asked = world.now();
    world.run_until([&] { return (moved = client.transport->try_read(bytes)).state == io::Moved::moved; });
    EXPECT_LT(world.now() - asked, 100ms) << "a head does not wait long";
    EXPECT_EQ(std::string_view(bytes, moved.bytes).ends_with("\r\n\r\nhello"), together)
        << std::string_view(bytes, moved.bytes);
    if (!together) EXPECT_EQ(client.receive(2s), "hello");
  }
}

TEST(Http1Server, DrainsInOrder) {
  SimulatedWorld world(1);
  TestServer server(world, [](ServerStream& stream) -> Task<void> {
    co_await stream.transport().loop().sleep(1s);
    co_await echo(stream);
  });
  RawClient idle(world), busy(world);
  busy.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  world.run_for(500ms);
  server.drain->start();
  EXPECT_EQ(idle.receive(), "<end>");
  EXPECT_EQ(busy.receive(1s), ok("GET x /", "connection: close\r\n") + "<end>");
  EXPECT_EQ(server.open, 0);
}

TEST(Http1Server, CutsTheConnectionWhenAResponseBreaks) {
  SimulatedWorld world(1);
  TestServer server(world, [](ServerStream& stream) -> Task<void> {
    struct Failing final : Body {
      explicit Failing(io::Loop& loop) : flag(loop, true) {}
      Pulled try_pull() override {
        if (std::exchange(first, false)) return {.state = chunk, .bytes = Buffer("abc")};
        return {.state = failed};
      }
      io::Readiness& readable() override { return flag; }
      Error last_error() const override { return {ErrorKind::reset, "upstream broke"}; }
      io::Readiness flag;
      bool first = true;
    };
    Response response = plain_response(stream.transport().loop(), 200, "");
    response.body = std::make_unique<Failing>(stream.transport().loop());
    const auto sent = co_await stream.respond(std::move(response));
    EXPECT_FALSE(sent);
    if (!sent) EXPECT_EQ(sent.error().message, "upstream broke");
  });
  RawClient client(world);
  const std::string got = client.exchange("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(got.ends_with("<reset>")) << got;
  EXPECT_EQ(got.find("0\r\n\r\n"), std::string::npos);
  EXPECT_EQ(server.open, 0);
}

TEST(Http1Server, DetectsTheVersion) {
  SimulatedWorld world(1);
  TestServer server(world, echo, {.idle_timeout = 5s}, Protocol::detect);
  RawClient client(world);
  EXPECT_EQ(client.exchange("P"), "");
  EXPECT_EQ(client.exchange("UT / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"), ok("PUT x /"));
  RawClient silent(world);
  EXPECT_EQ(silent.receive(6s), "<end>");
}

}  // namespace
}  // namespace lateen::http
