// PeerAuthentication: which connections a workload accepts (spec/istio.md section 4.4).
#pragma once
#include <cstdint>
#include <string>

#include "control_plane/snapshot/snapshot.h"

namespace lateen::translate {

enum class MtlsMode { disable, permissive, strict };

// By namespace and mesh alone: what a client can know of a service.
MtlsMode namespace_mtls(const snapshot::Snapshot& snapshot, const std::string& namespace_);

// Of one workload at one of its ports (0: at ports that no policy names).
MtlsMode workload_mtls(const snapshot::Snapshot& snapshot, const std::string& namespace_,
                       const registry::Labels& labels, uint32_t port);

}  // namespace lateen::translate
