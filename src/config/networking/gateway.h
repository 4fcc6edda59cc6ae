// Gateway (Istio's): ports, hosts and TLS of proxies at the edge.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/time.h"
#include "lib/schema/describe.h"

namespace lateen::config {

struct ServerTLSSettings {
  enum class TLSmode { PASSTHROUGH, SIMPLE, MUTUAL, AUTO_PASSTHROUGH, ISTIO_MUTUAL, OPTIONAL_MUTUAL };
  enum class TLSProtocol { TLS_AUTO, TLSV1_0, TLSV1_1, TLSV1_2, TLSV1_3 };
  struct TLSCertificate {
    std::string server_certificate;
    std::string private_key;
    std::string ca_certificates;
    bool operator==(const TLSCertificate&) const = default;
    static schema::Fields fields();
  };
  bool https_redirect = false;
  TLSmode mode = TLSmode::PASSTHROUGH;
  std::string server_certificate;
  std::string private_key;
  std::string ca_certificates;
  std::string ca_crl;
  std::string credential_name;
  std::vector<std::string> credential_names;
  std::string ca_cert_credential_name;
  std::vector<TLSCertificate> tls_certificates;
  std::vector<std::string> subject_alt_names;
  std::vector<std::string> verify_certificate_spki;
  std::vector<std::string> verify_certificate_hash;
  TLSProtocol min_protocol_version = TLSProtocol::TLS_AUTO;
  TLSProtocol max_protocol_version = TLSProtocol::TLS_AUTO;
  std::vector<std::string> cipher_suites;
  std::optional<bool> insecure_skip_verify;
  bool operator==(const ServerTLSSettings&) const = default;
  static schema::Fields fields();
};

struct Port {
  uint32_t number = 0;
  std::string protocol;
  std::string name;
  uint32_t target_port = 0;
  bool operator==(const Port&) const = default;
  static schema::Fields fields();
};

struct Server {
  std::optional<Port> port;
  std::string bind;
  std::vector<std::string> hosts;
  std::optional<ServerTLSSettings> tls;
  std::string default_endpoint;
  std::string name;
  bool operator==(const Server&) const = default;
  static schema::Fields fields();
};

struct Gateway {
  std::vector<Server> servers;
  std::map<std::string, std::string> selector;
  bool operator==(const Gateway&) const = default;
  static schema::Fields fields();
};

schema::Names names(ServerTLSSettings::TLSmode);
schema::Names names(ServerTLSSettings::TLSProtocol);

}  // namespace lateen::config
