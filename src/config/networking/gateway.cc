#include "config/networking/gateway.h"

#include "lib/schema/field.h"

namespace lateen::config {

using namespace schema;  // field(), record() and the attributes

Fields Port::fields() {
  return record("Port", "A port of a gateway.",
                {
                    field("number", &Port::number, "Port that listens; 0 for a unix socket.", required, at_most(65535)),
                    field("protocol", &Port::protocol,
                          "HTTP, HTTPS, GRPC, GRPC-WEB, HTTP2, MONGO, MYSQL, REDIS, TCP or TLS.", required),
                    field("name", &Port::name, "Label of the port.", required),
                    field("targetPort", &Port::target_port, "Without effect.", deprecated("it has no effect")),
                });
}

Names names(ServerTLSSettings::TLSmode) {
  static constexpr Name all[] = {{"PASSTHROUGH", 0},      {"SIMPLE", 1},       {"MUTUAL", 2},
                                 {"AUTO_PASSTHROUGH", 3}, {"ISTIO_MUTUAL", 4}, {"OPTIONAL_MUTUAL", 5}};
  return all;
}

Names names(ServerTLSSettings::TLSProtocol) {
  static constexpr Name all[] = {{"TLS_AUTO", 0}, {"TLSV1_0", 1}, {"TLSV1_1", 2}, {"TLSV1_2", 3}, {"TLSV1_3", 4}};
  return all;
}

Fields ServerTLSSettings::TLSCertificate::fields() {
  return record("ServerTLSSettings.TLSCertificate", "A certificate in files.",
                {
                    field("serverCertificate", &ServerTLSSettings::TLSCertificate::server_certificate,
                          "File of the certificate chain."),
                    field("privateKey", &ServerTLSSettings::TLSCertificate::private_key, "File of the private key."),
                    field("caCertificates", &ServerTLSSettings::TLSCertificate::ca_certificates,
                          "File of the certificates to trust for clients."),
                });
}

Fields ServerTLSSettings::fields() {
  return record(
      "ServerTLSSettings", "TLS of a listening port.",
      {
          field("httpsRedirect", &ServerTLSSettings::https_redirect,
                "Answers plain requests with a redirect to https."),
          field("mode", &ServerTLSSettings::mode, "How connections are taken."),
          field("serverCertificate", &ServerTLSSettings::server_certificate, "File of the certificate chain."),
          field("privateKey", &ServerTLSSettings::private_key, "File of the private key."),
          field("caCertificates", &ServerTLSSettings::ca_certificates,
                "File of the certificates to trust for clients."),
          field("caCrl", &ServerTLSSettings::ca_crl, "File of revoked client certificates.", not_honoured()),
          field("credentialName", &ServerTLSSettings::credential_name, "Secret with certificate, key and trust."),
          field("credentialNames", &ServerTLSSettings::credential_names, "Two secrets, for RSA and ECDSA.", fewest(1),
                most(2)),
          field("caCertCredentialName", &ServerTLSSettings::ca_cert_credential_name,
                "Secret or ConfigMap with the trust for clients."),
          field("tlsCertificates", &ServerTLSSettings::tls_certificates,
                "Two certificates in files, for RSA and ECDSA.", fewest(1), most(2)),
          field("subjectAltNames", &ServerTLSSettings::subject_alt_names, "Names of which a client must show one."),
          field("verifyCertificateSpki", &ServerTLSSettings::verify_certificate_spki,
                "Base64 SHA-256 of public keys of which a client must show one."),
          field("verifyCertificateHash", &ServerTLSSettings::verify_certificate_hash,
                "Hex SHA-256 of certificates of which a client must show one."),
          field("minProtocolVersion", &ServerTLSSettings::min_protocol_version, "Lowest TLS version.",
                otherwise("TLSV1_2")),
          field("maxProtocolVersion", &ServerTLSSettings::max_protocol_version, "Highest TLS version."),
          field("cipherSuites", &ServerTLSSettings::cipher_suites, "Cipher suites for TLS 1.2 and below."),
          field("insecureSkipVerify", &ServerTLSSettings::insecure_skip_verify,
                "Accepts client certificates that do not verify."),
      });
}

Fields Server::fields() {
  return record(
      "Server", "A listening port of a gateway and the hosts on it.",
      {
          field("port", &Server::port, "The port.", required),
          field("bind", &Server::bind, "Address or unix socket to listen on.", otherwise("all addresses")),
          field("hosts", &Server::hosts, "Hosts served, `namespace/host`; `*.` prefixes are allowed.", required),
          field("tls", &Server::tls, "TLS of the port."),
          field("defaultEndpoint", &Server::default_endpoint, "Without effect, as in Istio.",
                not_honoured("defaultEndpoint of a Gateway has no effect, as in Istio")),
          field("name", &Server::name, "Name in metrics."),
      });
}

Fields Gateway::fields() {
  return record("Gateway", "Ports, hosts and TLS of proxies at the edge.",
                {
                    field("servers", &Gateway::servers, "The listening ports."),
                    field("selector", &Gateway::selector, "Labels of the proxies that serve it.",
                          otherwise("every gateway proxy")),
                });
}

}  // namespace lateen::config
