// What the connection manager answers and logs, on whole paths through one worker.
#include <gmock/gmock.h>

#include "data_plane/downstream/worker_test_world.h"
#include "data_plane/telemetry/access_log.h"

namespace lateen::downstream {
namespace {

using testing::HasSubstr;

class Lines final : public telemetry::LogFile {
 public:
  void write(std::string_view lines) override { text += lines; }
  std::string text;
};

class Managed : public OneWorker {
 protected:
  // Replaces the listener by one that logs.
  void listen(const std::function<void(proxy::ManagerSettings&)>& change = {},
              std::string_view columns = "%BYTES_RECEIVED% %BYTES_SENT%") {
    worker.remove_listener("in");
    world.run_for(1s);
    put_listener([&](proxy::ManagerSettings& settings) {
      auto format = telemetry::Format::compile(
          fmt::format("%REQ(:PATH)% %RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% {}\n", columns));
      settings.access_logs.push_back(
          std::make_shared<telemetry::AccessLog>(lines, std::move(*format), telemetry::LogFilter()));
      if (change) change(settings);
    });
  }
  std::string logged() { return std::exchange(lines->text, {}); }

  std::shared_ptr<Lines> lines = std::make_shared<Lines>();
};

// One byte, and a second later a failure.
class BrokenBody final : public http::Body {
 public:
  explicit BrokenBody(io::Loop& loop) : readable_(loop), timer_(loop) {}
  Pulled try_pull() override {
    if (readable_.is_set()) return {failed, {}};
    if (timer_.armed()) return {blocked, {}};
    timer_.arm(readable_.loop().now() + 1s, [](void* flag) { static_cast<io::Readiness*>(flag)->set(); }, &readable_);
    return {chunk, Buffer(std::string_view("."))};
  }
  io::Readiness& readable() override { return readable_; }
  Error last_error() const override { return {ErrorKind::reset, "given up"}; }

