#include <algorithm>
#include <map>

#include "control_plane/translate/gateways.h"
#include "control_plane/translate/routes.h"

namespace lateen::translate {
namespace {

// The virtual hosts of one route configuration while servers add to them.
class HostTable {
 public:
  HostTable(const Context& in, uint32_t port) : in_(in), port_(port) {}

  void add(const GatewayServer& server) {
    for (const auto* object : in_.scope.virtual_services) {
      const auto hosts = hosts_served(server, *object);
      if (hosts.empty() || object->spec.http.empty()) continue;
      const auto routes = http_routes({in_, *object, server.number(), {server.name()}, in_.scope.services});
      if (routes.empty()) continue;
      for (const auto& host : hosts) add(host, *object, server, routes);
    }
    if (!server.redirects()) return;
    for (const auto& host : server.server->hosts) hosts_[host].redirects = true;
  }

  void write(RouteConfiguration& out) {
    std::vector<VirtualHost> made;
    std::map<std::string, size_t> same;  // content -> index: hosts with the same routes share a virtual host
    for (auto& [host, entry] : hosts_) {
      VirtualHost each = named_virtual_host(host, port_);
      if (entry.redirects) each.set_require_tls(VirtualHost::ALL);
      std::ranges::stable_partition(entry.routes, [](const Route& route) { return !is_catch_all(route); });
      for (auto& route : entry.routes) *each.add_routes() = std::move(route);
      VirtualHost content = each;
      content.clear_name();
      const auto [at, is_new] = same.try_emplace(xds::serialize(content), made.size());
      if (is_new || each.routes().empty()) {
        each.add_domains(host);
        made.push_back(std::move(each));
      } else {
        made[at->second].add_domains(host);
      }
    }
    for (auto& each : made) *out.add_virtual_hosts() = std::move(each);
    if (hosts_.empty()) {
      auto* nothing = out.add_virtual_hosts();
      nothing->set_name(fmt::format("blackhole:{}", port_));
      nothing->add_domains("*");
    }
  }

 private:
  struct Entry {
    std::vector<Route> routes;
    std::vector<const snapshot::VirtualServiceObject*> objects;
    bool redirects = false;
  };

  void add(const std::string& host, const snapshot::VirtualServiceObject& object, const GatewayServer& server,
           const std::vector<Route>& routes) {
    auto& entry = hosts_[host];
    entry.redirects |= server.redirects();
    if (std::ranges::find(entry.objects, &object) != entry.objects.end()) return;
    entry.objects.push_back(&object);
    entry.routes.insert(entry.routes.end(), routes.begin(), routes.end());
  }

  const Context& in_;
  uint32_t port_;
  std::map<std::string, Entry> hosts_;
};

}  // namespace

RouteConfiguration gateway_route(const Context& in, const std::string& name) {
  RouteConfiguration out = empty_route_configuration(name);
  std::vector<GatewayServer> mine;
  for (auto& server : gateway_servers(in))
    if (server.route_name == name) mine.push_back(std::move(server));
  HostTable table(in, mine.empty() ? 0 : mine.front().number());
  for (const auto& server : mine) table.add(server);
  table.write(out);
  return out;
}

}  // namespace lateen::translate
