#include <algorithm>
#include <envoy/extensions/transport_sockets/proxy_protocol/v3/upstream_proxy_protocol.pb.h>
#include <set>

#include "control_plane/translate/authn.h"
#include "control_plane/translate/clusters.h"
#include "control_plane/translate/tls_context.h"

namespace lateen::translate {
namespace {

using config::ClientTLSSettings;
using registry::Service;

std::vector<std::string> identities_of(const Service& service) {
  if (!service.subject_alt_names.empty()) return service.subject_alt_names;
  std::set<std::string> out;
  for (const auto& endpoint : service.endpoints)
    if (!endpoint.service_account.empty()) out.insert(endpoint.service_account);
  return {out.begin(), out.end()};
}

bool may_use_mutual_tls(const Context& in, const Service& service) {
  if (!in.mesh.enable_auto_mtls.value_or(true) || service.mesh_external) return false;
  const bool all_can = !service.endpoints.empty() &&
                       std::ranges::all_of(service.endpoints, [](const auto& each) { return each.mutual_tls; });
  if (service.resolution == registry::Resolution::passthrough && !all_can) return false;
  return namespace_mtls(in.snapshot, service.namespace_) != MtlsMode::disable;
}

core::TransportSocket with_proxy_protocol(const UpstreamTls& tls, core::TransportSocket socket) {
  if (!tls.policy.proxy_protocol) return socket;
  envoy::extensions::transport_sockets::proxy_protocol::v3::ProxyProtocolUpstreamTransport wrapper;
  const bool second = tls.policy.proxy_protocol->version == config::TrafficPolicy::ProxyProtocol::VERSION::V2;
  wrapper.mutable_config()->set_version(second ? core::ProxyProtocolConfig::V2 : core::ProxyProtocolConfig::V1);
  *wrapper.mutable_transport_socket() = std::move(socket);
  core::TransportSocket out;
  out.set_name("envoy.transport_sockets.upstream_proxy_protocol");
  *out.mutable_typed_config() = xds::pack(wrapper);
  return out;
}

void add_match(const UpstreamTls& tls, const std::string& name, bool istio, core::TransportSocket socket,
               Cluster& out) {
  auto* match = out.add_transport_socket_matches();
  match->set_name(name);
  match->mutable_match();
  if (istio) (*match->mutable_match()->mutable_fields())["tlsMode"].set_string_value("istio");
  *match->mutable_transport_socket() = with_proxy_protocol(tls, std::move(socket));
}

// Mutual TLS with the endpoints that say they can, plain bytes with the others.
void apply_automatic(const UpstreamTls& tls, Cluster& out) {
  const auto sni = sni_name(tls.port.number, tls.subset, tls.service.hostname);
  add_match(tls, "tlsMode-istio", true, tls_socket(istio_client_context(identities_of(tls.service), sni, tls.http2)),
            out);
  add_match(tls, "tlsMode-disabled", false, raw_socket(), out);
}

void apply_rule(const UpstreamTls& tls, const ClientTLSSettings& settings, Cluster& out,
                envoy::extensions::upstreams::http::v3::HttpProtocolOptions& options) {
  using Mode = ClientTLSSettings::TLSmode;
  if (settings.mode == Mode::ISTIO_MUTUAL) {
    const auto sni = settings.sni.empty() ? sni_name(tls.port.number, tls.subset, tls.service.hostname) : settings.sni;
    const auto sans = settings.subject_alt_names.empty() ? identities_of(tls.service) : settings.subject_alt_names;
    *out.mutable_transport_socket() = with_proxy_protocol(tls, tls_socket(istio_client_context(sans, sni, tls.http2)));
    return;
  }
  *out.mutable_transport_socket() = with_proxy_protocol(
      tls, tls_socket(client_context(settings, tls.service.subject_alt_names, tls.http2, tls.in.proxy)));
  set_istio_metadata(out.mutable_metadata(), "alpn_override", "false");
  if (!settings.sni.empty()) return;
  options.mutable_upstream_http_protocol_options()->set_auto_sni(true);
  if (settings.subject_alt_names.empty() && tls.service.subject_alt_names.empty() &&
      !settings.insecure_skip_verify.value_or(false))
    options.mutable_upstream_http_protocol_options()->set_auto_san_validation(true);
}

}  // namespace

void apply_upstream_tls(const UpstreamTls& tls, Cluster& out,
                        envoy::extensions::upstreams::http::v3::HttpProtocolOptions& options) {
  const auto& settings = tls.policy.tls;
  if (settings && settings->mode != ClientTLSSettings::TLSmode::DISABLE)
    return apply_rule(tls, *settings, out, options);
  // A cluster that takes the original destination knows nothing of its endpoints.
  const bool knows_endpoints =
      out.type() != Cluster::ORIGINAL_DST || tls.service.resolution == registry::Resolution::passthrough;
  if (!settings && knows_endpoints && may_use_mutual_tls(tls.in, tls.service)) return apply_automatic(tls, out);
  if (tls.policy.proxy_protocol) *out.mutable_transport_socket() = with_proxy_protocol(tls, raw_socket());
}

}  // namespace lateen::translate
