#include "lib/http/http2_test_service.h"

namespace lateen::http {
namespace {

// A body that a test feeds by hand.
class FedBody final : public Body {
 public:
  explicit FedBody(io::Loop& loop) : readable_(loop) {}
  void feed(std::string_view bytes) {
    bytes_.append(bytes);
    readable_.set();
  }
  void end() {
    ended_ = true;
    readable_.set();
  }
  void end_with(std::string_view name, std::string_view value) {
    trailers_.add(name, value);
    end();
  }
  void break_off() {
    broken_ = true;
    readable_.set();
  }
  Pulled try_pull() override {
    Pulled pulled;
    if (!bytes_.empty()) {
      pulled.state = chunk;
      pulled.bytes = std::exchange(bytes_, Buffer());
      pulled_bytes += pulled.bytes.size();
    } else if (broken_ || ended_) {
      pulled.state = broken_ ? failed : ended;
    } else {
      readable_.clear();
    }
    return pulled;
  }
  io::Readiness& readable() override { return readable_; }
  const Headers* trailers() const override { return trailers_.size() ? &trailers_ : nullptr; }
  Error last_error() const override { return {ErrorKind::reset, "the test broke it"}; }
  size_t pulled_bytes = 0;

 private:
  Buffer bytes_;
  io::Readiness readable_;
  Headers trailers_;
  bool ended_ = false, broken_ = false;
};

// A body without end: it always has another 16 KiB, and counts what was taken.
class EndlessBody final : public Body {
 public:
  EndlessBody(io::Loop& loop, size_t& taken) : readable_(loop, true), taken_(taken) {}
  Pulled try_pull() override {
    Pulled pulled;
    pulled.state = chunk;
    pulled.bytes = Buffer(std::string(16 * 1024, 'e'));
    taken_ += pulled.bytes.size();
    return pulled;
  }
  io::Readiness& readable() override { return readable_; }
  Error last_error() const override { return {}; }

