#include "lib/tls/context.h"

#include <algorithm>

#include "lib/base/strings.h"
#include "lib/tls/context_native.h"

namespace lateen::tls {
namespace {

constexpr std::string_view default_suites =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384";

int native_version(Version version) {
  constexpr int versions[] = {TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION, TLS1_3_VERSION};
  return versions[static_cast<int>(version)];
}

// "[A|B]" and "A" -> A, B.
std::vector<std::string> flattened(const std::vector<std::string>& names) {
  std::vector<std::string> out;
  for (const auto& entry : names)
    for (std::string_view part : split(entry, ':')) {
      part = trimmed(part);
      if (part.starts_with('[') && part.ends_with(']')) part = part.substr(1, part.size() - 2);
      for (std::string_view name : split(part, '|'))
        if (!name.empty()) out.emplace_back(name);
    }
  return out;
}

// Sets the names that the library knows one by one; the others are noted. Fails when none is left.
template <class Accepts>
Result<std::string> known(const std::vector<std::string>& names, std::string_view what,
                          std::vector<std::string>& passed_over, Accepts accepts) {
  std::vector<std::string> kept;
  for (const auto& name : flattened(names)) {
    if (accepts(name.c_str()))
      kept.push_back(name);
    else
      passed_over.push_back(name);
    ERR_clear_error();
  }
  if (kept.empty()) return fail(ErrorKind::invalid, "none of the {} is available: {}", what, joined(names, ", "));
  return joined(kept, ":");
}

Result<> set_algorithms(SSL_CTX* context, const ContextSettings& settings, std::vector<std::string>& passed_over) {
  std::string suites(default_suites);
  if (!settings.cipher_suites.empty()) {
    auto chosen = known(settings.cipher_suites, "cipher suites", passed_over,
                        [&](const char* name) { return SSL_CTX_set_cipher_list(context, name) == 1; });
    if (!chosen) return failed(chosen);
    suites = std::move(*chosen);
  }
  SSL_CTX_set_cipher_list(context, suites.c_str());

  std::string curves = "X25519:P-256";
  if (!settings.curves.empty()) {
    auto chosen = known(settings.curves, "curves", passed_over,
                        [&](const char* name) { return SSL_CTX_set1_groups_list(context, name) == 1; });
    if (!chosen) return failed(chosen);
    curves = std::move(*chosen);
  }
  SSL_CTX_set1_groups_list(context, curves.c_str());

  if (settings.signature_algorithms.empty()) return {};
  auto chosen = known(settings.signature_algorithms, "signature algorithms", passed_over,
                      [&](const char* name) { return SSL_CTX_set1_sigalgs_list(context, name) == 1; });
  if (!chosen) return failed(chosen);
  SSL_CTX_set1_sigalgs_list(context, chosen->c_str());
  return {};
}

Result<> show(SSL_CTX* context, const Credentials& credentials) {
  if (credentials.chain.empty()) return fail(ErrorKind::invalid, "credentials without a certificate");
  // Each kind of key has its own place in the context; the chain goes with the certificate that was set last.
  if (SSL_CTX_use_certificate(context, credentials.leaf().native().get()) != 1)
    return openssl_failure(ErrorKind::invalid, "certificate");
  if (SSL_CTX_use_PrivateKey(context, credentials.key.native().get()) != 1)
    return openssl_failure(ErrorKind::invalid, "private key");
  SSL_CTX_clear_chain_certs(context);
  for (size_t i = 1; i < credentials.chain.size(); ++i)
    if (SSL_CTX_add1_chain_cert(context, credentials.chain[i].native().get()) != 1)
      return openssl_failure(ErrorKind::invalid, "certificate chain");
  return {};
}

void set_verification(SSL_CTX* context, const ContextSettings& settings, bool server) {
  int mode = SSL_VERIFY_NONE;
  if (settings.peer_certificate != PeerCertificate::ignored) {
    mode = SSL_VERIFY_PEER;
    if (settings.peer_certificate == PeerCertificate::required) mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  }
  SSL_CTX_set_verify(context, mode, nullptr);
  SSL_CTX_set_cert_verify_callback(context, verify_peer, nullptr);
  if (!settings.trust) return;
  SSL_CTX_set1_cert_store(context, settings.trust->native().store.get());
  if (!server || mode == SSL_VERIFY_NONE || !settings.send_authority_names) return;
  for (const auto& authority : settings.trust->certificates()) SSL_CTX_add_client_CA(context, authority.native().get());
}

}  // namespace

std::string alpn_wire(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) {
    if (name.empty() || name.size() > 255) continue;
    out += static_cast<char>(name.size());
    out += name;
  }
  return out;
}

const char* name_of(Version version) {
  constexpr const char* names[] = {"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"};
  return names[static_cast<int>(version)];
}

std::optional<PeerVerdict> VerifiedMemo::find(const std::string& leaf_digest, WallTime now) const {
  std::lock_guard lock(mutex_);
  const auto it = verified_.find(leaf_digest);
  if (it == verified_.end() || it->second.until <= now) return std::nullopt;
  return it->second;
}

void VerifiedMemo::keep(const std::string& leaf_digest, PeerVerdict verdict) {
  std::lock_guard lock(mutex_);
  if (verified_.size() >= max_entries) verified_.clear();
  verified_.insert_or_assign(leaf_digest, std::move(verdict));
}

Context::~Context() = default;

Result<std::shared_ptr<const Context>> Context::make(ContextSettings settings, bool server) {
  ERR_clear_error();
  if (server && settings.credentials.empty()) return fail(ErrorKind::invalid, "a TLS server needs a certificate");
  if (settings.min_version > settings.max_version)
    return fail(ErrorKind::invalid, "TLS versions: the minimum {} is above the maximum {}",
                name_of(settings.min_version), name_of(settings.max_version));
  auto out = std::shared_ptr<Context>(new Context);
  out->native_ = std::make_unique<NativeContext>();
  out->native_->context.reset(SSL_CTX_new(server ? TLS_server_method() : TLS_client_method()));
  SSL_CTX* context = out->native_->context.get();
  if (!context) return openssl_failure(ErrorKind::unavailable, "TLS context");

  SSL_CTX_set_min_proto_version(context, native_version(settings.min_version));
  SSL_CTX_set_max_proto_version(context, native_version(settings.max_version));
  SSL_CTX_set_mode(context,
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_COMPRESSION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  if (server) {
    SSL_CTX_set_num_tickets(context, settings.session_tickets);
    if (settings.session_tickets == 0) SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    const auto* id = reinterpret_cast<const unsigned char*>("lateen");
    SSL_CTX_set_session_id_context(context, id, 6);
    SSL_CTX_set_alpn_select_cb(context, choose_alpn, nullptr);
  }
  if (auto r = set_algorithms(context, settings, out->passed_over_); !r) return failed(r);
  for (const auto& credentials : settings.credentials)
    if (auto r = show(context, credentials); !r) return failed(r);
  set_verification(context, settings, server);
  out->native_->alpn = alpn_wire(settings.alpn);
  out->settings_ = std::move(settings);
  out->server_ = server;
  return out;
}

Result<std::shared_ptr<const Context>> Context::server(ContextSettings settings) {
  return make(std::move(settings), true);
}

Result<std::shared_ptr<const Context>> Context::client(ContextSettings settings) {
  return make(std::move(settings), false);
}

}  // namespace lateen::tls
