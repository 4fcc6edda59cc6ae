// Listeners of a proxy (spec/istio.md sections 3.3, 3.5, 3.12). See translate.h for the whole.
#pragma once
#include <string>
#include <vector>

#include "control_plane/translate/context.h"
#include "control_plane/translate/messages.h"

namespace lateen::translate {

// Outbound, inbound, and the two that catch what was captured and belongs to no other.
std::vector<Listener> sidecar_listeners(const Context& in);
// Those for the way out only.
std::vector<Listener> sidecar_outbound_listeners(const Context& in);
std::vector<Listener> gateway_listeners(const Context& in);

// --- parts -----------------------------------------------------------------------------------------------------------

void add_outbound_listeners(const Context& in, std::vector<Listener>& out);
void add_inbound_listeners(const Context& in, std::vector<Listener>& out);

// The peeking filters; `read_buffer` of 512 bytes is where the TLS inspector starts.
envoy::config::listener::v3::ListenerFilter tls_inspector();
envoy::config::listener::v3::ListenerFilter http_inspector();

// The chain for what no other chain takes: on to where it was going, or nowhere.
FilterChain fallthrough_chain(const Context& in);

// Whether chains need to know the TLS server name or ALPN, or the version of plain HTTP.
bool needs_tls_inspector(const FilterChain& chain);
bool needs_http_inspector(const FilterChain& chain);

}  // namespace lateen::translate
