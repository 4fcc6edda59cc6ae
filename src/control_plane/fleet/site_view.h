// What the fleet sees of one site: its region, its door, and the workloads that have an identity. Private to this
// folder.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "control_plane/fleet/fleet.h"

namespace lateen::fleet {

// Where a workload is reached within its own site.
struct LocalEndpoint {
  std::string address;   // SERVICE.NAMESPACE.svc.cluster.local
  uint32_t port = 0;     // of the Service
  std::string protocol;  // http, grpc, grpc-web, http2
};

struct Workload {
  std::string identity;  // as written
  std::string env;
  std::string namespace_;
  std::string type;  // endpoint label `type`: deployment
  bool keeps_case = false;
  std::optional<LocalEndpoint> endpoint;  // nothing: it calls others, but no Service leads to it
  config::Origin origin;
};

// The east-west gateway as others reach it.
struct Ingress {
  std::string address;  // a host name ends with a dot
  uint32_t port = 15443;
};

struct SiteView {
  std::string name;
  std::string region;  // "" when no Node says it
  std::optional<Ingress> ingress;
  std::vector<Workload> workloads;
};

SiteView view_of(const Site& site, const Options& options, schema::Diagnostics& findings);

// "true" under that key in labels or annotations.
bool is_ignored(const config::ObjectMeta& metadata);

}  // namespace lateen::fleet
