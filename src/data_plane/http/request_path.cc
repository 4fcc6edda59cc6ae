// What becomes of a request's path before anybody looks at it: fragment, escaped slashes, normal form.
#include <algorithm>

#include "data_plane/http/request_head.h"
#include "lib/base/strings.h"

namespace lateen::proxy {
namespace {

// Whether normalisation certainly changes nothing: the usual case, told apart without building anything.
bool is_plainly_normal(std::string_view path) {
  if (path.empty() || path[0] != '/') return false;
  char before = 0;
  for (const char c : path) {
    if (c == '?') return true;
    if (c == '%' || c == '\\' || (before == '/' && (c == '/' || c == '.'))) return false;
    before = c;
  }
  return true;
}

// The path with %2F and %5C written out, which servers may take for slashes; nothing when it has none. The query stays.
std::optional<std::string> unescaped_slashes(std::string_view path) {
  const size_t plain = router::path_without_query(path).size();
  std::string out;
  for (size_t i = 0; i < path.size(); ++i) {
    const std::string_view code = i < plain ? path.substr(i, 3) : std::string_view();
    const bool slash = equal_ignoring_case(code, "%2f");
    if (slash || equal_ignoring_case(code, "%5c"))
      out += slash ? '/' : '\\', i += 2;
    else
      out += path[i];
  }
  return out.size() == path.size() ? std::nullopt : std::optional(std::move(out));
}

// Sends the client to the path that it should have asked for. gRPC clients follow no redirects.
http::Response redirect_to(Exchange& exchange, std::string path) {
  if (telemetry::is_grpc(exchange.headers())) return exchange.reply(400, "", "path_normalization_failed");
  // "//host" would be another server.
  if (path.starts_with("//") || path.starts_with("/\\")) path.insert(0, "/.");
  http::Response response = exchange.reply(307, "", "path_normalization_failed");
  response.headers.set("location", path);
  return response;
}

}  // namespace

std::optional<http::Response> clean_path(Exchange& exchange, const ManagerSettings& settings) {
  http::Headers& headers = exchange.headers();
  // What servers do with a fragment differs; policies must see the path that they will.
  if (const size_t fragment = headers.path().find('#'); fragment != std::string_view::npos)
    headers.set(":path", headers.path().substr(0, fragment));
  if (headers.path().empty()) {
    if (headers.method() == "CONNECT") return std::nullopt;
    return exchange.reply(400, "", "missing_path_rejected");
  }
  const bool normalizes = settings.normalize_path || settings.merge_slashes;
  const bool escapes_matter = settings.escaped_slashes != EscapedSlashes::keep;
  if (is_plainly_normal(headers.path()) || (!normalizes && !escapes_matter)) return std::nullopt;
  std::string path(headers.path());
  bool redirects = false;
  if (auto unescaped = escapes_matter ? unescaped_slashes(path) : std::nullopt) {
    if (settings.escaped_slashes == EscapedSlashes::reject) return exchange.reply(400, "", "path_normalization_failed");
    redirects = settings.escaped_slashes == EscapedSlashes::unescape_and_redirect;
    path = std::move(*unescaped);
  }
  if (normalizes && !is_plainly_normal(path)) {
    auto normal = normalized_path(path, settings.merge_slashes);
    if (!normal) return exchange.reply(400, "", "path_normalization_failed");
    path = std::move(*normal);
  }
  if (redirects) return redirect_to(exchange, std::move(path));
  if (path != headers.path()) headers.set(":path", path);
  return std::nullopt;
}

namespace {

// The path with the escapes of unreserved characters written out and backslashes turned. Other escapes stay as they
// were written, and so does a % that begins none; nothing when there is an escaped NUL.
std::optional<std::string> decoded_unreserved(std::string_view path) {
  std::string out;
  size_t bare = std::string::npos;  // where the last % that begins no escape is in `out`
  for (size_t i = 0; i < path.size(); ++i) {
    if (path[i] != '%') {
      out += path[i] == '\\' ? '/' : path[i];
      continue;
    }
    const auto value = i + 2 < path.size() ? parse_number<uint8_t>(path.substr(i + 1, 2), 16) : std::nullopt;
    if (!value) {
      bare = out.size();
      out += '%';
      continue;
    }
    if (*value == 0) return std::nullopt;
    const auto byte = static_cast<char>(*value);
    const bool unreserved = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                            (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_' || byte == '~';
    // "%%32e" must not become the escape "%2e".
    const bool completes_escape = bare != std::string::npos && out.size() - bare <= 2;
    if (unreserved && !completes_escape)
      out += byte;
    else
      out += path.substr(i, 3);
    i += 2;
  }
  return out;
}

}  // namespace

std::optional<std::string> normalized_path(std::string_view path, bool merge_slashes) {
  const std::string_view plain = router::path_without_query(path);
  if (plain == "*") return std::string(path);
  if (plain.empty() || plain[0] != '/') return std::nullopt;
  const auto decoded = decoded_unreserved(plain);
  if (!decoded) return std::nullopt;
  std::vector<std::string_view> segments;
  const auto parts = split(std::string_view(*decoded).substr(1), '/');
  for (const std::string_view& part : parts) {
    if (part != "." && part != "..") {
      segments.push_back(part);
      continue;
    }
    if (part == ".." && !segments.empty()) segments.pop_back();
    if (&part == &parts.back()) segments.emplace_back();  // "/a/." is "/a/"
  }
  // Not the last one: empty, it is the slash at the end.
  if (merge_slashes) segments.erase(std::remove(segments.begin(), segments.end() - 1, ""), segments.end() - 1);
  return "/" + joined(segments, "/") + std::string(path.substr(plain.size()));
}

}  // namespace lateen::proxy
