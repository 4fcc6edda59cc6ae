#include "data_plane/upstream/dns_settings.h"

#include <algorithm>

#include "lib/base/strings.h"
#include "lib/protocol/dns.h"

namespace lateen::upstream {

namespace {

constexpr size_t servers_most = 3, search_most = 32;
constexpr uint16_t dns_port = 53;

std::vector<std::string_view> words(std::string_view line) {
  line = line.substr(0, line.find_first_of("#;"));
  std::vector<std::string_view> result;
  constexpr std::string_view blanks = " \t\r";
  for (size_t at = line.find_first_not_of(blanks); at != line.npos; at = line.find_first_not_of(blanks, at)) {
    const size_t end = std::min(line.find_first_of(blanks, at), line.size());
    result.push_back(line.substr(at, end - at));
    at = end;
  }
  return result;
}

void read_option(DnsSettings& settings, std::string_view option) {
  const auto number = [option](std::string_view name, int most) -> std::optional<int> {
    if (!option.starts_with(name)) return std::nullopt;
    const auto value = parse_number<int>(option.substr(name.size()));
    return value && *value >= 0 ? std::optional(std::min(*value, most)) : std::nullopt;
  };
  if (const auto ndots = number("ndots:", 15)) settings.ndots = *ndots;
  if (const auto timeout = number("timeout:", 30)) settings.timeout = std::chrono::seconds(std::max(*timeout, 1));
  if (const auto attempts = number("attempts:", 5)) settings.attempts = std::max(*attempts, 1);
  if (option == "use-vc") settings.use_tcp = true;
}

void read_resolv_line(DnsSettings& settings, const std::vector<std::string_view>& line) {
  const std::string_view what = line[0];
  if (what == "nameserver" && settings.servers.size() < servers_most) {
    if (auto ip = Ip::parse(line[1])) settings.servers.push_back({*ip, dns_port, {}});
  } else if (what == "search" || what == "domain") {
    settings.search.clear();
    for (size_t i = 1; i < line.size() && settings.search.size() < search_most; ++i) {
      std::string domain = lowered(line[i]);
      if (domain.ends_with('.')) domain.pop_back();
      if (protocol::is_dns_name(domain)) settings.search.push_back(std::move(domain));
    }
  } else if (what == "options") {
    for (size_t i = 1; i < line.size(); ++i) read_option(settings, line[i]);
  }
}

}  // namespace

DnsSettings read_dns_settings(std::string_view resolv_conf, std::string_view hosts) {
  DnsSettings settings;
  for (std::string_view text : split(resolv_conf, '\n'))
    if (const auto line = words(text); line.size() >= 2) read_resolv_line(settings, line);
  if (settings.servers.empty()) settings.servers.push_back({Ip::v4(0x7f000001), dns_port, {}});
  for (std::string_view text : split(hosts, '\n')) {
    const auto line = words(text);
    if (line.size() < 2) continue;
    const auto ip = Ip::parse(line[0]);
    if (!ip) continue;
    for (size_t i = 1; i < line.size(); ++i) {
      std::string name = lowered(line[i]);
      if (name.ends_with('.')) name.pop_back();
      auto& addresses = settings.hosts[std::move(name)];
      if (std::find(addresses.begin(), addresses.end(), *ip) == addresses.end()) addresses.push_back(*ip);
    }
  }
  return settings;
}

std::vector<std::string> names_to_ask(const DnsSettings& settings, std::string_view name) {
  if (name.ends_with('.')) return {std::string(name.substr(0, name.size() - 1))};
  std::vector<std::string> names;
  for (const std::string& domain : settings.search)
    if (name.size() + 1 + domain.size() <= 253) names.push_back(fmt::format("{}.{}", name, domain));
  const bool enough_dots = std::count(name.begin(), name.end(), '.') >= settings.ndots;
  names.insert(enough_dots ? names.begin() : names.end(), std::string(name));
  return names;
}

}  // namespace lateen::upstream
