// Envoy's bootstrap: read from a file, checked, taken apart.
#pragma once
#include "config/xds/protos.h"
#include "data_plane/discovery/reading.h"
#include "data_plane/telemetry/record.h"
#include "lib/base/result.h"

namespace lateen::discovery {

struct BootstrapOptions {
  bool allow_unknown_fields = false;  // --allow-unknown-static-fields
  std::string overlay;                // --config-yaml: merged over the file
};

// Reads YAML or JSON. Errors carry file, line, column and path, one a line; warnings go to `warnings`.
Result<envoy::config::bootstrap::v3::Bootstrap> read_bootstrap(const std::string& path, const BootstrapOptions& options,
                                                               std::vector<std::string>& warnings);

// Who this proxy is, in Istio's terms, from node.metadata (WORKLOAD_NAME, NAMESPACE, LABELS, CLUSTER_ID, ...).
// Notes what this bootstrap asks for and nothing here does.
void check_bootstrap(const envoy::config::bootstrap::v3::Bootstrap& bootstrap, Notes& notes);

telemetry::Peer self_of(const envoy::config::core::v3::Node& node);

}  // namespace lateen::discovery
