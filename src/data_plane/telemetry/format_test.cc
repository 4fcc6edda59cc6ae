// Formats: what each operator says with and without a value, and what is refused.
#include "data_plane/telemetry/format.h"

#include <gmock/gmock.h>

namespace lateen::telemetry {
namespace {

using testing::HasSubstr;

SocketAddress address(std::string_view text) { return SocketAddress::parse(text).value(); }

// An exchange of which everything is known.
class Known : public testing::Test {
 protected:
  Known() {
    connection.id = 7;
    connection.remote = address("10.0.0.9:4000");
    connection.direct_remote = address("10.0.0.8:4001");
    connection.local = address("10.0.0.1:80");
    connection.direct_local = address("10.0.0.1:15006");
    connection.requested_server_name = "web.example";
    connection.tls_version = "TLSv1.3";
    connection.tls_cipher = "TLS_AES_128_GCM_SHA256";
    connection.peer_certificate = std::make_shared<PeerCertificate>(PeerCertificate{
        .uri_sans = {"spiffe://td/ns/a/sa/b", "spiffe://td/ns/a/sa/c"},
        .dns_sans = {"b.example"},
        .subject = "CN=b",
        .issuer = "CN=ca",
        .sha256_hex = "ab12",
        .serial = "99",
    });
    connection.local_uri_sans = {"spiffe://td/ns/x/sa/y"};
    connection.filter_chain = "virtualInbound";
    connection.termination_details = "rbac_access_denied";
    connection.transport_failure = "TLS_error:|no cert:TLS_error_end";

    record.connection = &connection;
    record.start = WallTime(1'700'000'000'123'456'789ns);
    record.request_complete = 1ms;
    record.upstream_sent = 2ms;
    record.upstream_first_byte = 5ms;
    record.finished = 12ms;
    record.protocol = "HTTP/2";
    record.status = 503;
    record.flags.set(Flag::upstream_connection_failure);
    record.flags.set(Flag::upstream_retry_limit_exceeded);
    record.details = "via_upstream";
    record.bytes_received = 11;
    record.bytes_sent = 22;
    record.request_head_bytes = 33;
    record.response_head_bytes = 44;
    record.route_name = "default";
    record.virtual_host = "web:80";
    record.upstream_cluster = "outbound|80||web";
    record.upstream_host = address("10.0.0.2:8080");
    record.upstream_local = address("10.0.0.1:50000");
    record.upstream_host_name = "web-0";
    record.upstream_uri_sans = std::make_shared<std::vector<std::string>>(1, "spiffe://td/ns/w/sa/web");
    record.attempts = 3;
    record.extra.make().upstream_failure = "delayed connect error: 111";
    record.extra.make().trace_id = "aa";
    record.extra.make().span_id = "bb";
    record.extra.make().dynamic_metadata["envoy.lua"]["who"] = "alice";

    request.add(":method", "GET");
    request.add(":path", "/x?token=1");
    request.add("x-request-id", "id-1");
    request.add("user-agent", "curl/8.5");
    request.add("content-type", "application/grpc");
    response.add("server", "web");
    trailers.add("grpc-status", "5");
  }
  std::string text(std::string_view format) const {
    const auto compiled = Format::compile(format);
    if (!compiled) return "refused: " + compiled.error().message;
    std::string out;
    compiled->write(out, {record, &request, &response, &trailers});
    return out;
  }
  std::string json(std::string_view format) const {
    std::string out;
    Format::compile(format).value().write_json(out, {record, &request, &response, &trailers});
    return out;
  }

