// What listeners learn from the first bytes, how long they wait for them, and what they do without.
#include "data_plane/downstream/inspect.h"

#include <gmock/gmock.h>

#include "data_plane/downstream/worker_test_world.h"

namespace lateen::downstream {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
using testing::ElementsAre;
using testing::IsEmpty;

// A ClientHello of TLS 1.2 with one server name and one application protocol.
std::string hello(std::string_view server_name, std::string_view alpn) {
  const auto sized = [](std::string_view bytes, int width) {
    std::string out;
    for (int i = width - 1; i >= 0; --i) out += static_cast<char>(bytes.size() >> (8 * i));
    return out.append(bytes);
  };
  const std::string name = "\0\0"s + sized(sized("\0"s + sized(server_name, 2), 2), 2);
  const std::string protocols = "\0\x10"s + sized(sized(sized(alpn, 1), 2), 2);
  const std::string body = "\3\3"s + std::string(32, 'r') + sized("", 1) + sized("\x13\1"sv, 2) + sized("\0"sv, 1) +
                           sized(name + protocols, 2);
  return "\x16\3\1"s + sized("\1"s + sized(body, 3), 2);
}

class Inspect : public testing::Test {
 protected:
  Inspect() : scope(world), guard(scope) {
    acceptor = std::move(*world.host("10.0.0.1").listen(SocketAddress::parse("10.0.0.1:80").value(), {}));
    scope.start(open());
    EXPECT_TRUE(world.run_until([&] { return client && server; }));
  }
  io::Task<void> open() {
    client = std::move(*co_await world.host("10.0.0.9").connect(SocketAddress::parse("10.0.0.1:80").value(), {}));
    server = std::move(*co_await acceptor->accept());
  }
  void inspect(bool tls) {
    const auto look = [](Inspect& self, bool tls) -> io::Task<void> {
      self.result =
          tls ? co_await inspect_tls(*self.server, self.facts) : co_await inspect_http(*self.server, self.facts);
    };
    scope.start(look(*this, tls));
  }
  void say(std::string_view bytes) {
    client->try_write(bytes);
    world.run_for(10ms);
  }
  // Says the bytes one by one; what is found must not depend on how they arrive.
  void say_slowly(std::string_view bytes) {
    for (size_t i = 0; i < bytes.size(); ++i) say(bytes.substr(i, 1));
  }
  bool judged() const { return result.has_value(); }

  io::SimulatedWorld world{5};
  std::unique_ptr<io::Acceptor> acceptor;
  std::unique_ptr<io::Transport> client, server;
  ConnectionFacts facts;
  std::optional<Result<>> result;
  io::Scope scope;
  io::CancelOnExit guard;
};

TEST_F(Inspect, AHelloTellsNameAndProtocolsHoweverItIsCut) {
  inspect(true);
  const std::string bytes = hello("Web.Example.com", "h2");
  say_slowly(std::string_view(bytes).substr(0, bytes.size() - 1));
  EXPECT_FALSE(judged());
  say(bytes.substr(bytes.size() - 1));
  ASSERT_TRUE(judged() && *result);
  EXPECT_EQ(facts.transport_protocol, "tls");
  EXPECT_EQ(facts.server_name, "web.example.com") << "in lower case";
  EXPECT_THAT(facts.application_protocols, ElementsAre("h2"));
  std::string rest(bytes.size() + 1, '\0');
  EXPECT_EQ(server->try_read(rest).bytes, bytes.size()) << "nothing was taken";
}

TEST_F(Inspect, WhatIsNoTlsIsPlainFromTheFirstByte) {
  inspect(true);
  say("G");
  ASSERT_TRUE(judged() && *result);
  EXPECT_EQ(facts.transport_protocol, "raw_buffer");
}

TEST_F(Inspect, AHelloThatIsTooLargeIsRefused) {
  inspect(true);
  std::string bytes = "\x16\3\1\x40\0\1\0\x7f\xff"s;
  say(bytes);
  for (int i = 0; i < 20 && !judged(); ++i) say(std::string(1024, 'x'));
  ASSERT_TRUE(judged());
  ASSERT_FALSE(*result);
  EXPECT_EQ(result->error().kind, ErrorKind::too_large);
}

TEST_F(Inspect, ARequestLineTellsTheVersionOfHttp) {
  struct Case {
    std::string_view bytes;
    std::vector<std::string> protocols;
  };
  const Case cases[] = {{"GET / HTTP/1.1\r\n", {"http/1.1"}},
                        {"POST /x HTTP/1.0\r\n", {"http/1.0"}},
                        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {"h2c"}},
                        {"\x01\x02hello\r\n", {}}};
  for (const Case& each : cases) {
    facts = {};
    result.reset();
    client.reset(), server.reset();
    scope.start(open());
    ASSERT_TRUE(world.run_until([&] { return client && server; }));
    inspect(false);
    say_slowly(each.bytes);
    ASSERT_TRUE(judged() && *result) << each.bytes;
    EXPECT_EQ(facts.application_protocols, each.protocols) << each.bytes;
  }
}

