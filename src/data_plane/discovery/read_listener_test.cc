// Listeners as YAML in; settings, refusals and notes out.
#include "data_plane/discovery/read_listener.h"

#include <gmock/gmock.h>

#include "data_plane/discovery/reading_test_tools.h"

namespace lateen::discovery {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr std::string_view proxy =
    "{name: proxy, typed_config: {'@type': type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy, "
    "stat_prefix: t, cluster: web}}";

class ReadListenerTest : public ListenerWorld {
 protected:
  Result<ReadListener> read(std::string_view fields) {
    notes = Notes("listener");
    return read_listener(
        message_of<envoy::config::listener::v3::Listener>(
            fmt::format("name: in\naddress: {{socket_address: {{address: 10.0.0.1, port_value: 80}}}}\n{}", fields)),
        around, notes);
  }
  // One chain with these network filters.
  Result<ReadListener> read_filters(std::string_view filters) {
    return read(fmt::format("filter_chains: [{{name: c, filters: [{}]}}]", filters));
  }
  static std::string refusal(const Result<ReadListener>& read) { return read ? "accepted" : read.error().message; }
  static std::string filter(std::string_view type, std::string_view fields = "") {
    return fmt::format("{{name: f, typed_config: {{'@type': type.googleapis.com/{} {} {}}}}}", type,
                       fields.empty() ? "" : ",", fields);
  }
  static std::string inspector(std::string_view kind, std::string_view more = "") {
    const std::string_view type = kind == "tls"    ? "tls_inspector.v3.TlsInspector"
                                  : kind == "http" ? "http_inspector.v3.HttpInspector"
                                                   : "original_dst.v3.OriginalDst";
    return fmt::format(
        "{{name: {}, typed_config: {{'@type': type.googleapis.com/envoy.extensions.filters.listener.{}}} {}}}", kind,
        type, more);
  }
  Notes notes{"listener"};
};

TEST_F(ReadListenerTest, DefaultsAreEnvoys) {
  const auto listener = read("");
  ASSERT_TRUE(listener);
  const downstream::ListenerSettings& settings = *listener->settings;
  EXPECT_TRUE(settings.bind_to_port);
  EXPECT_FALSE(settings.use_original_destination);
  EXPECT_EQ(settings.inspection_timeout, 15s);
  EXPECT_FALSE(settings.continue_after_timeout);
  EXPECT_FALSE(settings.tls_inspector.enabled);
  EXPECT_EQ(settings.stat_name, "10.0.0.1_80");
  EXPECT_THAT(said(notes), IsEmpty());
}

TEST_F(ReadListenerTest, AChainsMatchIsReadFieldByField) {
  const auto listener = read(R"(
filter_chains:
- name: c
  filter_chain_match:
    destination_port: 443
    prefix_ranges: [{address_prefix: 10.0.0.0, prefix_len: 8}]
    server_names: [A.example.com, "*.b.com"]
    transport_protocol: tls
    application_protocols: [h2]
    direct_source_prefix_ranges: [{address_prefix: "::1", prefix_len: 128}]
    source_type: EXTERNAL
    source_prefix_ranges: [{address_prefix: 172.16.0.0, prefix_len: 12}]
    source_ports: [1, 2]
)");
  ASSERT_TRUE(listener) << refusal(listener);
  const downstream::FilterChainMatch expected{
      .destination_port = 443,
      .destination_prefixes = {Cidr::parse("10.0.0.0/8").value()},
      .server_names = {"a.example.com", "*.b.com"},
      .transport_protocol = "tls",
      .application_protocols = {"h2"},
      .direct_source_prefixes = {Cidr::parse("::1/128").value()},
      .source_type = downstream::SourceType::external,
      .source_prefixes = {Cidr::parse("172.16.0.0/12").value()},
      .source_ports = {1, 2},
  };
  EXPECT_EQ(listener->settings->chains.at(0)->match, expected);
}

TEST_F(ReadListenerTest, InspectorsAreSwitchedOffByPort) {
  const auto listener = read(
      fmt::format("listener_filters: [{}, {}, {}]", inspector("original_dst"),
                  inspector("tls", ", filter_disabled: {destination_port_range: {start: 15010, end: 15011}}"),
                  inspector("http",
                            ", filter_disabled: {or_match: {rules: [{destination_port_range: {start: 80, end: 81}}, "
                            "{destination_port_range: {start: 90, end: 99}}]}}")));
  ASSERT_TRUE(listener) << refusal(listener);
  EXPECT_TRUE(listener->settings->restore_destination);
  EXPECT_THAT(listener->settings->tls_inspector.disabled_ports, ElementsAre(Pair(15010, 15011)));
  EXPECT_THAT(listener->settings->http_inspector.disabled_ports, ElementsAre(Pair(80, 81), Pair(90, 99)));
  EXPECT_THAT(said(notes), IsEmpty());
}

TEST_F(ReadListenerTest, TheTlsInspectorIsAddedForWhatOnlyAHelloTells) {
  const std::pair<std::string_view, bool> cases[] = {
      {"server_names: [a]", true},
      {"transport_protocol: tls", true},
      {"application_protocols: [h2]", true},
      {"{transport_protocol: raw_buffer, application_protocols: [http/1.1]}", false},
      {"destination_port: 80", false},
  };
  for (const auto& [match, added] : cases) {
    const auto listener = read(fmt::format("filter_chains: [{{filter_chain_match: {}}}]",
                                           match.starts_with('{') ? std::string(match) : fmt::format("{{{}}}", match)));
    ASSERT_TRUE(listener) << refusal(listener);
    EXPECT_EQ(listener->settings->tls_inspector.enabled, added) << match;
  }
}

TEST_F(ReadListenerTest, ChainsThatCannotBeToldApartAreRefused) {
  EXPECT_THAT(refusal(read("filter_chains: [{name: a}, {name: b}]")),
              HasSubstr("filter chain 'b' has the same matching rules defined as 'a'"));
  EXPECT_THAT(refusal(read("filter_chains: [{name: a, filter_chain_match: {server_names: [x, y]}}, {name: b, "
                           "filter_chain_match: {server_names: [Y, z]}}]")),
              HasSubstr("overlapping matching rules are defined: 'a' and 'b'"));
  EXPECT_EQ(refusal(read("filter_chains: [{name: a, filter_chain_match: {server_names: [x]}}, {name: b}]")),
            "accepted");
}

TEST_F(ReadListenerTest, WhatIsWrongOrNotSupportedIsRefusedByName) {
  const std::pair<std::string, std::string_view> cases[] = {
      {"filter_chains: [{filter_chain_match: {server_names: ['a*.com']}}]", "partial wildcards"},
      {"filter_chains: [{filter_chain_match: {prefix_ranges: [{address_prefix: 10.0.0.0, prefix_len: 33}]}}]",
       "10.0.0.0/33"},
      {"internal_listener: {}", "internal_listener is not supported"},
      {"udp_listener_config: {}", "udp_listener_config is not supported"},
      {"filter_chain_matcher: {}", "filter_chain_matcher is not supported"},
      {"additional_addresses: [{address: {socket_address: {address: web, port_value: 80}}}]", "malformed IP address"},
      {"additional_addresses: [{address: {socket_address: {address: 10.0.0.1, named_port: http}}}]",
       "named_port is not supported: http"},
      {"additional_addresses: [{address: {socket_address: {protocol: UDP, address: 10.0.0.1, port_value: 1}}}]",
       "UDP addresses"},
      {fmt::format("listener_filters: [{}]",
                   filter("envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol")),
       "ProxyProtocol"},
      {fmt::format("listener_filters: [{}]", inspector("tls", ", filter_disabled: {any_match: true}")),
       "only destination_port_range and or_match"},
      {"access_log: [{name: a, typed_config: {'@type': "
       "type.googleapis.com/envoy.extensions.access_loggers.grpc.v3.TcpGrpcAccessLogConfig}}]",
       "TcpGrpcAccessLogConfig"},
  };
  for (const auto& [fields, words] : cases) EXPECT_THAT(refusal(read(fields)), HasSubstr(words)) << fields;
}

TEST_F(ReadListenerTest, TheLastNetworkFilterIsTerminalAndNoOther) {
  const std::string rbac = filter("envoy.extensions.filters.network.rbac.v3.RBAC", "stat_prefix: r, rules: {}");
  EXPECT_EQ(refusal(read_filters(fmt::format("{}, {}", rbac, proxy))), "accepted");
  EXPECT_EQ(refusal(read_filters("")), "accepted") << "such a chain closes its connections";
  EXPECT_THAT(refusal(read_filters(rbac)), HasSubstr("must be terminal"));
  EXPECT_THAT(refusal(read_filters(fmt::format("{}, {}", proxy, rbac))), HasSubstr("after the terminal filter"));
  EXPECT_THAT(refusal(read_filters(filter("envoy.extensions.filters.network.rbac.v3.RBAC", "stat_prefix: r"))),
              HasSubstr("needs rules"));
}

TEST_F(ReadListenerTest, WhatIsNotHonouredIsNamed) {
  const std::string tcp = "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy";
  const std::pair<std::string, std::string_view> cases[] = {
      {"tcp_fast_open_queue_length: 5", "field tcp_fast_open_queue_length is not honoured"},
      {"enable_reuse_port: false", "field enable_reuse_port false is not honoured"},
      {"filter_chains: [{filter_chain_match: {address_suffix: a}}]",
       "field filter_chain_match.address_suffix is not honoured"},
      {fmt::format("listener_filters: [{}]",
                   inspector("original_dst", ", filter_disabled: {destination_port_range: {start: 1, end: 2}}")),
       "field original_dst.filter_disabled is not honoured"},
      {fmt::format("filter_chains: [{{filters: [{}]}}]",
                   filter(tcp, "stat_prefix: t, cluster: c, max_downstream_connection_duration: 5s")),
       "field tcp_proxy.max_downstream_connection_duration is not honoured"},
      {fmt::format("filter_chains: [{{filters: [{}]}}]",
                   filter(tcp,
                          "stat_prefix: t, weighted_clusters: {clusters: [{name: a, weight: 1, metadata_match: "
                          "{}}]}")),
       "field weighted_clusters.metadata_match is not honoured"},
      {fmt::format(
           "filter_chains: [{{filters: [{}, {}]}}]",
           filter("envoy.extensions.filters.network.rbac.v3.RBAC", "stat_prefix: r, rules: {}, shadow_rules: {}"),
           proxy),
       "field rbac.shadow_rules is not honoured"},
  };
  for (const auto& [fields, note] : cases) {
    EXPECT_EQ(refusal(read(fields)), "accepted") << fields;
    EXPECT_THAT(said(notes), ElementsAre(note)) << fields;
  }
}

TEST_F(ReadListenerTest, AConnectionManagerNamesItsRoutesAndItsPatience) {
  const auto manager = [](std::string_view more) {
    return filter("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                  fmt::format("stat_prefix: h, http_filters: [{{name: router, typed_config: {{'@type': "
                              "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}}}], {}",
                              more));
  };
  auto listener = read_filters(manager("rds: {route_config_name: main, config_source: {ads: {}}}"));
  ASSERT_TRUE(listener) << refusal(listener);
  EXPECT_THAT(listener->route_names, ElementsAre("main"));
  EXPECT_EQ(listener->patience, 15s);
  listener = read_filters(manager(
      "rds: {route_config_name: main, config_source: {ads: {}, initial_fetch_timeout: 0s}}, http2_protocol_options: "
      "{connection_keepalive: {interval: 10s, timeout: 5s}}"));
  EXPECT_EQ(listener->patience, 0s);
  EXPECT_THAT(said(notes), IsEmpty());
  listener = read_filters(manager("route_config: {name: inline}"));
  ASSERT_TRUE(listener);
  EXPECT_EQ(listener->inline_routes.size(), 1);
  EXPECT_THAT(refusal(read_filters(manager("codec_type: HTTP3, route_config: {}"))), HasSubstr("HTTP3"));
  EXPECT_THAT(refusal(read_filters(manager("scoped_routes: {name: s}"))), HasSubstr("scoped_routes"));
}

}  // namespace
}  // namespace lateen::discovery
