// One request through the router, to backends on the simulated network.
#include "data_plane/router/router.h"

#include <gmock/gmock.h>

#include "lib/http/server.h"
#include "lib/io/simulated.h"

namespace lateen::router {
namespace {

using testing::ElementsAre;

// Keeps what it is asked, answers with `status`; "/silent" never gets an answer.
class Backend final : public http::Service {
 public:
  struct Seen {
    Headers head;
    std::string body;
  };
  explicit Backend(io::Loop& loop) : loop_(loop) {}
  io::Task<void> serve(http::ServerStream& stream) override {
    Seen request{.head = stream.request().headers};
    if (stream.request().is_tunnel) co_return co_await echo(stream);
    if (stream.request().body) request.body = (co_await http::read_all(*stream.request().body, 1 << 20)).value_or("?");
    seen.push_back(std::move(request));
    if (seen.back().head.path() == "/silent") co_await loop_.sleep(24h);
    http::Response response;
    response.headers.set_status(status);
    (void)co_await stream.respond(std::move(response));
  }
  int status = 200;
  std::vector<Seen> seen;

 private:
  static io::Task<void> echo(http::ServerStream& stream) {
    http::Response response;
    response.headers.set_status(101);
    response.headers.add("upgrade", stream.request().headers.value("upgrade"));
    response.body = std::move(stream.request().body);
    (void)co_await stream.respond(std::move(response));
  }
  io::Loop& loop_;
};

io::Task<void> serve(io::Network& network, SocketAddress on, http::Service& service) {
  auto acceptor = network.listen(on);
  io::Scope scope(network.loop());
  io::CancelOnExit guard(scope);
  const auto one = [](std::unique_ptr<io::Transport> transport, http::Service& service) -> io::Task<void> {
    const http::ServerOptions options;
    co_await http::serve_connection(*transport, service, options, http::Protocol::detect);
  };
  for (;;) {
    auto transport = co_await (*acceptor)->accept();
    if (!transport) co_return;
    scope.start(one(std::move(*transport), service));
  }
}

// Raw, but remembers which names it was to ask for.
class NamingSocket final : public upstream::TransportSocket {
 public:
  io::Task<Result<std::unique_ptr<io::Transport>>> secure(std::unique_ptr<io::Transport> connection,
                                                          const Options& options, const upstream::Endpoint&) override {
    names.push_back(options.sni);
    co_return connection;
  }
  bool is_secure() const override { return true; }
  std::vector<std::string> names;
};

class RouterTest : public testing::Test {
 protected:
  RouterTest() {
    for (auto* each : {&web, &copy}) {
      each->socket = std::make_shared<NamingSocket>();
      backends.start(serve(world.host(each->ip), {Ip::parse(each->ip).value(), 80, {}}, each->backend));
    }
    put_cluster("web", web, {web.ip});
    put_cluster("copy", copy, {copy.ip});
    action.clusters = {{.name = "web", .weight = 1}};
    action.total_weight = 1;
    connection.local = connection.remote = SocketAddress::parse("10.0.0.1:80").value();
    record.connection = &connection;
  }

  struct Place {
    std::string ip;
    Backend backend;
    std::shared_ptr<NamingSocket> socket;
  };
  void put_cluster(const std::string& name, const Place& place, std::vector<std::string> ips, bool auto_sni = false,
                   http::Version version = http::Version::http1_1) {
    auto settings = std::make_shared<upstream::ClusterSettings>();
    settings->name = name;
    settings->balancing = balancing;
    settings->auto_sni = auto_sni;
    settings->http.version = version;
    settings->transport_sockets.push_back({.name = "s", .socket = place.socket});
    for (const std::string& ip : ips)
      settings->fixed_endpoints.push_back(
          {.address = {Ip::parse(ip).value(), 80, {}}, .hostname = fmt::format("host-{}", ip)});
    clusters.put(std::make_shared<upstream::Cluster>(world.host("10.0.0.1"), settings, shard, counters));
  }

  http::Request request(std::string_view path, std::string_view host = "web.example", std::string_view body = "") {
    http::Request out;
    out.headers.add(":method", body.empty() ? "GET" : "POST");
    out.headers.add(":scheme", "http");
    out.headers.add(":authority", host);
    out.headers.add(":path", path);
    if (!body.empty()) {
      out.headers.add("content-length", std::to_string(body.size()));
      out.body = http::text_body(world, body);
    }
    return out;
  }

  // The status that the client gets.
  int forward(http::Request request, const PathMatch& path = {}, Mutations mutations = {}) {
    RouteTable::Contents contents{.name = "t"};
    contents.hosts.push_back({.name = "h", .domains = {"*"}});
    contents.hosts[0].routes.push_back({.path = path, .action = action, .mutations = std::move(mutations)});
    const auto table = RouteTable::make(std::move(contents)).value();
    int status = 0;
    io::Scope scope(world);
    io::CancelOnExit cancel(scope);
    scope.start(run(std::move(request), *table, status));
    EXPECT_TRUE(world.run_until([&] { return scope.size() == 0; }));
    return status;
  }
  io::Task<void> run(http::Request request, const RouteTable& table, int& status) {
    StreamClock clock(world);
    request.body = clock.start({}, std::move(request.body));
    UpstreamHold hold;
    const WeightedCluster* chosen = nullptr;
    auto result = co_await router.forward({.request = request,
                                           .record = record,
                                           .table = table,
                                           .found = table.find(request.headers, 0),
                                           .clock = clock,
                                           .hold = hold,
                                           .chosen = chosen});
    status = result ? result->status() : result.error().status;
    if (result && result->body) answer = (co_await http::read_all(*result->body, 1 << 20)).value_or("cut off");
  }