  ConnectionRecord connection;
  Record record;
  protocol::Headers request, response, trailers;
};

struct Said {
  const char *format, *text;
};

constexpr Said of_all_operators[] = {
    {"%REQ(:METHOD)%", "GET"},
    {"%REQUEST_HEADER(User-Agent)%", "curl/8.5"},
    {"%RESP(SERVER)%", "web"},
    {"%RESPONSE_HEADER(server)%", "web"},
    {"%TRAILER(GRPC-STATUS)%", "5"},
    {"%RESPONSE_TRAILER(GRPC-STATUS)%", "5"},
    {"%PATH%", "/x?token=1"},
    {"%PATH(NQ)%", "/x"},
    {"%REQ_WITHOUT_QUERY(X-ENVOY-ORIGINAL-PATH?:PATH)%", "/x"},
    {"%QUERY_PARAM(token)%", "1"},
    {"%QUERY_PARAM(x)%", "-"},
    {"%EMIT_TIME%", "2023-11-14T22:13:20.135Z"},
    {"%DOWNSTREAM_DIRECT_LOCAL_ADDRESS_WITHOUT_PORT%", "10.0.0.1"},
    {"%DOWNSTREAM_DIRECT_LOCAL_PORT%", "15006"},
    {"%UPSTREAM_REMOTE_PORT%", "8080"},
    {"%UPSTREAM_LOCAL_PORT%", "50000"},
    {"%START_TIME%", "2023-11-14T22:13:20.123Z"},
    {"%DURATION%", "12"},
    {"%REQUEST_DURATION%", "1"},
    {"%REQUEST_TX_DURATION%", "2"},
    {"%RESPONSE_DURATION%", "5"},
    {"%RESPONSE_TX_DURATION%", "7"},
    {"%BYTES_RECEIVED%", "11"},
    {"%BYTES_SENT%", "22"},
    {"%REQUEST_HEADERS_BYTES%", "33"},
    {"%RESPONSE_HEADERS_BYTES%", "44"},
    {"%PROTOCOL%", "HTTP/2"},
    {"%RESPONSE_CODE%", "503"},
    {"%RESPONSE_CODE_DETAILS%", "via_upstream"},
    {"%RESPONSE_FLAGS%", "UF,URX"},
    {"%RESPONSE_FLAGS_LONG%", "UpstreamConnectionFailure,UpstreamRetryLimitExceeded"},
    {"%GRPC_STATUS%", "NotFound"},
    {"%GRPC_STATUS(CAMEL_STRING)%", "NotFound"},
    {"%GRPC_STATUS(SNAKE_STRING)%", "NOT_FOUND"},
    {"%GRPC_STATUS(NUMBER)%", "5"},
    {"%GRPC_STATUS_NUMBER%", "5"},
    {"%UPSTREAM_REQUEST_ATTEMPT_COUNT%", "3"},
    {"%CONNECTION_TERMINATION_DETAILS%", "rbac_access_denied"},
    {"%DOWNSTREAM_TRANSPORT_FAILURE_REASON%", "TLS_error:|no_cert:TLS_error_end"},
    {"%UPSTREAM_TRANSPORT_FAILURE_REASON%", "delayed_connect_error:_111"},
    {"%DOWNSTREAM_REMOTE_ADDRESS%", "10.0.0.9:4000"},
    {"%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%", "10.0.0.9"},
    {"%DOWNSTREAM_REMOTE_PORT%", "4000"},
    {"%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%", "10.0.0.8:4001"},
    {"%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%", "10.0.0.8"},
    {"%DOWNSTREAM_DIRECT_REMOTE_PORT%", "4001"},
    {"%DOWNSTREAM_LOCAL_ADDRESS%", "10.0.0.1:80"},
    {"%DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT%", "10.0.0.1"},
    {"%DOWNSTREAM_LOCAL_PORT%", "80"},
    {"%DOWNSTREAM_DIRECT_LOCAL_ADDRESS%", "10.0.0.1:15006"},
    {"%UPSTREAM_HOST%", "10.0.0.2:8080"},
    {"%UPSTREAM_REMOTE_ADDRESS%", "10.0.0.2:8080"},
    {"%UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%", "10.0.0.2"},
    {"%UPSTREAM_LOCAL_ADDRESS%", "10.0.0.1:50000"},
    {"%UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT%", "10.0.0.1"},
    {"%UPSTREAM_HOST_NAME%", "web-0"},
    {"%UPSTREAM_CLUSTER%", "outbound|80||web"},
    {"%UPSTREAM_CLUSTER_RAW%", "outbound|80||web"},
    {"%UPSTREAM_PEER_URI_SAN%", "spiffe://td/ns/w/sa/web"},
    {"%CONNECTION_ID%", "7"},
    {"%TRACE_ID%", "aa"},
    {"%SPAN_ID%", "bb"},
    {"%STREAM_ID%", "id-1"},
    {"%ROUTE_NAME%", "default"},
    {"%VIRTUAL_HOST_NAME%", "web:80"},
    {"%FILTER_CHAIN_NAME%", "virtualInbound"},
    {"%REQUESTED_SERVER_NAME%", "web.example"},
    {"%DOWNSTREAM_PEER_URI_SAN%", "spiffe://td/ns/a/sa/b,spiffe://td/ns/a/sa/c"},
    {"%DOWNSTREAM_PEER_DNS_SAN%", "b.example"},
    {"%DOWNSTREAM_PEER_SUBJECT%", "CN=b"},
    {"%DOWNSTREAM_PEER_ISSUER%", "CN=ca"},
    {"%DOWNSTREAM_PEER_SERIAL%", "99"},
    {"%DOWNSTREAM_PEER_FINGERPRINT_256%", "ab12"},
    {"%DOWNSTREAM_LOCAL_URI_SAN%", "spiffe://td/ns/x/sa/y"},
    {"%DOWNSTREAM_TLS_VERSION%", "TLSv1.3"},
    {"%DOWNSTREAM_TLS_CIPHER%", "TLS_AES_128_GCM_SHA256"},
    {"%DYNAMIC_METADATA(envoy.lua:who)%", "alice"},
};

TEST_F(Known, EachOperatorSaysWhatIsKnown) {
  for (const Said& each : of_all_operators) EXPECT_EQ(text(each.format), each.text) << each.format;
}

TEST(Format, WhatIsNotKnownIsADash) {
  const Record nothing;
  for (const char* name : {"REQ(:PATH)",
                           "RESP(SERVER)",
                           "TRAILER(X)",
                           "PATH",
                           "REQ_WITHOUT_QUERY(:PATH)",
                           "DURATION",
                           "REQUEST_DURATION",
                           "RESPONSE_DURATION",
                           "RESPONSE_TX_DURATION",
                           "PROTOCOL",
                           "RESPONSE_CODE_DETAILS",
                           "RESPONSE_FLAGS",
                           "RESPONSE_FLAGS_LONG",
                           "GRPC_STATUS",
                           "GRPC_STATUS_NUMBER",
                           "CONNECTION_TERMINATION_DETAILS",
                           "UPSTREAM_TRANSPORT_FAILURE_REASON",
                           "DOWNSTREAM_REMOTE_ADDRESS",
                           "DOWNSTREAM_LOCAL_PORT",
                           "UPSTREAM_HOST",
                           "UPSTREAM_LOCAL_ADDRESS",
                           "UPSTREAM_CLUSTER",
                           "UPSTREAM_PEER_URI_SAN",
                           "CONNECTION_ID",
                           "TRACE_ID",
                           "STREAM_ID",
                           "ROUTE_NAME",
                           "REQUESTED_SERVER_NAME",
                           "DOWNSTREAM_PEER_URI_SAN",
                           "DOWNSTREAM_PEER_SUBJECT",
                           "DOWNSTREAM_TLS_VERSION",
                           "DYNAMIC_METADATA(a:b)"}) {
    std::string out;
    Format::compile(fmt::format("%{}%", name)).value().write(out, {nothing});
    EXPECT_EQ(out, "-") << name;
  }
  std::string out;
  Format::compile("%RESPONSE_CODE% %BYTES_SENT% %UPSTREAM_REQUEST_ATTEMPT_COUNT%").value().write(out, {nothing});
  EXPECT_EQ(out, "0 0 0");
}

TEST_F(Known, HeadersHaveAnAlternativeAndALength) {
  EXPECT_EQ(text("%REQ(X-A?:PATH):4%"), "/x?t");
  EXPECT_EQ(text("%REQ(:METHOD?:PATH)%"), "GET") << "the alternative is for want of the first";
  EXPECT_EQ(text("%REQ(X-A?X-B)%"), "-");
  EXPECT_EQ(text("%REQ(:METHOD):10%"), "GET");
  EXPECT_EQ(text("%REQ(X-A):0%"), "-") << "the length is one of values";
  request.add("x-empty", "");
  EXPECT_EQ(text("<%REQ(X-EMPTY?:PATH)%>"), "<>") << "an empty field is there";
}

TEST_F(Known, TextAroundOperatorsStays) {
  EXPECT_EQ(text("100%% \"%REQ(:METHOD)%\" %RESPONSE_CODE%\n"), "100% \"GET\" 503\n");
  EXPECT_EQ(text(""), "");
}

TEST_F(Known, StartTimesFollowStrftimeWithFractions) {
  EXPECT_EQ(text("%START_TIME(%Y/%m/%dT%H:%M:%S)%"), "2023/11/14T22:13:20");
  EXPECT_EQ(text("%START_TIME(%s.%3f)%"), "1700000000.123");
  EXPECT_EQ(text("%START_TIME(%s%6f)%"), "1700000000123456");
  EXPECT_EQ(text("%START_TIME(%f)%"), "123456789");
  const std::string wide(300, 'x');
  EXPECT_EQ(text("%START_TIME(" + wide + "%Y)%"), wide + "2023");
}

TEST_F(Known, GrpcStatusIsOfGrpcRequestsOnly) {
  request.set("content-type", "application/grpc-web");
  EXPECT_EQ(text("%GRPC_STATUS% %GRPC_STATUS_NUMBER%"), "- -");
  request.set("content-type", "application/grpc+proto");
  trailers.set("grpc-status", "17");
  EXPECT_EQ(text("%GRPC_STATUS% %GRPC_STATUS(SNAKE_STRING)%"), "17 17");
  trailers.set("grpc-status", "\"},{");
  EXPECT_EQ(text("%GRPC_STATUS% %GRPC_STATUS_NUMBER%"), "-1 -1");
  trailers.remove("grpc-status");
  response.add("grpc-status", "0");
  EXPECT_EQ(text("%GRPC_STATUS%"), "OK") << "an answer that is nothing but trailers";
}

TEST_F(Known, TheRemoteAddressIsTheClientsWhereAProxyNamesIt) {
  record.client = Ip::parse("2001:db8::1").value();
  EXPECT_EQ(text("%DOWNSTREAM_REMOTE_ADDRESS%"), "[2001:db8::1]:0");
  EXPECT_EQ(text("%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT% %DOWNSTREAM_REMOTE_PORT%"), "2001:db8::1 0");
  EXPECT_EQ(text("%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%"), "10.0.0.8:4001");
}

TEST_F(Known, WhatStrangersSayStaysOneColumnOfOneLine) {
  connection.requested_server_name = "a\nb c";
  EXPECT_EQ(text("%REQUESTED_SERVER_NAME%"), "invalid:a_b_c");
  record.details = "bad request\r\nHTTP/1.1";
  EXPECT_EQ(text("%RESPONSE_CODE_DETAILS%"), "bad_request__HTTP/1.1");
  EXPECT_EQ(text("%RESPONSE_CODE_DETAILS(ALLOW_WHITESPACES)%"), "bad request__HTTP/1.1");
  record.extra.make().dynamic_metadata["jwt"]["sub"] = "eve\n[now] \"GET / HTTP/1.1\" 200";
  EXPECT_EQ(text("%DYNAMIC_METADATA(jwt:sub)%"), "eve_[now] \"GET / HTTP/1.1\" 200");
}

TEST_F(Known, JsonKeepsTheTypesOfOperators) {
  EXPECT_EQ(json("%RESPONSE_CODE%"), "503");
  EXPECT_EQ(json("%DURATION%"), "12");
  EXPECT_EQ(json("%GRPC_STATUS(NUMBER)%"), "5");
  EXPECT_EQ(json("%RESPONSE_FLAGS%"), "\"UF,URX\"");
  EXPECT_EQ(json("%REQ(X-A)%"), "null");
  EXPECT_EQ(json("%RESPONSE_CODE%ms"), "\"503ms\"");
  EXPECT_EQ(json("%REQ(X-A)%/%REQ(X-B)%"), "\"-/-\"");
  EXPECT_EQ(json("plain"), "\"plain\"");
  request.add("x-count", "42");
  EXPECT_EQ(json("%REQ(X-COUNT)%"), "\"42\"") << "a client does not choose the type";
}

TEST_F(Known, JsonEscapesHostileValues) {
  request.add("x-a", "\",\"admin\":\"\\\x7f\xff");
  EXPECT_EQ(json("%REQ(X-A)%"), "\"\\\",\\\"admin\\\":\\\"\\\\\\u007f\xef\xbf\xbd\"");
  trailers.set("grpc-status", "1,\"x\":2");
  EXPECT_EQ(json("%GRPC_STATUS_NUMBER%"), "-1");
}

TEST_F(Known, BadFormatsAreRefusedBySayingWhy) {
  for (const Said& each : std::initializer_list<Said>{
           {"50% off", "a % without its partner"},
           {"%REQ(X", "a % without its partner"},
           {"%REQ)X%", "%REQ)X% is not supported"},
           {"%REQ(X)abc%", "\"abc\" after %REQ is not a length"},
           {"%REQ(X):-1%", "is not a length"},
           {"%REQ(X):99999999999999999999%", "is not a length"},
           {"%REQ%", "%REQ% needs a header name"},
           {"%TRAILER()%", "%TRAILER% needs a header name"},
           {"%REQ(A?B?C)%", "more than one alternative"},
           {"%RESPONSE_COD%", "did you mean %RESPONSE_CODE%?"},
           {"%FILTER_STATE(x)%", "%FILTER_STATE% is not supported"},
           {"%GRPC_STATUS(ROMAN)%", "known are CAMEL_STRING"},
       })
    EXPECT_THAT(text(each.format), HasSubstr(each.text)) << each.format;
}

TEST(Format, OnlyOneWithoutOperatorsIsLiteral) {
  EXPECT_TRUE(Format::compile("a 100%% text").value().is_literal());
  EXPECT_FALSE(Format::compile("%PROTOCOL%").value().is_literal());
}

}  // namespace
}  // namespace lateen::telemetry
