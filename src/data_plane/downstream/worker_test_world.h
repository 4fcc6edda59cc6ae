// One worker on the simulated network, between a client and a backend; for tests.
#pragma once
#include <gtest/gtest.h>

#include "data_plane/downstream/http_terminal.h"
#include "data_plane/downstream/worker.h"
#include "data_plane/tcp/tcp_proxy.h"
#include "lib/io/simulated.h"

namespace lateen::downstream {

// Gives one byte a second, as often as it was told, and then ends or, when `stalls`, says nothing any more.
class DrippingBody final : public http::Body {
 public:
  DrippingBody(io::Loop& loop, int drops, bool stalls = false)
      : readable_(loop), timer_(loop), left_(drops), stalls_(stalls) {}
  Pulled try_pull() override {
    if (!readable_.is_set() && (left_ > 0 || stalls_)) {
      if (left_ > 0 && !timer_.armed())
        timer_.arm(
            readable_.loop().now() + 1s, [](void* flag) { static_cast<io::Readiness*>(flag)->set(); }, &readable_);
      return {blocked, {}};
    }
    if (left_ == 0) return {ended, {}};
    readable_.clear();
    --left_;
    return {chunk, Buffer(std::string_view("."))};
  }
  io::Readiness& readable() override { return readable_; }
  Error last_error() const override { return {}; }

 private:
  io::Readiness readable_;
  io::Timer timer_;
  int left_;
  bool stalls_;
};

// A backend that answers every request with what it saw; "/fail" fails `failures_left` times, "/slow" takes ten
// seconds,
// "/drip" sends one byte a second for ten.
class Backend final : public http::Service {
 public:
  explicit Backend(io::Loop& loop) : loop_(loop) {}
  io::Task<void> serve(http::ServerStream& stream) override {
    ++requests;
    http::Request& request = stream.request();
    last_head = request.headers;
    std::string body;
    if (request.body) body = (co_await http::read_all(*request.body, 1 << 20)).value_or("cut off");
    const std::string path(request.headers.path());
    if (path == "/slow") co_await loop_.sleep(10s);
    if (path == "/drip") co_return co_await drip(stream);
    const bool fails = path.starts_with("/fail") && failures_left > 0;
    if (fails) --failures_left;
    http::Response response;
    response.headers.add(":status", fails ? "503" : "200");
    response.headers.add("x-saw-path", path);
    response.headers.add("x-saw-host", request.headers.authority());
    response.headers.add("x-saw-attempt", request.headers.value("x-envoy-attempt-count"));
    response.body = http::text_body(loop_, "hello " + body);
    (void)co_await stream.respond(std::move(response));
  }
  int requests = 0, failures_left = 0;
  http::Headers last_head;

 private:
  io::Task<void> drip(http::ServerStream& stream) {
    http::Response response;
    response.headers.add(":status", "200");
    response.body = std::make_unique<DrippingBody>(loop_, 10);
    (void)co_await stream.respond(std::move(response));
  }
  io::Loop& loop_;
};

inline io::Task<void> serve_backend(io::Network& network, SocketAddress on, http::Service& service) {
  auto acceptor = network.listen(on, {});
  io::Scope scope(network.loop());
  io::CancelOnExit guard(scope);
  const auto serve = [](std::unique_ptr<io::Transport> transport, http::Service& service) -> io::Task<void> {
    const http::ServerOptions options;
    co_await http::serve_connection(*transport, service, options, http::Protocol::detect);
  };
  for (;;) {
    auto transport = co_await (*acceptor)->accept();
    if (!transport) co_return;
    scope.start(serve(std::move(*transport), service));
  }
}

struct Answer {
  int status = 0;
  std::string body, error;
  http::Headers headers;
};

inline io::Task<void> ask(io::Network& network, SocketAddress to, http::Request request, Answer& answer,
                          http::ClientOptions options = {}) {
  auto transport = co_await network.connect(to, {});
  if (!transport) {
    answer.error = transport.error().message;
    co_return;
  }
  auto client = http::make_client(std::move(*transport), options);
  auto response = co_await client->send(std::move(request), nullptr);
  if (!response) {
    answer.error = response.error().error.message;
    co_return;
  }
  answer.status = response->status();
  answer.headers = response->headers;
  if (response->body) answer.body = (co_await http::read_all(*response->body, 1 << 20)).value_or("cut off");
}

inline http::Request get(std::string_view path, std::string_view host = "web") {
  http::Request request;
  request.headers.add(":method", "GET");
  request.headers.add(":scheme", "http");
  request.headers.add(":authority", host);
  request.headers.add(":path", path);
  return request;
}

class OneWorker : public testing::Test {
 protected:
  OneWorker()
      : families(registry),
        worker(world.host("10.0.0.1"), registry, families, 0),
        backend(world),
        scope(world),
        guard(scope) {}

