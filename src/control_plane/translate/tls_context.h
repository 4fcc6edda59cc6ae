// TLS contexts of clusters and listeners, and where their certificates come from (spec/istio.md sections 3.8, 3.13).
#pragma once
#include <string>
#include <vector>

#include "config/mesh/mesh_config.h"
#include "config/networking/destination_rule.h"
#include "config/networking/gateway.h"
#include "control_plane/translate/messages.h"
#include "control_plane/translate/proxy.h"

namespace lateen::translate {

// The source of the workload's own certificate and roots, and of files: the agent beside the proxy.
void set_agent_secret(tls::SdsSecretConfig* out, const std::string& name);

// Istio's mutual TLS as a client. `sans`: the identities that the other end may have; empty: any of the mesh.
tls::UpstreamTlsContext istio_client_context(const std::vector<std::string>& sans, const std::string& sni, bool http2);

// A DestinationRule's SIMPLE or MUTUAL. `sans` count when the settings have none.
tls::UpstreamTlsContext client_context(const config::ClientTLSSettings& settings, const std::vector<std::string>& sans,
                                       bool http2, const Proxy& proxy);

// Istio's mutual TLS as a server. `http` decides which ALPN names are offered.
tls::DownstreamTlsContext istio_server_context(const config::MeshConfig& mesh, bool http);

// A Gateway server's SIMPLE, MUTUAL, OPTIONAL_MUTUAL or ISTIO_MUTUAL.
tls::DownstreamTlsContext server_context(const config::ServerTLSSettings& settings, const config::MeshConfig& mesh,
                                         bool http);

core::TransportSocket tls_socket(const google::protobuf::Message& context);
core::TransportSocket raw_socket();

}  // namespace lateen::translate
