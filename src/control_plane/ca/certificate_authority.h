// The mesh's certificate authority: who signs workload certificates, for how long, and what it vouches for.
//
// The caller decides who may have which identity (control_plane/onboard); names in a request are ignored, as istiod
// does: the certificate carries the identities that were authenticated and nothing else.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "lib/base/time.h"
#include "lib/tls/issue.h"
#include "lib/tls/trust.h"

namespace lateen::ca {

struct AuthorityOptions {
  std::string trust_domain = "cluster.local";
  Duration default_ttl = 24h;      // when the request asks for none (<= 0)
  Duration max_ttl = 90 * 24h;     // more is refused
  Duration root_ttl = 3650 * 24h;  // of a root that is made here
  Duration backdate = 2min;        // notBefore lies this much before now, for clocks that run behind
};

// A signed certificate as IstioCertificateService returns it.
struct IssuedChain {
  std::vector<tls::Certificate> chain;  // leaf first, then intermediates, without the root
  std::string roots_pem;                // what the member must trust
  // One text per certificate of the chain, the roots last: the service's cert_chain.
  std::vector<std::string> pem() const;
};

// Belongs to one thread (the control plane's).
class CertificateAuthority {
 public:
  // Opens the authority in that folder. With plugged-in files (istio.md 4.3: ca-cert.pem, ca-key.pem, root-cert.pem and
  // optionally cert-chain.pem; or tls.crt, tls.key, ca.crt) it signs with those. Otherwise it makes a self-signed root
  // there (ca-cert.pem, ca-key.pem with mode 0600, root-cert.pem) and finds it again at the next start. Every file
  // is written as a whole. Fails with the file's name and the reason: unreadable, key does not fit, expired, disk full.
  static Result<std::unique_ptr<CertificateAuthority>> open(const std::string& directory, WallTime now,
                                                            AuthorityOptions options = {});
  // As open(), but makes nothing: an empty folder is an error (not_found).
  static Result<std::unique_ptr<CertificateAuthority>> open_existing(const std::string& directory, WallTime now,
                                                                     AuthorityOptions options = {});
  // Makes a new root in that folder, over one that may be there.
  static Result<std::unique_ptr<CertificateAuthority>> create(const std::string& directory, WallTime now,
                                                              AuthorityOptions options = {});
  // An authority without a folder: a fresh root in memory, for tests.
  static Result<std::unique_ptr<CertificateAuthority>> in_memory(WallTime now, AuthorityOptions options = {});

  // Signs the request's key for those identities (URI names; at least one) and additional DNS names. Fails with
  // `invalid`: an unreadable request, a bad signature in it, a TTL above the maximum; `unavailable`: our own
  // certificate has run out.
  Result<IssuedChain> sign(std::string_view csr_pem, const std::vector<tls::SpiffeId>& identities, Duration ttl,
                           WallTime now, const std::vector<std::string>& dns_names = {});

  // A key and certificate for the control plane itself (its xDS and CA port).
  Result<tls::Credentials> own_credentials(const std::vector<std::string>& dns_names, Duration ttl, WallTime now);

  // Reads the folder again; a new intermediate under the same roots is taken over at run time. On failure the authority
  // goes on with what it has. True when something changed.
  Result<bool> reload(WallTime now);
  // A self-made root with less than a fifth of its life left is replaced by a new certificate of the same key; the old
  // one stays in the bundle. When the folder cannot be written, the authority goes on with the old one. True when it
  // changed.
  Result<bool> renew_root(WallTime now);

  // What members must trust: root-cert.pem's content.
  const std::string& root_pem() const { return root_pem_; }
  const std::shared_ptr<const tls::TrustBundle>& trust() const { return trust_; }
  const tls::Certificate& signer() const { return signing_.chain.front(); }
  const AuthorityOptions& options() const { return options_; }

 private:
  // The content of the folder, read and checked.
  struct Files {
    tls::Credentials signing;
    std::vector<tls::Certificate> roots;
  };
  CertificateAuthority(AuthorityOptions options, tls::Credentials signing)
      : options_(std::move(options)), signing_(std::move(signing)) {}
  static Result<Files> read_files(const std::string& directory, WallTime now);
  static Result<Files> make_root(const std::string& directory, WallTime now, const AuthorityOptions& options);
  static Result<std::unique_ptr<CertificateAuthority>> from(Files files, std::string directory,
                                                            AuthorityOptions options);
  Result<> adopt(Files files);
  tls::CertificatePlan leaf_plan(const std::vector<tls::SpiffeId>& identities, Duration ttl, WallTime now,
                                 const std::vector<std::string>& dns_names) const;
  bool made_here() const;
  AuthorityOptions options_;
  tls::Credentials signing_;  // the signer's certificate, then intermediates up to but without the root
  std::string directory_;     // empty: in memory
  std::string root_pem_;
  std::vector<tls::Certificate> roots_;
  std::shared_ptr<const tls::TrustBundle> trust_;
};

}  // namespace lateen::ca
