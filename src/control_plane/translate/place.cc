#include "control_plane/translate/place.h"

#include <algorithm>

namespace lateen::translate {
namespace {

using registry::Service;
using registry::Workload;

// Length first: no text of a proxy can be taken for two.
void put(std::string_view text, std::string& out) {
  fmt::format_to(std::back_inserter(out), "{}:", text.size());
  out += text;
}

// "defaultEndpoint: 0.0.0.0:8080" means the proxy's own address.
bool means_own_address(const config::Object<config::Sidecar>& sidecar) {
  return std::ranges::any_of(sidecar.spec.ingress, [](const auto& each) {
    return each.default_endpoint.starts_with("0.0.0.0:") || each.default_endpoint.starts_with("[::]:") ||
           each.default_endpoint.starts_with(":::");
  });
}

// The metadata that translation reads, but NODE_NAME.
constexpr std::string_view counting_metadata[] = {"INTERCEPTION_MODE", "DNS_CAPTURE", "REQUESTED_NETWORK_VIEW",
                                                  "MESH_ID"};

}  // namespace

std::string service_key(const Service& service, size_t index) {
  return fmt::format("{}|{}|{}", service.hostname, service.namespace_, index);
}

Locator::Locator(const snapshot::Snapshot& snapshot) : root_namespace_(snapshot.mesh.root_namespace) {
  for (const auto& [host, indexes] : snapshot.services_by_host)
    for (size_t i = 0; i < indexes.size(); ++i) {
      const auto& service = snapshot.services[indexes[i]];
      keys_[&service] = service_key(service, i);
    }
  for (const auto& service : snapshot.services) {
    by_namespace_[service.namespace_].push_back(&service);
    has_node_local_ |= service.node_local;
    if (service.headless)
      for (const auto& endpoint : service.endpoints) headless_addresses_.insert(endpoint.address);
  }
  for (const auto& workload : snapshot.workloads)
    for (const auto& address : workload.addresses) by_address_[address].push_back(&workload);
  for (const auto& sidecar : snapshot.sidecars)
    if (means_own_address(sidecar)) own_address_namespaces_.insert(sidecar.metadata.namespace_);
}

// As completed() does it: the first in the snapshot's order.
const Workload* Locator::workload_of(const Proxy& proxy) const {
  const Workload* out = nullptr;
  for (const auto& ip : proxy.ips) {
    const auto found = by_address_.find(ip);
    if (found == by_address_.end()) continue;
    for (const auto* each : found->second)
      if (is_workload_of(*each, proxy) && (!out || each < out)) out = each;
  }
  return out;
}

std::vector<ServedKey> Locator::served_by(const Proxy& proxy) const {
  std::vector<ServedKey> out;
  const auto services = by_namespace_.find(proxy.namespace_);
  if (services == by_namespace_.end()) return out;
  for (const auto& each : served_ports(proxy, services->second))
    out.push_back({keys_.at(each.service), each.port->name, each.port->number, each.target});
  return out;
}

void Locator::write_class(const Proxy& proxy, std::string& out) const {
  put(proxy.is_router() ? "router" : "sidecar", out);
  for (const auto* text : {&proxy.namespace_, &proxy.domain, &proxy.cluster, &proxy.network, &proxy.locality.region,
                           &proxy.locality.zone, &proxy.locality.subzone})
    put(*text, out);
  put(proxy.wildcard_address(), out);
  for (const auto key : counting_metadata) put(proxy.text(key), out);
  put(has_node_local_ ? proxy.text("NODE_NAME") : "", out);
  for (const auto& [key, value] : proxy.labels) {
    put(key, out);
    put(value, out);
  }
}

Whereabouts Locator::find(const Proxy& proxy) const {
  Whereabouts out;
  Proxy& whole = out.place.proxy = completed(proxy, workload_of(proxy));
  write_class(whole, out.class_key);
  out.place_key = out.class_key + "|";
  out.place.served = served_by(whole);
  for (const auto& each : out.place.served) {
    put(each.service, out.place_key);
    put(each.port_name, out.place_key);
    fmt::format_to(std::back_inserter(out.place_key), "{}>{},", each.port, each.target);
  }
  for (const auto& ip : whole.ips)
    if (headless_addresses_.contains(ip)) out.itself += (out.itself.empty() ? "" : ",") + ip;
  const bool own_counts =
      own_address_namespaces_.contains(whole.namespace_) || own_address_namespaces_.contains(root_namespace_);
  whole.ips = {own_counts && !whole.ips.empty() ? whole.ips.front() : whole.wildcard_address()};
  put(whole.ips.front(), out.place_key);
  return out;
}

}  // namespace lateen::translate
