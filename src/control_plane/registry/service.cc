#include "control_plane/registry/service.h"

#include <algorithm>

#include "lib/base/strings.h"

namespace lateen::registry {

bool contains(const Labels& labels, const Labels& wanted) {
  return std::ranges::all_of(wanted, [&](const auto& item) {
    const auto found = labels.find(item.first);
    return found != labels.end() && found->second == item.second;
  });
}

Locality Locality::parse(std::string_view text) {
  Locality out;
  const auto parts = split(text, '/');
  if (!parts.empty()) out.region = parts[0];
  if (parts.size() > 1) out.zone = parts[1];
  if (parts.size() > 2) out.subzone = parts[2];
  return out;
}

Locality Locality::named_by(const Labels& labels) {
  for (const char* name : {"topology.istio.io/locality", "istio-locality"}) {
    const auto label = labels.find(name);
    if (label == labels.end() || label->second.empty()) continue;
    std::string text = label->second;
    std::ranges::replace(text, '.', '/');
    return parse(text);
  }
  return {};
}

Locality Locality::of_node(const Labels& labels) {
  const auto text = [&](const char* name) {
    const auto label = labels.find(name);
    return label == labels.end() ? std::string() : label->second;
  };
  return {text("topology.kubernetes.io/region"), text("topology.kubernetes.io/zone"),
          text("topology.istio.io/subzone")};
}

const Port* Service::port(uint32_t number) const {
  const auto found = std::ranges::find(ports, number, &Port::number);
  return found == ports.end() ? nullptr : &*found;
}

const Port* Service::port_named(std::string_view name) const {
  const auto found = std::ranges::find(ports, name, &Port::name);
  return found == ports.end() ? nullptr : &*found;
}

std::string Service::address_for(const std::string& cluster) const {
  const auto own = addresses.find(cluster);
  const auto& list = own != addresses.end() ? own->second
                     : addresses.empty()    ? std::vector<std::string>{}
                                            : addresses.begin()->second;
  return list.empty() ? "0.0.0.0" : list.front();
}

Endpoint endpoint_of(const Workload& workload, const std::string& address, uint32_t port, std::string port_name) {
  Endpoint out;
  out.address = address;
  out.port = port;
  out.port_name = std::move(port_name);
  out.labels = workload.labels;
  out.service_account = workload.service_account;
  out.locality = workload.locality;
  out.cluster = workload.cluster;
  out.network = workload.network;
  out.weight = workload.weight;
  const auto mode = workload.labels.find("security.istio.io/tlsMode");
  out.mutual_tls = mode != workload.labels.end() && mode->second == "istio";
  out.workload = workload.workload_name;
  out.namespace_ = workload.namespace_;
  out.node = workload.node;
  if (workload.is_pod) out.health = Health::healthy;
  return out;
}

}  // namespace lateen::registry
