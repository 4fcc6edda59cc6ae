// Certificates, requests, keys and bundles from hostile text: no crash, and what was accepted can be written and read.
#include <cstdint>
#include <cstdlib>

#include "lib/tls/trust.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace lateen;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (auto certificate = tls::Certificate::parse_der(text)) {
    if (!tls::Certificate::parse_pem(certificate->pem())) std::abort();
    tls::describe(*certificate, {});
    (void)certificate->spiffe_id();
  }
  (void)tls::CertificateRequest::parse_pem(text);
  (void)tls::PrivateKey::parse_pem(text);
  if (auto bundle = tls::TrustBundle::parse(text)) (void)(*bundle)->verify((*bundle)->certificates(), {});
  (void)tls::SpiffeId::parse(text);
  return 0;
}
