// AuthorizationPolicy as RBAC filters (spec/istio.md section 4.6).
#pragma once
#include <vector>

#include "control_plane/translate/context.h"
#include "control_plane/translate/messages.h"

namespace lateen::translate {

// For HTTP filter chains: AUDIT, DENY, ALLOW. Empty when no policy selects the proxy.
std::vector<HttpFilter> http_policy_filters(const Context& in, uint32_t port);
// For TCP filter chains. Rules with HTTP conditions are dropped from ALLOW; in DENY and AUDIT the conditions are.
std::vector<NetworkFilter> tcp_policy_filters(const Context& in, uint32_t port);

}  // namespace lateen::translate
