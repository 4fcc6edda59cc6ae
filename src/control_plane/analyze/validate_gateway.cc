#include <set>

#include <fmt/format.h>

#include "control_plane/analyze/names.h"

namespace lateen::analyze {
namespace {

using namespace config;
using Mode = ServerTLSSettings::TLSmode;

void require_files(const ServerTLSSettings& tls, std::string_view mode, bool client_trust, const std::string& path,
                   Findings& findings) {
  if (!tls.tls_certificates.empty()) {
    for (size_t i = 0; i < tls.tls_certificates.size(); ++i) {
      const auto& certificate = tls.tls_certificates[i];
      const std::string where = at(path + ".tlsCertificates", i);
      if (certificate.server_certificate.empty())
        findings.error(where + ".serverCertificate", fmt::format("required for {}", mode));
      if (certificate.private_key.empty()) findings.error(where + ".privateKey", fmt::format("required for {}", mode));
    }
  } else {
    if (tls.server_certificate.empty())
      findings.error(path + ".serverCertificate", fmt::format("required for {} without credentialName", mode));
    if (tls.private_key.empty())
      findings.error(path + ".privateKey", fmt::format("required for {} without credentialName", mode));
  }
  if (client_trust && tls.ca_certificates.empty() && tls.ca_cert_credential_name.empty()) {
    findings.error(path + ".caCertificates", fmt::format("required for {} without credentialName", mode));
  }
}

bool has_files(const ServerTLSSettings& tls) {
  return !tls.server_certificate.empty() || !tls.private_key.empty() || !tls.ca_certificates.empty() ||
         !tls.tls_certificates.empty();
}

void check_port_of(const Port& port, std::string_view bind, const std::string& path, Findings& findings) {
  if (bind.starts_with("unix://")) {
    if (port.number != 0) findings.error(path + ".number", "must be 0 when bind is a unix socket");
  } else {
    check_port(port.number, path + ".number", findings);
  }
  check_protocol(port.protocol, path + ".protocol", findings);
  if (port.target_port > 0) findings.error(path + ".targetPort", "has no effect on a gateway");
}

void check_server(const Server& server, const std::string& path, Findings& findings) {
  for (size_t i = 0; i < server.hosts.size(); ++i) {
    check_namespaced_host(server.hosts[i], true, at(path + ".hosts", i), findings);
  }
  if (server.bind.starts_with("unix://")) {
    check_unix_path(server.bind, path + ".bind", findings);
  } else if (!server.bind.empty()) {
    check_ip(server.bind, path + ".bind", findings);
  }
  if (server.tls) check_server_tls(*server.tls, path + ".tls", findings);
  if (!server.port) return;
  check_port_of(*server.port, server.bind, path + ".port", findings);
  const Protocol protocol = protocol_of(server.port->protocol);
  if (protocol == Protocol::unsupported) return;
  if (is_tls(protocol) && !server.tls)
    findings.error(path + ".tls", fmt::format("required for {}", server.port->protocol));
  if (is_tls(protocol) || !server.tls) return;
  const bool passes = server.tls->mode == Mode::PASSTHROUGH || server.tls->mode == Mode::AUTO_PASSTHROUGH;
  if (!is_http(protocol)) {
    findings.error(path + ".tls", "only HTTPS and TLS ports have tls");
  } else if (!passes || has_files(*server.tls)) {
    findings.error(path + ".tls", "a plain HTTP port has no tls but httpsRedirect");
  }
}

}  // namespace

void check_server_tls(const ServerTLSSettings& tls, const std::string& path, Findings& findings) {
  const bool pair = !tls.server_certificate.empty() && !tls.private_key.empty();
  const int sources =
      pair + !tls.credential_name.empty() + !tls.credential_names.empty() + !tls.tls_certificates.empty();
  if (sources > 1)
    findings.error(path,
                   "only one of credentialName, credentialNames, tlsCertificates and serverCertificate with privateKey "
                   "may be set");
  if (tls.min_protocol_version != ServerTLSSettings::TLSProtocol::TLS_AUTO &&
      tls.max_protocol_version != ServerTLSSettings::TLSProtocol::TLS_AUTO &&
      tls.min_protocol_version > tls.max_protocol_version) {
    findings.error(path + ".minProtocolVersion", "is above maxProtocolVersion");
  }
  const bool credential = !tls.credential_name.empty() || !tls.credential_names.empty();
  switch (tls.mode) {
    case Mode::ISTIO_MUTUAL:
      if (has_files(tls) || credential)
        findings.error(path, "ISTIO_MUTUAL uses the mesh's certificates; leave certificates and credentials out");
      return;
    case Mode::SIMPLE:
      if (!credential) require_files(tls, "SIMPLE", false, path, findings);
      return;
    case Mode::MUTUAL:
      if (!credential) require_files(tls, "MUTUAL", true, path, findings);
      return;
    case Mode::OPTIONAL_MUTUAL:
      if (!credential) require_files(tls, "OPTIONAL_MUTUAL", true, path, findings);
      return;
    case Mode::PASSTHROUGH:
    case Mode::AUTO_PASSTHROUGH:
      if (has_files(tls) || credential)
        findings.warning(path, "certificates have no effect: the connection is passed on as it is");
      return;
  }
}

void validate(const Object<Gateway>& object, Findings& findings) {
  if (!is_label(object.metadata.name)) {
    findings.error("metadata.name", fmt::format("\"{}\" is not a name: letters, digits and -", object.metadata.name));
  }
  const auto& servers = object.spec.servers;
  if (servers.empty()) findings.error("spec.servers", "at least one server is required");
  std::set<std::string_view> names;
  for (size_t i = 0; i < servers.size(); ++i) {
    const std::string path = at("spec.servers", i);
    check_server(servers[i], path, findings);
    if (servers[i].port && !names.insert(servers[i].port->name).second) {
      findings.error(path + ".port.name", fmt::format("\"{}\" is repeated", servers[i].port->name));
    }
  }
}

}  // namespace lateen::analyze