 private:
  io::Readiness readable_;
  size_t& taken_;
};

TEST(Http2, AnswersWithAndWithoutBodies) {
  TestService service(echo);
  TestWorld net(service);
  Outcome get, post, big;
  ASSERT_TRUE(net.run(exchange(net.client(), request_of("GET", "/a"), get)));
  EXPECT_EQ(get.status, 200);
  EXPECT_EQ(get.headers.value("x-path"), "/a");
  EXPECT_EQ(get.body, "");
  ASSERT_TRUE(net.run(exchange(net.client(), request_of("POST", "/b", text_body(net.world, "hello")), post)));
  EXPECT_EQ(post.body, "hello");
  const std::string large(5'000'000, 'x');
  ASSERT_TRUE(net.run(exchange(net.client(), request_of("POST", "/c", text_body(net.world, large)), big)));
  EXPECT_EQ(big.body, large);
  EXPECT_EQ(service.notes.back(), "sent 5000000");
  EXPECT_EQ(net.client().active_streams(), 0u);
}

TEST(Http2, ManyStreamsShareAConnection) {
  TestService service(echo);
  TestWorld net(service);
  std::vector<Outcome> outcomes(100);
  {
    io::Scope scope(net.world);
    for (size_t i = 0; i < outcomes.size(); ++i)
      scope.start(exchange(
          net.client(), request_of("POST", "/" + std::to_string(i), text_body(net.world, std::string(i * 1000, 'm'))),
          outcomes[i]));
    ASSERT_TRUE(net.world.run_until([&] { return scope.size() == 0; }));
  }
  for (size_t i = 0; i < outcomes.size(); ++i) {
    EXPECT_EQ(outcomes[i].status, 200) << i;
    EXPECT_EQ(outcomes[i].body.size(), i * 1000);
  }
  EXPECT_EQ(service.requests, 100);
}

TEST(Http2, BodiesFlowBothWaysAtOnceAndTrailersFollow) {
  TestService service([](TestService&, ServerStream& stream) -> io::Task<void> {
    Response response = response_of(200, std::move(stream.request().body));
    co_await stream.respond(std::move(response));
  });
  TestWorld net(service);
  auto body = std::make_unique<FedBody>(net.world);
  FedBody& upload = *body;
  std::string heard;
  std::string trailer;
  const auto talk = [](ClientConnection& client, std::unique_ptr<Body> body, std::string& heard,
                       std::string& trailer) -> io::Task<void> {
    auto answer = co_await client.send(request_of("POST", "/talk", std::move(body)), nullptr);
    EXPECT_TRUE(answer);
    for (;;) {
      auto chunk = co_await pull(*answer->body);
      EXPECT_TRUE(chunk);
      if (!chunk || chunk->empty()) break;
      heard += chunk->view();
    }
    if (answer->body->trailers()) trailer = answer->body->trailers()->value("grpc-status");
  };
  io::Child child(net.world);
  child.start(talk(net.client(), std::move(body), heard, trailer));
  upload.feed("one ");
  net.world.run_for(1s);
  EXPECT_EQ(heard, "one ");
  upload.feed("two ");
  net.world.run_for(1s);
  EXPECT_EQ(heard, "one two ");
  upload.end_with("grpc-status", "0");
  net.world.run_for(1s);
  EXPECT_FALSE(child.running());
  EXPECT_EQ(trailer, "0");
}

TEST(Http2, ADroppedResponseResetsTheStreamAndDestroysTheServiceTask) {
  size_t taken = 0;
  TestService service([&taken](TestService&, ServerStream& stream) -> io::Task<void> {
    co_await stream.respond(response_of(200, std::make_unique<EndlessBody>(stream.transport().loop(), taken)));
  });
  TestWorld net(service);
  const auto ask = [](ClientConnection& client, int& status) -> io::Task<void> {
    auto answer = co_await client.send(request_of("GET", "/"), nullptr);
    status = answer ? answer->status() : -1;
  };
  int status = 0;
  ASSERT_TRUE(net.run(ask(net.client(), status)));
  EXPECT_EQ(status, 200);
  net.world.run_for(1s);
  EXPECT_EQ(service.alive, 0);
  Outcome next;  // and the connection goes on
  EXPECT_TRUE(net.client().usable());
}

TEST(Http2, ASlowReaderHoldsNoMoreThanItsWindow) {
  size_t taken = 0;
  TestService service([&taken](TestService&, ServerStream& stream) -> io::Task<void> {
    co_await stream.respond(response_of(200, std::make_unique<EndlessBody>(stream.transport().loop(), taken)));
  });
  ClientOptions options;
  options.initial_stream_window = 100'000;
  TestWorld net(service, {}, options);
  const auto ask = [](ClientConnection& client, std::unique_ptr<Body>& body) -> io::Task<void> {
    auto answer = co_await client.send(request_of("GET", "/"), nullptr);
    body = std::move(answer->body);
  };
  std::unique_ptr<Body> body;
  ASSERT_TRUE(net.run(ask(net.client(), body)));
  net.world.run_for(10s);
  EXPECT_GE(taken, 100'000u);
  EXPECT_LE(taken, 100'000u + 2 * 64 * 1024u);
  EXPECT_LE(body->try_pull().bytes.size(), 100'000u);
  net.world.run_for(10s);
  EXPECT_GE(taken, 150'000u);
  EXPECT_EQ(service.alive, 1);
  body.reset();
  net.world.run_for(1s);
  EXPECT_EQ(service.alive, 0);
}

TEST(Http2, AServiceThatDoesNotReadHoldsNoMoreThanItsWindow) {
  TestService service([](TestService&, ServerStream& stream) -> io::Task<void> {
    co_await stream.transport().loop().sleep(1h);
    co_await stream.respond(response_of(200));
  });
  ServerOptions options;
  options.initial_stream_window = 70'000;
  TestWorld net(service, options);
  size_t taken = 0;
  Outcome outcome;
  EXPECT_FALSE(net.run(
      exchange(net.client(), request_of("POST", "/", std::make_unique<EndlessBody>(net.world, taken)), outcome), 10s));
  EXPECT_LE(taken, 70'000u + 2 * 64 * 1024u);
}

TEST(Http2, AnEarlyAnswerStopsTheUpload) {
  TestService service([](TestService&, ServerStream& stream) -> io::Task<void> {
    co_await stream.respond(response_of(413, text_body(stream.transport().loop(), "too much")));
  });
  TestWorld net(service);
  size_t taken = 0;
  Outcome outcome;
  ASSERT_TRUE(net.run(
      exchange(net.client(), request_of("POST", "/", std::make_unique<EndlessBody>(net.world, taken)), outcome)));
  EXPECT_EQ(outcome.status, 413);
  EXPECT_EQ(outcome.body, "too much");
  net.world.run_for(1s);
  const size_t before = taken;
  net.world.run_for(1s);
  EXPECT_EQ(taken, before);
  EXPECT_EQ(net.client().active_streams(), 0u);
  EXPECT_TRUE(net.client().usable());
}

TEST(Http2, ABodyThatBreaksIsSeenByTheOtherSide) {
  TestService service([](TestService& service, ServerStream& stream) -> io::Task<void> {
    auto body = std::make_unique<FedBody>(stream.transport().loop());
    body->feed("half");
    FedBody& fed = *body;
    io::Child child(stream.transport().loop());
    const auto breaks = [](io::Loop& loop, FedBody& fed) -> io::Task<void> {
      co_await loop.sleep(1s);
      fed.break_off();
    };
    child.start(breaks(stream.transport().loop(), fed));
    auto sent = co_await stream.respond(response_of(200, std::move(body)));
    service.notes.push_back(sent ? "sent" : sent.error().message);
  });
  TestWorld net(service);
  Outcome outcome;
  ASSERT_TRUE(net.run(exchange(net.client(), request_of("GET", "/"), outcome)));
  EXPECT_EQ(outcome.status, 200);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->kind, ErrorKind::reset);
  EXPECT_EQ(service.notes, std::vector<std::string>{"the test broke it"});
}

TEST(Http2, AServiceThatDoesNotAnswerResetsItsStream) {
  TestService service([](TestService&, ServerStream&) -> io::Task<void> { co_return; });
  TestWorld net(service);
  Outcome outcome;
  ASSERT_TRUE(net.run(exchange(net.client(), request_of("GET", "/"), outcome)));
  ASSERT_TRUE(outcome.send_error);
  EXPECT_EQ(outcome.send_error->where, SendError::reset);
  EXPECT_NE(outcome.send_error->error.message.find("INTERNAL_ERROR"), std::string::npos);
}

class Notes final : public Progress {
 public:
  io::Task<void> inform(Headers head) override {
    statuses.push_back(head.status());
    co_return;
  }
  std::vector<int> statuses;
};

TEST(Http2, InterimResponsesComeBeforeTheFinalOne) {
  TestService service([](TestService&, ServerStream& stream) -> io::Task<void> {
    Headers continues, hints;
    continues.add(":status", "100");
    hints.add(":status", "103");
    EXPECT_TRUE(co_await stream.inform(std::move(continues)));
    EXPECT_TRUE(co_await stream.inform(std::move(hints)));
    co_await stream.respond(response_of(204));
  });
  TestWorld net(service);
  Outcome outcome;
  Notes notes;
  ASSERT_TRUE(net.run(exchange(net.client(), request_of("GET", "/"), outcome, &notes)));
  EXPECT_EQ(outcome.status, 204);
  EXPECT_EQ(notes.statuses, (std::vector{100, 103}));
}

TEST(Http2, UpgradesTravelAsExtendedConnect) {
  std::string seen;
  TestService service([&seen](TestService&, ServerStream& stream) -> io::Task<void> {
    Request& request = stream.request();
    EXPECT_TRUE(request.is_tunnel);
    seen = fmt::format("{} {} {}", request.headers.method(), request.headers.path(), request.headers.value("upgrade"));
    Response response = response_of(101, std::move(request.body));
    response.headers.add("connection", "upgrade");
    response.headers.add("upgrade", "websocket");
    co_await stream.respond(std::move(response));
  });
  TestWorld net(service);
  net.world.run_for(1s);  // the server's settings must have come
  Request request = request_of("GET", "/chat", text_body(net.world, "frames"));
  request.is_tunnel = true;
  request.headers.add("connection", "upgrade");
  request.headers.add("upgrade", "websocket");
  Outcome outcome;
  ASSERT_TRUE(net.run(exchange(net.client(), std::move(request), outcome)));
  EXPECT_EQ(seen, "GET /chat websocket");
  EXPECT_EQ(outcome.status, 101);
  EXPECT_EQ(outcome.headers.value("upgrade"), "websocket");
  EXPECT_EQ(outcome.body, "frames");
}

TEST(Http2, ADrainLetsRunningStreamsEnd) {
  TestService service([](TestService&, ServerStream& stream) -> io::Task<void> {
    co_await stream.transport().loop().sleep(3s);
    co_await stream.respond(response_of(200));
  });
  TestWorld net(service);
  Outcome outcome;
  io::Child child(net.world);
  child.start(exchange(net.client(), request_of("GET", "/"), outcome));
  net.world.run_for(1s);
  net.drain->start();
  net.world.run_for(1s);
  EXPECT_FALSE(net.client().usable());
  EXPECT_FALSE(net.client().finished());
  EXPECT_EQ(net.served_connections(), 0);
  net.world.run_for(2s);
  EXPECT_EQ(outcome.status, 200);
  EXPECT_TRUE(net.client().finished());
  net.world.run_for(2s);
  EXPECT_EQ(net.served_connections(), 1);
}

TEST(Http2, IdleConnectionsEndOnBothSides) {
  TestService service(echo);
  ServerOptions server;
  server.idle_timeout = 10s;
  TestWorld net(service, server);
  Outcome outcome;
  net.world.run_for(8s);
  ASSERT_TRUE(net.run(exchange(net.client(), request_of("GET", "/"), outcome)));
  net.world.run_for(8s);
  EXPECT_TRUE(net.client().usable());
  net.world.run_for(4s);
  EXPECT_TRUE(net.client().finished());
  EXPECT_EQ(net.served_connections(), 1);

  ClientOptions client;
  client.idle_timeout = 5s;
  TestWorld other(service, {}, client);
  other.world.run_for(6s);
  EXPECT_TRUE(other.client().finished());
  EXPECT_EQ(other.served_connections(), 1);
}

TEST(Http2, ConnectionsEndAfterTheirRequestsOrTheirAge) {
  TestService service(echo);
  ServerOptions server;
  server.max_requests_per_connection = 2;
  TestWorld net(service, server);
  Outcome first, second;
  ASSERT_TRUE(net.run(exchange(net.client(), request_of("GET", "/"), first)));
  EXPECT_TRUE(net.client().usable());
  ASSERT_TRUE(net.run(exchange(net.client(), request_of("GET", "/"), second)));
  net.world.run_for(1s);
  EXPECT_EQ(second.status, 200);
  EXPECT_TRUE(net.client().finished());

  ServerOptions aging;
  aging.max_connection_duration = 5s;
  TestWorld old(service, aging);
  old.world.run_for(6s);
  EXPECT_TRUE(old.client().finished());
}

TEST(Http2, APeerThatDiesFailsEveryStream) {
  TestService service(
      [](TestService&, ServerStream& stream) -> io::Task<void> { co_await stream.transport().loop().sleep(1h); });
  TestWorld net(service);
  std::vector<Outcome> outcomes(3);
  io::Scope scope(net.world);
  for (Outcome& outcome : outcomes) scope.start(exchange(net.client(), request_of("GET", "/"), outcome));
  net.world.run_for(1s);
  EXPECT_EQ(service.alive, 3);
  net.world.crash("10.0.0.2");
  net.world.run_for(1s);
  EXPECT_EQ(scope.size(), 0u);
  for (Outcome& outcome : outcomes) {
    ASSERT_TRUE(outcome.send_error);
    EXPECT_EQ(outcome.send_error->where, SendError::reset);
  }
  EXPECT_TRUE(net.client().finished());
  scope.cancel();
}

TEST(Http2, AClientThatDiesDestroysEveryServiceTask) {
  TestService service(
      [](TestService&, ServerStream& stream) -> io::Task<void> { co_await stream.transport().loop().sleep(1h); });
  TestWorld net(service);
  Outcome outcome;
  io::Child child(net.world);
  child.start(exchange(net.client(), request_of("GET", "/"), outcome));
  net.world.run_for(1s);
  EXPECT_EQ(service.alive, 1);
  net.drop_client();
  net.world.run_for(1s);
  EXPECT_EQ(service.alive, 0);
  EXPECT_EQ(net.served_connections(), 1);
  ASSERT_TRUE(outcome.send_error);
  EXPECT_EQ(outcome.send_error->error.kind, ErrorKind::cancelled);
}

TEST(Http2, AHeadThatIsTooLargeIsAnsweredAndTheConnectionGoesOn) {
  TestService service(echo);
  ServerOptions options;
  options.max_head_bytes = 4096;
  TestWorld net(service, options);
  Request large = request_of("GET", "/");
  large.headers.add("x-large", std::string(5000, 'l'));
  Outcome refused, next;
  ASSERT_TRUE(net.run(exchange(net.client(), std::move(large), refused)));
  EXPECT_EQ(refused.status, 431);
  EXPECT_EQ(service.refused_status, 431);
  EXPECT_EQ(service.requests, 0);
  ASSERT_TRUE(net.run(exchange(net.client(), request_of("GET", "/next"), next)));
  EXPECT_EQ(next.status, 200);
}

// Never answers.
io::Task<void> keep_waiting(TestService&, ServerStream& stream) { co_await stream.transport().loop().sleep(1000h); }

TEST(Http2, APeerThatVanishesIsMissedByPings) {
  TestService service(keep_waiting);
  const Duration interval = 30s, timeout = 10s;
  TestWorld net(service, {.ping_interval = interval, .ping_timeout = timeout},
                {.ping_interval = interval, .ping_timeout = timeout});
  Outcome lost;
  io::Child asking(net.world);
  asking.start(exchange(net.client(), request_of("GET", "/"), lost));
  net.world.run_for(30min);
  EXPECT_TRUE(asking.running()) << "who answers pings may be silent";
  EXPECT_EQ(net.served_connections(), 0);

  net.world.partition("10.0.0.1", "10.0.0.2");
  net.world.run_for(interval + timeout + 1s);
  ASSERT_FALSE(asking.running());
  EXPECT_EQ(lost.send_error->error.kind, ErrorKind::timed_out);
  EXPECT_EQ(lost.send_error->error.message, "10.0.0.2:80 gave no sign of life for 40s");
  EXPECT_TRUE(net.client().finished());
  EXPECT_EQ(net.served_connections(), 1) << "nor does the server keep it";
}

TEST(Http2, WithoutPingsAVanishedPeerIsWaitedFor) {
  TestService service(keep_waiting);
  TestWorld net(service);
  Outcome waiting;
  io::Child asking(net.world);
  asking.start(exchange(net.client(), request_of("GET", "/"), waiting));
  net.world.run_for(1s);
  net.world.partition("10.0.0.1", "10.0.0.2");
  net.world.run_for(24h);
  EXPECT_TRUE(asking.running());
}

}  // namespace
}  // namespace lateen::http
