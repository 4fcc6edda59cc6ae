// From the snapshot to what one proxy gets: pure functions, no clock, no I/O, no state.
//
// translate() gives all four lists, as `lateen xds dump` prints them and a proxy receives them over ADS. The parts can
// be had alone, for streams that ask by type and name. Everything that configuration asks for and is not translated is
// named in Resources::warnings, once each.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "config/xds/protos.h"
#include "control_plane/snapshot/snapshot.h"
#include "control_plane/translate/proxy.h"

namespace lateen::translate {

struct Resources {
  std::vector<envoy::config::listener::v3::Listener> listeners;
  std::vector<envoy::config::route::v3::RouteConfiguration> routes;
  std::vector<envoy::config::cluster::v3::Cluster> clusters;
  std::vector<envoy::config::endpoint::v3::ClusterLoadAssignment> endpoints;
  std::vector<std::string> warnings;
};

// Routes and endpoints are those that the listeners and clusters refer to.
Resources translate(const snapshot::Snapshot& snapshot, const Proxy& proxy);

// The parts. `proxy` must be completed() with the same snapshot. Names that mean nothing to this proxy give an empty
// load assignment, or a route configuration without virtual hosts but the catch-all.
std::vector<envoy::config::listener::v3::Listener> listeners(const snapshot::Snapshot& snapshot, const Proxy& proxy);
std::vector<envoy::config::cluster::v3::Cluster> clusters(const snapshot::Snapshot& snapshot, const Proxy& proxy);
std::vector<envoy::config::route::v3::RouteConfiguration> routes(const snapshot::Snapshot& snapshot, const Proxy& proxy,
                                                                 const std::vector<std::string>& names);
std::vector<envoy::config::endpoint::v3::ClusterLoadAssignment> endpoints(
    const snapshot::Snapshot& snapshot, const Proxy& proxy, const std::vector<std::string>& cluster_names);

// The route configurations that listeners ask for by RDS, and the load assignments that clusters ask for by EDS; each
// name once, in order.
std::vector<std::string> route_names(const std::vector<envoy::config::listener::v3::Listener>& listeners);
std::vector<std::string> endpoint_names(const std::vector<envoy::config::cluster::v3::Cluster>& clusters);

}  // namespace lateen::translate
