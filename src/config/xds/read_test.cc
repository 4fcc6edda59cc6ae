#include "config/xds/read.h"

#include <gmock/gmock.h>

#include "config/xds/json.h"
#include "config/xds/names.h"
#include "config/xds/protos.h"
#include "config/xds/typed_struct.h"
#include "envoy/config/rbac/v3/rbac.pb.h"
#include "envoy/extensions/filters/http/jwt_authn/v3/config.pb.h"
#include "lib/schema/document.h"

namespace lateen::xds {
namespace {

using envoy::config::cluster::v3::Cluster;
using envoy::config::listener::v3::Listener;
using testing::ElementsAre;
using testing::HasSubstr;

// The messages that reading the text gives, one a line as people see them.
template <class M>
std::vector<std::string> problems(std::string_view yaml, M& out, const ReadOptions& options = {}) {
  schema::Diagnostics diagnostics;
  read_message_text(yaml, "f.yaml", diagnostics, out, options);
  std::vector<std::string> lines;
  for (const auto& each : diagnostics.all()) lines.push_back(schema::format(each));
  return lines;
}

TEST(Read, BothNamesAndAllForms) {
  Cluster cluster;
  EXPECT_THAT(
      problems("name: a\nconnectTimeout: 0.250s\nper_connection_buffer_limit_bytes: 32768\ntype: STRICT_DNS\n"
               "load_assignment:\n  cluster_name: a\n  endpoints:\n  - lb_endpoints:\n    - endpoint: {address: "
               "{socket_address: {address: 127.0.0.1, port_value: 80}}}\n"
               "metadata: {filter_metadata: {istio: {n: 1, s: [x, null, true]}}}\n"
               "common_lb_config: {healthy_panic_threshold: {value: 12.5}}\n",
               cluster),
      ElementsAre());
  EXPECT_EQ(
      to_json(cluster),
      R"({"name":"a","type":"STRICT_DNS","connectTimeout":"0.250s","perConnectionBufferLimitBytes":32768,)"
      R"("metadata":{"filterMetadata":{"istio":{"n":1,"s":["x",null,true]}}},)"
      R"("commonLbConfig":{"healthyPanicThreshold":{"value":12.5}},)"
      R"("loadAssignment":{"clusterName":"a","endpoints":[{"lbEndpoints":[{"endpoint":{"address":{"socketAddress":)"
      R"({"address":"127.0.0.1","portValue":80}}}}]}]}})");
}

TEST(Read, EveryMistakeAtOnceWithItsPlace) {
  Cluster cluster;
  EXPECT_THAT(
      problems("nam: a\nconnect_timeout: 5\ntype: DNS\nper_connection_buffer_limit_bytes: -1\n"
               "load_assignment:\n  endpoints: {}\n  cluster_name: 7\n",
               cluster),
      ElementsAre(
          HasSubstr("f.yaml:1:1: error: nam: unknown field of envoy.config.cluster.v3.Cluster; did you mean \"name\"?"),
          HasSubstr("f.yaml:2:18: error: connect_timeout: expected a duration"),
          HasSubstr("f.yaml:3:7: error: type: \"DNS\" is none of STATIC, STRICT_DNS"),
          HasSubstr("f.yaml:4:36: error: per_connection_buffer_limit_bytes: expected an integer from 0 to 4294967295"),
          HasSubstr("f.yaml:6:14: error: load_assignment.endpoints: expected a list"),
          HasSubstr("f.yaml:7:17: error: load_assignment.cluster_name: expected a string (put it in quotes)")));
}

TEST(Read, TheSameFieldTwiceAndTwoOfAOneof) {
  Cluster cluster;
  EXPECT_THAT(problems("altStatName: a\nalt_stat_name: b\ntype: EDS\ncluster_type: {name: x}\n", cluster),
              ElementsAre(HasSubstr("f.yaml:2:1: error: alt_stat_name: given twice"),
                          HasSubstr("f.yaml:4:1: error: cluster_type: only one of type and cluster_type can be set")));
}

TEST(Read, TakesTheSpellingsThatProtobufTakes) {
  Cluster cluster;
  EXPECT_THAT(problems("type: strict_dns\nlb_policy: round-robin\nrespect_dns_ttl: \"true\"\n", cluster),
              ElementsAre());
  EXPECT_EQ(to_json(cluster), R"({"type":"STRICT_DNS","respectDnsTtl":true})");
}

TEST(Read, UnknownFieldsCanBeTolerated) {
  Cluster cluster;
  EXPECT_THAT(problems("name: a\nfuture: {x: 1}\n", cluster, {.allow_unknown_fields = true}),
              ElementsAre(HasSubstr("f.yaml:2:1: warning: future: unknown field")));
  EXPECT_EQ(cluster.name(), "a");
}

TEST(Read, AnyNeedsAKnownType) {
  Listener listener;
  EXPECT_THAT(
      problems(
          "filter_chains:\n- filters:\n  - typed_config: {\"@type\": type.googleapis.com/a.B, x: 1}\n"
          "  - typed_config: {x: 1}\n  - typed_config: {}\n"
          "  - typed_config:\n      \"@type\": "
          "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy\n"
          "      stat_prefix: a\n      clusta: b\n"
          "- filters:\n  - typed_config: {\"@type\": type.googleapis.com/google.protobuf.StringValue, value: hi}\n",
          listener),
      ElementsAre(HasSubstr("filter_chains[0].filters[0].typed_config[\"@type\"]: the type a.B is not supported"),
                  HasSubstr("filter_chains[0].filters[1].typed_config: \"@type\" is missing"),
                  HasSubstr("did you mean \"cluster\"?")));
  EXPECT_THAT(to_json(listener),
              HasSubstr(R"({"@type":"type.googleapis.com/google.protobuf.StringValue","value":"hi"})"));
}

TEST(Read, KeywordFieldsKeepTheirNames) {
  envoy::extensions::filters::http::jwt_authn::v3::RequirementRule rule;
  EXPECT_THAT(problems("requires: {provider_name: p}\n", rule), ElementsAre());
  EXPECT_EQ(rule.requires_().provider_name(), "p");
  EXPECT_EQ(to_json(rule, {.names = JsonOptions::Names::original}), R"({"requires":{"provider_name":"p"}})");
}

TEST(Read, NumbersInTheirDisguises) {
  google::protobuf::Struct ignored;
  google::protobuf::UInt64Value large;
  EXPECT_THAT(problems("\"18446744073709551615\"", large), ElementsAre());
  EXPECT_EQ(large.value(), UINT64_MAX);
  EXPECT_THAT(problems("1.0", large), ElementsAre());
  EXPECT_EQ(large.value(), 1u);
  EXPECT_THAT(problems("1.5", large), ElementsAre(HasSubstr("expected an integer")));
  EXPECT_THAT(problems("1e30", large), ElementsAre(HasSubstr("expected an integer")));
  google::protobuf::Int32Value small;
  EXPECT_THAT(problems("2147483648", small), ElementsAre(HasSubstr("from -2147483648 to 2147483647")));
  google::protobuf::DoubleValue real;
  EXPECT_THAT(problems("\"-Infinity\"", real), ElementsAre());
  EXPECT_EQ(real.value(), -std::numeric_limits<double>::infinity());
  google::protobuf::BytesValue bytes;
  EXPECT_THAT(problems("AQI=", bytes), ElementsAre());
  EXPECT_EQ(bytes.value(), "\x01\x02");
  EXPECT_THAT(problems("\"!\"", bytes), ElementsAre(HasSubstr("expected base64")));
}

TEST(Read, DurationsAndTimes) {
  google::protobuf::Duration duration;
  EXPECT_THAT(problems("-1.000000005s", duration), ElementsAre());
  EXPECT_EQ(to_json(duration), "\"-1.000000005s\"");
  for (const auto* bad : {"1", "\"s\"", "1.s", "1.0000000001s", "1m", "-s", "315576000001s", "+1s"})
    EXPECT_EQ(problems(bad, duration).size(), 1u) << bad;
  google::protobuf::Timestamp time;
  EXPECT_THAT(problems("\"2026-11-25T12:00:00.5Z\"", time), ElementsAre());
  EXPECT_EQ(to_json(time), "\"2026-11-25T12:00:00.500Z\"");
}

TEST(Read, DeepNestingIsAnErrorNotACrash) {
  auto node = schema::Node::map();
  for (int i = 0; i < 500; ++i) {
    auto outer = schema::Node::map();
    outer.append("and_rules", schema::Node::map()).append("rules", schema::Node::list()).push_back(std::move(node));
    node = std::move(outer);
  }
  envoy::config::rbac::v3::Permission permission;
  schema::Diagnostics diagnostics;
  EXPECT_FALSE(read_message(node, "", "", diagnostics, permission));
  EXPECT_THAT(diagnostics.first_error(), HasSubstr("nested deeper"));
}

TEST(TypedStruct, OpensToTheMessageItNames) {
  auto tree = schema::Node::map();
  tree["stat_prefix"] = "x";
  tree["cluster"] = "c";
  tree["not_there_yet"] = 1;
  const auto any =
      pack_typed_struct("type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy", tree);
  const auto opened = open_any(any);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->type_url, "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy");
  ASSERT_TRUE(opened->message);
  EXPECT_EQ(to_json(*opened->message), R"({"statPrefix":"x","cluster":"c"})");
  envoy::extensions::filters::network::tcp_proxy::v3::TcpProxy proxy;
  EXPECT_TRUE(unpack(any, proxy));
  EXPECT_EQ(proxy.cluster(), "c");
  Cluster cluster;
  EXPECT_EQ(unpack(any, cluster).error().kind, ErrorKind::invalid);
}

TEST(TypedStruct, OfAnUnknownTypeStaysATree) {
  auto tree = schema::Node::map();
  tree["protocol"] = "istio-peer-exchange";
  const auto opened = open_any(pack_typed_struct(istio_filter::metadata_exchange, tree));
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->type_url, istio_filter::metadata_exchange);
  EXPECT_FALSE(opened->message);
  EXPECT_EQ(opened->value, tree);
}

