// HTTP filters as YAML, on a listener of a whole worker: what they do to requests.
#include <gmock/gmock.h>

#include "data_plane/discovery/reading_test_tools.h"
#include "data_plane/discovery/runtime.h"
#include "data_plane/downstream/worker_test_world.h"

namespace lateen::discovery {
namespace {

using downstream::Answer;
using downstream::get;
using ::testing::HasSubstr;

constexpr std::string_view listener_text = R"(
name: filtered
address: {{socket_address: {{address: 10.0.0.1, port_value: 90}}}}
filter_chains:
- filters:
  - name: manager
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
      stat_prefix: f
      {}
      http_filters:
      - {}
      - name: router
        typed_config: {{"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}
      route_config:
        virtual_hosts:
        - name: all
          domains: ["*"]
          routes: [{{match: {{prefix: /}}, route: {{cluster: web}}, {}}}]
)";

class HttpFilters : public downstream::OneWorker {
 protected:
  HttpFilters() : runtime(world, registry, contexts, {}, "node") { runtime.add_worker({world, worker}); }

  // The filter as the manager has it, and what else the route and the manager say.
  void listen(std::string_view filter, std::string_view route = "", std::string_view manager = "") {
    const auto message = message_of<envoy::config::listener::v3::Listener>(
        fmt::format(listener_text, manager.empty() ? "server_name: envoy" : manager, filter, route));
    const auto put = runtime.put_listener(message, "1");
    ASSERT_TRUE(put) << put.error().message;
    world.run_for(1s);
  }
  void fault(std::string_view fields, std::string_view route = "") {
    listen(fmt::format("{{name: fault, typed_config: {{'@type': "
                       "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault, {}}}}}",
                       fields),
           route);
  }
  void cors(std::string_view policy, std::string_view route = "") {
    listen("{name: cors, typed_config: {'@type': type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors}}",
           fmt::format("typed_per_filter_config: {{cors: {{'@type': "
                       "type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy, {}}}}} {}",
                       policy, route));
  }
  void rbac(std::string_view fields, std::string_view manager = "", std::string_view route = "") {
    listen(fmt::format("{{name: rbac, typed_config: {{'@type': "
                       "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC, {}}}}}",
                       fields),
           route, manager);
  }

  Answer ask(http::Request wanted) {
    Answer answer;
    io::Scope asking(world);
    asking.start(downstream::ask(world.host("10.0.0.9"), SocketAddress::parse("10.0.0.1:90").value(), std::move(wanted),
                                 answer));
    EXPECT_TRUE(world.run_until([&] { return asking.size() == 0; }));
    asking.cancel();
    return answer;
  }
  static http::Request with(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
    http::Request out = get("/");
    for (const auto& [name, value] : fields) out.headers.set(name, value);
    return out;
  }
  static http::Request preflight(std::string_view origin) {
    return with({{":method", "OPTIONS"}, {"origin", origin}, {"access-control-request-method", "PUT"}});
  }

  TlsContexts contexts{{}};
  Runtime runtime;
};

// --- fault -----------------------------------------------------------------------------------------------------------

TEST_F(HttpFilters, AFaultHitsItsShareOfTheRequests) {
  fault("abort: {http_status: 418, percentage: {numerator: 25}}");
  int aborted = 0;
  for (int i = 0; i < 400; ++i) aborted += ask(get("/")).status == 418;
  EXPECT_NEAR(aborted, 100, 30);
  EXPECT_EQ(backend.requests, 400 - aborted);
}

TEST_F(HttpFilters, AnAbortSaysWhoItWas) {
  fault("abort: {http_status: 503, percentage: {numerator: 1000000, denominator: MILLION}}");
  const Answer answer = ask(get("/"));
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.body, "fault filter abort");
  EXPECT_EQ(backend.requests, 0);
}

TEST_F(HttpFilters, ADelayComesBeforeTheBackendAndBeforeAnAbort) {
  fault("delay: {fixed_delay: 3s, percentage: {numerator: 100}}");
  Time before = world.now();
  EXPECT_EQ(ask(get("/")).status, 200);
  EXPECT_GE(world.now() - before, 3s);
  fault(
      "delay: {fixed_delay: 3s, percentage: {numerator: 100}}, abort: {http_status: 500, percentage: {numerator: "
      "100}}");
  before = world.now();
  EXPECT_EQ(ask(get("/")).status, 500);
  EXPECT_GE(world.now() - before, 3s);
}

TEST_F(HttpFilters, AFaultOfZeroPercentNeverComes) {
  fault("abort: {http_status: 503, percentage: {numerator: 0}}");
  for (int i = 0; i < 20; ++i) EXPECT_EQ(ask(get("/")).status, 200);
}

TEST_F(HttpFilters, AFaultHitsOnlyRequestsWithAllItsHeaders) {
  fault(
      "abort: {http_status: 503, percentage: {numerator: 100}}, headers: [{name: x-a, string_match: {exact: '1'}}, "
      "{name: x-b}]");
  EXPECT_EQ(ask(with({{"x-a", "1"}, {"x-b", ""}})).status, 503);
  EXPECT_EQ(ask(with({{"x-a", "1"}})).status, 200);
  EXPECT_EQ(ask(get("/")).status, 200);
}

TEST_F(HttpFilters, TheRoutesFaultReplacesTheListeners) {
  fault("abort: {http_status: 503, percentage: {numerator: 100}}",
        "typed_per_filter_config: {fault: {'@type': "
        "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault, delay: {fixed_delay: 1s, percentage: "
        "{numerator: 100}}}}");
  EXPECT_EQ(ask(get("/")).status, 200);
}

TEST_F(HttpFilters, OnlyGrpcCallersGetAGrpcStatus) {
  fault("abort: {grpc_status: 8, percentage: {numerator: 100}}");
  const Answer call = ask(with({{"content-type", "application/grpc"}}));
  EXPECT_EQ(call.status, 200);
  EXPECT_EQ(call.headers.value("content-type"), "application/grpc");
  EXPECT_EQ(call.headers.value("grpc-status"), "8");
  EXPECT_EQ(call.headers.value("grpc-message"), "fault filter abort");
  const Answer plain = ask(get("/"));
  EXPECT_EQ(plain.status, 200);
  EXPECT_EQ(plain.body, "fault filter abort");
  EXPECT_FALSE(plain.headers.has("grpc-status"));
  EXPECT_FALSE(ask(with({{"content-type", "application/grpc-web"}})).headers.has("grpc-status")) << "another protocol";
}

TEST_F(HttpFilters, AFilterThatBeginsDisabledActsWhereARouteHasSettingsForIt) {
  constexpr std::string_view always = "abort: {http_status: 418, percentage: {numerator: 100}}";
  constexpr std::string_view type = "'@type': type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault";
  const std::string filter = fmt::format("{{name: fault, disabled: true, typed_config: {{{}, {}}}}}", type, always);
  listen(filter);
  EXPECT_EQ(ask(get("/")).status, 200);
  listen(filter, fmt::format("typed_per_filter_config: {{fault: {{{}, {}}}}}", type, always));
  EXPECT_EQ(ask(get("/")).status, 418);
}

// --- cors ------------------------------------------------------------------------------------------------------------

constexpr std::string_view policy =
    "allow_origin_string_match: [{suffix: .example.com}], allow_methods: 'GET,PUT', allow_headers: x-h, max_age: '60', "
    "expose_headers: x-e, allow_credentials: true";

TEST_F(HttpFilters, APreflightIsAnsweredForTheBackend) {
  cors(policy);
  const Answer answer = ask(preflight("https://a.example.com"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.headers.value("access-control-allow-origin"), "https://a.example.com");
  EXPECT_EQ(answer.headers.value("access-control-allow-methods"), "GET,PUT");
  EXPECT_EQ(answer.headers.value("access-control-allow-headers"), "x-h");
  EXPECT_EQ(answer.headers.value("access-control-max-age"), "60");
  EXPECT_EQ(answer.headers.value("access-control-allow-credentials"), "true");
  EXPECT_EQ(backend.requests, 0);
}

TEST_F(HttpFilters, AResponseIsMarkedForTheOriginsOfThePolicy) {
  cors(policy);
  const Answer own = ask(with({{"origin", "https://a.example.com"}}));
  EXPECT_EQ(own.headers.value("access-control-allow-origin"), "https://a.example.com");
  EXPECT_EQ(own.headers.value("access-control-expose-headers"), "x-e");
  EXPECT_FALSE(ask(with({{"origin", "https://evil.org"}})).headers.has("access-control-allow-origin"));
  EXPECT_FALSE(ask(get("/")).headers.has("access-control-allow-origin"));
  EXPECT_EQ(backend.requests, 3);
}

TEST_F(HttpFilters, APreflightOfAnotherOriginIsTheBackendsUnlessToldOtherwise) {
  cors(policy);
  EXPECT_EQ(ask(preflight("https://evil.org")).body, "hello ");
  cors(std::string(policy) + ", forward_not_matching_preflights: false");
  const Answer answer = ask(preflight("https://evil.org"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "");
  EXPECT_FALSE(answer.headers.has("access-control-allow-origin"));
  EXPECT_FALSE(answer.headers.has("access-control-allow-methods"));
  EXPECT_EQ(backend.requests, 1);
}

TEST_F(HttpFilters, APolicyThatIsNotEnabledLeavesPreflightsAlone) {
  cors(std::string(policy) +
       ", forward_not_matching_preflights: false, filter_enabled: {default_value: {numerator: 0}}");
  for (const char* origin : {"https://a.example.com", "https://evil.org"}) {
    const Answer answer = ask(preflight(origin));
    EXPECT_EQ(answer.body, "hello ") << origin;
    EXPECT_FALSE(answer.headers.has("access-control-allow-origin")) << origin;
  }
}

TEST_F(HttpFilters, AnEmptyOriginIsNone) {
  cors("allow_origin_string_match: [{safe_regex: {regex: '.*'}}]");
  EXPECT_FALSE(ask(with({{"origin", ""}})).headers.has("access-control-allow-origin"));
}

TEST_F(HttpFilters, ARouteThatRemovesTheOriginDoesNotUnmarkTheResponse) {
  cors(policy, ", request_headers_to_remove: [origin]");
  const Answer answer = ask(with({{"origin", "https://a.example.com"}}));
  EXPECT_FALSE(backend.last_head.has("origin"));
  EXPECT_EQ(answer.headers.value("access-control-allow-origin"), "https://a.example.com");
}

// --- rbac ------------------------------------------------------------------------------------------------------------

constexpr std::string_view from_172 =
    "rules: {policies: {p: {permissions: [{any: true}], principals: [{remote_ip: {address_prefix: 172.16.0.0, "
    "prefix_len: 12}}]}}}";

TEST_F(HttpFilters, WhoIsNotAllowedGets403) {
  rbac("rules: {action: DENY, policies: {p: {permissions: [{header: {name: x-bad}}], principals: [{any: true}]}}}");
  EXPECT_EQ(ask(get("/")).status, 200);
  const Answer answer = ask(with({{"x-bad", "1"}}));
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(answer.body, "RBAC: access denied");
  EXPECT_EQ(backend.requests, 1);
}

TEST_F(HttpFilters, RulesWithoutAPolicyAllowNobodyAndNoRulesEverybody) {
  rbac("rules: {}");
  EXPECT_EQ(ask(get("/")).status, 403);
  rbac("shadow_rules: {}");
  EXPECT_EQ(ask(get("/")).status, 200);
}

TEST_F(HttpFilters, NobodyMayClaimToComeFromElsewhere) {
  for (const char* manager : {"use_remote_address: false", "use_remote_address: true"}) {
    rbac(from_172, manager);
    EXPECT_EQ(ask(with({{"x-envoy-external-address", "172.16.0.1"}})).status, 403) << manager;
  }
  rbac(from_172, "use_remote_address: true");
  EXPECT_EQ(ask(with({{"x-forwarded-for", "172.16.0.1"}})).status, 403) << "the edge trusts its peer only";
}

TEST_F(HttpFilters, TheClientIsWhoTheTrustedHopsName) {
  struct Case {
    const char *manager, *forwarded;
    int status;
  };
  constexpr const char* at_the_edge = "use_remote_address: true\n      xff_num_trusted_hops: 1";
  const Case cases[] = {{"use_remote_address: false", "10.1.1.1, 172.16.0.1", 200},
                        {"use_remote_address: false", "172.16.0.1, 10.1.1.1", 403},
                        {"xff_num_trusted_hops: 1", "172.16.0.1, 10.1.1.1", 200},
                        {at_the_edge, "172.16.0.1", 200},
                        {at_the_edge, "172.16.0.1, 10.1.1.1", 403},
                        {"use_remote_address: false", "nonsense", 403}};
  for (const Case& each : cases) {
    rbac(from_172, each.manager);
    EXPECT_EQ(ask(with({{"x-forwarded-for", each.forwarded}})).status, each.status) << each.manager << each.forwarded;
  }
}

TEST_F(HttpFilters, ARouteMaySwitchRbacOff) {
  rbac("rules: {}", "",
       "typed_per_filter_config: {rbac: {'@type': "
       "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBACPerRoute}}");
  EXPECT_EQ(ask(get("/")).status, 200);
}

}  // namespace
}  // namespace lateen::discovery
