// ServiceEntry and WorkloadEntry objects as services and workloads (spec/istio.md section 2.2).
#pragma once
#include <vector>

#include "config/objects/objects.h"
#include "control_plane/registry/kubernetes.h"
#include "control_plane/registry/service.h"

namespace lateen::registry {

// WorkloadEntries that may take traffic: those with health checks only while they are reported healthy.
std::vector<Workload> workload_entries_of(const config::Objects& objects, const ClusterContext& cluster);

// One Service for each host of each ServiceEntry. `workloads` are pods and WorkloadEntries of all clusters, from which
// workloadSelector picks.
std::vector<Service> services_of_entry(const config::Object<config::ServiceEntry>& entry, const ClusterContext& cluster,
                                       const std::vector<Workload>& workloads);

// The endpoints that WorkloadEntries are of a Kubernetes service whose selector picks them, added to it.
void add_selected_entries(Service& service, const std::vector<Workload>& entries);

}  // namespace lateen::registry
