// Trust bundles: which authorities vouch for a peer, and the check of a chain against them.
#pragma once
#include <memory>
#include <string_view>

#include "lib/tls/certificate.h"

namespace lateen::tls {

enum class Purpose : uint8_t { any, server, client };  // what the peer acts as; checked against the extended key usage

struct TrustOptions {
  bool allow_expired = false;      // Envoy's allow_expired_certificate
  bool crl_for_leaf_only = false;  // else every certificate of the chain needs a list
};

struct NativeTrust;

// Immutable, shared between threads. A change of trust is a new bundle.
class TrustBundle {
 public:
  // Trusted certificates (roots; intermediates are accepted as anchors too, as in Envoy) and optionally revocation
  // lists, both PEM. Fails when there is no certificate or one cannot be read.
  static Result<std::shared_ptr<const TrustBundle>> parse(std::string_view certificates_pem,
                                                          std::string_view crl_pem = {}, TrustOptions options = {});
  // The authorities that this machine trusts (Debian's ca-certificates).
  static Result<std::shared_ptr<const TrustBundle>> system();

  // Checks that the chain (leaf first; order and completeness of the rest do not matter) leads to a trusted certificate
  // and is valid at that time. Failures have the kind `tls` and say what is wrong at which depth.
  Result<> verify(const std::vector<Certificate>& chain, WallTime now, Purpose purpose = Purpose::any) const;

  const std::vector<Certificate>& certificates() const { return certificates_; }
  const NativeTrust& native() const { return *native_; }

 private:
  TrustBundle() = default;
  std::vector<Certificate> certificates_;
  std::shared_ptr<const NativeTrust> native_;
};

}  // namespace lateen::tls
