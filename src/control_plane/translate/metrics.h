// Istio's standard metrics: the istio.stats filter of HTTP and TCP chains (spec: Telemetry; here by the mesh
// configuration's defaultProviders.metrics, which install profiles set to prometheus).
#pragma once
#include "control_plane/translate/context.h"
#include "control_plane/translate/http_connection_manager.h"
#include "control_plane/translate/messages.h"

namespace lateen::translate {

// Whether the mesh wants them.
bool wants_metrics(const Context& in);

HttpFilter metrics_filter(Direction direction);

// Ends a TCP chain: the metrics where they are wanted, then the TCP proxy.
void finish_tcp(const Context& in, Direction direction, FilterChain& chain, NetworkFilter tcp_proxy);

}  // namespace lateen::translate
