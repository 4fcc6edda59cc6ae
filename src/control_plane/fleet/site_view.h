// What the fleet sees of one site: its region, its door, and the workloads that have an identity. Private to this
// folder.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "config/kubernetes/rollout.h"
#include "control_plane/fleet/fleet.h"

namespace lateen::fleet {

// Where a workload is reached within its own site.
struct LocalEndpoint {
  std::string address;   // SERVICE.NAMESPACE.svc.cluster.local
  uint32_t port = 0;     // of the Service
  std::string protocol;  // http, grpc, grpc-web, http2
  uint32_t weight = 0;   // among the endpoints of its own site; 0: none
};

struct Workload {
  std::string identity;  // as written
  std::string env;
  std::string namespace_;
  std::string type;     // endpoint label `type`: deployment or rollout
  std::string variant;  // "", or the prefix of a Rollout's second host: canary, preview
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

// What a site's Services say about the pods of a template.
struct Services {
  const config::Objects& objects;
  const std::string& namespace_;
  const config::PodTemplate& pod;

  // The oldest Service that selects the pods and has their mesh port, of those whose name contains the text.
  std::optional<LocalEndpoint> oldest(std::string_view containing = "") const;
  std::optional<LocalEndpoint> named(std::string_view name) const;
};

// The hosts of a Rollout ("" is its own, others are prefixes) and where each leads.
struct VariantEndpoint {
  std::string variant;
  LocalEndpoint endpoint;
};
std::vector<VariantEndpoint> endpoints_of(const config::Rollout& rollout, const Services& services);

// The Rollouts among the objects of other kinds; they must have been read with keep_documents.
std::vector<config::Rollout> rollouts_of(const config::Objects& objects, schema::Diagnostics& findings);

SiteView view_of(const Site& site, const Options& options, schema::Diagnostics& findings);

// "true" under that key in labels or annotations.
bool is_ignored(const config::ObjectMeta& metadata);

}  // namespace lateen::fleet
