#include "config/xds/json.h"

#include <gmock/gmock.h>

#include "config/xds/names.h"
#include "config/xds/protos.h"

namespace lateen::xds {
namespace {

using envoy::config::cluster::v3::Cluster;
using envoy::config::listener::v3::Listener;
using envoy::extensions::transport_sockets::tls::v3::Secret;

TEST(Messages, EveryTypeOfTheApiIsInTheProgram) {
  for (const auto* name :
       {"envoy.config.cluster.v3.Cluster", "envoy.extensions.filters.http.lua.v3.Lua", "udpa.type.v1.TypedStruct",
        "envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication", "istio.networking.nds.v1.NameTable",
        "istio.v1.auth.IstioCertificateRequest", "opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest",
        "envoy.service.auth.v3.CheckRequest", "envoy.admin.v3.ConfigDump", "xds.type.matcher.v3.Matcher"})
    EXPECT_NE(prototype_of(name), nullptr) << name;
  EXPECT_NE(prototype_of(type::listener), nullptr);
  EXPECT_EQ(prototype_of("stats.PluginConfig"), nullptr);
}

TEST(Messages, AdditionsAndRenamedKeywordsAreFields) {
  Cluster cluster;
  auto* budget = cluster.mutable_circuit_breakers()->add_thresholds()->mutable_retry_budget();
  budget->mutable_budget_interval()->set_seconds(2);
  EXPECT_THAT(to_json(cluster), testing::HasSubstr(R"("budgetInterval":"2s")"));

  const auto* rule = prototype_of("envoy.extensions.filters.http.jwt_authn.v3.RequirementRule");
  ASSERT_NE(rule, nullptr);
  const auto* field = rule->GetDescriptor()->FindFieldByName("requires_");
  ASSERT_NE(field, nullptr);
  EXPECT_EQ(field->json_name(), "requires");
  EXPECT_EQ(original_name(*field), "requires");
}

TEST(Messages, SerialisedBytesDoNotDependOnTheOrderOfInsertion) {
  google::protobuf::Struct a, b;
  for (int i = 0; i < 50; ++i) (*a.mutable_fields())[std::to_string(i)].set_number_value(i);
  for (int i = 49; i >= 0; --i) (*b.mutable_fields())[std::to_string(i)].set_number_value(i);
  EXPECT_EQ(serialize(a), serialize(b));
  EXPECT_EQ(version_of(serialize(a)), version_of(serialize(b)));
  (*b.mutable_fields())["7"].set_number_value(8);
  EXPECT_NE(version_of(serialize(a)), version_of(serialize(b)));
}

TEST(Json, WritesFieldsByEitherNameAndLeavesDefaultsOut) {
  Cluster cluster;
  cluster.set_name("a \"b\"\n\x01\xff");
  cluster.mutable_connect_timeout()->set_nanos(250'000'000);
  cluster.set_type(Cluster::EDS);
  cluster.set_lb_policy(Cluster::ROUND_ROBIN);
  cluster.mutable_per_connection_buffer_limit_bytes()->set_value(0);
  EXPECT_EQ(to_json(cluster),
            "{\"name\":\"a \\\"b\\\"\\n\\u0001\xef\xbf\xbd\",\"type\":\"EDS\",\"connectTimeout\":\"0.250s\","
            "\"perConnectionBufferLimitBytes\":0}");
  EXPECT_THAT(to_json(cluster, {.names = JsonOptions::Names::original}),
              testing::HasSubstr("\"connect_timeout\":\"0.250s\""));
}

TEST(Json, IndentsWhenAsked) {
  Cluster cluster;
  cluster.set_name("a");
  cluster.mutable_eds_cluster_config()->mutable_eds_config()->mutable_ads();
  EXPECT_EQ(to_json(cluster, {.indent = 2}),
            "{\n  \"name\": \"a\",\n  \"edsClusterConfig\": {\n    \"edsConfig\": {\n      \"ads\": {}\n    }\n  }\n}");
}

TEST(Json, NumbersThatJsonLacksAndLargeOnes) {
  google::protobuf::DoubleValue number;
  const auto text = [&](double value) {
    number.set_value(value);
    return to_json(number);
  };
  EXPECT_EQ(text(1.0 / 0.0), "\"Infinity\"");
  EXPECT_EQ(text(-1.0 / 0.0), "\"-Infinity\"");
  EXPECT_EQ(text(0.1), "0.1");
  EXPECT_EQ(text(100), "100");
  google::protobuf::UInt64Value large;
  large.set_value(UINT64_MAX);
  EXPECT_EQ(to_json(large), "\"18446744073709551615\"");
}

TEST(Json, DurationsAndTimestampsAtTheirEdges) {
  google::protobuf::Duration duration;
  duration.set_seconds(-1);
  duration.set_nanos(-5000);
  EXPECT_EQ(to_json(duration), "\"-1.000005s\"");
  duration.set_seconds(0);
  duration.set_nanos(-1);
  EXPECT_EQ(to_json(duration), "\"-0.000000001s\"");
  google::protobuf::Timestamp time;
  EXPECT_EQ(to_json(time), "\"1970-01-01T00:00:00Z\"");
  time.set_seconds(INT64_MAX);
  EXPECT_EQ(to_json(time), "\"9999-12-31T23:59:59Z\"");
  time.set_seconds(-62135596800);
  EXPECT_EQ(to_json(time), "\"0001-01-01T00:00:00Z\"");
}

TEST(Json, OpensAnyAndFallsBackToBytes) {
  Listener listener;
  auto* filter = listener.add_filter_chains()->add_filters();
  filter->mutable_typed_config()->set_type_url("type.googleapis.com/not.Known");
  filter->mutable_typed_config()->set_value("\x01\x02");
  google::protobuf::StringValue text;
  text.set_value("x");
  *listener.add_listener_filters()->mutable_typed_config() = pack(text);
  EXPECT_EQ(
      to_json(listener),
      R"({"filterChains":[{"filters":[{"typedConfig":{"@type":"type.googleapis.com/not.Known","value":"AQI="}}]}],)"
      R"("listenerFilters":[{"typedConfig":{"@type":"type.googleapis.com/google.protobuf.StringValue","value":"x"}}]})");
}

TEST(Json, BytesThatDoNotParseAsTheirTypeAreShownAsBytes) {
  google::protobuf::Any any;
  any.set_type_url(std::string(type::cluster));
  any.set_value("\xff\xff");
  EXPECT_EQ(to_json(any), R"({"@type":"type.googleapis.com/envoy.config.cluster.v3.Cluster","value":"//8="})");
}

TEST(Json, EndlesslyNestedAnyEnds) {
  google::protobuf::Any any;
  for (int i = 0; i < 200; ++i) any = pack(any);
  const auto text = to_json(any);
  EXPECT_EQ(std::count(text.begin(), text.end(), '{'), 33);
}

TEST(Json, StructsKeepTheirShape) {
  google::protobuf::Struct map;
  (*map.mutable_fields())["b"].set_null_value(google::protobuf::NULL_VALUE);
  (*map.mutable_fields())["a"].mutable_list_value()->add_values()->set_bool_value(true);
  (*map.mutable_fields())["c"].mutable_struct_value();
  EXPECT_EQ(to_json(map), R"({"a":[true],"b":null,"c":{}})");
}

TEST(Json, HidesWhatTheApiCallsSensitive) {
  Secret secret;
  secret.set_name("default");
  secret.mutable_tls_certificate()->mutable_private_key()->set_inline_string("PRIVATE");
  secret.mutable_tls_certificate()->mutable_certificate_chain()->set_inline_string("CHAIN");
  const auto hidden = to_json(secret, {.redact = true});
  EXPECT_THAT(hidden, testing::Not(testing::HasSubstr("PRIVATE")));
  EXPECT_THAT(hidden, testing::HasSubstr(R"("privateKey":{"inlineString":"[redacted]"})"));
  EXPECT_THAT(hidden, testing::HasSubstr("CHAIN"));
  EXPECT_THAT(to_json(pack(secret), {.redact = true}), testing::Not(testing::HasSubstr("PRIVATE")));
  EXPECT_THAT(to_json(secret), testing::HasSubstr("PRIVATE"));

  secret.mutable_tls_certificate()->mutable_private_key()->set_inline_bytes("PRIVATE");
  EXPECT_THAT(to_json(secret, {.redact = true}), testing::HasSubstr(R"("inlineBytes":"W3JlZGFjdGVkXQ==")"));
}

}  // namespace
}  // namespace lateen::xds
