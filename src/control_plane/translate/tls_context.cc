#include "control_plane/translate/tls_context.h"

#include <envoy/extensions/transport_sockets/raw_buffer/v3/raw_buffer.pb.h>
#include <set>

namespace lateen::translate {
namespace {

using tls::CommonTlsContext;

void set_versions(CommonTlsContext& out) {
  out.mutable_tls_params()->set_tls_minimum_protocol_version(tls::TlsParameters::TLSv1_2);
  out.mutable_tls_params()->set_tls_maximum_protocol_version(tls::TlsParameters::TLSv1_3);
}

void set_source(core::ConfigSource* out) {
  auto* api = out->mutable_api_config_source();
  api->set_api_type(core::ApiConfigSource::GRPC);
  api->set_transport_api_version(core::V3);
  api->set_set_node_on_first_message_only(true);
  api->add_grpc_services()->mutable_envoy_grpc()->set_cluster_name("sds-grpc");
  out->set_resource_api_version(core::V3);
}

void set_file_secret(tls::SdsSecretConfig* out, const std::string& name) {
  out->set_name(name);
  set_source(out->mutable_sds_config());
}

// Certificates that the control plane itself hands out, over the aggregated stream.
void set_served_secret(tls::SdsSecretConfig* out, const std::string& name) {
  out->set_name(name);
  out->mutable_sds_config()->mutable_ads();
  out->mutable_sds_config()->set_resource_api_version(core::V3);
}

void add_exact_sans(tls::CertificateValidationContext* out, const std::vector<std::string>& sans) {
  for (const auto& san : sans) out->add_match_subject_alt_names()->set_exact(san);
}

void set_workload_certificate(CommonTlsContext& out) {
  set_agent_secret(out.add_tls_certificate_sds_secret_configs(), "default");
  set_agent_secret(out.mutable_combined_validation_context()->mutable_validation_context_sds_secret_config(), "ROOTCA");
  out.mutable_combined_validation_context()->mutable_default_validation_context();
}

constexpr const char* mesh_ciphers[] = {
    "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",   "AES256-GCM-SHA384",           "AES128-GCM-SHA256"};

void set_mesh_parameters(CommonTlsContext& out, const config::MeshConfig& mesh) {
  set_versions(out);
  auto* params = out.mutable_tls_params();
  const auto* own = mesh.mesh_mtls ? &*mesh.mesh_mtls : nullptr;
  if (own && own->min_protocol_version == config::MeshConfig::TLSConfig::TLSProtocol::TLSV1_3)
    params->set_tls_minimum_protocol_version(tls::TlsParameters::TLSv1_3);
  if (own && !own->cipher_suites.empty()) {
    for (const auto& each : own->cipher_suites) params->add_cipher_suites(each);
  } else {
    for (const auto* each : mesh_ciphers) params->add_cipher_suites(each);
  }
  if (own)
    for (const auto& each : own->ecdh_curves) params->add_ecdh_curves(each);
}

tls::TlsParameters::TlsProtocol version_of(config::ServerTLSSettings::TLSProtocol version) {
  using Protocol = config::ServerTLSSettings::TLSProtocol;
  switch (version) {
    case Protocol::TLSV1_0:
      return tls::TlsParameters::TLSv1_0;
    case Protocol::TLSV1_1:
      return tls::TlsParameters::TLSv1_1;
    case Protocol::TLSV1_2:
      return tls::TlsParameters::TLSv1_2;
    case Protocol::TLSV1_3:
      return tls::TlsParameters::TLSv1_3;
    case Protocol::TLS_AUTO:
      break;
  }
  return tls::TlsParameters::TLS_AUTO;
}

void set_parameters(CommonTlsContext& out, const config::ServerTLSSettings& settings) {
  using Protocol = config::ServerTLSSettings::TLSProtocol;
  if (settings.min_protocol_version == Protocol::TLS_AUTO && settings.max_protocol_version == Protocol::TLS_AUTO &&
      settings.cipher_suites.empty())
    return;  // the proxy's defaults: TLS 1.2 and newer
  auto* params = out.mutable_tls_params();
  params->set_tls_minimum_protocol_version(settings.min_protocol_version == Protocol::TLS_AUTO
                                               ? tls::TlsParameters::TLSv1_2
                                               : version_of(settings.min_protocol_version));
  params->set_tls_maximum_protocol_version(version_of(settings.max_protocol_version));
  for (const auto& each : settings.cipher_suites) params->add_cipher_suites(each);
}

// Which secret a credentialName means: "builtin://" is the workload's own, another scheme stands for itself.
std::string secret_name(const std::string& credential) {
  return credential.find("://") == std::string::npos ? "kubernetes://" + credential : credential;
}

bool asks_for_certificate(const config::ServerTLSSettings& settings) {
  using Mode = config::ServerTLSSettings::TLSmode;
  return settings.mode == Mode::MUTUAL || settings.mode == Mode::OPTIONAL_MUTUAL;
}

void set_client_checks(CommonTlsContext& out, const config::ServerTLSSettings& settings, const std::string& ca) {
  const bool more = !settings.subject_alt_names.empty() || !settings.verify_certificate_hash.empty() ||
                    !settings.verify_certificate_spki.empty();
  if (!asks_for_certificate(settings)) return;
  auto* combined = out.mutable_combined_validation_context();
  auto* checks = combined->mutable_default_validation_context();
  if (more) {
    add_exact_sans(checks, settings.subject_alt_names);
    for (const auto& each : settings.verify_certificate_hash) checks->add_verify_certificate_hash(each);
    for (const auto& each : settings.verify_certificate_spki) checks->add_verify_certificate_spki(each);
  }
  if (settings.insecure_skip_verify.value_or(false))
    checks->set_trust_chain_verification(tls::CertificateValidationContext::ACCEPT_UNTRUSTED);
  auto* secret = combined->mutable_validation_context_sds_secret_config();
  settings.credential_name.empty() && settings.credential_names.empty() && settings.ca_cert_credential_name.empty()
      ? set_file_secret(secret, ca)
      : set_served_secret(secret, ca);
}

void set_certificates(CommonTlsContext& out, const config::ServerTLSSettings& settings) {
  std::vector<std::string> names = settings.credential_names;
  if (names.empty() && !settings.credential_name.empty()) names.push_back(settings.credential_name);
  for (const auto& name : names) set_served_secret(out.add_tls_certificate_sds_secret_configs(), secret_name(name));
  if (!names.empty()) {
    const auto& ca = settings.ca_cert_credential_name;
    set_client_checks(out, settings, ca.empty() ? secret_name(names.front()) + "-cacert" : secret_name(ca));
    return;
  }
  if (settings.tls_certificates.empty()) {
    set_file_secret(out.add_tls_certificate_sds_secret_configs(),
                    fmt::format("file-cert:{}~{}", settings.server_certificate, settings.private_key));
  }
  for (const auto& each : settings.tls_certificates)
    set_file_secret(out.add_tls_certificate_sds_secret_configs(),
                    fmt::format("file-cert:{}~{}", each.server_certificate, each.private_key));
  set_client_checks(out, settings, "file-root:" + settings.ca_certificates);
}

}  // namespace

void set_agent_secret(tls::SdsSecretConfig* out, const std::string& name) {
  set_file_secret(out, name);
  out->mutable_sds_config()->mutable_initial_fetch_timeout();
}

tls::UpstreamTlsContext istio_client_context(const std::vector<std::string>& sans, const std::string& sni, bool http2) {
  tls::UpstreamTlsContext out;
  auto& common = *out.mutable_common_tls_context();
  set_versions(common);
  set_workload_certificate(common);
  add_exact_sans(common.mutable_combined_validation_context()->mutable_default_validation_context(), sans);
  common.add_alpn_protocols("istio-peer-exchange");
  common.add_alpn_protocols("istio");
  if (http2) common.add_alpn_protocols("h2");
  out.set_sni(sni);
  return out;
}

tls::UpstreamTlsContext client_context(const config::ClientTLSSettings& settings, const std::vector<std::string>& sans,
                                       bool http2, const Proxy& proxy) {
  tls::UpstreamTlsContext out;
  auto& common = *out.mutable_common_tls_context();
  set_versions(common);
  const bool by_credential = !settings.credential_name.empty() && proxy.is_router();
  if (settings.mode == config::ClientTLSSettings::TLSmode::MUTUAL) {
    auto* secret = common.add_tls_certificate_sds_secret_configs();
    by_credential
        ? set_served_secret(secret, secret_name(settings.credential_name))
        : set_file_secret(secret, fmt::format("file-cert:{}~{}", settings.client_certificate, settings.private_key));
  }
  auto* combined = common.mutable_combined_validation_context();
  auto* checks = combined->mutable_default_validation_context();
  add_exact_sans(checks, settings.subject_alt_names.empty() ? sans : settings.subject_alt_names);
  if (settings.insecure_skip_verify.value_or(false))
    checks->set_trust_chain_verification(tls::CertificateValidationContext::ACCEPT_UNTRUSTED);
  auto* roots = combined->mutable_validation_context_sds_secret_config();
  if (by_credential) {
    set_served_secret(roots, secret_name(settings.credential_name) + "-cacert");
  } else {
    set_file_secret(roots, "file-root:" + (settings.ca_certificates.empty() ? "system" : settings.ca_certificates));
  }
  if (http2) common.add_alpn_protocols("h2");
  out.set_sni(settings.sni);
  return out;
}

tls::DownstreamTlsContext istio_server_context(const config::MeshConfig& mesh, bool http) {
  tls::DownstreamTlsContext out;
  auto& common = *out.mutable_common_tls_context();
  set_mesh_parameters(common, mesh);
  set_workload_certificate(common);
  auto* checks = common.mutable_combined_validation_context()->mutable_default_validation_context();
  std::set<std::string> domains(mesh.trust_domain_aliases.begin(), mesh.trust_domain_aliases.end());
  domains.insert(mesh.trust_domain);
  for (const auto& domain : domains) checks->add_match_subject_alt_names()->set_prefix("spiffe://" + domain + "/");
  if (!http) common.add_alpn_protocols("istio-peer-exchange");
  common.add_alpn_protocols("h2");
  common.add_alpn_protocols("http/1.1");
  out.mutable_require_client_certificate()->set_value(true);
  return out;
}

tls::DownstreamTlsContext server_context(const config::ServerTLSSettings& settings, const config::MeshConfig& mesh,
                                         bool http) {
  using Mode = config::ServerTLSSettings::TLSmode;
  if (settings.mode == Mode::ISTIO_MUTUAL) return istio_server_context(mesh, http);
  tls::DownstreamTlsContext out;
  auto& common = *out.mutable_common_tls_context();
  set_parameters(common, settings);
  if (http) {
    common.add_alpn_protocols("h2");
    common.add_alpn_protocols("http/1.1");
  }
  set_certificates(common, settings);
  out.mutable_require_client_certificate()->set_value(settings.mode == Mode::MUTUAL);
  return out;
}

core::TransportSocket tls_socket(const google::protobuf::Message& context) {
  core::TransportSocket out;
  out.set_name("envoy.transport_sockets.tls");
  *out.mutable_typed_config() = xds::pack(context);
  return out;
}

core::TransportSocket raw_socket() {
  core::TransportSocket out;
  out.set_name("envoy.transport_sockets.raw_buffer");
  *out.mutable_typed_config() = xds::pack(envoy::extensions::transport_sockets::raw_buffer::v3::RawBuffer());
  return out;
}

}  // namespace lateen::translate
