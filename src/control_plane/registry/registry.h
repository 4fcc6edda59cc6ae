// All registries as one: services and workloads of every cluster and of the mesh's own objects, merged.
//
// Kubernetes services of the same host and namespace in several clusters become one; so does a ServiceEntry for the
// host of a Kubernetes service in its namespace, which adds endpoints to it. ExternalName services lend their names to
// the service they stand for. The result is sorted by age, then name and namespace: the order in which conflicts are
// decided everywhere.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "control_plane/registry/entries.h"
#include "control_plane/registry/kubernetes.h"
#include "control_plane/registry/service.h"

namespace lateen::registry {

// The objects of one cluster. The configuration cluster ("Kubernetes") also holds the mesh's own kinds.
struct Cluster {
  std::string id;
  const config::Objects* objects = nullptr;
};

struct Registry {
  std::vector<Service> services;
  std::vector<Workload> workloads;              // pods and WorkloadEntries of all clusters
  std::vector<NetworkGateway> gateways;         // all services with external addresses
  std::map<std::string, std::string> networks;  // cluster -> network, where its system namespace says so
  bool operator==(const Registry&) const = default;
};

struct RegistryOptions {
  std::string domain = "cluster.local";
  std::string trust_domain = "cluster.local";
  std::string system_namespace = "istio-system";
};

// Pure: the same objects give the same registry, whatever their order in files.
Registry merge(const std::vector<Cluster>& clusters, const RegistryOptions& options = {});

}  // namespace lateen::registry
