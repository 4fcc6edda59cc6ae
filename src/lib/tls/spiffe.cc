#include "lib/tls/spiffe.h"

#include <algorithm>

#include "lib/base/strings.h"

namespace lateen::tls {
namespace {

constexpr size_t max_id_bytes = 2048, max_trust_domain_bytes = 255;
constexpr std::string_view scheme = "spiffe://";

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_mark(char c) { return c == '.' || c == '-' || c == '_'; }

// For messages: what somebody sent may hold anything.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text.substr(0, 120)) {
    if (c >= 0x20 && c < 0x7f)
      out += c;
    else
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
  return out + (text.size() > 120 ? "...\"" : "\"");
}

Result<> check_segment(std::string_view segment) {
  if (segment.empty()) return fail(ErrorKind::invalid, "empty path segment");
  if (segment == "." || segment == "..") return fail(ErrorKind::invalid, "relative path segment");
  const bool plain = std::all_of(segment.begin(), segment.end(),
                                 [](char c) { return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || is_mark(c); });
  if (!plain) return fail(ErrorKind::invalid, "path segments consist of letters, digits, '.', '-' and '_' only");
  return {};
}

}  // namespace

Result<> check_trust_domain(std::string_view name) {
  if (name.empty()) return fail(ErrorKind::invalid, "empty trust domain");
  if (name.size() > max_trust_domain_bytes) return fail(ErrorKind::invalid, "trust domain longer than 255 bytes");
  if (!std::all_of(name.begin(), name.end(), [](char c) { return is_lower_or_digit(c) || is_mark(c); }))
    return fail(ErrorKind::invalid, "trust domain {}: only lower-case letters, digits, '.', '-' and '_'", quoted(name));
  return {};
}

Result<SpiffeId> SpiffeId::parse(std::string_view text) {
  const auto refuse = [&](std::string_view why) {
    return fail(ErrorKind::invalid, "SPIFFE identity {}: {}", quoted(text), why);
  };
  if (text.size() > max_id_bytes) return refuse("longer than 2048 bytes");
  if (!text.starts_with(scheme)) return refuse("does not begin with spiffe://");
  std::string_view rest = text.substr(scheme.size());
  const size_t slash = rest.find('/');
  const std::string_view domain = rest.substr(0, slash);
  if (auto r = check_trust_domain(domain); !r) return refuse(r.error().message);
  if (slash == std::string_view::npos) return SpiffeId{std::string(domain), ""};
  const std::string_view path = rest.substr(slash);
  for (std::string_view segment : split(path.substr(1), '/'))
    if (auto r = check_segment(segment); !r) return refuse(r.error().message);
  return SpiffeId{std::string(domain), std::string(path)};
}

Result<SpiffeId> SpiffeId::workload(std::string_view trust_domain, std::string_view name_space,
                                    std::string_view service_account) {
  std::string domain(trust_domain);
  std::replace(domain.begin(), domain.end(), '@', '.');
  if (auto r = check_segment(name_space); !r) return failed(r, fmt::format("namespace {}", quoted(name_space)));
  if (auto r = check_segment(service_account); !r)
    return failed(r, fmt::format("service account {}", quoted(service_account)));
  return parse(fmt::format("spiffe://{}/ns/{}/sa/{}", domain, name_space, service_account));
}

namespace {

// "/ns/N/sa/A" -> N and A.
bool istio_parts(std::string_view path, std::string_view& name_space, std::string_view& account) {
  const auto parts = split(path, '/');
  if (parts.size() != 5 || parts[1] != "ns" || parts[3] != "sa") return false;
  name_space = parts[2];
  account = parts[4];
  return true;
}

}  // namespace

std::string_view SpiffeId::name_space() const {
  std::string_view name_space, account;
  istio_parts(path, name_space, account);
  return name_space;
}

std::string_view SpiffeId::service_account() const {
  std::string_view name_space, account;
  istio_parts(path, name_space, account);
  return account;
}

}  // namespace lateen::tls