TEST_F(Inspect, ALineThatDoesNotEndIsNotHttpButNoFailure) {
  inspect(false);
  say("GET /");
  for (int i = 0; i < 80 && !judged(); ++i) say(std::string(1024, 'x'));
  ASSERT_TRUE(judged() && *result);
  EXPECT_THAT(facts.application_protocols, IsEmpty());
}

TEST_F(Inspect, AClientThatEndsWithoutAWordIsClosed) {
  inspect(true);
  client->shutdown_write();
  world.run_for(10ms);
  ASSERT_TRUE(judged());
  EXPECT_EQ(result->error().kind, ErrorKind::closed);
}

TEST_F(Inspect, AClientThatEndsInTheMiddleIsNotWaitedFor) {
  for (const bool tls : {true, false}) {
    result.reset();
    client.reset(), server.reset();
    scope.start(open());
    ASSERT_TRUE(world.run_until([&] { return client && server; }));
    inspect(tls);
    say(tls ? "\x16\3\1"sv : "GE"sv);
    EXPECT_FALSE(judged());
    client->shutdown_write();
    world.run_for(10ms);
    ASSERT_TRUE(judged() && *result) << tls;
    EXPECT_EQ(facts.transport_protocol, "raw_buffer");
    EXPECT_THAT(facts.application_protocols, IsEmpty());
  }
}

// --- the listener's patience ---------------------------------------------------------------------------------------

class Patience : public OneWorker {
 protected:
  // A listener with an inspector and one chain for everything, which forwards to the backend.
  void listen(Duration timeout, bool goes_on) {
    auto settings = std::make_shared<ListenerSettings>();
    settings->name = "patient";
    settings->addresses = {SocketAddress::parse("10.0.0.1:90").value()};
    settings->tls_inspector.enabled = true;
    settings->inspection_timeout = timeout;
    settings->continue_after_timeout = goes_on;
    auto chain = std::make_shared<FilterChainSettings>();
    auto proxy = std::make_shared<tcp::TcpProxySettings>();
    proxy->targets = {{"web", 1}};
    chain->terminal = [proxy](Worker& worker) {
      return std::make_unique<tcp::TcpProxy>(proxy, worker.clusters, worker.shard, worker.families.tcp);
    };
    settings->chains.push_back(chain);
    ASSERT_TRUE(worker.put_listener(settings));
    const auto open = [](Patience& self) -> io::Task<void> {
      self.client =
          std::move(*co_await self.world.host("10.0.0.9").connect(SocketAddress::parse("10.0.0.1:90").value(), {}));
    };
    scope.start(open(*this));
    ASSERT_TRUE(world.run_until([&] { return client != nullptr; }));
  }
  bool reached_the_backend() { return worker.clusters.find("web")->connections_active.value() > 0; }
  bool closed() { return client->try_read(byte).state == io::Moved::ended; }

  std::unique_ptr<io::Transport> client;
  char byte[1];
};

TEST_F(Patience, ASilentClientIsClosedAfterTheTimeout) {
  listen(5s, false);
  world.run_for(4s);
  EXPECT_FALSE(closed());
  world.run_for(2s);
  EXPECT_TRUE(closed());
}

TEST_F(Patience, ASilentClientIsServedAfterTheTimeoutWhereTheListenerSaysSo) {
  listen(5s, true);
  world.run_for(4s);
  EXPECT_FALSE(reached_the_backend());
  world.run_for(2s);
  EXPECT_TRUE(reached_the_backend()) << "a protocol in which the server speaks first";
}

TEST_F(Patience, NoTimeoutMeansForEver) {
  listen(0s, true);
  world.run_for(1h);
  EXPECT_FALSE(closed());
  EXPECT_FALSE(reached_the_backend());
}

TEST(Inspector, IsSwitchedOffByRangesOfPorts) {
  const Inspector inspector{.enabled = true, .disabled_ports = {{80, 82}, {443, 444}}};
  for (const auto& [port, wanted] : std::initializer_list<std::pair<uint16_t, bool>>{
           {79, true}, {80, false}, {81, false}, {82, true}, {443, false}, {444, true}})
    EXPECT_EQ(inspector.wanted_for(port), wanted) << port;
  EXPECT_FALSE(Inspector{}.wanted_for(80));
}

}  // namespace
}  // namespace lateen::downstream
