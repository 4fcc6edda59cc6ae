// This member's own certificate: fetched at the start, renewed long before its end, kept on disk for the next start.
#pragma once
#include "data_plane/agent/secret_board.h"
#include "data_plane/agent/signer.h"
#include "lib/io/readiness.h"

namespace lateen::agent {

struct WorkloadOptions {
  tls::SpiffeId identity;
  tls::KeyType key_type = tls::KeyType::ecdsa_p256;
  Duration ttl = 24h;            // SECRET_TTL
  double grace_ratio = 0.5;      // SECRET_GRACE_PERIOD_RATIO: renewed when this share of the life is left ...
  double grace_jitter = 0.01;    // ... more or less this share (SECRET_GRACE_PERIOD_RATIO_JITTER)
  std::string roots_pem;         // further trusted roots, beside those that come with the certificate
  std::string directory;         // OUTPUT_CERTS: key.pem, cert-chain.pem, root-cert.pem; empty: memory only
  Duration signing_limit = 15s;  // of one attempt
};

// Publishes "default" and "ROOTCA". A new root is published before the certificate that needs it.
//
// Failures are repeated after 100 ms, doubling to 30 s, with jitter, for as long as it takes; meanwhile the last good
// certificate stands. The dates are judged by the loop's calendar, at least once a minute, so a laptop that slept
// renews when it wakes.
class WorkloadSecrets final : public SecretSource {
 public:
  // The signer outlives this object.
  WorkloadSecrets(io::Loop& loop, Signer& signer, WorkloadOptions options);

  // Keeps the certificate fresh until the task is destroyed. To be started once, in a scope that ends before this
  // object.
  io::Task<void> run();

  // Set once there is a usable certificate, from disk or from the signer.
  io::Readiness& ready() { return ready_; }
  // The signed certificate; null before ready().
  const tls::Certificate* certificate() const { return leaf_ ? &*leaf_ : nullptr; }
  // Why the last attempt failed; nothing after a success.
  const std::optional<Error>& last_error() const { return last_error_; }
  uint64_t rotations() const { return rotations_; }
  WallTime renews_at() const { return renews_at_; }

  std::unique_ptr<Watch> watch(std::string name, Changed changed) override {
    return board_.watch(std::move(name), std::move(changed));
  }
  SecretPtr find(const std::string& name) const { return board_.find(name); }

 private:
  Result<> load_stored();
  io::Task<Result<>> renew();
  Result<> adopt(SignedChain signed_chain, const tls::PrivateKey& key);
  void publish(const std::vector<tls::Certificate>& chain, const std::string& key_pem, const std::string& roots_pem,
               WallTime from);
  void store() const;
  void note_failure(const Error& error);
  Duration backoff();

  io::Loop& loop_;
  Signer& signer_;
  WorkloadOptions options_;
  SecretBoard board_;
  io::Readiness ready_;
  std::optional<tls::Certificate> leaf_;
  std::optional<Error> last_error_;
  WallTime renews_at_{};
  uint64_t rotations_ = 0;
  int failures_ = 0;  // in a row
};

}  // namespace lateen::agent
