// The world at one instant: everything that people wrote, completed and indexed, immutable.
//
// build() is pure and makes a Snapshot from scratch; the result is shared by pointer and read by many. All lists are
// oldest first, which is the order in which conflicts are decided. Members are public: a Snapshot is a value.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/mesh/mesh_config.h"
#include "config/mesh/mesh_networks.h"
#include "config/objects/objects.h"
#include "control_plane/registry/registry.h"
#include "control_plane/snapshot/destination_rules.h"
#include "control_plane/snapshot/networks.h"
#include "control_plane/snapshot/virtual_services.h"

namespace lateen::snapshot {

// The name of the configuration cluster, whose objects hold the mesh's own kinds.
constexpr std::string_view configuration_cluster = "Kubernetes";

struct ClusterInput {
  std::string id;
  std::shared_ptr<const config::Objects> objects;
};

struct Inputs {
  std::vector<ClusterInput> clusters;  // the mesh's own kinds are read from all of them
  config::MeshConfig mesh;
  config::MeshNetworks networks;
  std::string domain = "cluster.local";
};

struct Snapshot {
  std::string domain;
  config::MeshConfig mesh;
  Networks networks;
  std::vector<registry::Service> services;  // endpoints carry their network
  std::vector<registry::Workload> workloads;
  std::map<std::string, std::vector<size_t>, std::less<>> services_by_host;  // indexes into services
  std::vector<VirtualServiceObject> virtual_services;
  DestinationRules destination_rules;
  std::vector<config::Object<config::Gateway>> gateways;
  std::vector<config::Object<config::Sidecar>> sidecars;
  std::vector<config::Object<config::PeerAuthentication>> peer_authentications;
  std::vector<config::Object<config::RequestAuthentication>> request_authentications;
  std::vector<config::Object<config::AuthorizationPolicy>> authorization_policies;
  std::vector<config::Object<config::Telemetry>> telemetries;
  std::vector<config::Object<config::EnvoyFilter>> envoy_filters;

  static std::shared_ptr<const Snapshot> build(const Inputs& inputs);
  bool operator==(const Snapshot&) const = default;
};

}  // namespace lateen::snapshot
