// Whole paths through one worker on the simulated network: client, proxy, backend.
#include "data_plane/downstream/worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data_plane/downstream/http_terminal.h"
#include "data_plane/tcp/tcp_proxy.h"
#include "lib/io/simulated.h"

namespace lateen::downstream {
namespace {

using testing::HasSubstr;

// A backend that answers every request with what it saw; "/fail-N" fails the first N times.
class Backend final : public http::Service {
 public:
  explicit Backend(io::Loop& loop) : loop_(loop) {}
  io::Task<void> serve(http::ServerStream& stream) override {
    ++requests;
    http::Request& request = stream.request();
    std::string body;
    if (request.body) body = (co_await http::read_all(*request.body, 1 << 20)).value_or("cut off");
    const std::string path(request.headers.path());
    if (path == "/slow") co_await loop_.sleep(10s);
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

 private:
  io::Loop& loop_;
};

io::Task<void> serve_backend(io::Network& network, SocketAddress on, http::Service& service) {
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

io::Task<void> ask(io::Network& network, SocketAddress to, http::Request request, Answer& answer) {
  auto transport = co_await network.connect(to, {});
  if (!transport) {
    answer.error = transport.error().message;
    co_return;
  }
  auto client = http::make_client(std::move(*transport), {});
  auto response = co_await client->send(std::move(request), nullptr);
  if (!response) {
    answer.error = response.error().error.message;
    co_return;
  }
  answer.status = response->status();
  answer.headers = response->headers;
  if (response->body) answer.body = (co_await http::read_all(*response->body, 1 << 20)).value_or("cut off");
}

http::Request get(std::string_view path, std::string_view host = "web") {
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

  void put_routes(std::function<void(router::Forward&)> change) {
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

  void put_listener() {
    auto settings = std::make_shared<ListenerSettings>();
    settings->name = "in";
    settings->addresses = {SocketAddress::parse("10.0.0.1:80").value()};
    auto chain = std::make_shared<FilterChainSettings>();
    auto manager = std::make_shared<proxy::ManagerSettings>();
    manager->stat_prefix = "in";
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

TEST_F(OneWorker, ForwardsAndTellsTheBackendWhoAsks) {
  const Answer answer = request(get("/x?y=1"));
  EXPECT_EQ(answer.error, "");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "hello ");
  EXPECT_EQ(answer.headers.value("x-saw-path"), "/x?y=1");
  EXPECT_EQ(answer.headers.value("x-saw-attempt"), "1");
  EXPECT_EQ(answer.headers.value("server"), "envoy");
  EXPECT_TRUE(answer.headers.has("x-envoy-upstream-service-time"));
}

TEST_F(OneWorker, SendsBodiesOnAndAgainAfterAFailure) {
  backend.failures_left = 2;
  http::Request upload = get("/fail");
  upload.headers.set(":method", "POST");
  upload.headers.add("content-length", "5");
  upload.body = http::text_body(world, "world");
  const Answer answer = request(std::move(upload));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "hello world");
  EXPECT_EQ(answer.headers.value("x-saw-attempt"), "3");
  EXPECT_EQ(backend.requests, 3);
}

TEST_F(OneWorker, RefusesTcpConnectionsOverTheClustersLimit) {
  put_cluster("few", {"10.0.0.2:8080"}, {.max_connections = 1});
  put_tcp_listener(81, "few");
  const auto cluster = worker.clusters.find("few");
  const auto to = SocketAddress::parse("10.0.0.1:81").value();
  io::Scope asking(world);
  io::CancelOnExit cancel(asking);
  Answer first, second, third;
  asking.start(ask(world.host("10.0.0.9"), to, get("/slow"), first));
  world.run_for(1s);
  EXPECT_EQ(cluster->connections_active.value(), 1);
  asking.start(ask(world.host("10.0.0.9"), to, get("/"), second));
  world.run_for(1s);
  EXPECT_NE(second.error, "");
  EXPECT_EQ(cluster->connection_overflows.value(), 1);
  world.run_for(10s);
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(cluster->connections_active.value(), 0);
  asking.start(ask(world.host("10.0.0.9"), to, get("/"), third));
  world.run_for(1s);
  EXPECT_EQ(third.status, 200);
}

TEST_F(OneWorker, CountsThePoolsConnections) {
  EXPECT_EQ(request(get("/")).status, 200);
  EXPECT_EQ(worker.clusters.find("web")->connections_active.value(), 1) << "kept for the next request";
}

TEST_F(OneWorker, AnswersByItselfWhereRoutesSaySo) {
  EXPECT_EQ(request(get("/teapot")).status, 418);
  EXPECT_EQ(request(get("/teapot")).body, "short and stout");
  const Answer redirect = request(get("/old/page?q=1"));
  EXPECT_EQ(redirect.status, 301);
  EXPECT_EQ(redirect.headers.value("location"), "http://new.example.com/new?q=1");
  EXPECT_EQ(request(get("/", "nobody")).status, 404);
  EXPECT_EQ(backend.requests, 0);
}

TEST_F(OneWorker, SaysWhatIsWrongUpstream) {
  put_cluster("web", {});
  Answer answer = request(get("/"));
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.body, "no healthy upstream");
  put_cluster("web", {"10.0.0.3:1"});
  answer = request(get("/"));
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.body, HasSubstr("upstream connect error or disconnect/reset before headers"));
  worker.clusters.remove("web");
  EXPECT_EQ(request(get("/")).status, 503);
}

TEST_F(OneWorker, KeepsTheRoutesTimeout) {
  put_routes([](router::Forward& forward) { forward.timeout = 2s, forward.retry.reset(); });
  const Time before = world.now();
  const Answer answer = request(get("/slow"));
  EXPECT_EQ(answer.status, 504);
  EXPECT_EQ(answer.body, "upstream request timeout");
  EXPECT_LT(world.now() - before, 3s);
}

TEST_F(OneWorker, ReplacesAListenerWithoutLosingItsConnections) {
  Answer slow;
  io::Scope asking(world);
  asking.start(ask(world.host("10.0.0.9"), SocketAddress::parse("10.0.0.1:80").value(), get("/slow"), slow));
  world.run_for(1s);
  worker.remove_listener("in");
  world.run_for(100ms);
  Answer refused;
  asking.start(ask(world.host("10.0.0.9"), SocketAddress::parse("10.0.0.1:80").value(), get("/"), refused));
  EXPECT_TRUE(world.run_until([&] { return asking.size() == 0; }));
  EXPECT_EQ(slow.status, 200) << slow.error;
  EXPECT_NE(refused.error, "");
  asking.cancel();
}

}  // namespace
}  // namespace lateen::downstream
