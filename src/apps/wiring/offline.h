// What offline commands read from files: objects, mesh configuration, networks and proxies, by the same readers as the
// running control plane.
#pragma once
#include <string>
#include <vector>

#include "apps/wiring/arguments.h"
#include "control_plane/snapshot/snapshot.h"
#include "control_plane/translate/proxy.h"
#include "lib/schema/diagnostics.h"

namespace lateen::wiring {

// --config FILE..., --mesh-config F, --mesh-networks F, --cluster NAME=DIR (repeated). Objects of `--config` belong to
// the configuration cluster. Fails when a file cannot be read; what is wrong inside files goes to `diagnostics`, and
// the rest counts.
Result<snapshot::Inputs> read_inputs(const Arguments& arguments, schema::Diagnostics& diagnostics);

// --proxy FILE
Result<translate::Proxy> read_proxy_file(const std::string& path);

}  // namespace lateen::wiring
