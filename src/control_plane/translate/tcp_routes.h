// Where TCP and TLS connections to a service's port go: by VirtualServices, else straight to the service.
#pragma once
#include <string>
#include <vector>

#include "control_plane/translate/context.h"
#include "control_plane/translate/messages.h"

namespace lateen::translate {

struct TcpTarget {
  const registry::Service& service;
  const registry::Port& port;
  std::string destination;  // the VIP or CIDR of the listener; "" when it listens on every address
  const VirtualServicePointers& virtual_services;
};

// At least one chain; the one without a match, if any, takes the rest and stands last.
std::vector<FilterChain> tcp_chains(const Context& in, const TcpTarget& target);

// A TCP proxy to the destinations of a VirtualService's route.
NetworkFilter routed_tcp_proxy(const Context& in, const std::vector<config::RouteDestination>& route,
                               const snapshot::VirtualServiceObject& object, uint32_t default_port);

// Whether a match of a VirtualService means this proxy: its gateways ("mesh" or NAMESPACE/NAME), labels and namespace.
bool means_proxy(const Proxy& proxy, const std::vector<std::string>& gateways, const registry::Labels& source_labels,
                 const std::string& source_namespace, const std::vector<std::string>& here);

}  // namespace lateen::translate
