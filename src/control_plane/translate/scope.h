// What a proxy may see of the mesh: services and VirtualServices by exportTo and by the Sidecar that applies to it
// (spec/istio.md section 3.10).
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "control_plane/snapshot/snapshot.h"
#include "control_plane/translate/proxy.h"

namespace lateen::translate {

using ServicePointers = std::vector<const registry::Service*>;
using VirtualServicePointers = std::vector<const snapshot::VirtualServiceObject*>;

// One egress listener of a Sidecar, or the only one when there is no Sidecar.
struct EgressScope {
  const config::IstioEgressListener* listener = nullptr;  // null: everything, on the services' own ports
  ServicePointers services;                               // oldest first, one a host
  VirtualServicePointers virtual_services;
};

struct Scope {
  const config::Object<config::Sidecar>* sidecar = nullptr;
  std::vector<std::shared_ptr<const registry::Service>> trimmed;  // services of which only some ports are imported
  std::vector<EgressScope> egress;                                // never empty
  ServicePointers services;                                       // of all egress listeners
  VirtualServicePointers virtual_services;
  std::unordered_map<std::string_view, size_t> by_host;  // indexes into services
  bool registry_only = false;                            // unknown destinations are refused

  // The service of that host that this proxy knows; null when there is none.
  const registry::Service* service(std::string_view host) const;
};

Scope scope_of(const snapshot::Snapshot& snapshot, const Proxy& proxy);

// The Sidecar that applies: by its labels, else the one for its namespace, else that of the root namespace.
const config::Object<config::Sidecar>* sidecar_of(const snapshot::Snapshot& snapshot, const Proxy& proxy);

}  // namespace lateen::translate
