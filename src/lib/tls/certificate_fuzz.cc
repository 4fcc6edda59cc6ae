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
    certificate->spiffe_id().has_value();
  }
  tls::CertificateRequest::parse_pem(text).has_value();
  tls::PrivateKey::parse_pem(text).has_value();
  if (auto bundle = tls::TrustBundle::parse(text)) (*bundle)->verify((*bundle)->certificates(), {}).has_value();
  tls::SpiffeId::parse(text).has_value();
  return 0;
}
