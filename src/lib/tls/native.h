// What the value types of this folder hold. Private to lib/tls, as openssl.h is.
#pragma once
#include "lib/tls/certificate.h"
#include "lib/tls/openssl.h"

namespace lateen::tls {

struct NativeKey {
  KeyPtr key;
  EVP_PKEY* get() const { return key.get(); }
};

struct NativeCertificate {
  X509Ptr certificate;
  AlternativeNames names;
  std::string subject, issuer, serial, sha256;
  WallTime not_before, not_after;
  X509* get() const { return certificate.get(); }
};

std::shared_ptr<const NativeKey> share(KeyPtr key);

// Takes the certificate over and reads its names.
Result<Certificate> read_certificate(X509Ptr certificate);

// The names of a SAN extension. Fails for NUL, control and non-ASCII bytes, and for more than 1,000 names.
Result<AlternativeNames> read_names(const GENERAL_NAMES* names);

// The SAN extension for those names; null when there are none. Fails when one cannot be written (an IP that is none).
Result<ExtensionPtr> write_names(const AlternativeNames& names, bool critical);

// "CN=web,O=Lateen" (RFC 2253); fails for NUL bytes inside a value.
Result<std::string> text_of(const X509_NAME* name);

}  // namespace lateen::tls
