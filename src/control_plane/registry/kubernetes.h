// Kubernetes objects of one cluster as services and workloads (spec/istio.md section 2.1).
#pragma once
#include <string>
#include <vector>

#include "config/objects/objects.h"
#include "control_plane/registry/service.h"

namespace lateen::registry {

struct ClusterContext {
  std::string id;  // "Kubernetes" for the configuration cluster
  std::string domain = "cluster.local";
  std::string trust_domain = "cluster.local";
  std::string system_namespace = "istio-system";
};

// The pods that run, with their localities and identities.
std::vector<Workload> pods_of(const config::Objects& objects, const ClusterContext& cluster);

// Services with the endpoints that their EndpointSlices list. `pods` are those of the same cluster. ExternalName
// services come as Resolution::alias.
std::vector<Service> services_of(const config::Objects& objects, const ClusterContext& cluster,
                                 const std::vector<Workload>& pods);

// The network that the label topology.istio.io/network of the system namespace names, or "".
std::string network_of(const config::Objects& objects, const ClusterContext& cluster);

// An address where proxies of other networks get in: a Service labelled topology.istio.io/network, or one that
// MeshNetworks names by its host.
struct NetworkGateway {
  std::string network;
  std::string cluster;
  std::string address;
  uint32_t port = 0;
  std::string service;  // its host; "" when MeshNetworks gives the address
  auto operator<=>(const NetworkGateway&) const = default;
};

// The external addresses of services, each as a gateway whose `network` is the value of the label, or "" without one.
std::vector<NetworkGateway> gateways_of(const config::Objects& objects, const ClusterContext& cluster);

// "spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT"
std::string spiffe_id(std::string_view trust_domain, std::string_view namespace_, std::string_view account);

}  // namespace lateen::registry
