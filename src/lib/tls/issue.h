// Making certificates: roots, intermediates and leaves, with the extensions Istio gives them.
#pragma once
#include "lib/tls/certificate.h"

namespace lateen::tls {

struct CertificatePlan {
  std::string common_name, organization;  // both empty: the SAN extension becomes critical (RFC 5280 section 4.2.1.6)
  AlternativeNames names;                 // `others` cannot be issued
  WallTime not_before, not_after;
  bool authority = false;  // CA:TRUE, keyCertSign and cRLSign; else digitalSignature, keyEncipherment, EKU both sides
  int path_length = -1;    // authorities: how many more authorities may follow; -1: any number
};

// A certificate for its own key.
Result<Certificate> make_self_signed(const PrivateKey& key, const CertificatePlan& plan);

// A certificate for `subject_key`, signed by the issuer. The plan's validity is cut at the issuer's end. Fails with
// `invalid` when the issuer is no authority or its key is not its own, when a name cannot be written, or when the
// validity is empty.
Result<Certificate> issue(const PublicKey& subject_key, const CertificatePlan& plan, const Certificate& issuer,
                          const PrivateKey& issuer_key);

}  // namespace lateen::tls
