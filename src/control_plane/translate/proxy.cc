#include "control_plane/translate/proxy.h"

#include <algorithm>
#include <map>

#include "lib/base/ip.h"
#include "lib/base/strings.h"

namespace lateen::translate {
namespace {

using registry::Service;
using registry::Workload;

const Workload* workload_at(const Proxy& proxy, const snapshot::Snapshot& snapshot) {
  for (const auto& each : snapshot.workloads)
    if (is_workload_of(each, proxy)) return &each;
  return nullptr;
}

uint32_t target_of(const registry::Port& port, const Workload& workload) {
  if (port.target_name.empty()) return port.target;
  const auto named = workload.ports.find(port.target_name);
  return named == workload.ports.end() ? 0 : named->second;
}

void read_labels(const schema::Node* node, registry::Labels& out) {
  if (!node || !node->as_map()) return;
  for (const auto& entry : *node->as_map()) out[entry.key] = entry.value.text();
}

// "TYPE~IP~NAME.NAMESPACE~NAMESPACE.svc.DOMAIN": the domain, when the id has that form.
void read_id(Proxy& out) {
  const auto parts = split(out.id, '~');
  if (parts.size() != 4) return;
  if (out.ips.empty() && !parts[1].empty()) out.ips.emplace_back(parts[1]);
  const auto svc = parts[3].find(".svc.");
  if (svc == std::string_view::npos) return;
  if (out.namespace_.empty()) out.namespace_ = parts[3].substr(0, svc);
  out.domain = parts[3].substr(svc + 5);
}

}  // namespace

std::string_view Proxy::text(std::string_view key) const {
  const auto* found = metadata.find(key);
  return found ? found->text() : std::string_view();
}

std::string Proxy::wildcard_address() const {
  return !ips.empty() && ips.front().find(':') != std::string::npos ? "::" : "0.0.0.0";
}

std::string Proxy::loopback_address() const { return wildcard_address() == "::" ? "::1" : "127.0.0.1"; }

Result<Proxy> read_proxy(const schema::Node& document) {
  if (!document.is_map()) return fail(ErrorKind::invalid, "the proxy file is no JSON object");
  Proxy out;
  if (const auto* id = document.find("id")) out.id = id->text();
  const auto* type = document.find("type");
  if (!type || (type->text() != "sidecar" && type->text() != "router"))
    return fail(ErrorKind::invalid, "type: must be \"sidecar\" or \"router\"");
  out.type = type->text() == "router" ? Proxy::Type::router : Proxy::Type::sidecar;
  if (const auto* ips = document.find("ip"); ips && ips->as_list())
    for (const auto& ip : *ips->as_list()) out.ips.emplace_back(ip.text());
  if (const auto* name = document.find("namespace")) out.namespace_ = name->text();
  read_id(out);
  if (out.ips.empty()) return fail(ErrorKind::invalid, "ip: must have an address");
  for (const auto& ip : out.ips)
    if (!Ip::parse(ip)) return fail(ErrorKind::invalid, "ip: \"{}\" is no address", ip);
  if (out.namespace_.empty()) out.namespace_ = "default";
  read_labels(document.find("labels"), out.labels);
  if (const auto* metadata = document.find("metadata")) out.metadata = *metadata;
  out.cluster = out.text("CLUSTER_ID");
  if (out.cluster.empty()) out.cluster = snapshot::configuration_cluster;
  out.network = out.text("NETWORK");
  return out;
}

Proxy completed(const Proxy& proxy, const snapshot::Snapshot& snapshot) {
  return completed(proxy, workload_at(proxy, snapshot));
}

bool is_workload_of(const Workload& workload, const Proxy& proxy) {
  return workload.cluster == proxy.cluster && workload.namespace_ == proxy.namespace_ &&
         std::ranges::any_of(workload.addresses, [&](const std::string& address) {
           return std::ranges::find(proxy.ips, address) != proxy.ips.end();
         });
}

namespace {

// As istiod has it: what is known of the workload comes before what the proxy says, and its labels before its node.
registry::Locality locality_of(const Proxy& proxy, const Workload* workload) {
  if (workload && !workload->locality.empty()) return workload->locality;
  for (auto by_labels : {registry::Locality::of_node(proxy.labels), registry::Locality::named_by(proxy.labels)})
    if (!by_labels.empty()) return by_labels;
  return proxy.locality;
}

}  // namespace

Proxy completed(const Proxy& proxy, const Workload* workload) {
  Proxy out = proxy;
  out.workload.reset();
  if (workload) {
    out.workload = *workload;
    if (out.labels.empty()) out.labels = workload->labels;
    if (out.network.empty()) out.network = workload->network;
  }
  out.locality = locality_of(out, workload);
  return out;
}

std::vector<ServedPort> served_ports(const Proxy& proxy, const snapshot::Snapshot& snapshot) {
  std::vector<const Service*> own;
  for (const auto& service : snapshot.services)
    if (service.namespace_ == proxy.namespace_) own.push_back(&service);
  return served_ports(proxy, own);
}

std::vector<ServedPort> served_ports(const Proxy& proxy, const std::vector<const Service*>& services) {
  std::map<uint32_t, ServedPort> by_target;
  const auto add = [&](const Service& service, const registry::Port& port, uint32_t target) {
    if (target && port.protocol != registry::Protocol::udp)
      by_target.try_emplace(target, ServedPort{&service, &port, target});
  };
  const auto* workload = proxy.workload ? &*proxy.workload : nullptr;
  for (const auto* each : services) {
    const Service& service = *each;
    const bool by_pod = workload && workload->is_pod && service.provider == registry::Provider::kubernetes;
    if (by_pod) {
      if (service.selector.empty() || !registry::contains(workload->labels, service.selector)) continue;
      for (const auto& port : service.ports) add(service, port, target_of(port, *workload));
      continue;
    }
    for (const auto& endpoint : service.endpoints) {
      if (endpoint.cluster != proxy.cluster || std::ranges::find(proxy.ips, endpoint.address) == proxy.ips.end())
        continue;
      if (const auto* port = service.port_named(endpoint.port_name)) add(service, *port, endpoint.port);
    }
  }
  std::vector<ServedPort> out;
  for (const auto& [target, each] : by_target) out.push_back(each);
  return out;
}

}  // namespace lateen::translate
