#include <set>

#include <fmt/format.h>

#include "control_plane/analyze/names.h"
#include "lib/base/strings.h"

namespace lateen::analyze {
namespace {

using namespace config;

void check_sidecar_port(const SidecarPort& port, std::string_view bind, const std::string& path, Findings& findings) {
  if (port.target_port > 0) findings.error(path + ".port.targetPort", "has no effect on a sidecar");
  if (!port.name.empty()) check_port_name(port.name, path + ".port.name", findings);
  check_protocol(port.protocol, path + ".port.protocol", findings);
  if (bind.starts_with("unix://") && port.number == 0) {
    check_unix_path(bind, path + ".bind", findings);
    return;
  }
  check_port(port.number, path + ".port.number", findings);
  if (!bind.empty()) check_ip(bind, path + ".bind", findings);
}

void check_default_endpoint(const std::string& endpoint, const std::string& path, Findings& findings) {
  if (endpoint.empty()) return;
  if (endpoint.starts_with("unix://")) {
    check_unix_path(endpoint, path, findings);
    return;
  }
  const size_t colon = endpoint.rfind(':');
  const std::string_view host =
      colon == std::string::npos ? std::string_view() : std::string_view(endpoint).substr(0, colon);
  const bool host_fits = host.empty() || host == "127.0.0.1" || host == "0.0.0.0" || host == "[::1]" || host == "[::]";
  const auto port =
      colon == std::string::npos ? std::nullopt : parse_number<uint32_t>(std::string_view(endpoint).substr(colon + 1));
  if (!host_fits || !port || *port < 1 || *port > 65535) {
    findings.error(
        path,
        fmt::format("\"{}\" must be 127.0.0.1:PORT, 0.0.0.0:PORT, [::1]:PORT, [::]:PORT or unix:///PATH", endpoint));
  }
}

void check_ingress_tls(const ServerTLSSettings& tls, Protocol protocol, const std::string& path, Findings& findings) {
  using Mode = ServerTLSSettings::TLSmode;
  if (tls.https_redirect) findings.error(path + ".httpsRedirect", "is for gateways only");
  if (!tls.credential_name.empty()) findings.error(path + ".credentialName", "is for gateways only; use files");
  if (!tls.credential_names.empty()) findings.error(path + ".credentialNames", "is for gateways only; use files");
  if (!tls.tls_certificates.empty()) findings.error(path + ".tlsCertificates", "is for gateways only");
  if (!tls.subject_alt_names.empty()) findings.error(path + ".subjectAltNames", "is for gateways only");
  if (!is_tls(protocol)) findings.error(path, "only HTTPS and TLS ports have tls");
  if (tls.mode == Mode::ISTIO_MUTUAL || tls.mode == Mode::AUTO_PASSTHROUGH) {
    findings.error(path + ".mode", "must be SIMPLE, MUTUAL or OPTIONAL_MUTUAL");
    return;
  }
  check_server_tls(tls, path, findings);
}

void check_ingress(const Sidecar& spec, Findings& findings) {
  std::set<uint32_t> ports;
  for (size_t i = 0; i < spec.ingress.size(); ++i) {
    const IstioIngressListener& listener = spec.ingress[i];
    const std::string path = at("spec.ingress", i);
    if (listener.port) {
      check_sidecar_port(*listener.port, listener.bind, path, findings);
      if (!ports.insert(listener.port->number).second)
        findings.error(path + ".port.number", fmt::format("{} is repeated", listener.port->number));
    }
    check_default_endpoint(listener.default_endpoint, path + ".defaultEndpoint", findings);
    if (listener.tls && listener.port) {
      check_ingress_tls(*listener.tls, protocol_of(listener.port->protocol), path + ".tls", findings);
    }
    if (listener.connection_pool) check_connection_pool(*listener.connection_pool, path + ".connectionPool", findings);
  }
}

void check_egress(const Sidecar& spec, Findings& findings) {
  std::set<std::pair<uint32_t, std::string_view>> bound;
  for (size_t i = 0; i < spec.egress.size(); ++i) {
    const IstioEgressListener& listener = spec.egress[i];
    const std::string path = at("spec.egress", i);
    if (!listener.port && i + 1 < spec.egress.size()) {
      findings.error(path,
                     "the listener without a port takes all that is left; there can be one, and it must be the last");
    }
    if (listener.port) {
      check_sidecar_port(*listener.port, listener.bind, path, findings);
      if (listener.port->number == 0 && listener.capture_mode == CaptureMode::IPTABLES) {
        findings.error(path + ".captureMode", "a unix socket is not captured; use DEFAULT or NONE");
      }
      const std::string_view key = listener.port->number == 0 ? std::string_view(listener.bind) : "";
      if (!bound.emplace(listener.port->number, key).second) findings.error(path + ".port", "the port is repeated");
    }
    for (size_t j = 0; j < listener.hosts.size(); ++j) {
      check_namespaced_host(listener.hosts[j], false, at(path + ".hosts", j), findings);
    }
  }
}

void check_outbound(const OutboundTrafficPolicy& policy, Findings& findings) {
  if (!policy.egress_proxy) return;
  const std::string path = "spec.outboundTrafficPolicy.egressProxy";
  if (policy.mode != OutboundTrafficPolicy::Mode::ALLOW_ANY) findings.error(path, "needs mode ALLOW_ANY");
  check_fqdn(policy.egress_proxy->host, path + ".host", findings);
  if (!policy.egress_proxy->port) findings.error(path + ".port", "required");
  check_destination(*policy.egress_proxy, path, findings);
}

}  // namespace

void validate(const Object<Sidecar>& object, Findings& findings) {
  const Sidecar& spec = object.spec;
  check_selector(spec.workload_selector, findings);
  if (spec == Sidecar() ||
      (spec.ingress.empty() && spec.egress.empty() && !spec.inbound_connection_pool && !spec.outbound_traffic_policy)) {
    findings.error("spec", "one of ingress, egress, inboundConnectionPool and outboundTrafficPolicy is required");
  }
  check_ingress(spec, findings);
  check_egress(spec, findings);
  if (spec.inbound_connection_pool)
    check_connection_pool(*spec.inbound_connection_pool, "spec.inboundConnectionPool", findings);
  if (spec.outbound_traffic_policy) check_outbound(*spec.outbound_traffic_policy, findings);
}

}  // namespace lateen::analyze
