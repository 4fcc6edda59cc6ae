#include "data_plane/agent/workload_secrets.h"

#include <algorithm>

#include "lib/base/log.h"
#include "lib/io/files.h"
#include "lib/io/scope.h"
#include "lib/tls/trust.h"

namespace lateen::agent {
namespace {

log::Component log_("agent");

constexpr Duration first_backoff = 100ms, last_backoff = 30s;
constexpr Duration longest_nap = 1min;

std::string rounded(Duration duration) { return format_duration(std::chrono::floor<std::chrono::seconds>(duration)); }

}  // namespace

WorkloadSecrets::WorkloadSecrets(io::Loop& loop, Signer& signer, WorkloadOptions options)
    : loop_(loop), signer_(signer), options_(std::move(options)), ready_(loop) {}

io::Task<void> WorkloadSecrets::run() {
  if (const auto stored = load_stored(); !stored) log_.info("no stored certificate: {}", stored.error().message);
  for (;;) {
    const WallTime now = loop_.wall_now();
    if (leaf_ && now < renews_at_) {
      co_await loop_.sleep(std::min<Duration>(longest_nap, renews_at_ - now));
      continue;
    }
    const auto renewed = co_await renew();
    if (renewed) {
      failures_ = 0;
      last_error_.reset();
      continue;
    }
    note_failure(renewed.error());
    co_await loop_.sleep(backoff());
  }
}

io::Task<Result<>> WorkloadSecrets::renew() {
  auto key = tls::PrivateKey::generate(options_.key_type);
  if (!key) co_return failed(key);
  tls::RequestNames names;
  names.names.uris = {options_.identity.text()};
  const auto csr = tls::CertificateRequest::make(*key, names);
  if (!csr) co_return failed(csr);
  SigningRequest request{csr->pem(), options_.ttl, find("default"), find("ROOTCA")};
  // An expired certificate would only spoil the handshake; a token may still do.
  if (leaf_ && !leaf_->valid_at(loop_.wall_now())) request.certificate = nullptr;
  auto answer = co_await io::within(loop_, options_.signing_limit, signer_.sign(std::move(request)));
  if (!answer) co_return failed(answer);
  co_return adopt(std::move(*answer), *key);
}

Result<> WorkloadSecrets::adopt(SignedChain signed_chain, const tls::PrivateKey& key) {
  if (signed_chain.chain.empty()) return fail(ErrorKind::protocol, "the signer answered without a certificate");
  const tls::Certificate& leaf = signed_chain.chain.front();
  if (!(leaf.public_key() == key.public_key()))
    return fail(ErrorKind::protocol, "the signer certified another key than the one that was sent");
  const auto identity = leaf.spiffe_id();
  if (!identity) return failed(identity, "the signed certificate");
  if (*identity != options_.identity)
    return fail(ErrorKind::permission,
                "the signer certified {}, wanted was {}; the token belongs to another namespace or service account",
                identity->text(), options_.identity.text());
  const WallTime now = loop_.wall_now();
  const std::string roots_pem = signed_chain.roots_pem + options_.roots_pem;
  const auto trust = tls::TrustBundle::parse(roots_pem);
  if (!trust) return failed(trust, "the signer's roots");
  if (auto r = (*trust)->verify(signed_chain.chain, now); !r) return failed(r, "the signed certificate");
  publish(signed_chain.chain, key.pem(), roots_pem, now);
  ++rotations_;
  log_.info("certificate of {} until {}, renewal in {}", identity->text(), format_time(leaf_->not_after()),
            rounded(renews_at_ - now));
  store();
  return {};
}

void WorkloadSecrets::publish(const std::vector<tls::Certificate>& chain, const std::string& key_pem,
                              const std::string& roots_pem, WallTime from) {
  leaf_ = chain.front();
  const double jitter = (loop_.random().unit() * 2 - 1) * options_.grace_jitter;
  const double share = std::clamp(options_.grace_ratio + jitter, 0.0, 1.0);
  const auto life = static_cast<double>((leaf_->not_after() - from).count());
  renews_at_ = leaf_->not_after() - Duration(static_cast<int64_t>(life * share));
  board_.publish("ROOTCA", Secret{.chain = "", .key = "", .roots = roots_pem, .crl = ""});
  board_.publish("default", Secret{.chain = tls::pem_of(chain), .key = key_pem, .roots = "", .crl = ""});
  ready_.set();
}

Result<> WorkloadSecrets::load_stored() {
  if (options_.directory.empty()) return fail(ErrorKind::not_found, "nothing is kept on disk");
  const auto chain_pem = io::read_file(options_.directory + "/cert-chain.pem", 1 << 20);
  if (!chain_pem) return failed(chain_pem);
  const auto key_pem = io::read_file(options_.directory + "/key.pem", 1 << 20);
  if (!key_pem) return failed(key_pem);
  const auto roots_pem = io::read_file(options_.directory + "/root-cert.pem", 1 << 20);
  if (!roots_pem) return failed(roots_pem);
  const auto credentials = tls::Credentials::parse(*chain_pem, *key_pem);
  if (!credentials) return failed(credentials, options_.directory);
  const auto trust = tls::TrustBundle::parse(*roots_pem);
  if (!trust) return failed(trust, options_.directory);
  if (auto r = (*trust)->verify(credentials->chain, loop_.wall_now()); !r) return failed(r, options_.directory);
  const auto identity = credentials->leaf().spiffe_id();
  if (!identity || *identity != options_.identity)
    return fail(ErrorKind::invalid, "{} holds the certificate of another identity than {}", options_.directory,
                options_.identity.text());
  publish(credentials->chain, credentials->key.pem(), *roots_pem, credentials->leaf().not_before());
  log_.info("took the certificate of {} from {}", identity->text(), options_.directory);
  return {};
}

void WorkloadSecrets::store() const {
  if (options_.directory.empty()) return;
  const auto write = [&](const char* name, const std::string& content, int mode) {
    return io::write_file(options_.directory + "/" + name, content, mode);
  };
  Result<> done = io::make_directories(options_.directory, 0700);
  // A start between two of these writes finds files that do not fit, and fetches anew.
  if (done) done = write("root-cert.pem", find("ROOTCA")->roots, 0644);
  if (done) done = write("key.pem", find("default")->key, 0600);
  if (done) done = write("cert-chain.pem", find("default")->chain, 0644);
  if (!done) log_.warning("the new certificate is in use but could not be kept: {}", done.error().message);
}

void WorkloadSecrets::note_failure(const Error& error) {
  last_error_ = error;
  ++failures_;
  // The first of a row, then ever rarer: 1, 2, 4, 8, ...
  if ((failures_ & (failures_ - 1)) != 0) return;
  if (!leaf_) {
    log_.warning("no certificate yet (attempt {}): {}", failures_, error.message);
    return;
  }
  const Duration left = leaf_->not_after() - loop_.wall_now();
  if (left > Duration(0))
    log_.warning("renewal failed (attempt {}), {} left: {}", failures_, rounded(left), error.message);
  else
    log_.error("the certificate has EXPIRED and renewal fails (attempt {}): {}", failures_, error.message);
}

Duration WorkloadSecrets::backoff() {
  const int doublings = std::min(failures_ - 1, 20);
  const Duration full = std::min<Duration>(last_backoff, first_backoff * (int64_t{1} << doublings));
  return full / 2 + Duration(static_cast<int64_t>(static_cast<double>(full.count()) / 2 * loop_.random().unit()));
}

}  // namespace lateen::agent
