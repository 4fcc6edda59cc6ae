// Filter chains for what comes in: by port, mutual TLS mode and protocol (spec/istio.md section 3.5).
#pragma once
#include <vector>

#include "control_plane/translate/inbound.h"
#include "control_plane/translate/messages.h"

namespace lateen::translate {

// For a port that the proxy serves.
std::vector<FilterChain> chains_of(const Context& in, const InboundPort& port);

// For all other ports: on to the application as it is.
std::vector<FilterChain> passthrough_chains(const Context& in);

}  // namespace lateen::translate
