// Clusters of a proxy (spec/istio.md section 3.6). See translate.h for the whole.
#pragma once
#include <vector>

#include "control_plane/translate/context.h"
#include "control_plane/translate/messages.h"

namespace lateen::translate {

// One cluster a service, port and subset that the proxy may call.
void add_outbound_clusters(const Context& in, std::vector<Cluster>& out);
// The same by their SNI names, for gateways that forward by SNI (AUTO_PASSTHROUGH).
void add_sni_clusters(const Context& in, std::vector<Cluster>& out);
// Those of one service.
void add_service_clusters(const Context& in, const registry::Service& service, bool sni, std::vector<Cluster>& out);
// One cluster an application port.
void add_inbound_clusters(const Context& in, std::vector<Cluster>& out);
// BlackHoleCluster, and for sidecars those that send traffic where it was going.
void add_fixed_clusters(const Context& in, std::vector<Cluster>& out);

// --- pieces shared by them -------------------------------------------------------------------------------------------

// Name, statistics name, connect timeout and keep-alive of the mesh.
Cluster named_cluster(const config::MeshConfig& mesh, const std::string& name);
void set_services_metadata(Cluster& out, const registry::Service& service);
void set_bind_to_inbound_address(Cluster& out, const Proxy& proxy);

// HTTP to the upstream: what the options say of the version.
struct HttpVersion {
  bool http2 = false;            // always
  bool like_downstream = false;  // as the request came
};
void set_http_options(Cluster& out, const HttpVersion& version,
                      const envoy::extensions::upstreams::http::v3::HttpProtocolOptions& more);

// Transport sockets of an outbound cluster: the rule's, or mutual TLS by itself where the endpoints can do it.
struct UpstreamTls {
  const Context& in;
  const registry::Service& service;
  const registry::Port& port;
  std::string subset;
  const config::TrafficPolicy& policy;
  bool http2 = false;
};
void apply_upstream_tls(const UpstreamTls& tls, Cluster& out,
                        envoy::extensions::upstreams::http::v3::HttpProtocolOptions& options);

}  // namespace lateen::translate
