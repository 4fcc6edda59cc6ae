// envoy.config.rbac.v3.RBAC to router::AccessRules. Private to data_plane/discovery.
#pragma once
#include <envoy/config/rbac/v3/rbac.pb.h>

#include "data_plane/discovery/reading.h"
#include "data_plane/router/access_policy.h"

namespace lateen::discovery {

// Fails for every condition that is not understood: a policy that cannot be judged must not pass.
Result<router::AccessRules> read_rbac(const envoy::config::rbac::v3::RBAC& message, Notes& notes);

}  // namespace lateen::discovery