 private:
  io::Readiness readable_;
  io::Timer timer_;
};

class BreakingBackend final : public http::Service {
 public:
  io::Task<void> serve(http::ServerStream& stream) override {
    http::Response response;
    response.headers.add(":status", "200");
    response.body = std::make_unique<BrokenBody>(stream.transport().loop());
    (void)co_await stream.respond(std::move(response));
  }
};

TEST_F(Managed, AnAnswerIsOneLine) {
  listen();
  http::Request upload = get("/x");
  upload.headers.set(":method", "POST");
  upload.body = http::text_body(world, "world");
  EXPECT_EQ(request(std::move(upload)).status, 200);
  EXPECT_EQ(logged(), "/x 200 - via_upstream 5 11\n");
  EXPECT_EQ(request(get("/teapot")).status, 418);
  EXPECT_EQ(logged(), "/teapot 418 - direct_response 0 15\n");
  EXPECT_EQ(request(get("/", "nobody")).status, 404);
  EXPECT_EQ(logged(), "/ 404 NR route_not_found 0 0\n");
}

TEST_F(Managed, AResponseThatBreaksOffUpstreamIsNotTheClientsDoing) {
  put_cluster("web", {"10.0.0.3:8080"});
  BreakingBackend breaks;
  scope.start(serve_backend(world.host("10.0.0.3"), SocketAddress::parse("10.0.0.3:8080").value(), breaks));
  listen();
  for (const auto version : {http::Version::http1_1, http::Version::http2}) {
    Answer answer;
    io::Scope asking(world);
    asking.start(ask(world.host("10.0.0.9"), SocketAddress::parse("10.0.0.1:80").value(), get("/x"), answer,
                     {.version = version}));
    world.run_for(2s);
    asking.cancel();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "cut off");
    EXPECT_THAT(logged(), HasSubstr("/x 200 UC upstream_reset_after_response_started{connection_termination}"));
  }
}

TEST_F(Managed, ItsDurationsAreThoseOfItsParts) {
  listen({}, "%REQUEST_DURATION% %RESPONSE_DURATION% %DURATION%");
  http::Request upload = get("/drip");
  upload.headers.set(":method", "POST");
  upload.body = std::make_unique<DrippingBody>(world, 3);
  EXPECT_EQ(request(std::move(upload)).status, 200);
  EXPECT_THAT(logged(), testing::MatchesRegex("/drip 200 - via_upstream 30.. 30.. 130..\n"));
}

TEST_F(Managed, AClientThatLeavesIsLogged) {
  listen();
  Answer answer;
  io::Scope asking(world);
  asking.start(ask(world.host("10.0.0.9"), SocketAddress::parse("10.0.0.1:80").value(), get("/slow"), answer));
  world.run_for(1s);
  asking.cancel();
  world.run_for(1s);
  EXPECT_EQ(logged(), "/slow 0 DC downstream_remote_disconnect 0 0\n");
}

TEST_F(Managed, UpgradesNeedLeave) {
  const auto upgrade = [] {
    http::Request request = get("/chat");
    request.headers.add("upgrade", "websocket");
    request.is_tunnel = true;
    return request;
  };
  listen();
  EXPECT_EQ(request(upgrade()).status, 403);
  EXPECT_EQ(logged(), "/chat 403 - upgrade_failed 0 0\n");
  EXPECT_EQ(backend.requests, 0);
  listen([](proxy::ManagerSettings& settings) { settings.upgrades = {"websocket"}; });
  put_cluster("web", {});
  EXPECT_EQ(request(upgrade()).status, 503) << "on its way";
}

TEST_F(Managed, HttpsIsRequiredOfTheConnectionNotOfTheRequestsClaim) {
  router::RouteTable::Contents contents{.name = "r"};
  contents.hosts.push_back({.name = "web", .domains = {"web"}, .require_tls = router::VirtualHost::all_tls});
  contents.hosts[0].routes.push_back({.name = "teapot", .action = router::DirectResponse{418, ""}});
  worker.set_routes("r", router::RouteTable::make(std::move(contents)).value());
  http::Request claims = get("/x?y");
  claims.headers.set(":scheme", "https");
  Answer answer;
  io::Scope asking(world);
  asking.start(ask(world.host("10.0.0.9"), SocketAddress::parse("10.0.0.1:80").value(), std::move(claims), answer,
                   {.version = http::Version::http2}));
  EXPECT_TRUE(world.run_until([&] { return asking.size() == 0; }));
  EXPECT_EQ(answer.status, 301);
  EXPECT_EQ(answer.headers.value("location"), "https://web/x?y");
  http::Request forwarded = get("/x?y");
  forwarded.headers.add("x-forwarded-proto", "https");
  EXPECT_EQ(request(std::move(forwarded)).status, 418) << "a proxy in front ended the TLS";
}

TEST_F(Managed, TheBackendSeesAWholeHead) {
  http::Request odd = get("/a#b");
  odd.headers.add("x-envoy-retry-on", "5xx");
  odd.headers.add("x-envoy-upstream-rq-timeout-ms", "1");
  EXPECT_EQ(request(std::move(odd)).status, 200) << "callers do not shorten timeouts";
  EXPECT_EQ(backend.last_head.path(), "/a");
  EXPECT_EQ(backend.last_head.value("x-forwarded-proto"), "http");
  EXPECT_EQ(backend.last_head.value("x-request-id").size(), 36);
  EXPECT_FALSE(backend.last_head.has("x-envoy-retry-on"));
}

TEST_F(Managed, WhatCannotBeReadIsCountedAndLogged) {
  listen([](proxy::ManagerSettings& settings) { settings.server.max_head_bytes = 100; });
  http::Request large = get("/x");
  large.headers.add("x-large", std::string(200, 'x'));
  EXPECT_EQ(request(std::move(large)).status, 431);
  EXPECT_THAT(logged(), testing::MatchesRegex("- 431 DPE [^ ]+ 0 0\n")) << "one column a value";
}

}  // namespace
}  // namespace lateen::downstream
