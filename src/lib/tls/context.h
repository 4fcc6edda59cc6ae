// What one side of TLS connections shows, accepts and demands: made once per configuration, shared by connections.
//
// Immutable. New certificates mean a new Context for new connections; live ones keep theirs by shared ownership and are
// not touched. A Context may be used from several threads, but costs least with one per worker.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lib/tls/certificate.h"
#include "lib/tls/trust.h"

namespace lateen::tls {

enum class Version : uint8_t { tls1_0, tls1_1, tls1_2, tls1_3 };
const char* name_of(Version version);  // "TLSv1.3", as access logs print it

enum class PeerCertificate : uint8_t {
  ignored,   // a server does not ask for one; a client does not look at the server's
  optional,  // servers: may be missing, is checked when it is there
  required,
};

struct ContextSettings {
  // What is shown to the peer. Several (RSA and ECDSA): the one that fits the peer's abilities, the first by default.
  // Servers need at least one.
  std::vector<Credentials> credentials;

  // How the peer's certificate is judged. Without `trust` a chain is not checked (check_peer still is).
  std::shared_ptr<const TrustBundle> trust;
  PeerCertificate peer_certificate = PeerCertificate::required;
  bool accept_untrusted = false;     // Envoy's ACCEPT_UNTRUSTED: a failed check is noted (Session::peer_verified) only
  bool send_authority_names = true;  // servers: names of the trusted certificates in the certificate request
  // Called after the chain was verified, with the peer's chain, leaf first; an error ends the handshake. Must be safe
  // to call from every thread that uses the context. Envoy's match_typed_subject_alt_names, hash and SPKI pins go here.
  std::function<Result<>(const std::vector<Certificate>&)> check_peer;

  Version min_version = Version::tls1_2, max_version = Version::tls1_3;
  // Names as Envoy and OpenSSL write them, TLS 1.2 only; "[A|B]" groups are read as A, B. Unknown names are passed
  // over; none known is an error. Empty: Envoy's default list.
  std::vector<std::string> cipher_suites;
  std::vector<std::string> curves;                // "X25519", "P-256"; empty: these two
  std::vector<std::string> signature_algorithms;  // "ecdsa_secp256r1_sha256"; empty: the library's
  // In order of preference. Servers choose by their own order and go on without a protocol when nothing fits.
  std::vector<std::string> alpn;
  std::string server_name;  // clients: the SNI to send; empty: none
  // Servers: TLS 1.3 tickets per connection. Each costs about a third of a handshake with client certificates, so mesh
  // listeners keep 0. Clients do not resume.
  uint8_t session_tickets = 0;
  // How long a verified peer chain need not be verified again (never beyond its expiry; the memo belongs to this
  // context, so a new bundle starts empty). 0: every handshake verifies.
  Duration verified_memo = 60s;
};

struct NativeContext;

class Context {
 public:
  // Fail with `invalid` and the reason in words: no certificate, a key that does not fit, no usable cipher suite.
  static Result<std::shared_ptr<const Context>> server(ContextSettings settings);
  static Result<std::shared_ptr<const Context>> client(ContextSettings settings);
  ~Context();

  const ContextSettings& settings() const { return settings_; }
  bool is_server() const { return server_; }
  // Names of cipher suites, curves or algorithms that were passed over because the library does not have them.
  const std::vector<std::string>& passed_over() const { return passed_over_; }
  NativeContext& native() const { return *native_; }

 private:
  Context() = default;
  static Result<std::shared_ptr<const Context>> make(ContextSettings settings, bool server);
  ContextSettings settings_;
  bool server_ = false;
  std::vector<std::string> passed_over_;
  std::unique_ptr<NativeContext> native_;
};

}  // namespace lateen::tls