  io::SimulatedWorld world{5};
  metrics::Registry registry;
  upstream::ClusterCounters counters{registry};
  metrics::Shard shard{registry, 0};
  Place web{"10.0.0.2", Backend(world), {}}, copy{"10.0.0.3", Backend(world), {}};
  io::Scope backends{world};
  io::CancelOnExit end_backends{backends};
  upstream::Clusters clusters;
  Router router{clusters, world};
  upstream::Balancing balancing = upstream::Balancing::round_robin;
  Forward action;
  telemetry::ConnectionRecord connection;
  telemetry::Record record;
  std::string answer;  // the body of the last response
};

TEST_F(RouterTest, UnknownClustersAndEmptyOnesAreSaidApart) {
  action.clusters[0].name = "nobody";
  EXPECT_EQ(forward(request("/")), 503);
  EXPECT_TRUE(record.flags.has(telemetry::Flag::no_cluster_found));
  action.cluster_not_found_status = 404;
  EXPECT_EQ(forward(request("/")), 404);
  put_cluster("nobody", web, {});
  record.flags = {};
  EXPECT_EQ(forward(request("/")), 503);
  EXPECT_TRUE(record.flags.has(telemetry::Flag::no_healthy_upstream));
}

TEST_F(RouterTest, AHeaderMayNameTheCluster) {
  action.clusters = {{.header = "x-cluster", .weight = 1}};
  EXPECT_EQ(forward(request("/")), 503) << "it is missing";
  http::Request named = request("/");
  named.headers.add("x-cluster", "web");
  EXPECT_EQ(forward(std::move(named)), 200);
}

TEST_F(RouterTest, FormatsSeeThePathAndTheHostBeforeTheRewrites) {
  action.path_rewrite = {.kind = PathRewrite::prefix, .text = "/new"};
  action.host_rewrite = "other.example";
  action.append_forwarded_host = true;
  HeaderMutations mutations;
  for (const char* name : {":path", ":authority"})
    mutations.add.push_back({.name = fmt::format("x-was{}", name[1]),
                             .value = telemetry::Format::compile(fmt::format("%REQ({})%", name)).value()});
  EXPECT_EQ(forward(request("/old/a?b"), {.kind = PathMatch::prefix, .text = "/old"}, {.request = mutations}), 200);
  const Headers& seen = web.backend.seen.at(0).head;
  EXPECT_EQ(seen.path(), "/new/a?b");
  EXPECT_EQ(seen.authority(), "other.example");
  EXPECT_EQ(seen.value("x-wasp"), "/old/a?b");
  EXPECT_EQ(seen.value("x-wasa"), "web.example");
  EXPECT_EQ(seen.value("x-envoy-original-path"), "/old/a?b");
  EXPECT_EQ(seen.value("x-forwarded-host"), "web.example");
}

TEST_F(RouterTest, TheEndpointsNameBecomesTheHost) {
  action.auto_host_rewrite = action.append_forwarded_host = true;
  EXPECT_EQ(forward(request("/")), 200);
  EXPECT_EQ(web.backend.seen.at(0).head.authority(), "host-10.0.0.2");
  EXPECT_EQ(web.backend.seen.at(0).head.value("x-forwarded-host"), "web.example");
}

TEST_F(RouterTest, TlsAsksForTheRequestsHostUnlessThatIsAnAddress) {
  for (const char* host : {"a.example", "b.example:8443", "10.0.0.2", "10.0.0.2:80", "[::1]:80", "[::1]"}) {
    put_cluster("web", web, {web.ip}, true);
    EXPECT_EQ(forward(request("/", host)), 200) << host;
  }
  EXPECT_THAT(web.socket->names, ElementsAre("a.example", "b.example", "", "", "", ""));
}

TEST_F(RouterTest, EveryAttemptAsksForTheNameOfItsOwnHost) {
  put_cluster("web", web, {web.ip, copy.ip}, true);
  web.backend.status = copy.backend.status = 503;
  action.auto_host_rewrite = true;
  action.retry = RetryPolicy{.on = {.server_error = true}, .retries = 1};
  EXPECT_EQ(forward(request("/")), 503);
  EXPECT_THAT(web.socket->names, testing::UnorderedElementsAre("host-10.0.0.2", "host-10.0.0.3"));
}

TEST_F(RouterTest, ARetryAvoidsTheHostsThatWereTried) {
  balancing = upstream::Balancing::random;
  put_cluster("web", web, {web.ip, copy.ip});
  web.backend.status = 503;
  action.retry =
      RetryPolicy{.on = {.server_error = true}, .retries = 1, .avoid_previous_hosts = true, .host_attempts = 30};
  for (int i = 0; i < 20; ++i) EXPECT_EQ(forward(request("/")), 200) << i;
  EXPECT_FALSE(web.backend.seen.empty());
}

TEST_F(RouterTest, ATunnelIsTriedAgainWithAllThatTheClientSends) {
  put_cluster("web", web, {"10.0.0.7", web.ip});  // nobody listens at the first one
  action.retry = RetryPolicy{.on = {.connect_failure = true}, .retries = 1};
  action.mirrors = {{.cluster = "copy"}};
  for (int i = 0; i < 2; ++i) {  // each of the two hosts comes first once
    http::Request upgrade = request("/chat");
    upgrade.headers.add("connection", "upgrade");
    upgrade.headers.add("upgrade", "websocket");
    upgrade.is_tunnel = true;
    upgrade.body = http::text_body(world, "ping");
    EXPECT_EQ(forward(std::move(upgrade)), 101);
    EXPECT_EQ(answer, "ping");
  }
  EXPECT_EQ(clusters.find("web")->retried.value(), 1U);
  EXPECT_TRUE(copy.backend.seen.empty()) << "tunnels are not mirrored";
}

TEST_F(RouterTest, TheRecordSaysWhyThereWasNoOtherAttempt) {
  web.backend.status = 503;
  action.retry = RetryPolicy{.on = {.server_error = true}, .retries = 2};
  EXPECT_EQ(forward(request("/")), 503);
  EXPECT_EQ(record.attempts, 3);
  EXPECT_TRUE(record.flags.has(telemetry::Flag::upstream_retry_limit_exceeded));
  record.flags = {};
  const auto cluster = clusters.find("web");
  while (cluster->begin_retry()) continue;  // others are at it
  EXPECT_EQ(forward(request("/")), 503);
  EXPECT_TRUE(record.flags.has(telemetry::Flag::upstream_overflow));
  EXPECT_FALSE(record.flags.has(telemetry::Flag::upstream_retry_limit_exceeded));
  record.flags = {};
  web.backend.status = 404;
  EXPECT_EQ(forward(request("/")), 404);
  EXPECT_FALSE(record.flags.any()) << "not a kind to repeat";
}

class Mirroring : public RouterTest, public testing::WithParamInterface<http::Version> {};

TEST_P(Mirroring, ACopyGoesWithItsBodyAndAnotherHost) {
  put_cluster("web", web, {web.ip}, false, GetParam());
  put_cluster("copy", copy, {copy.ip}, true, GetParam());
  action.mirrors = {{.cluster = "copy"}};
  copy.backend.status = 500;
  EXPECT_EQ(forward(request("/a", "web.example:80", "hello")), 200) << "what becomes of the copy is nobody's business";
  world.run_for(1s);
  ASSERT_EQ(copy.backend.seen.size(), 1U);
  EXPECT_EQ(copy.backend.seen[0].body, "hello");
  EXPECT_EQ(copy.backend.seen[0].head.authority(), "web.example-shadow:80");
  EXPECT_EQ(web.backend.seen.at(0).body, "hello");
  EXPECT_EQ(web.backend.seen.at(0).head.authority(), "web.example:80");
  EXPECT_THAT(copy.socket->names, ElementsAre("web.example-shadow"));
}

INSTANTIATE_TEST_SUITE_P(Versions, Mirroring, testing::Values(http::Version::http1_1, http::Version::http2));

TEST_F(RouterTest, MirrorsMayKeepTheHostAndMayBeNowhere) {
  action.mirrors = {{.cluster = "copy"}, {.cluster = "copy", .append_shadow = false}, {.cluster = "nobody"}};
  EXPECT_EQ(forward(request("/")), 200);
  world.run_for(1s);
  std::vector<std::string> hosts;
  for (const auto& each : copy.backend.seen) hosts.emplace_back(each.head.authority());
  EXPECT_THAT(hosts, testing::UnorderedElementsAre("web.example-shadow", "web.example"));
}

TEST_F(RouterTest, AMirrorThatSaysNothingIsLetGoInTime) {
  action.mirrors = {{.cluster = "copy"}};
  action.timeout = 0s;
  RouteTable::Contents contents{.name = "t"};
  contents.hosts.push_back({.name = "h", .domains = {"*"}});
  contents.hosts[0].routes.push_back({.action = action});
  const auto table = RouteTable::make(std::move(contents)).value();
  int status = 0;
  io::Scope scope(world);
  io::CancelOnExit cancel(scope);
  scope.start(run(request("/silent"), *table, status));
  const auto open = [&](std::string_view name) { return clusters.find(name)->connections_active.value(); };
  world.run_for(1s);
  EXPECT_EQ(open("copy"), 1);
  world.run_for(20s);
  EXPECT_EQ(open("copy"), 0);
  EXPECT_EQ(open("web"), 1) << "the request itself waits as long as its route says";
}

}  // namespace
}  // namespace lateen::router
