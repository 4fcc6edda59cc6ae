#include <algorithm>
#include <array>
#include <cstring>

#include "lib/base/strings.h"
#include "lib/protocol/http1_fields.h"
#include "lib/protocol/http1_scan.h"

namespace lateen::protocol::http1 {
namespace {

std::unexpected<Refusal> refuse(int status, const char* reason) { return std::unexpected(Refusal{status, reason}); }

// Methods that may pass: the registry of RFC 9110 and those of its neighbours that are in use. Anything else on the
// wire is noise more often than a request.
bool is_known_method(std::string_view method) {
  static constexpr std::array<std::string_view, 44> known = {"ACL",           "BASELINE-CONTROL",
                                                             "BIND",          "CHECKIN",
                                                             "CHECKOUT",      "CONNECT",
                                                             "COPY",          "DELETE",
                                                             "GET",           "HEAD",
                                                             "LABEL",         "LINK",
                                                             "LOCK",          "M-SEARCH",
                                                             "MERGE",         "MKACTIVITY",
                                                             "MKCALENDAR",    "MKCOL",
                                                             "MOVE",          "MKWORKSPACE",
                                                             "MKREDIRECTREF", "NOTIFY",
                                                             "OPTIONS",       "ORDERPATCH",
                                                             "PATCH",         "POST",
                                                             "PROPFIND",      "PROPPATCH",
                                                             "PURGE",         "PUT",
                                                             "QUERY",         "REBIND",
                                                             "REPORT",        "SEARCH",
                                                             "SOURCE",        "SUBSCRIBE",
                                                             "TRACE",         "UNBIND",
                                                             "UNCHECKOUT",    "UNLINK",
                                                             "UNLOCK",        "UNSUBSCRIBE",
                                                             "UPDATE",        "VERSION-CONTROL"};
  if (method == "GET" || method == "POST") return true;
  return std::ranges::find(known, method) != known.end();
}

bool may_become_known_method(std::string_view start) {
  return start.size() <= 16 && std::ranges::all_of(start, [](char c) { return (c >= 'A' && c <= 'Z') || c == '-'; });
}

// Splits the target into pseudo-headers (RFC 9112 section 3.2).
std::optional<Refusal> read_target(std::string_view method, std::string_view target, std::string_view scheme,
                                   Headers& headers, RequestHead& head) {
  const Refusal invalid{400, "invalid request target"};
  headers.add(":method", method);
  if (method == "CONNECT") {
    if (!is_authority(target, true)) return Refusal{400, "CONNECT needs host:port"};
    headers.add(":authority", target);
    return std::nullopt;
  }
  if (target.front() == '/' || (target == "*" && method == "OPTIONS")) {
    headers.add(":scheme", scheme);
    headers.add(":authority", "");
    headers.add(":path", target);
    return std::nullopt;
  }
  const size_t colon = target.find("://");
  if (colon == target.npos) return invalid;
  const std::string named = lowered(target.substr(0, colon));
  if (named != "http" && named != "https") return invalid;
  const std::string_view rest = target.substr(colon + 3);
  const size_t path_at = rest.find_first_of("/?#");
  const std::string_view authority = rest.substr(0, path_at);
  if (authority.empty() || !is_authority(authority, false)) return invalid;
  std::string_view path = path_at == rest.npos ? std::string_view() : rest.substr(path_at);
  headers.add(":scheme", named);
  headers.add(":authority", authority);
  if (path.starts_with('/'))
    headers.add(":path", path);
  else
    headers.add(":path", path.empty() && method == "OPTIONS" ? "*" : "/" + std::string(path));
  head.has_scheme = true;
  return std::nullopt;
}

// "HTTP/1.1" CRLF at `at`: where the fields begin, null when the bytes end first.
std::expected<const char*, Refusal> read_version(const char* at, const char* end, int& minor) {
  static constexpr std::string_view prefix = "HTTP/";
  for (size_t i = 0; i < prefix.size(); ++i, ++at) {
    if (at == end) return nullptr;
    if (*at != prefix[i]) return refuse(400, "invalid request line");
  }
  for (int i = 0; i < 3; ++i) {
    if (at + i == end) return nullptr;
    const bool fits = i == 1 ? at[i] == '.' : at[i] >= '0' && at[i] <= '9';
    if (!fits) return refuse(400, "invalid HTTP version");
  }
  if (at[0] != '1' || at[2] > '1') return refuse(505, "HTTP version not supported");
  minor = at[2] - '0';
  at += 3;
  if (at == end) return nullptr;
  if (*at == '\n') return refuse(400, "line ends with LF alone");
  if (*at != '\r') return refuse(400, "invalid request line");
  if (++at == end) return nullptr;
  if (*at != '\n') return refuse(400, "CR without LF");
  return at + 1;
}

// The request line at `at`: where the fields begin, null when the bytes end first.
std::expected<const char*, Refusal> read_request_line(const char* at, const char* end, Headers& headers,
                                                      RequestHead& head, std::string_view scheme) {
  const char* method_end = skip_token(at, end);
  const std::string_view method(at, static_cast<size_t>(method_end - at));
  if (method_end == end) {
    if (!may_become_known_method(method)) return refuse(400, "invalid method");
    return nullptr;
  }
  if (*method_end != ' ' || method.empty()) return refuse(400, "invalid request line");
  if (!is_known_method(method))
    return may_become_known_method(method) ? refuse(501, "unknown method") : refuse(400, "invalid method");

  const char* target_at = method_end + 1;
  const char* target_end = target_at;
  while (target_end != end && *target_end > 0x20 && *target_end < 0x7f) ++target_end;
  if (target_end == end) return nullptr;
  if (*target_end == '\r' || *target_end == '\n') return refuse(400, "request line without version");
  if (*target_end != ' ') return refuse(400, "invalid character in the request target");
  if (target_end == target_at) return refuse(400, "more than one space in the request line");
  const auto fields_at = read_version(target_end + 1, end, head.minor_version);
  if (!fields_at || !*fields_at) return fields_at;
  const std::string_view target(target_at, static_cast<size_t>(target_end - target_at));
  if (const auto refusal = read_target(method, target, scheme, headers, head)) return std::unexpected(*refusal);
  return fields_at;
}

// An upgrade is carried through unless it leads to cleartext HTTP/2, which nobody should reach around the mesh
// (RFC 9113 deprecates it), or comes with a body.
bool asks_for_tunnel(const Headers& headers, const FieldFacts& facts, const RequestHead& head) {
  if (!facts.upgrade || head.minor_version == 0 || head.framing.kind != Framing::none) return false;
  const auto wanted = headers.joined("upgrade");
  return wanted && !wanted->empty() && !has_token(*wanted, "h2c");
}

std::optional<Refusal> settle_request(Headers& headers, const FieldFacts& facts, RequestHead& head) {
  if (facts.chunked && facts.has_length) return Refusal{400, "both content-length and transfer-encoding"};
  if (facts.chunked && head.minor_version == 0) return Refusal{400, "transfer-encoding in HTTP/1.0"};
  if (head.minor_version == 1 && !facts.has_host) return Refusal{400, "missing host"};
  const bool is_connect = headers.method() == "CONNECT";
  if (head.minor_version == 1 && headers.authority().empty()) return Refusal{400, "empty host"};
  if (facts.chunked)
    head.framing.kind = Framing::chunked;
  else if (facts.length > 0)
    head.framing = {Framing::length, facts.length};
  if (is_connect && (facts.chunked || facts.has_length)) return Refusal{400, "CONNECT with a body"};
  head.keep_alive = !facts.close && (head.minor_version == 1 || facts.keep_alive);
  head.expects_continue = facts.expects_continue && head.minor_version == 1 && head.framing.kind != Framing::none;
  const bool upgrades = !is_connect && asks_for_tunnel(headers, facts, head);
  head.is_tunnel = is_connect || upgrades;
  remove_hop_fields(headers, facts, upgrades);
  return std::nullopt;
}

template <class Head>
Parsed<Head> incomplete_or_too_large(std::string_view bytes, const Limits& limits) {
  if (bytes.size() >= limits.max_head_bytes) return refuse(431, "head too large");
  return std::optional<Head>();
}

}  // namespace

Parsed<RequestHead> parse_request_head(std::string_view bytes, Headers& headers, const Limits& limits,
                                       std::string_view scheme) {
  headers.clear();
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  // Empty lines before a request are forgiven (RFC 9112 section 2.2), but not without end.
  for (int i = 0; i < 4 && end - at >= 2 && at[0] == '\r' && at[1] == '\n'; ++i) at += 2;
  if (at == end || (end - at == 1 && *at == '\r')) return std::optional<RequestHead>();

  RequestHead head;
  const auto fields_at = read_request_line(at, end, headers, head, scheme);
  if (!fields_at) return std::unexpected(fields_at.error());
  if (!*fields_at) return incomplete_or_too_large<RequestHead>(bytes, limits);
  if (head.minor_version == 0 && !limits.accept_http10) return refuse(426, "HTTP/1.0 is not served here");
  FieldFacts facts;
  const auto rest = parse_fields(*fields_at, end, headers, facts, limits, true);
  if (!rest) return std::unexpected(rest.error());
  if (!*rest) return incomplete_or_too_large<RequestHead>(bytes, limits);
  head.size = static_cast<size_t>(*rest - bytes.data());
  if (head.size > limits.max_head_bytes) return refuse(431, "head too large");
  if (const auto refusal = settle_request(headers, facts, head)) return std::unexpected(*refusal);
  return head;
}

namespace {

// "HTTP/1.1 200 OK" CRLF: where the fields begin, null when the bytes end first.
std::expected<const char*, Refusal> read_status_line(const char* at, const char* end, Headers& headers,
                                                     ResponseHead& head) {
  // A digit in a place where the pattern has 'd', the same character elsewhere.
  static constexpr std::string_view pattern = "HTTP/1.d ddd";
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (at + i == end) return nullptr;
    const bool fits = pattern[i] == 'd' ? at[i] >= '0' && at[i] <= '9' : at[i] == pattern[i];
    if (!fits) return refuse(502, "invalid status line");
  }
  if (at[7] > '1') return refuse(502, "HTTP version not supported");
  head.minor_version = at[7] - '0';
  head.status = (at[9] - '0') * 100 + (at[10] - '0') * 10 + (at[11] - '0');
  if (head.status < 100) return refuse(502, "invalid status");
  headers.add(":status", {at + 9, 3});
  at += pattern.size();
  if (at == end) return nullptr;
  if (*at != ' ' && *at != '\r') return refuse(502, "invalid status line");
  for (;;) {
    at = find_control(at, end);
    if (at == end) return nullptr;
    if (*at != '\t') break;
    ++at;
  }
  if (*at != '\r') return refuse(502, "control character in the status line");
  if (++at == end) return nullptr;
  if (*at != '\n') return refuse(502, "CR without LF");
  return at + 1;
}

std::optional<Refusal> settle_response(Headers& headers, const FieldFacts& facts, Asked asked, ResponseHead& head) {
  const bool switches = head.status == 101;
  if (switches && asked != Asked::upgrade) return Refusal{502, "101 without an upgrade asked for"};
  head.is_tunnel = switches || (asked == Asked::connect && head.status / 100 == 2);
  head.keep_alive = !facts.close && (head.minor_version == 1 || facts.keep_alive);
  if (head.is_tunnel) {
    head.framing.kind = Framing::until_close;
    head.keep_alive = false;
    // Lengths mean nothing in an answer to CONNECT (RFC 9110 section 9.3.6).
    if (!switches) headers.remove("content-length");
  } else {
    if (facts.chunked && facts.has_length) return Refusal{502, "both content-length and transfer-encoding"};
    if (facts.chunked && head.minor_version == 0) return Refusal{502, "transfer-encoding in HTTP/1.0"};
    const bool never_has_body = head.status < 200 || head.status == 204;
    if (never_has_body && (facts.chunked || facts.length > 0)) return Refusal{502, "a body where none can be"};
    if (never_has_body || head.status == 304 || asked == Asked::head)
      head.framing.kind = Framing::none;
    else if (facts.chunked)
      head.framing.kind = Framing::chunked;
    else if (!facts.has_length)
      head.framing.kind = Framing::until_close;
    else if (facts.length > 0)
      head.framing = {Framing::length, facts.length};
    if (head.framing.kind == Framing::until_close) head.keep_alive = false;
  }
  remove_hop_fields(headers, facts, switches);
  return std::nullopt;
}

}  // namespace

Parsed<ResponseHead> parse_response_head(std::string_view bytes, Headers& headers, Asked asked, const Limits& limits) {
  headers.clear();
  ResponseHead head;
  const char* const end = bytes.data() + bytes.size();
  const auto fields_at = read_status_line(bytes.data(), end, headers, head);
  if (!fields_at) return std::unexpected(fields_at.error());
  if (!*fields_at) return incomplete_or_too_large<ResponseHead>(bytes, limits);
  FieldFacts facts;
  const auto rest = parse_fields(*fields_at, end, headers, facts, limits, false);
  if (!rest) return std::unexpected(rest.error());
  if (!*rest) return incomplete_or_too_large<ResponseHead>(bytes, limits);
  head.size = static_cast<size_t>(*rest - bytes.data());
  if (head.size > limits.max_head_bytes) return refuse(431, "head too large");
  if (const auto refusal = settle_response(headers, facts, asked, head)) return std::unexpected(*refusal);
  return head;
}

}  // namespace lateen::protocol::http1
