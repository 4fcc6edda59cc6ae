#include "apps/wiring/proxy_tables.h"

#include <algorithm>

#include "lib/base/strings.h"

namespace lateen::wiring {

using schema::Node;

namespace {

std::string snake(std::string_view camel) {
  std::string out;
  for (const char c : camel) {
    if (c >= 'A' && c <= 'Z') out += '_';
    out += to_lower(c);
  }
  return out;
}

// The member of that name, written either way; null when it is missing.
const Node* member(const Node* node, std::string_view camel) {
  if (!node) return nullptr;
  const auto* found = node->find(camel);
  return found ? found : node->find(snake(camel));
}

// member(member(node, "a"), "b") for "a.b".
const Node* inside(const Node* node, std::string_view path) {
  for (const auto part : split(path, '.')) node = member(node, part);
  return node;
}

std::string text(const Node* node) {
  if (!node) return "";
  if (const auto* number = node->as_integer()) return fmt::to_string(*number);
  return std::string(node->text());
}

const Node::List& list(const Node* node) {
  static const Node::List none;
  const auto* found = node ? node->as_list() : nullptr;
  return found ? *found : none;
}

struct Kind {
  ConfigKind kind;
  std::string_view names;   // as users write them
  std::string_view dump;    // the type in a config dump
  std::string_view member;  // of an entry: the resource
  std::string_view name;    // field of the resource that names it
};
constexpr Kind kinds[] = {
    {ConfigKind::all, "all a", "", "", ""},
    {ConfigKind::clusters, "clusters cluster c", "ClustersConfigDump", "cluster", "name"},
    {ConfigKind::listeners, "listeners listener l", "ListenersConfigDump", "listener", "name"},
    {ConfigKind::routes, "routes route r", "RoutesConfigDump", "routeConfig", "name"},
    {ConfigKind::endpoints, "endpoints endpoint ep", "EndpointsConfigDump", "endpointConfig", "clusterName"},
    {ConfigKind::secrets, "secrets secret s", "SecretsConfigDump", "secret", "name"},
};

const Kind& kind_of(ConfigKind kind) {
  return *std::find_if(std::begin(kinds), std::end(kinds), [&](const Kind& each) { return each.kind == kind; });
}

// "outbound|80|v1|host" -> its parts; other names give themselves as host.
struct ClusterName {
  std::string direction = "-", port = "-", subset = "-", host;
};
ClusterName parse_cluster_name(std::string_view name) {
  const auto parts = split(name, name.find('|') != std::string_view::npos ? '|' : '_');
  ClusterName out;
  out.host = name;
  const bool has_form =
      parts.size() == 4 && (parts[0] == "outbound" || parts[0] == "inbound" || parts[0] == "inbound-vip");
  if (!has_form) return out;
  out.direction = parts[0];
  out.port = parts[1];
  if (!parts[2].empty()) out.subset = parts[2];
  out.host = parts[3];
  return out;
}

std::string address_of(const Node* address) {
  const auto* socket = member(address, "socketAddress");
  if (socket) return text(member(socket, "address"));
  if (const auto* pipe = member(address, "pipe")) return "unix:" + text(member(pipe, "path"));
  if (const auto* internal = member(address, "envoyInternalAddress"))
    return "internal:" + text(member(internal, "serverListenerName"));
  return "";
}

std::string port_of(const Node* address) { return text(inside(address, "socketAddress.portValue")); }

using Rows = std::vector<std::vector<std::string>>;

Rows cluster_rows(const Node& resources) {
  Rows rows{{"SERVICE FQDN", "PORT", "SUBSET", "DIRECTION", "TYPE", "DESTINATION RULE"}};
  for (const auto& each : list(&resources)) {
    const auto name = parse_cluster_name(text(member(&each, "name")));
    std::string type = text(member(&each, "type"));
    if (type.empty()) type = text(inside(&each, "clusterType.name"));
    if (type.empty()) type = "STATIC";
    rows.push_back({name.host, name.port, name.subset, name.direction, type,
                    text(inside(&each, "metadata.filterMetadata.istio.config"))});
  }
  return rows;
}

// What a filter chain does, in a few words.
std::string destination_of(const Node& chain) {
  for (const auto& filter : list(member(&chain, "filters"))) {
    const auto* config = member(&filter, "typedConfig");
    const auto type = text(config ? config->find("@type") : nullptr);
    if (type.ends_with(".HttpConnectionManager")) {
      const auto rds = text(inside(config, "rds.routeConfigName"));
      return rds.empty() ? "Inline route " + text(inside(config, "routeConfig.name")) : "Route: " + rds;
    }
    if (type.ends_with(".TcpProxy")) {
      const auto cluster = text(member(config, "cluster"));
      return cluster.empty() ? "Weighted clusters" : "Cluster: " + cluster;
    }
  }
  return "-";
}

std::string match_of(const Node& chain) {
  const auto* match = member(&chain, "filterChainMatch");
  std::vector<std::string> parts;
  if (const auto transport = text(member(match, "transportProtocol")); !transport.empty())
    parts.push_back("Trans: " + transport);
  std::vector<std::string> words;
  for (const auto& each : list(member(match, "applicationProtocols"))) words.push_back(text(&each));
  if (!words.empty()) parts.push_back("App: " + joined(words, ","));
  words.clear();
  for (const auto& each : list(member(match, "serverNames"))) words.push_back(text(&each));
  if (!words.empty()) parts.push_back("SNI: " + joined(words, ","));
  words.clear();
  for (const auto& each : list(member(match, "prefixRanges")))
    words.push_back(fmt::format("{}/{}", text(member(&each, "addressPrefix")), text(member(&each, "prefixLen"))));
  if (!words.empty()) parts.push_back("Addr: " + joined(words, ","));
  if (const auto port = text(member(match, "destinationPort")); !port.empty()) parts.push_back("Port: " + port);
  return parts.empty() ? "ALL" : joined(parts, "; ");
}

Rows listener_rows(const Node& resources) {
  Rows rows{{"NAME", "ADDRESS", "PORT", "MATCH", "DESTINATION"}};
  for (const auto& each : list(&resources)) {
    const auto name = text(member(&each, "name"));
    const auto* address = member(&each, "address");
    Node::List chains = list(member(&each, "filterChains"));
    if (const auto* fallback = member(&each, "defaultFilterChain")) chains.push_back(*fallback);
    if (chains.empty()) rows.push_back({name, address_of(address), port_of(address), "-", "-"});
    for (const auto& chain : chains)
      rows.push_back({name, address_of(address), port_of(address), match_of(chain), destination_of(chain)});
  }
  return rows;
}

std::string path_of(const Node* match) {
  if (const auto* path = member(match, "path")) return text(path);
  if (const auto* prefix = member(match, "prefix")) return text(prefix) + "*";
  if (const auto* prefix = member(match, "pathSeparatedPrefix")) return text(prefix) + "/*";
  if (const auto* regex = inside(match, "safeRegex.regex")) return "regex " + text(regex);
  return "-";
}

Rows route_rows(const Node& resources) {
  Rows rows{{"NAME", "VHOST NAME", "DOMAINS", "MATCH", "VIRTUAL SERVICE"}};
  for (const auto& each : list(&resources)) {
    const auto name = text(member(&each, "name"));
    for (const auto& host : list(member(&each, "virtualHosts"))) {
      std::vector<std::string> domains;
      for (const auto& domain : list(member(&host, "domains"))) domains.push_back(text(&domain));
      std::string shown = domains.empty() ? "-" : domains[0];
      if (domains.size() > 1) shown += fmt::format(" + {} more", domains.size() - 1);
      for (const auto& route : list(member(&host, "routes")))
        rows.push_back({name, text(member(&host, "name")), shown, path_of(member(&route, "match")),
                        text(inside(&route, "metadata.filterMetadata.istio.config"))});
    }
  }
  return rows;
}

Rows endpoint_rows(const Node& resources) {
  Rows rows{{"ENDPOINT", "HEALTH", "WEIGHT", "LOCALITY", "CLUSTER"}};
  for (const auto& each : list(&resources)) {
    for (const auto& group : list(member(&each, "endpoints"))) {
      const auto* place = member(&group, "locality");
      const auto locality = joined(std::vector{text(member(place, "region")), text(member(place, "zone"))}, "/");
      for (const auto& endpoint : list(member(&group, "lbEndpoints"))) {
        const auto* address = inside(&endpoint, "endpoint.address");
        auto health = text(member(&endpoint, "healthStatus"));
        if (health.empty()) health = "HEALTHY";
        const auto port = port_of(address);
        rows.push_back({address_of(address) + (port.empty() ? "" : ":" + port), health,
                        text(member(&endpoint, "loadBalancingWeight")), locality == "/" ? "" : locality,
                        text(member(&each, "clusterName"))});
      }
    }
  }
  return rows;
}

Rows secret_rows(const Node& resources) {
  Rows rows{{"RESOURCE NAME", "TYPE"}};
  for (const auto& each : list(&resources)) {
    const auto* type = member(&each, "tlsCertificate")      ? "Cert Chain"
                       : member(&each, "validationContext") ? "CA"
                                                            : "Other";
    rows.push_back({text(member(&each, "name")), type});
  }
  return rows;
}

bool passes(const Node& resource, const Kind& kind, const ConfigFilter& filter) {
  const auto name = text(member(&resource, kind.name));
  if (!filter.name.empty() && name != filter.name) return false;
  const bool has_service = kind.kind == ConfigKind::clusters || kind.kind == ConfigKind::endpoints;
  if (has_service && !filter.fqdn.empty() && parse_cluster_name(name).host != filter.fqdn) return false;
  if (filter.port == 0) return true;
  const auto port = fmt::to_string(filter.port);
  if (kind.kind == ConfigKind::listeners) return port_of(member(&resource, "address")) == port;
  return !has_service || parse_cluster_name(name).port == port;
}

// Entries hold their resource directly, in a state, or (listeners) not at all when it only failed.
void collect(const Node& entry, const Kind& kind, const ConfigFilter& filter, Node& out) {
  const auto* resource = member(&entry, kind.member);
  if (!resource) resource = member(member(&entry, "activeState"), kind.member);
  if (resource && passes(*resource, kind, filter)) out.push_back(*resource);
}

std::string state_in(const Node& proxy, std::string_view type) {
  for (const auto& each : list(member(&proxy, "types")))
    if (text(member(&each, "type")) == type) return text(member(&each, "state"));
  return "-";
}

}  // namespace

std::string table_of(const Rows& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) line += fmt::format("{:<{}}", row[i], widths[i] + 2);
    line.resize(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

std::string proxy_status_table(const Node& syncz) {
  Rows rows{{"NAME", "CLUSTER", "CDS", "LDS", "EDS", "RDS", "SDS", "PEER", "VERSION"}};
  std::string refusals;
  for (const auto& proxy : list(&syncz)) {
    const auto name = text(member(&proxy, "proxy"));
    std::vector<std::string> row{name, text(proxy.find("cluster_id"))};
    for (const auto* type : {"CDS", "LDS", "EDS", "RDS", "SDS"}) row.push_back(state_in(proxy, type));
    row.push_back(text(member(&proxy, "peer")));
    row.push_back(text(proxy.find("istio_version")));
    rows.push_back(std::move(row));
    for (const auto& each : list(member(&proxy, "types")))
      if (const auto* refusal = member(&each, "refusal"))
        refusals += fmt::format("{} refuses {}: {}\n", name, text(member(&each, "type")), text(refusal));
  }
  return table_of(rows) + refusals;
}

bool proxy_status_has_problems(const Node& syncz) {
  for (const auto& proxy : list(&syncz))
    for (const auto& each : list(member(&proxy, "types")))
      if (const auto state = text(member(&each, "state")); state == "REFUSED" || state == "STALE") return true;
  return false;
}

Result<ConfigKind> parse_config_kind(std::string_view word) {
  std::vector<std::string_view> full;
  for (const auto& each : kinds) {
    const auto names = split(each.names, ' ');
    if (std::find(names.begin(), names.end(), word) != names.end()) return each.kind;
    full.push_back(names[0]);
  }
  return fail(ErrorKind::invalid, "\"{}\" is none of {}", word, joined(full, ", "));
}

Node resources_in_dump(const Node& dump, ConfigKind wanted, const ConfigFilter& filter) {
  if (wanted == ConfigKind::all) return dump;
  const auto& kind = kind_of(wanted);
  auto out = Node::list();
  for (const auto& part : list(member(&dump, "configs"))) {
    const auto* type = part.find("@type");
    if (!type || !type->text().ends_with(kind.dump)) continue;
    for (const auto& entry : *part.as_map())
      for (const auto& each : list(&entry.value)) collect(each, kind, filter, out);
  }
  return out;
}

std::string config_table(const Node& resources, ConfigKind kind) {
  switch (kind) {
    case ConfigKind::clusters:
      return table_of(cluster_rows(resources));
    case ConfigKind::listeners:
      return table_of(listener_rows(resources));
    case ConfigKind::routes:
      return table_of(route_rows(resources));
    case ConfigKind::endpoints:
      return table_of(endpoint_rows(resources));
    case ConfigKind::secrets:
      return table_of(secret_rows(resources));
    case ConfigKind::all:
      break;
  }
  return {};
}

}  // namespace lateen::wiring
