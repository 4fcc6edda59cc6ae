// Networks: where endpoints live and through which gateways other networks reach them (spec/istio.md section 2.5).
#pragma once
#include <string>
#include <vector>

#include "config/mesh/mesh_networks.h"
#include "control_plane/registry/registry.h"

namespace lateen::snapshot {

class Networks {
 public:
  Networks() = default;
  bool operator==(const Networks&) const = default;
  Networks(const config::MeshNetworks& configured, const registry::Registry& registry);

  // The network of an endpoint: its own, else by MeshNetworks' address ranges and registries, else its cluster's.
  std::string network_of(const registry::Endpoint& endpoint) const;
  // The same for a proxy that names none.
  std::string network_of(const std::string& cluster, const std::string& address) const;

  bool any_gateways() const { return !gateways_.empty(); }
  // The gateways that lead to an endpoint of that network and cluster: those of its own cluster when there are, else
  // all of the network.
  std::vector<registry::NetworkGateway> gateways_to(const std::string& network, const std::string& cluster) const;

 private:
  config::MeshNetworks configured_;
  std::map<std::string, std::string> cluster_networks_;
  std::vector<registry::NetworkGateway> gateways_;  // sorted
};

}  // namespace lateen::snapshot
