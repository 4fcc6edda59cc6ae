// X.509 certificates and signing requests (RFC 5280, RFC 2986): parsed once at the door into plain values.
//
// A certificate with a NUL or a control byte in a name, an unreadable SAN, or more than 1,000 SANs is refused when it
// is parsed, so whoever compares names later compares what the certificate says.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/time.h"
#include "lib/tls/key.h"
#include "lib/tls/spiffe.h"

namespace lateen::tls {

struct NativeCertificate;

// The subject alternative names of a certificate or a request, each kind in its order.
struct AlternativeNames {
  std::vector<std::string> uris, dns, emails, ips;
  std::vector<std::string> others;  // otherName values that are text (UPN and the like)
  bool empty() const { return uris.empty() && dns.empty() && emails.empty() && ips.empty() && others.empty(); }
  bool operator==(const AlternativeNames&) const = default;
};

// Shared and immutable; copying copies a pointer.
class Certificate {
 public:
  explicit Certificate(std::shared_ptr<const NativeCertificate> native) : native_(std::move(native)) {}
  static Result<Certificate> parse_pem(std::string_view pem);  // the first of the text
  static Result<Certificate> parse_der(std::string_view der);
  // All certificates of the text in their order, at least one; other PEM blocks are passed over.
  static Result<std::vector<Certificate>> parse_chain(std::string_view pem);

  const AlternativeNames& names() const;
  // The same, for those who outlive this object.
  std::shared_ptr<const AlternativeNames> shared_names() const { return {native_, &names()}; }
  const std::string& subject() const;  // RFC 2253: "CN=web,O=Lateen"; empty when there is none
  const std::string& issuer() const;
  const std::string& serial() const;  // lower-case hexadecimal
  const std::string& sha256() const;  // of the DER form, lower-case hexadecimal
  WallTime not_before() const;
  WallTime not_after() const;
  bool is_authority() const;    // basicConstraints CA:TRUE
  bool is_self_signed() const;  // issuer and subject are the same and its own key verifies it
  bool valid_at(WallTime now) const { return not_before() <= now && now < not_after(); }
  // The only URI name, parsed; fails when there is none or more than one (SPIFFE X.509-SVID section 2).
  Result<SpiffeId> spiffe_id() const;

  PublicKey public_key() const;
  std::string pem() const;
  std::string der() const;
  bool operator==(const Certificate& other) const { return sha256() == other.sha256(); }
  const NativeCertificate& native() const { return *native_; }

 private:
  std::shared_ptr<const NativeCertificate> native_;
};

std::string pem_of(const std::vector<Certificate>& chain);

// Whether the certificate is for that host (RFC 6125): a DNS name, ignoring case, where "*.example.com" stands for one
// label; or an IP address, compared as a number. The subject is not looked at.
bool certifies_host(const Certificate& certificate, std::string_view host);

// A certificate chain, leaf first, and the key of the leaf: what one end shows.
struct Credentials {
  std::vector<Certificate> chain;
  PrivateKey key;
  // Fails when the texts cannot be read or the key is not the leaf's.
  static Result<Credentials> parse(std::string_view chain_pem, std::string_view key_pem);
  const Certificate& leaf() const { return chain.front(); }
};

// A certificate for people (several lines, no trailing newline); `now` tells how long it lives.
std::string describe(const Certificate& certificate, WallTime now);

struct RequestNames {
  std::string common_name;
  AlternativeNames names;
};

// A certificate signing request; its own signature was checked when it was parsed.
class CertificateRequest {
 public:
  static Result<CertificateRequest> parse_pem(std::string_view pem);
  // A request by the holder of the key. At least one name is needed.
  static Result<CertificateRequest> make(const PrivateKey& key, const RequestNames& names);

  const RequestNames& names() const { return names_; }
  const PublicKey& public_key() const { return public_key_; }
  const std::string& pem() const { return pem_; }

 private:
  CertificateRequest(std::string pem, RequestNames names, PublicKey key)
      : pem_(std::move(pem)), names_(std::move(names)), public_key_(std::move(key)) {}
  std::string pem_;
  RequestNames names_;
  PublicKey public_key_;
};

}  // namespace lateen::tls
