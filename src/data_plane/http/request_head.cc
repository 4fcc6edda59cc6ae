#include "data_plane/http/request_head.h"

#include <array>
#include <cstring>

#include "lib/base/strings.h"

namespace lateen::proxy {
namespace {

// Fields that speak of one connection only (RFC 9110 section 7.6.1); `connection` itself names more of them.
void remove_hop_by_hop(http::Headers& headers, bool is_tunnel) {
  if (const auto listed = headers.joined("connection"))
    for (std::string_view name : split(*listed, ',')) {
      const std::string lower = lowered(trimmed(name));
      if (!lower.empty() && lower[0] != ':' && lower != "te" && lower != "host" && !(is_tunnel && lower == "upgrade"))
        headers.remove(lower);
    }
  static constexpr http::Headers::Names names{"connection", "keep-alive", "proxy-connection", "transfer-encoding"};
  headers.remove(names);
  if (!is_tunnel) headers.remove("upgrade");
  if (const auto te = headers.get("te"); te && !equal_ignoring_case(trimmed(*te), "trailers")) headers.remove("te");
}

// A UUID of version 4 whose 15th character carries Envoy's trace reason ('4' none, '9' sampled).
std::array<char, 36> make_request_id(Random& random) {
  static constexpr char digits[] = "0123456789abcdef";
  static constexpr auto pairs = [] {
    std::array<char, 512> all{};
    for (size_t i = 0; i < 256; ++i) all[2 * i] = digits[i >> 4], all[2 * i + 1] = digits[i & 15];
    return all;
  }();
  std::array<char, 36> id;
  uint64_t bits = random.next();
  char* at = id.data();
  for (int byte = 0; byte < 16; ++byte, bits >>= 8, at += 2) {
    if (byte == 8) bits = random.next();
    if (byte == 4 || byte == 6 || byte == 8 || byte == 10) *at++ = '-';
    std::memcpy(at, &pairs[2 * (bits & 255)], 2);
  }
  id[14] = '4';
  id[19] = digits[8 + (random.next() & 3)];
  return id;
}

std::string_view nth_from_right(std::string_view list, uint64_t n) {
  for (; n > 0; --n) {
    const size_t comma = list.rfind(',');
    if (n == 1) return trimmed(list.substr(comma == list.npos ? 0 : comma + 1));
    if (comma == list.npos) break;
    list = list.substr(0, comma);
  }
  return {};
}

// What asks the mesh's own proxies for something. No address counts as internal here, so nobody's request may, as in
// Envoy without internal_address_config.
void remove_mesh_fields(http::Headers& headers, bool at_edge) {
  static constexpr http::Headers::Names always{"x-envoy-internal",
                                               "x-envoy-retriable-status-codes",
                                               "x-envoy-retriable-header-names",
                                               "x-envoy-retry-on",
                                               "x-envoy-retry-grpc-on",
                                               "x-envoy-max-retries",
                                               "x-envoy-upstream-alt-stat-name",
                                               "x-envoy-upstream-rq-timeout-ms",
                                               "x-envoy-upstream-rq-per-try-timeout-ms",
                                               "x-envoy-upstream-rq-timeout-alt-response",
                                               "x-envoy-expected-rq-timeout-ms",
                                               "x-envoy-force-trace",
                                               "x-envoy-ip-tags",
                                               "x-envoy-original-url",
                                               "x-envoy-hedge-on-per-try-timeout"};
  static constexpr http::Headers::Names edge{"x-envoy-decorator-operation", "x-envoy-downstream-service-cluster",
                                             "x-envoy-downstream-service-node"};
  headers.remove(always);
  if (at_edge) headers.remove(edge);
}

// The address that the request is attributed to, and x-forwarded-for / -proto for the next hop.
void attribute_client(Exchange& exchange, const ManagerSettings& settings) {
  http::Headers& headers = exchange.headers();
  const telemetry::ConnectionRecord& connection = *exchange.record.connection;
  const auto forwarded = headers.joined("x-forwarded-for");
  const char* scheme = connection.tls ? "https" : "http";
  // A proxy that adds no address of its own trusts the one that its peer has added.
  const uint64_t hops = uint64_t{settings.trusted_hops} + (settings.use_remote_address ? 0 : 1);
  if (forwarded && hops > 0)
    if (const auto client = Ip::parse(nth_from_right(*forwarded, hops))) exchange.record.client = *client;
  if (!settings.use_remote_address) {
    if (!headers.has("x-forwarded-proto")) headers.set("x-forwarded-proto", scheme);
    return;
  }
  headers.set("x-envoy-external-address", exchange.client().text());
  if (!settings.skip_xff_append) {
    const std::string peer = (connection.remote.ip.is_loopback() ? connection.local : connection.remote).ip.text();
    headers.set("x-forwarded-for", forwarded ? fmt::format("{},{}", *forwarded, peer) : peer);
  }
  if (settings.trusted_hops == 0 || !headers.has("x-forwarded-proto")) headers.set("x-forwarded-proto", scheme);
}

void forward_client_cert(Exchange& exchange, const ManagerSettings& settings) {
  http::Headers& headers = exchange.headers();
  const telemetry::ConnectionRecord& connection = *exchange.record.connection;
  if (settings.forward_client_cert == ForwardClientCert::always_forward_only) return;
  if (!connection.mutual_tls || settings.forward_client_cert == ForwardClientCert::sanitize) {
    headers.remove("x-forwarded-client-cert");
    return;
  }
  if (settings.forward_client_cert == ForwardClientCert::forward_only) return;
  const std::string element = client_cert_element(connection, settings);
  const auto former = headers.joined("x-forwarded-client-cert");
  const bool append = former && settings.forward_client_cert == ForwardClientCert::append_forward;
  headers.set("x-forwarded-client-cert", append ? fmt::format("{},{}", *former, element) : element);
}

std::string url_encoded(std::string_view text) {
  std::string out;
  for (char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '.' || c == '~';
    if (plain)
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

}  // namespace

std::string client_cert_element(const telemetry::ConnectionRecord& connection, const ManagerSettings& settings) {
  if (!connection.peer_certificate) return {};
  const telemetry::PeerCertificate& peer = *connection.peer_certificate;
  std::string out;
  const auto put = [&](std::string_view key, std::string_view value, std::string_view quote = "") {
    if (!out.empty()) out += ';';
    (((out += key) += quote) += value) += quote;
  };
  for (const std::string& own : connection.local_uri_sans) put("By=", own);
  put("Hash=", peer.sha256_hex);
  if (settings.cert_pem) put("Cert=", url_encoded(peer.pem), "\"");
  if (settings.cert_subject) put("Subject=", peer.subject, "\"");
  if (settings.cert_uri) {
    for (const std::string& uri : peer.uri_sans) put("URI=", uri);
    if (peer.uri_sans.empty()) put("URI=", "");
  }
  if (settings.cert_dns)
    for (const std::string& dns : peer.dns_sans) put("DNS=", dns);
  return out;
}

std::optional<http::Response> clean_request(Exchange& exchange, const ManagerSettings& settings) {
  http::Headers& headers = exchange.headers();
  if (headers.authority().empty()) return exchange.reply(400, "", "missing_host_header");
  if (settings.strip_any_port && headers.method() != "CONNECT") {
    const std::string authority(headers.authority());
    const size_t colon = authority.rfind(':');
    if (colon != std::string::npos && authority.find(']', colon) == std::string::npos)
      headers.set(":authority", authority.substr(0, colon));
  }
  if (settings.reject_underscores || settings.drop_underscores) {
    const auto has_underscore = [](http::Headers::Field field) { return field.name.find('_') != field.name.npos; };
    if (settings.drop_underscores)
      headers.remove_if(has_underscore);
    else
      for (http::Headers::Field field : headers)
        if (has_underscore(field)) return exchange.reply(400, "", "http1.unexpected_underscore");
  }
  if (auto rejected = clean_path(exchange, settings)) return rejected;
  remove_hop_by_hop(headers, exchange.request().is_tunnel);
  remove_mesh_fields(headers, settings.use_remote_address);
  attribute_client(exchange, settings);
  // HTTP/2 clients name the scheme themselves; CONNECT, which has no path, has no scheme either.
  const std::string_view scheme = headers.value("x-forwarded-proto") == "https" ? "https" : "http";
  const bool names_scheme = exchange.request().version == http::Version::http2 && !headers.scheme().empty();
  if (!names_scheme && headers.scheme() != scheme && !headers.path().empty()) headers.set(":scheme", scheme);
  const bool keep_id =
      headers.has("x-request-id") && (!settings.use_remote_address || settings.preserve_external_request_id);
  if (settings.generate_request_id && !keep_id) {
    const auto id = make_request_id(exchange.loop().random());
    headers.set("x-request-id", {id.data(), id.size()});
  }
  forward_client_cert(exchange, settings);
  if (settings.tracing) continue_trace(exchange, settings);
  return std::nullopt;
}

namespace {

// Written once a second a thread: the text of "date".
std::string_view http_date(WallTime now) {
  static thread_local std::string text;
  static thread_local int64_t second = -1;
  const int64_t wanted = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  if (wanted != second) {
    second = wanted;
    const auto when = static_cast<time_t>(wanted);
    tm utc{};
    gmtime_r(&when, &utc);
    char out[64];
    text.assign(out, strftime(out, sizeof out, "%a, %d %b %Y %H:%M:%S GMT", &utc));
  }
  return text;
}

}  // namespace

void clean_response(Exchange& exchange, http::Headers& headers, const ManagerSettings& settings) {
  remove_hop_by_hop(headers, headers.status() == 101);
  if (!settings.keep_server_header && !(settings.append_server_if_absent && headers.has("server")))
    headers.set("server", settings.server_name);
  if (!headers.has("date"))
    headers.add("date", http_date(exchange.record.start + (exchange.loop().now() - exchange.record.began)));
  if (settings.always_return_request_id)
    if (const auto id = exchange.headers().get("x-request-id")) headers.set("x-request-id", *id);
}

}  // namespace lateen::proxy