TEST(TypedStruct, ATreeWhicheverFormItCameIn) {
  Cluster cluster;
  cluster.set_name("a");
  cluster.set_type(Cluster::EDS);
  const auto as_message = open_any(pack(cluster));
  ASSERT_TRUE(as_message);
  EXPECT_EQ(tree_of(*as_message).find("name")->text(), "a");
  EXPECT_EQ(tree_of(*as_message).find("type")->text(), "EDS");
  auto tree = schema::Node::map();
  tree["x"] = 1;
  EXPECT_EQ(tree_of(*open_any(pack_typed_struct(istio_filter::stats, tree))), tree);
}

TEST(TypedStruct, IstiosAlpnFilterIsReadableInBothForms) {
  const auto* prototype = prototype_of(istio_filter::alpn);
  ASSERT_NE(prototype, nullptr);
  std::unique_ptr<Message> filter(prototype->New());
  EXPECT_THAT(problems("alpn_override: [{upstream_protocol: HTTP2, alpn_override: [istio-h2, istio]}]", *filter),
              ElementsAre());
  const auto tree = tree_of(*open_any(pack(*filter)));
  const auto& first = tree.find("alpnOverride")->as_list()->at(0);
  EXPECT_EQ(first.find("upstreamProtocol")->text(), "HTTP2");
  EXPECT_EQ(first.find("alpnOverride")->size(), 2u);
}

TEST(TypedStruct, UnknownTypesAndBadBytesAreErrors) {
  google::protobuf::Any any;
  any.set_type_url("type.googleapis.com/a.B");
  EXPECT_EQ(open_any(any).error().kind, ErrorKind::unsupported);
  EXPECT_THAT(open_any(any).error().message, HasSubstr("a.B"));
  any.set_type_url(std::string(typed_struct_udpa));
  any.set_value("\xff");
  EXPECT_EQ(open_any(any).error().kind, ErrorKind::invalid);
  any.set_value("");
  EXPECT_THAT(open_any(any).error().message, HasSubstr("without type_url"));
}

}  // namespace
}  // namespace lateen::xds
