#include "control_plane/snapshot/hosts.h"

#include <fmt/format.h>

namespace lateen::snapshot {

bool is_wildcard(std::string_view host) { return host.starts_with('*'); }

std::string complete_host(std::string_view host, std::string_view namespace_, std::string_view domain) {
  if (host.empty() || is_wildcard(host) || host.find('.') != std::string_view::npos) return std::string(host);
  return fmt::format("{}.{}.svc.{}", host, namespace_, domain);
}

bool covers(std::string_view whole, std::string_view part) {
  if (!is_wildcard(whole)) return whole == part;
  if (is_wildcard(part)) part.remove_prefix(1);
  whole.remove_prefix(1);
  return part.size() >= whole.size() && part.ends_with(whole);
}

bool hosts_meet(std::string_view a, std::string_view b) { return covers(a, b) || covers(b, a); }

std::string_view most_specific(const std::vector<std::string>& patterns, std::string_view host) {
  std::string_view best;
  for (const std::string& each : patterns) {
    if (!covers(each, host)) continue;
    if (each == host) return each;
    if (best.empty() || each.size() > best.size()) best = each;
  }
  return best;
}

}  // namespace lateen::snapshot