  void SetUp() override {
    scope.start(serve_backend(world.host("10.0.0.2"), SocketAddress::parse("10.0.0.2:8080").value(), backend));
    put_cluster("web", {"10.0.0.2:8080"});
    put_routes({});
    put_listener();
  }

  void put_cluster(const std::string& name, std::vector<std::string> addresses,
                   const upstream::CircuitBreakers& breakers = {}) {
    auto settings = std::make_shared<upstream::ClusterSettings>();
    settings->name = name;
    settings->breakers = breakers;
    settings->transport_sockets.push_back({.name = "raw", .socket = std::make_shared<upstream::RawSocket>()});
    for (const std::string& address : addresses)
      settings->fixed_endpoints.push_back({.address = SocketAddress::parse(address).value()});
    worker.clusters.put(std::make_shared<upstream::Cluster>(worker.network, settings, worker.shard, families.cluster));
  }

  void put_routes(const std::function<void(router::Forward&)>& change) {
    router::Forward forward;
    forward.clusters = {{.name = "web", .weight = 1}};
    forward.total_weight = 1;
    forward.retry = router::RetryPolicy{.retries = 2};
    (void)router::parse_retry_on("5xx,connect-failure", forward.retry->on);
    if (change) change(forward);
    router::RouteTable::Contents contents{.name = "r"};
    router::VirtualHost host{.name = "web", .domains = {"web", "*.example.com"}, .count_attempts_in_request = true};
    host.routes.push_back({.name = "teapot",
                           .path = {.kind = router::PathMatch::exact, .text = "/teapot"},
                           .action = router::DirectResponse{418, "short and stout"}});
    host.routes.push_back({.name = "old",
                           .path = {.kind = router::PathMatch::prefix, .text = "/old"},
                           .action = router::Redirect{.host = "new.example.com", .path = "/new"}});
    host.routes.push_back({.name = "rest", .action = std::move(forward)});
    contents.hosts.push_back(std::move(host));
    worker.set_routes("r", router::RouteTable::make(std::move(contents)).value());
  }

  void put_listener(const std::function<void(proxy::ManagerSettings&)>& change = {}) {
    auto settings = std::make_shared<ListenerSettings>();
    settings->name = "in";
    settings->addresses = {SocketAddress::parse("10.0.0.1:80").value()};
    auto chain = std::make_shared<FilterChainSettings>();
    auto manager = std::make_shared<proxy::ManagerSettings>();
    manager->stat_prefix = "in";
    if (change) change(*manager);
    chain->terminal = [manager](Worker& worker) {
      return std::make_unique<HttpTerminal>(std::make_unique<proxy::ConnectionManager>(
          manager, worker.route_slot("r"), proxy::Chain({}, worker.router), worker.shard, worker.families.manager));
    };
    settings->chains.push_back(chain);
    ASSERT_TRUE(worker.put_listener(settings));
  }

  void put_tcp_listener(uint16_t port, const std::string& cluster) {
    auto settings = std::make_shared<ListenerSettings>();
    settings->name = "tcp";
    settings->addresses = {{Ip::parse("10.0.0.1").value(), port, {}}};
    auto chain = std::make_shared<FilterChainSettings>();
    auto proxy = std::make_shared<tcp::TcpProxySettings>();
    proxy->stat_prefix = "tcp";
    proxy->targets = {{cluster, 1}};
    chain->terminal = [proxy](Worker& worker) {
      return std::make_unique<tcp::TcpProxy>(proxy, worker.clusters, worker.shard, worker.families.tcp);
    };
    settings->chains.push_back(chain);
    ASSERT_TRUE(worker.put_listener(settings));
  }

  Answer request(http::Request request) {
    Answer answer;
    io::Scope asking(world);
    asking.start(ask(world.host("10.0.0.9"), SocketAddress::parse("10.0.0.1:80").value(), std::move(request), answer));
    EXPECT_TRUE(world.run_until([&] { return asking.size() == 0; }));
    asking.cancel();
    return answer;
  }

  io::SimulatedWorld world{11};
  metrics::Registry registry;
  Families families;
  Worker worker;
  Backend backend;
  io::Scope scope;
  io::CancelOnExit guard;
};

}  // namespace lateen::downstream
