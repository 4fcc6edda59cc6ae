#include "control_plane/snapshot/networks.h"

#include <algorithm>
#include <iterator>

#include "lib/base/ip.h"

namespace lateen::snapshot {

using registry::NetworkGateway;

Networks::Networks(const config::MeshNetworks& configured, const registry::Registry& registry)
    : configured_(configured), cluster_networks_(registry.networks) {
  for (const auto& each : registry.gateways)
    if (!each.network.empty()) gateways_.push_back(each);
  for (const auto& [name, network] : configured.networks) {
    for (const auto& gateway : network.gateways) {
      if (gateway.address) gateways_.push_back({name, "", *gateway.address, gateway.port, ""});
      if (!gateway.registry_service_name) continue;
      for (const auto& each : registry.gateways)
        if (each.service == *gateway.registry_service_name)
          gateways_.push_back({name, each.cluster, each.address, gateway.port, each.service});
    }
  }
  std::ranges::sort(gateways_);
  const auto [first, last] = std::ranges::unique(gateways_);
  gateways_.erase(first, last);
}

std::string Networks::network_of(const std::string& cluster, const std::string& address) const {
  const auto ip = Ip::parse(address);
  for (const auto& [name, network] : configured_.networks)
    for (const auto& each : network.endpoints) {
      if (each.from_registry && *each.from_registry == cluster) return name;
      if (!each.from_cidr || !ip) continue;
      const auto range = Cidr::parse(*each.from_cidr);
      if (range && range->contains(*ip)) return name;
    }
  const auto own = cluster_networks_.find(cluster);
  return own == cluster_networks_.end() ? "" : own->second;
}

std::string Networks::network_of(const registry::Endpoint& endpoint) const {
  return endpoint.network.empty() ? network_of(endpoint.cluster, endpoint.address) : endpoint.network;
}

std::vector<NetworkGateway> Networks::gateways_to(const std::string& network, const std::string& cluster) const {
  std::vector<NetworkGateway> all, own;
  if (network.empty()) return all;
  for (const auto& each : gateways_) {
    if (each.network != network) continue;
    all.push_back(each);
    if (!each.cluster.empty() && each.cluster == cluster) own.push_back(each);
  }
  return own.empty() ? all : own;
}

}  // namespace lateen::snapshot
