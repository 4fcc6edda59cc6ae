// Route configurations as YAML in; tables, refusals and notes out.
#include "data_plane/discovery/read_routes.h"

#include <gmock/gmock.h>

#include "data_plane/discovery/reading_test_tools.h"

namespace lateen::discovery {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RoutesTest : public ::testing::Test {
 protected:
  Result<std::shared_ptr<const router::RouteTable>> read(std::string_view text) {
    notes = Notes("routes");
    return read_routes(message_of<envoy::config::route::v3::RouteConfiguration>(text), read_filter_settings, notes);
  }
  Result<std::shared_ptr<const router::RouteTable>> read_one(std::string_view route, std::string_view more = "") {
    return read(fmt::format("name: r\nvirtual_hosts: [{{name: h, domains: ['*'], routes: [{}]}}]\n{}", route, more));
  }
  // Of a route that forwards.
  const router::Forward& forward(std::string_view action) {
    auto table = read_one(fmt::format("{{match: {{prefix: /}}, route: {}}}", action));
    EXPECT_TRUE(table) << table.error().message;
    kept = *table;
    return std::get<router::Forward>(kept->contents().hosts[0].routes[0].action);
  }
  std::string refusal(const Result<std::shared_ptr<const router::RouteTable>>& table) {
    return table ? "accepted" : table.error().message;
  }

  Notes notes{"routes"};
  std::shared_ptr<const router::RouteTable> kept;
};

TEST_F(RoutesTest, TheFirstRouteThatMatchesIsTaken) {
  const auto table = read(R"(
name: r
virtual_hosts:
- name: h
  domains: ["*"]
  routes:
  - {name: exact, match: {path: /a}, route: {cluster: c}}
  - {name: any case, match: {path: /B, case_sensitive: false}, route: {cluster: c}}
  - {name: separated, match: {path_separated_prefix: /api}, route: {cluster: c}}
  - {name: regex, match: {safe_regex: {regex: '/r/[0-9]+'}}, route: {cluster: c}}
  - {name: header, match: {prefix: /h, headers: [{name: x-a, string_match: {exact: "1"}}]}, route: {cluster: c}}
  - {name: query, match: {prefix: /q, query_parameters: [{name: v, string_match: {exact: "1"}}]}, route: {cluster: c}}
  - {name: grpc, match: {prefix: /g, grpc: {}}, route: {cluster: c}}
  - {name: never, match: {prefix: /f, runtime_fraction: {default_value: {numerator: 0}}}, route: {cluster: c}}
  - {name: rest, match: {prefix: /}, route: {cluster: c}}
)");
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_THAT(said(notes), IsEmpty());
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"/a", "exact"},       {"/a?x", "exact"},   {"/a/", "rest"},    {"/b", "any case"}, {"/api/x", "separated"},
      {"/api", "separated"}, {"/apix", "rest"},   {"/r/12", "regex"}, {"/r/12a", "rest"}, {"/r/12?x", "regex"},
      {"/hello", "header"},  {"/q?v=1", "query"}, {"/q?v=2", "rest"}, {"/g", "rest"},     {"/f", "rest"}};
  for (const auto& [path, name] : cases) {
    http::Headers request;
    request.add(":authority", "web");
    request.add(":path", path);
    request.add("x-a", "1");
    EXPECT_EQ((*table)->find(request, 7).route->name, name) << path;
  }
}

