#include "control_plane/translate/scope.h"

#include <algorithm>
#include <set>

#include "control_plane/snapshot/hosts.h"
#include "control_plane/snapshot/visibility.h"

namespace lateen::translate {
namespace {

using config::IstioEgressListener;
using registry::Service;
using snapshot::VirtualServiceObject;

// One `hosts` entry of an egress listener.
struct Pattern {
  bool excludes = false;   // a leading "~"
  std::string namespace_;  // "*" for all
  std::string host;

  bool matches(std::string_view owner, std::string_view name) const {
    return (namespace_ == "*" || namespace_ == owner) && snapshot::hosts_meet(host, name);
  }
};

std::vector<Pattern> patterns_of(const IstioEgressListener& listener, const std::string& own_namespace) {
  std::vector<Pattern> out;
  for (const auto& text : listener.hosts) {
    const auto slash = text.find('/');
    Pattern each;
    each.namespace_ = slash == std::string::npos ? "*" : text.substr(0, slash);
    each.host = slash == std::string::npos ? text : text.substr(slash + 1);
    if (each.namespace_.starts_with('~')) {
      each.excludes = true;
      each.namespace_.erase(0, 1);
      if (each.namespace_.empty()) each.namespace_ = "*";
    }
    if (each.namespace_ == ".") each.namespace_ = own_namespace;
    out.push_back(std::move(each));
  }
  return out;
}

bool is_imported(const std::vector<Pattern>& patterns, std::string_view owner, std::string_view host) {
  bool imported = false;
  for (const auto& each : patterns) {
    if (!each.matches(owner, host)) continue;
    if (each.excludes) return false;
    imported = true;
  }
  return imported;
}

ServicePointers visible_services(const snapshot::Snapshot& snapshot, const Proxy& proxy) {
  ServicePointers out;
  for (const auto& service : snapshot.services)
    if (snapshot::is_visible(service.export_to, snapshot.mesh.default_service_export_to, service.namespace_,
                             proxy.namespace_))
      out.push_back(&service);
  return out;
}

// One service for a host: Kubernetes before others, the proxy's own namespace before others, else the oldest.
ServicePointers one_per_host(const ServicePointers& all, const Proxy& proxy) {
  const auto rank = [&](const Service& service) {
    return (service.provider == registry::Provider::kubernetes ? 2 : 0) + (service.namespace_ == proxy.namespace_);
  };
  std::map<std::string_view, const Service*> best;
  for (const auto* each : all) {
    const auto [at, is_new] = best.try_emplace(each->hostname, each);
    if (!is_new && rank(*each) > rank(*at->second)) at->second = each;
  }
  ServicePointers out;
  for (const auto* each : all)
    if (best[each->hostname] == each) out.push_back(each);
  return out;
}

VirtualServicePointers visible_virtual_services(const snapshot::Snapshot& snapshot, const Proxy& proxy) {
  VirtualServicePointers out;
  for (const auto& each : snapshot.virtual_services)
    if (snapshot::is_visible(each.spec.export_to, snapshot.mesh.default_virtual_service_export_to,
                             each.metadata.namespace_, proxy.namespace_) &&
        (proxy.is_router() || snapshot::is_bound_to(each, snapshot::mesh_gateway)))
      out.push_back(&each);
  return out;
}

void add_destinations(const VirtualServiceObject& object, std::set<std::string>& out) {
  for (const auto& route : object.spec.http) {
    for (const auto& each : route.route)
      if (each.destination) out.insert(each.destination->host);
    if (route.mirror) out.insert(route.mirror->host);
    for (const auto& mirror : route.mirrors)
      if (mirror.destination) out.insert(mirror.destination->host);
  }
  for (const auto& route : object.spec.tls)
    for (const auto& each : route.route)
      if (each.destination) out.insert(each.destination->host);
  for (const auto& route : object.spec.tcp)
    for (const auto& each : route.route)
      if (each.destination) out.insert(each.destination->host);
}

// Services and VirtualServices that one egress listener imports, with what the VirtualServices lead to.
EgressScope egress_of(const IstioEgressListener& listener, const Proxy& proxy, const ServicePointers& services,
                      const VirtualServicePointers& virtual_services) {
  EgressScope out;
  out.listener = &listener;
  const auto patterns = patterns_of(listener, proxy.namespace_);
  std::set<std::string> destinations;
  for (const auto* each : virtual_services) {
    const bool imported = std::ranges::any_of(
        each->spec.hosts, [&](const auto& host) { return is_imported(patterns, each->metadata.namespace_, host); });
    if (!imported) continue;
    out.virtual_services.push_back(each);
    add_destinations(*each, destinations);
  }
  ServicePointers all;
  for (const auto* each : services)
    if (is_imported(patterns, each->namespace_, each->hostname) || destinations.contains(each->hostname))
      all.push_back(each);
  out.services = one_per_host(all, proxy);
  return out;
}

// An egress listener with a port imports that port of the services that have it, and nothing else.
void trim_to_port(uint32_t number, EgressScope& egress, Scope& out) {
  ServicePointers kept;
  for (const auto* each : egress.services) {
    const auto* port = each->port(number);
    if (!port) continue;
    if (each->ports.size() > 1) {
      auto copy = std::make_shared<Service>(*each);
      copy->ports = {*port};
      out.trimmed.push_back(copy);
      each = copy.get();
    }
    kept.push_back(each);
  }
  egress.services = std::move(kept);
}

// Adds services; of one that is there already with fewer ports, the ports.
void add_services(const ServicePointers& from, Scope& out) {
  for (const auto* each : from) {
    const auto [at, is_new] = out.by_host.try_emplace(each->hostname, out.services.size());
    if (is_new) {
      out.services.push_back(each);
      continue;
    }
    const Service*& held = out.services[at->second];
    if (held == each) continue;
    auto merged = std::make_shared<Service>(*held);
    for (const auto& port : each->ports)
      if (!merged->port(port.number)) merged->ports.push_back(port);
    out.trimmed.push_back(merged);
    held = merged.get();
  }
}

template <class Pointers>
void add_new(Pointers& to, const Pointers& from) {
  for (const auto* each : from)
    if (std::ranges::find(to, each) == to.end()) to.push_back(each);
}

bool is_registry_only(const snapshot::Snapshot& snapshot, const config::Object<config::Sidecar>* sidecar) {
  if (sidecar && sidecar->spec.outbound_traffic_policy)
    return sidecar->spec.outbound_traffic_policy->mode == config::OutboundTrafficPolicy::Mode::REGISTRY_ONLY;
  return snapshot.mesh.outbound_traffic_policy.mode == config::MeshConfig::OutboundTrafficPolicy::Mode::REGISTRY_ONLY;
}

}  // namespace

const Service* Scope::service(std::string_view host) const {
  const auto found = by_host.find(host);
  return found == by_host.end() ? nullptr : services[found->second];
}

const config::Object<config::Sidecar>* sidecar_of(const snapshot::Snapshot& snapshot, const Proxy& proxy) {
  if (proxy.is_router()) return nullptr;
  const config::Object<config::Sidecar>* own = nullptr;
  const config::Object<config::Sidecar>* root = nullptr;
  for (const auto& each : snapshot.sidecars) {
    const bool selects = each.spec.workload_selector && !each.spec.workload_selector->labels.empty();
    if (selects && each.metadata.namespace_ == proxy.namespace_ &&
        registry::contains(proxy.labels, each.spec.workload_selector->labels))
      return &each;
    if (selects) continue;
    if (!own && each.metadata.namespace_ == proxy.namespace_) own = &each;
    if (!root && each.metadata.namespace_ == snapshot.mesh.root_namespace) root = &each;
  }
  return own ? own : root;
}

Scope scope_of(const snapshot::Snapshot& snapshot, const Proxy& proxy) {
  Scope out;
  out.sidecar = sidecar_of(snapshot, proxy);
  out.registry_only = is_registry_only(snapshot, out.sidecar);
  const auto services = visible_services(snapshot, proxy);
  const auto virtual_services = visible_virtual_services(snapshot, proxy);
  if (out.sidecar)
    for (const auto& listener : out.sidecar->spec.egress) {
      out.egress.push_back(egress_of(listener, proxy, services, virtual_services));
      if (listener.port && listener.port->number) trim_to_port(listener.port->number, out.egress.back(), out);
    }
  if (out.egress.empty()) {
    out.egress.push_back({nullptr, one_per_host(services, proxy), virtual_services});
  }
  for (const auto& each : out.egress) {
    add_services(each.services, out);
    add_new(out.virtual_services, each.virtual_services);
  }
  return out;
}

}  // namespace lateen::translate
