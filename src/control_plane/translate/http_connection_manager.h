// HTTP connection managers of all listeners, and the HTTP filters in them (spec/istio.md section 3.5).
#pragma once
#include <string>
#include <vector>

#include "control_plane/translate/context.h"
#include "control_plane/translate/messages.h"

namespace lateen::translate {

enum class Direction { inbound, outbound, gateway };

struct HttpOptions {
  Direction direction = Direction::outbound;
  std::string stat_prefix;
  std::string route_name;                            // by RDS, or
  const RouteConfiguration* route_config = nullptr;  // inline
  uint32_t port = 0;                                 // inbound: of the workload, for policies
  bool grpc_web = false;
};

NetworkFilter http_connection_manager(const Context& in, const HttpOptions& options);

// Spans: what is sampled and which tags they get (tracing.cc).
hcm::HttpConnectionManager::Tracing tracing(const Context& in);

// An HTTP or network filter from its configuration.
HttpFilter http_filter(const std::string& name, const google::protobuf::Message& config);
NetworkFilter network_filter(const std::string& name, const google::protobuf::Message& config);

}  // namespace lateen::translate