TEST_F(RoutesTest, AForwardKeepsItsSettings) {
  const router::Forward& forward = this->forward(R"({
    weighted_clusters:
      {clusters: [{name: a, weight: 1, host_rewrite_literal: h}, {name: b, weight: 3}], total_weight: 4},
    timeout: 3s, idle_timeout: 4s, max_stream_duration: {max_stream_duration: 5s, grpc_timeout_header_max: 6s},
    prefix_rewrite: /new, host_rewrite_header: X-Host, append_x_forwarded_host: true,
    retry_policy: {retry_on: "5xx,reset", num_retries: 4, per_try_timeout: 1s, retry_back_off: {base_interval: 0.1s}},
    request_mirror_policies:
      [{cluster: m, runtime_fraction: {default_value: {numerator: 5, denominator: TEN_THOUSAND}}}],
    upgrade_configs: [{upgrade_type: WebSocket}], cluster_not_found_response_code: NOT_FOUND})");
  EXPECT_THAT(said(notes), IsEmpty());
  EXPECT_EQ(forward.total_weight, 4);
  EXPECT_EQ(forward.clusters[0].host_rewrite, "h");
  EXPECT_EQ(forward.clusters[1].weight, 3);
  EXPECT_EQ(forward.timeout, 3s);
  EXPECT_EQ(forward.idle_timeout, 4s);
  EXPECT_EQ(forward.max_stream_duration, 5s);
  EXPECT_EQ(forward.max_grpc_timeout, 6s);
  EXPECT_EQ(forward.path_rewrite.text, "/new");
  EXPECT_EQ(forward.host_rewrite_header, "x-host");
  EXPECT_TRUE(forward.append_forwarded_host);
  EXPECT_EQ(forward.retry->retries, 4);
  EXPECT_EQ(forward.retry->per_try_timeout, 1s);
  EXPECT_EQ(forward.retry->back_off_max, 1s) << "ten times the base unless said";
  EXPECT_EQ(forward.mirrors[0].fraction.numerator, 5);
  EXPECT_EQ(forward.mirrors[0].fraction.denominator, 10'000);
  EXPECT_THAT(forward.upgrades, ElementsAre("websocket"));
  EXPECT_EQ(forward.cluster_not_found_status, 404);
}

TEST_F(RoutesTest, TheDefaultsAreEnvoys) {
  const router::Forward& forward = this->forward("{cluster: c, retry_policy: {retry_on: reset}}");
  EXPECT_EQ(forward.timeout, 15s);
  EXPECT_EQ(forward.retry->retries, 1);
  EXPECT_EQ(forward.retry->back_off, 25ms);
  EXPECT_EQ(forward.retry->back_off_max, 250ms);
  EXPECT_EQ(forward.cluster_not_found_status, 503);
}

TEST_F(RoutesTest, WhatIsNotHonouredIsNamed) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"{cluster: c, hash_policy: [{header: {header_name: a}}]}", "field route.route.hash_policy is not honoured"},
      {"{cluster: c, priority: HIGH}", "field route.priority HIGH is not honoured"},
      {"{cluster: c, retry_policy: {retry_on: 'reset,http3-post-connect-failure'}}",
       "retry_on \"http3-post-connect-failure\" is not honoured"},
      {"{cluster: c, retry_policy: {retry_on: reset, per_try_idle_timeout: 1s}}",
       "field retry_policy.per_try_idle_timeout is not honoured"},
      {"{weighted_clusters: {clusters: [{name: a, weight: 1}], header_name: x}}",
       "field route.weighted_clusters.header_name is not honoured"},
      {"{weighted_clusters: {clusters: [{name: a, weight: 1, metadata_match: {}}]}}",
       "field weighted_clusters.metadata_match is not honoured"},
      {"{cluster: c, upgrade_configs: [{upgrade_type: websocket, enabled: false}]}",
       "field upgrade_configs.enabled false is not honoured"},
      {"{cluster: c, upgrade_configs: [{upgrade_type: CONNECT, connect_config: {}}]}",
       "field upgrade_configs.connect_config is not honoured"},
  };
  for (const auto& [action, note] : cases) {
    forward(action);
    EXPECT_THAT(said(notes), ElementsAre(note)) << action;
  }
  ASSERT_TRUE(read("{name: r, vhds: {config_source: {ads: {}}}, validate_clusters: true}"));
  EXPECT_THAT(said(notes), ElementsAre("field vhds is not honoured", "field validate_clusters is not honoured"));
}

