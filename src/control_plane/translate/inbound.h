// What a sidecar serves: the ports of the services it belongs to, or those that its Sidecar object lists.
#pragma once
#include <string>
#include <vector>

#include "control_plane/translate/context.h"

namespace lateen::translate {

struct InboundPort {
  std::string cluster;  // "inbound|9080||"
  std::string bind;     // "" for the address that captures everything
  uint32_t target = 0;  // what is captured or listened to
  uint32_t service_port = 0;
  registry::Protocol protocol = registry::Protocol::automatic;
  const registry::Service* service = nullptr;  // null: a port of Sidecar.ingress without a service
  const config::IstioIngressListener* ingress = nullptr;
  std::string endpoint_address;  // Sidecar's defaultEndpoint; "" when there is none
  uint32_t endpoint_port = 0;
  bool captured = true;  // false: the proxy listens on the port itself
  std::string host() const { return service ? service->hostname : ""; }
};

// By target port.
std::vector<InboundPort> inbound_ports(const Context& in);

}  // namespace lateen::translate
