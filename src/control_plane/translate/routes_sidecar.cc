#include <algorithm>
#include <map>
#include <set>

#include "control_plane/snapshot/hosts.h"
#include "control_plane/translate/routes.h"
#include "lib/base/strings.h"

namespace lateen::translate {
namespace {

using registry::Service;
using snapshot::VirtualServiceObject;

struct Name {
  std::string host;  // "" for all services of the port
  uint32_t port = 0;
};

Name parse(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return {"", parse_number<uint32_t>(text).value_or(0)};
  return {text.substr(0, colon), parse_number<uint32_t>(std::string_view(text).substr(colon + 1)).value_or(0)};
}

// The egress listener that this port belongs to: one of its own, else the one without a port.
const EgressScope* egress_of(const Scope& scope, uint32_t port) {
  const EgressScope* rest = nullptr;
  for (const auto& each : scope.egress) {
    const bool has_port = each.listener && each.listener->port && each.listener->port->number;
    if (has_port && each.listener->port->number == port) return &each;
    if (!has_port) rest = &each;
  }
  return rest;
}

class HostBuilder {
 public:
  HostBuilder(const Context& in, const EgressScope& egress, const Name& name) : in_(in), egress_(egress), name_(name) {
    for (const auto* each : egress.services) {
      const auto* port = each->port(name.port);
      if (!port || !(registry::is_http(port->protocol) || port->protocol == registry::Protocol::automatic)) continue;
      if (!name.host.empty() && each->hostname != name.host) continue;
      services_.push_back(one_port(each, *port));
      hosts_of_services_.insert(each->hostname);
    }
  }

  std::map<std::string, VirtualHost> build() {
    for (const auto* each : egress_.virtual_services) add_virtual_service(*each);
    for (const auto* each : services_)
      if (!done_.contains(each->hostname)) add_service(*each, {default_route(in_, *each, name_.port)});
    return std::move(hosts_);
  }

 private:
  // Here a service is its one port: destinations without a port mean that one.
  const Service* one_port(const Service* service, const registry::Port& port) {
    if (service->ports.size() == 1) return service;
    auto copy = std::make_unique<Service>(*service);
    copy->ports = {port};
    copies_.push_back(std::move(copy));
    return copies_.back().get();
  }

  // The services a VirtualService speaks for, and its hosts that are none.
  void add_virtual_service(const VirtualServiceObject& object) {
    ServicePointers mine;
    std::vector<std::string> others;
    for (const auto& host : object.spec.hosts) {
      bool found = false;
      for (const auto* service : services_)
        if (speaks_for(object, host, *service)) {
          mine.push_back(service);
          found = true;
        }
      if (!found) others.push_back(host);
    }
    if (mine.empty() && (name_.port != 80 || !name_.host.empty())) return;
    const auto routes = http_routes({in_, object, name_.port, {std::string(snapshot::mesh_gateway)}, services_});
    if (routes.empty()) return;
    for (const auto* service : mine)
      if (done_.insert(service->hostname).second) add_service(*service, routes);
    if (!name_.host.empty()) return;
    for (const auto& host : others)
      if (done_.insert(host).second) add(host, {host}, routes);
  }

  // A wildcard counts only where no more specific host of another VirtualService does.
  bool speaks_for(const VirtualServiceObject& object, const std::string& host, const Service& service) const {
    if (!snapshot::covers(host, service.hostname)) return false;
    if (host == service.hostname) return true;
    for (const auto* other : egress_.virtual_services)
      for (const auto& rival : other->spec.hosts)
        if (other != &object && rival != host && snapshot::covers(host, rival) &&
            snapshot::covers(rival, service.hostname))
          return false;
    return true;
  }

  void add_service(const Service& service, const std::vector<Route>& routes) {
    add(service.hostname, name_.host.empty() ? domains_of(service, in_.proxy) : std::vector<std::string>{"*"}, routes);
  }

  void add(const std::string& host, const std::vector<std::string>& domains, const std::vector<Route>& routes) {
    VirtualHost made = named_virtual_host(host, name_.port);
    for (const auto& domain : domains)
      if (domain == host || !is_service(domain))
        if (domains_.insert(domain).second) made.add_domains(domain);
    if (made.domains().empty()) return;
    for (const auto& route : routes) *made.add_routes() = route;
    hosts_[made.name()] = std::move(made);
  }

  // A short name that is another service's whole name stays with that service.
  bool is_service(const std::string& domain) const { return hosts_of_services_.contains(domain); }

  const Context& in_;
  const EgressScope& egress_;
  Name name_;
  ServicePointers services_;
  std::vector<std::unique_ptr<Service>> copies_;
  std::set<std::string, std::less<>> hosts_of_services_;
  std::set<std::string> done_, domains_;
  std::map<std::string, VirtualHost> hosts_;
};

VirtualHost catch_all(const Context& in) {
  VirtualHost out;
  out.set_name(in.scope.registry_only ? "block_all" : "allow_any");
  out.add_domains("*");
  out.set_include_request_attempt_count(true);
  auto* route = out.add_routes();
  route->set_name(out.name());
  route->mutable_match()->set_prefix("/");
  if (in.scope.registry_only) {
    route->mutable_direct_response()->set_status(502);
  } else {
    route->mutable_route()->set_cluster(std::string(passthrough_cluster));
    set_timeout(std::nullopt, *route->mutable_route());
  }
  return out;
}

}  // namespace

RouteConfiguration sidecar_route(const Context& in, const std::string& name) {
  RouteConfiguration out = empty_route_configuration(name);
  const Name parsed = parse(name);
  if (const auto* egress = egress_of(in.scope, parsed.port))
    for (auto& [key, host] : HostBuilder(in, *egress, parsed).build()) *out.add_virtual_hosts() = std::move(host);
  if (parsed.host.empty()) *out.add_virtual_hosts() = catch_all(in);
  return out;
}

}  // namespace lateen::translate
