// Load assignments: endpoints by locality, as seen from the proxy's network (spec/istio.md sections 2.5, 3.9).
#pragma once
#include <string>
#include <vector>

#include "control_plane/translate/context.h"
#include "control_plane/translate/messages.h"

namespace lateen::translate {

// The endpoints of a cluster by its name, in either form. Empty when the proxy knows no such service.
ClusterLoadAssignment load_assignment(const Context& in, const std::string& cluster_name);

// The same when the service is given, with the endpoints that count.
ClusterLoadAssignment load_assignment(const Context& in, const registry::Service& service,
                                      const std::string& cluster_name);

// For clusters found by DNS, which carry their endpoints with them.
ClusterLoadAssignment dns_assignment(const Context& in, const registry::Service& service, const registry::Port& port,
                                     const std::string& subset, const std::string& cluster_name);

// --- locality.cc -----------------------------------------------------------------------------------------------------

struct WeighedEndpoint {
  envoy::config::endpoint::v3::LbEndpoint message;
  registry::Labels labels;  // the endpoint's, with its region, zone, subzone, network and cluster
};

struct LocalityGroup {
  registry::Locality locality;
  std::vector<WeighedEndpoint> endpoints;
  uint32_t priority = 0;
  uint32_t weight = 0;  // 0: the sum of its endpoints
};

// Sets weights (`distribute`) or, when outliers are detected, priorities (`failover`, `failoverPriority`).
void apply_locality(const config::LocalityLoadBalancerSetting& setting, const Proxy& proxy, bool has_outlier_detection,
                    std::vector<LocalityGroup>& groups);

// The labels of a workload with those that stand for its place.
registry::Labels labels_with_place(registry::Labels labels, const registry::Locality& locality,
                                   const std::string& network, const std::string& cluster);

}  // namespace lateen::translate
