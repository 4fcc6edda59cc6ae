// The Gateway servers that a router serves, in order of age (spec/istio.md section 3.12).
#pragma once
#include <string>
#include <vector>

#include "control_plane/translate/context.h"
#include "control_plane/translate/messages.h"

namespace lateen::translate {

struct GatewayServer {
  const config::Object<config::Gateway>* gateway = nullptr;
  const config::Server* server = nullptr;
  registry::Protocol protocol = registry::Protocol::automatic;
  uint32_t target = 0;     // where the proxy listens: the target port of its own service, else the server's number
  std::string route_name;  // for HTTP

  std::string name() const { return gateway->metadata.namespace_ + "/" + gateway->metadata.name; }
  uint32_t number() const { return server->port ? server->port->number : 0; }
  bool terminates_tls() const;             // SIMPLE, MUTUAL, ISTIO_MUTUAL, OPTIONAL_MUTUAL
  bool passes_tls() const;                 // PASSTHROUGH
  bool passes_by_sni() const;              // AUTO_PASSTHROUGH
  bool serves_http() const;                // plain, or after TLS
  bool redirects() const;                  // plain HTTP that sends everybody to HTTPS
  std::vector<std::string> hosts() const;  // without namespaces
};

std::vector<GatewayServer> gateway_servers(const Context& in);
bool needs_sni_clusters(const Context& in);

// The hosts that a VirtualService serves at that server: where its hosts and the server's meet, sorted. Empty when it
// is not bound to the gateway or its namespace is not let in.
std::vector<std::string> hosts_served(const GatewayServer& server, const snapshot::VirtualServiceObject& object);

}  // namespace lateen::translate
