// What becomes of the heads of requests and responses on their way through.
#include "data_plane/http/request_head.h"

#include "data_plane/http/exchange_test_world.h"

namespace lateen::proxy {
namespace {

class Heads : public OneExchange {
 protected:
  using Fields = std::initializer_list<http::Headers::Field>;

  // The status of the answer, 0 when the request goes on.
  int clean(Fields fields) {
    ask(fields);
    answer = clean_request(*exchange, settings);
    return answer ? answer->status() : 0;
  }
  void show_certificate() {
    connection.tls = connection.mutual_tls = true;
    connection.local_uri_sans = {"spiffe://td/ns/a/sa/own"};
    connection.peer_certificate = std::make_shared<telemetry::PeerCertificate>(
        telemetry::PeerCertificate{.uri_sans = {"spiffe://td/ns/b/sa/peer"},
                                   .dns_sans = {"p.example", "q.example"},
                                   .subject = "CN=peer,O=\\\"x\\\"",
                                   .sha256_hex = "ab12",
                                   .pem = "-----BEGIN\nA+/=\n"});
  }

  ManagerSettings settings;
  std::optional<http::Response> answer;
};

// --- whose request it is -----------------------------------------------------------------------------------------

TEST_F(Heads, EachWayOfTrustNamesItsClient) {
  struct Case {
    bool remote;
    uint32_t hops;
    const char *forwarded, *client, *forwarded_then;
  };
  for (const Case& each : std::initializer_list<Case>{
           {true, 0, "", "10.0.0.9", "10.0.0.9"},
           {true, 0, "1.1.1.1", "10.0.0.9", "1.1.1.1,10.0.0.9"},
           {true, 1, "1.1.1.1, 2.2.2.2", "2.2.2.2", "1.1.1.1, 2.2.2.2,10.0.0.9"},
           {true, 2, "1.1.1.1,2.2.2.2", "1.1.1.1", "1.1.1.1,2.2.2.2,10.0.0.9"},
           {true, 3, "1.1.1.1,2.2.2.2", "10.0.0.9", "1.1.1.1,2.2.2.2,10.0.0.9"},
           {true, 1, ",", "10.0.0.9", ",,10.0.0.9"},
           {true, 1, "<script>", "10.0.0.9", "<script>,10.0.0.9"},
           {true, 1, "2001:db8::1", "2001:db8::1", "2001:db8::1,10.0.0.9"},
           {false, 0, "", "10.0.0.9", "(none)"},
           {false, 0, "1.1.1.1,2.2.2.2", "2.2.2.2", "1.1.1.1,2.2.2.2"},
           {false, 1, "1.1.1.1,2.2.2.2", "1.1.1.1", "1.1.1.1,2.2.2.2"},
           {false, UINT32_MAX, "1.1.1.1", "10.0.0.9", "1.1.1.1"},
           {false, 0, "unknown", "10.0.0.9", "unknown"},
       }) {
    settings.use_remote_address = each.remote;
    settings.trusted_hops = each.hops;
    const std::string forwarded = each.forwarded;
    EXPECT_EQ(forwarded.empty() ? clean({}) : clean({{"x-forwarded-for", forwarded}}), 0);
    EXPECT_EQ(exchange->client().text(), each.client) << each.remote << each.hops << forwarded;
    EXPECT_EQ(field("x-forwarded-for"), each.forwarded_then) << each.remote << each.hops << forwarded;
    EXPECT_EQ(field("x-envoy-external-address"), each.remote ? each.client : "(none)") << each.hops << forwarded;
  }
}

TEST_F(Heads, AClientOnThisMachineIsNamedByOurAddress) {
  settings.use_remote_address = true;
  connection.remote = SocketAddress::parse("127.0.0.1:5").value();
  clean({});
  EXPECT_EQ(field("x-forwarded-for"), "10.0.0.1");
  settings.skip_xff_append = true;
  clean({{"x-forwarded-for", "1.1.1.1"}, {"x-forwarded-for", "2.2.2.2"}});
  EXPECT_EQ(field("x-forwarded-for"), "1.1.1.1,2.2.2.2") << "left as it came";
}

TEST_F(Heads, TheForwardedSchemeIsTrustedFromProxiesOnly) {
  const Fields claim{{"x-forwarded-proto", "https"}};
  clean(claim);
  EXPECT_EQ(field("x-forwarded-proto") + field(":scheme"), "httpshttps") << "a sidecar's peer is a proxy";
  settings.use_remote_address = true;
  clean(claim);
  EXPECT_EQ(field("x-forwarded-proto") + field(":scheme"), "httphttp");
  settings.trusted_hops = 1;
  clean(claim);
  EXPECT_EQ(field("x-forwarded-proto"), "https");
  connection.tls = true;
  clean({});
  EXPECT_EQ(field("x-forwarded-proto") + field(":scheme"), "httpshttps");
  clean({{"x-forwarded-proto", "gopher"}});
  EXPECT_EQ(field(":scheme"), "http") << "only schemes that exist";
}

TEST_F(Heads, Http2ClientsNameTheSchemeThemselves) {
  request().version = http::Version::http2;
  clean({{":scheme", "https"}});
  EXPECT_EQ(field(":scheme"), "https");
  EXPECT_EQ(field("x-forwarded-proto"), "http");
}

TEST_F(Heads, NobodysRequestTellsTheMeshWhatToDo) {
  for (const bool edge : {false, true}) {
    settings.use_remote_address = edge;
    settings.trusted_hops = 1;
    for (const char* name :
         {"x-envoy-internal", "x-envoy-retriable-status-codes", "x-envoy-retriable-header-names", "x-envoy-retry-on",
          "x-envoy-retry-grpc-on", "x-envoy-max-retries", "x-envoy-upstream-alt-stat-name",
          "x-envoy-upstream-rq-timeout-ms", "x-envoy-upstream-rq-per-try-timeout-ms",
          "x-envoy-upstream-rq-timeout-alt-response", "x-envoy-expected-rq-timeout-ms", "x-envoy-force-trace",
          "x-envoy-ip-tags", "x-envoy-original-url", "x-envoy-hedge-on-per-try-timeout"}) {
      clean({{name, "1"}, {name, "2"}});
      EXPECT_EQ(field(name), "(none)") << name;
    }
    for (const char* name :
         {"x-envoy-decorator-operation", "x-envoy-downstream-service-cluster", "x-envoy-downstream-service-node"}) {
      clean({{name, "1"}});
      EXPECT_EQ(field(name), edge ? "(none)" : "1") << name;
    }
  }
  clean({{"x-envoy-peer-metadata", "1"}, {"x-istio-source", "1"}});
  EXPECT_EQ(field("x-envoy-peer-metadata") + field("x-istio-source"), "11");
}

TEST_F(Heads, RequestIdsAreKeptWhereTheirSenderIsTrusted) {
  const Fields given{{"x-request-id", "mine"}};
  clean(given);
  EXPECT_EQ(field("x-request-id"), "mine");
  clean({});
  const std::string made = field("x-request-id");
  ASSERT_EQ(made.size(), 36);
  EXPECT_EQ(made[14], '4');
  EXPECT_NE(std::string_view("89ab").find(made[19]), std::string_view::npos);
  for (const int at : {8, 13, 18, 23}) EXPECT_EQ(made[static_cast<size_t>(at)], '-');
  settings.use_remote_address = true;
  clean(given);
  EXPECT_NE(field("x-request-id"), "mine");
  settings.preserve_external_request_id = true;
  clean(given);
  EXPECT_EQ(field("x-request-id"), "mine");
  settings.generate_request_id = false;
  clean({});
  EXPECT_EQ(field("x-request-id"), "(none)");
}

// --- x-forwarded-client-cert -------------------------------------------------------------------------------------

TEST_F(Heads, ClientCertificatesAreForwardedAsConfigured) {
  using enum ForwardClientCert;
  struct Case {
    ForwardClientCert mode;
    const char *plain, *mutual;
  };
  const std::string own = "By=spiffe://td/ns/a/sa/own;Hash=ab12";
  const std::string appended = "Hash=ff," + own;
  for (const Case& each : std::initializer_list<Case>{{sanitize, "(none)", "(none)"},
                                                      {forward_only, "(none)", "Hash=ff"},
                                                      {append_forward, "(none)", appended.c_str()},
                                                      {sanitize_set, "(none)", own.c_str()},
                                                      {always_forward_only, "Hash=ff", "Hash=ff"}}) {
    settings.forward_client_cert = each.mode;
    connection = {.local = connection.local};
    connection.tls = true;
    clean({{"x-forwarded-client-cert", "Hash=ff"}});
    EXPECT_EQ(field("x-forwarded-client-cert"), each.plain) << static_cast<int>(each.mode);
    show_certificate();
    clean({{"x-forwarded-client-cert", "Hash=ff"}});
    EXPECT_EQ(field("x-forwarded-client-cert"), each.mutual) << static_cast<int>(each.mode);
  }
}

TEST_F(Heads, ACertificatesElementHasEnvoysOrder) {
  show_certificate();
  settings.cert_subject = settings.cert_uri = settings.cert_dns = settings.cert_pem = true;
  EXPECT_EQ(client_cert_element(connection, settings),
            "By=spiffe://td/ns/a/sa/own;Hash=ab12;Cert=\"-----BEGIN%0AA%2B%2F%3D%0A\";"
            "Subject=\"CN=peer,O=\\\"x\\\"\";URI=spiffe://td/ns/b/sa/peer;DNS=p.example;DNS=q.example");
  connection.peer_certificate =
      std::make_shared<telemetry::PeerCertificate>(telemetry::PeerCertificate{.sha256_hex = "cd"});
  settings.cert_pem = false;
  EXPECT_EQ(client_cert_element(connection, settings), "By=spiffe://td/ns/a/sa/own;Hash=cd;Subject=\"\";URI=")
      << "there, though empty";
  connection.peer_certificate.reset();
  EXPECT_EQ(client_cert_element(connection, settings), "");
}

// --- the rest ----------------------------------------------------------------------------------------------------

TEST_F(Heads, ARequestNamesItsHost) {
  EXPECT_EQ(clean({{":authority", ""}}), 400);
  EXPECT_EQ(exchange->record.details, "missing_host_header");
}

TEST_F(Heads, PortsOfHostsAreStrippedWhereWanted) {
  clean({{":authority", "web:8080"}});
  EXPECT_EQ(field(":authority"), "web:8080");
  settings.strip_any_port = true;
  for (const auto& [host, stripped] : std::initializer_list<std::pair<const char*, const char*>>{
           {"web:8080", "web"}, {"web", "web"}, {"[::1]:80", "[::1]"}, {"[::1]", "[::1]"}}) {
    clean({{":authority", host}});
    EXPECT_EQ(field(":authority"), stripped);
  }
  clean({{":method", "CONNECT"}, {":authority", "web:8080"}});
  EXPECT_EQ(field(":authority"), "web:8080") << "CONNECT goes to a port";
}

TEST_F(Heads, UnderscoresInNamesAreAllowedRefusedOrDropped) {
  const Fields odd{{"x_a", "1"}, {"x-b", "2"}};
  EXPECT_EQ(clean(odd), 0);
  EXPECT_EQ(field("x_a"), "1");
  settings.drop_underscores = true;
  EXPECT_EQ(clean(odd), 0);
  EXPECT_EQ(field("x_a") + field("x-b"), "(none)2");
  settings.drop_underscores = false;
  settings.reject_underscores = true;
  EXPECT_EQ(clean(odd), 400);
  EXPECT_EQ(clean({{"x-b", "2"}}), 0);
}

TEST_F(Heads, WhatSpeaksOfOneConnectionEndsThere) {
  EXPECT_EQ(clean({{"connection", "X-Hop, te, host, :path, upgrade"},
                   {"keep-alive", "1"},
                   {"proxy-connection", "1"},
                   {"transfer-encoding", "chunked"},
                   {"upgrade", "websocket"},
                   {"te", "gzip"},
                   {"x-hop", "1"},
                   {"x-other", "1"}}),
            0);
  for (const char* name :
       {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "te", "x-hop"})
    EXPECT_EQ(field(name), "(none)") << name;
  EXPECT_EQ(field("x-other") + field(":path"), "1/");
  request().is_tunnel = true;
  clean({{"connection", "upgrade"}, {"upgrade", "websocket"}, {"te", "Trailers"}});
  EXPECT_EQ(field("upgrade") + field("te"), "websocketTrailers");
}

TEST_F(Heads, ResponsesNameThisServerUnlessToldOtherwise) {
  const auto server = [&](const char* theirs) {
    http::Headers headers;
    headers.add(":status", "200");
    if (*theirs) headers.add("server", theirs);
    clean_response(*exchange, headers, settings);
    return std::string(headers.value("server"));
  };
  EXPECT_EQ(server("apache"), "envoy");
  settings.append_server_if_absent = true;
  EXPECT_EQ(server("apache") + server(""), "apacheenvoy");
  settings.append_server_if_absent = false;
  settings.keep_server_header = true;
  EXPECT_EQ(server("apache") + server(""), "apache");
}

TEST_F(Heads, ResponsesAreDatedWhenTheyLeave) {
  ASSERT_EQ(format_time(exchange->record.start), "2023-11-14T23:13:20.000Z");
  world.run_for(90s);
  http::Headers headers;
  headers.add(":status", "200");
  clean_response(*exchange, headers, settings);
  EXPECT_EQ(headers.value("date"), "Tue, 14 Nov 2023 23:14:50 GMT");
  headers.set("date", "long ago");
  clean_response(*exchange, headers, settings);
  EXPECT_EQ(headers.value("date"), "long ago");
}

TEST_F(Heads, ResponsesRepeatTheRequestsIdWhereWanted) {
  ask({{"x-request-id", "id"}});
  http::Headers headers;
  headers.add(":status", "200");
  headers.add("connection", "x-hop");
  headers.add("x-hop", "1");
  clean_response(*exchange, headers, settings);
  EXPECT_FALSE(headers.has("x-request-id"));
  EXPECT_FALSE(headers.has("x-hop"));
  settings.always_return_request_id = true;
  clean_response(*exchange, headers, settings);
  EXPECT_EQ(headers.value("x-request-id"), "id");
}

}  // namespace
}  // namespace lateen::proxy