TEST_F(RoutesTest, WhatIsWrongIsRefusedByName) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"{match: {prefix: /}}", "a route must have route, redirect or direct_response"},
      {"{match: {safe_regex: {regex: '(a'}}, route: {cluster: c}}", "(a"},
      {"{match: {prefix: /}, route: {}}", "cluster, cluster_header or weighted_clusters"},
      {"{match: {prefix: /}, route: {weighted_clusters: {clusters: [{name: a, weight: 0}]}}}", "greater than 0"},
      {"{match: {prefix: /}, route: {weighted_clusters: {clusters: [{name: a, weight: 5}], total_weight: 4}}}",
       "should be 4"},
      {"{match: {prefix: /}, route: {weighted_clusters: {clusters: [{name: a, weight: 4294967295}, {name: b, weight: "
       "1}]}}}",
       "exceeds 4294967295"},
      {"{match: {prefix: /}, route: {cluster: c}, request_headers_to_add: [{header: {key: ':path', value: a}}]}",
       "may not be modified: :path"},
      {"{match: {prefix: /}, route: {cluster: c}, request_headers_to_remove: [':path']}", "may not be removed: :path"},
      {"{match: {prefix: /}, route: {cluster: c}, response_headers_to_remove: [Host]}", "may not be removed: Host"},
      {"{match: {prefix: /}, route: {cluster: c}, request_headers_to_add: [{header: {key: a, value: '%NO_SUCH%'}}]}",
       "NO_SUCH"},
      {"{match: {prefix: /, query_parameters: [{name: q, present_match: false}]}, route: {cluster: c}}",
       "present_match false"},
      {"{match: {prefix: /}, route: {cluster: c}, typed_per_filter_config: {f: {'@type': "
       "type.googleapis.com/envoy.extensions.filters.http.buffer.v3.BufferPerRoute}}}",
       "BufferPerRoute"},
  };
  for (const auto& [route, words] : cases) EXPECT_THAT(refusal(read_one(route)), HasSubstr(words)) << route;
}

TEST_F(RoutesTest, DirectResponsesHaveALongestBody) {
  const auto answer = [](size_t size) {
    return fmt::format("{{match: {{prefix: /}}, direct_response: {{status: 200, body: {{inline_string: {}}}}}}}",
                       std::string(size, 'x'));
  };
  EXPECT_EQ(refusal(read_one(answer(4096))), "accepted");
  EXPECT_THAT(refusal(read_one(answer(4097))), HasSubstr("response body size is 4097 bytes; maximum is 4096"));
  EXPECT_EQ(refusal(read_one(answer(4097), "max_direct_response_body_size_bytes: 5000")), "accepted");
}

TEST_F(RoutesTest, DomainsAreUniqueWithoutRegardToCase) {
  EXPECT_THAT(refusal(read("{name: r, virtual_hosts: [{name: a, domains: [web]}, {name: b, domains: [WEB]}]}")),
              HasSubstr("Only unique values for domains are permitted"));
}

TEST_F(RoutesTest, ARedirectKeepsItsParts) {
  const auto table = read_one(
      "{match: {prefix: /}, redirect: {https_redirect: true, host_redirect: h, port_redirect: 8443, prefix_rewrite: "
      "/n, "
      "response_code: PERMANENT_REDIRECT, strip_query: true}}");
  ASSERT_TRUE(table);
  const auto& redirect = std::get<router::Redirect>((*table)->contents().hosts[0].routes[0].action);
  EXPECT_EQ(redirect.scheme, "https");
  EXPECT_EQ(redirect.host, "h");
  EXPECT_EQ(redirect.port, 8443);
  EXPECT_EQ(redirect.path_rewrite.text, "/n");
  EXPECT_EQ(redirect.status, 308);
  EXPECT_TRUE(redirect.strip_query);
}

TEST_F(RoutesTest, AFilterOfARouteMayBeOptionalOrSwitchedOff) {
  const auto table = read_one(R"({match: {prefix: /}, route: {cluster: c}, typed_per_filter_config: {
    off: {'@type': type.googleapis.com/envoy.config.route.v3.FilterConfig, disabled: true},
    unknown: {'@type': type.googleapis.com/envoy.config.route.v3.FilterConfig, is_optional: true, config:
      {'@type': type.googleapis.com/envoy.extensions.filters.http.buffer.v3.BufferPerRoute}},
    fault: {'@type': type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault}}})");
  ASSERT_TRUE(table) << table.error().message;
  const router::PerFilter& filters = (*table)->contents().hosts[0].routes[0].filters;
  EXPECT_THAT(filters.disabled, ElementsAre("off"));
  EXPECT_EQ(filters.settings.size(), 1);
  EXPECT_TRUE(filters.settings.contains("fault"));
}

}  // namespace
}  // namespace lateen::discovery
