// The handshake: driving it, judging the peer, and saying in Envoy's words why it failed.
#include <algorithm>

#include "lib/base/strings.h"
#include "lib/tls/tls_transport.h"

namespace lateen::tls {
namespace {

// BoringSSL's numbers, which Envoy's texts carry and people search for; alerts (1000 + n) are the same in both.
struct Reason {
  std::string_view openssl;
  const char* name;
  unsigned number;
};
constexpr Reason reasons[] = {
    {"certificate verify failed", "CERTIFICATE_VERIFY_FAILED", 125},
    {"http request", "HTTP_REQUEST", 156},
    {"https proxy request", "HTTPS_PROXY_REQUEST", 157},
    {"no shared cipher", "NO_SHARED_CIPHER", 184},
    {"peer did not return a certificate", "PEER_DID_NOT_RETURN_A_CERTIFICATE", 192},
    {"unsupported protocol", "UNSUPPORTED_PROTOCOL", 240},
    {"wrong version number", "WRONG_VERSION_NUMBER", 247},
    {"unexpected message", "UNEXPECTED_MESSAGE", 233},
    {"decryption failed or bad record mac", "DECRYPTION_FAILED_OR_BAD_RECORD_MAC", 139},
    {"tlsv13 alert certificate required", "TLSV1_ALERT_CERTIFICATE_REQUIRED", 1116},
};

std::string one_error(unsigned long code) {
  const char* text = ERR_reason_error_string(code);
  std::string name = text ? text : "UNKNOWN";
  unsigned number = static_cast<unsigned>(ERR_GET_REASON(code));
  const auto* known = std::find_if(std::begin(reasons), std::end(reasons),
                                   [&](const Reason& reason) { return reason.openssl == name; });
  if (known != std::end(reasons)) {
    name = known->name;
    number = known->number;
  } else {
    std::transform(name.begin(), name.end(), name.begin(), [](char c) {
      if (c >= 'a' && c <= 'z') return static_cast<char>(c - 32);
      return c == ' ' ? '_' : c;
    });
  }
  constexpr unsigned ssl_library = 16;
  return fmt::format("|{}:SSL routines:OPENSSL_internal:{}", ssl_library << 24 | number, name);
}

std::string digest_of(X509* certificate) {
  std::string out(32, '\0');
  unsigned size = 32;
  X509_digest(certificate, EVP_sha256(), reinterpret_cast<unsigned char*>(out.data()), &size);
  return out;
}

Result<std::vector<Certificate>> read_chain(X509* leaf, STACK_OF(X509) * sent) {
  std::vector<Certificate> chain;
  const auto add = [&](X509* certificate) -> Result<> {
    X509_up_ref(certificate);
    auto read = read_certificate(X509Ptr(certificate));
    if (!read) return failed(read);
    chain.push_back(std::move(*read));
    return {};
  };
  if (auto r = add(leaf); !r) return failed(r);
  for (int i = 0; sent && i < sk_X509_num(sent); ++i) {
    X509* certificate = sk_X509_value(sent, i);
    if (certificate == leaf) continue;
    if (auto r = add(certificate); !r) return failed(r);
  }
  return chain;
}

Result<> judge(const ContextSettings& settings, const std::vector<Certificate>& chain) {
  if (!settings.check_peer) return {};
  return settings.check_peer(chain);
}

}  // namespace

std::string envoy_error_text(std::string_view detail) {
  std::string out;
  for (unsigned long code = ERR_get_error(); code != 0; code = ERR_get_error())
    if (out.size() < 1000) out += one_error(code);
  if (out.empty()) return out;
  return fmt::format("TLS_error:{}{}{}:TLS_error_end", out, detail.empty() ? "" : ":", detail);
}

int verify_peer(X509_STORE_CTX* store_context, void*) {
  auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store_context, SSL_get_ex_data_X509_STORE_CTX_idx()));
  return static_cast<TlsTransport*>(SSL_get_app_data(ssl))->verify(store_context) ? 1 : 0;
}

int choose_alpn(SSL* ssl, const unsigned char** chosen, unsigned char* chosen_size, const unsigned char* offered,
                unsigned offered_size, void*) {
  const auto* transport = static_cast<const TlsTransport*>(SSL_get_app_data(ssl));
  const std::string& ours = transport->session().context->native().alpn;
  unsigned char* out = nullptr;
  if (ours.empty() ||
      SSL_select_next_proto(&out, chosen_size, reinterpret_cast<const unsigned char*>(ours.data()),
                            static_cast<unsigned>(ours.size()), offered, offered_size) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_NOACK;
  *chosen = out;
  return SSL_TLSEXT_ERR_OK;
}

bool TlsTransport::verify(X509_STORE_CTX* store_context) {
  const ContextSettings& settings = session_.context->settings();
  X509* leaf = X509_STORE_CTX_get0_cert(store_context);
  const Result<> good = judge_peer(store_context, digest_of(leaf));
  session_.peer_verified = good && (settings.trust || settings.check_peer);
  if (good || settings.accept_untrusted || settings.peer_certificate == PeerCertificate::ignored) {
    X509_STORE_CTX_set_error(store_context, X509_V_OK);
    return true;
  }
  verify_failure_ = good.error().message;
  // Names that do not match have no code of their own; this one gives the alert certificate_unknown.
  if (X509_STORE_CTX_get_error(store_context) == X509_V_OK)
    X509_STORE_CTX_set_error(store_context, X509_V_ERR_PERMITTED_VIOLATION);
  return false;
}

Result<> TlsTransport::judge_peer(X509_STORE_CTX* store_context, const std::string& digest) {
  const ContextSettings& settings = session_.context->settings();
  VerifiedMemo& memo = session_.context->native().memo;
  const WallTime now = inner_->readable().loop().wall_now();
  if (auto known = memo.find(digest, now)) {
    session_.peer_chain = std::move(known->chain);
    return judge(settings, session_.peer_chain);
  }
  auto chain = read_chain(X509_STORE_CTX_get0_cert(store_context), X509_STORE_CTX_get0_untrusted(store_context));
  if (!chain) return failed(chain);
  session_.peer_chain = std::move(*chain);
  if (settings.peer_certificate == PeerCertificate::ignored) return {};
  if (settings.trust) {
    if (auto r = run_verification(store_context, settings.trust->native(), now); !r)
      return failed(r, "X509_verify_cert");
    WallTime until = now + settings.verified_memo;
    for (const auto& certificate : session_.peer_chain) until = std::min(until, certificate.not_after());
    if (until > now) memo.keep(digest, PeerVerdict{session_.peer_chain, until});
  }
  return judge(settings, session_.peer_chain);
}

// A resumed session skips the certificates: what was shown at its beginning must still hold.
Result<> TlsTransport::accept_resumed() {
  const ContextSettings& settings = session_.context->settings();
  X509Ptr leaf(SSL_get1_peer_certificate(ssl_.get()));
  if (!leaf) return {};
  auto chain = read_chain(leaf.get(), SSL_get_peer_cert_chain(ssl_.get()));
  if (!chain) return failed(chain);
  session_.peer_chain = std::move(*chain);
  if (settings.peer_certificate == PeerCertificate::ignored || settings.accept_untrusted) return {};
  if (settings.trust && !session_.peer()->valid_at(inner_->readable().loop().wall_now()))
    return fail(ErrorKind::tls, "the certificate of the resumed session has expired");
  if (auto r = judge(settings, session_.peer_chain); !r) return r;
  session_.peer_verified = settings.trust || settings.check_peer;
  return {};
}

Result<> TlsTransport::finish_handshake() {
  SSL* ssl = ssl_.get();
  switch (SSL_version(ssl)) {
    case TLS1_VERSION:
      session_.version = Version::tls1_0;
      break;
    case TLS1_1_VERSION:
      session_.version = Version::tls1_1;
      break;
    case TLS1_2_VERSION:
      session_.version = Version::tls1_2;
      break;
    default:
      session_.version = Version::tls1_3;
      break;
  }
  session_.cipher = SSL_CIPHER_get_name(SSL_get_current_cipher(ssl));
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl, &protocol, &size);
  session_.alpn.assign(reinterpret_cast<const char*>(protocol), size);
  const auto& credentials = session_.context->settings().credentials;
  while (session_.shown < credentials.size() &&
         credentials[session_.shown].leaf().native().get() != SSL_get_certificate(ssl))
    ++session_.shown;
  session_.resumed = SSL_session_reused(ssl) == 1;
  if (session_.context->is_server())
    if (const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name)) session_.server_name = name;
  if (session_.resumed) return accept_resumed();
  return {};
}

Error TlsTransport::handshake_error() {
  failed_ = true;
  const std::string detail = verify_failure_.empty() ? "" : "verify cert failed: " + verify_failure_;
  const std::string text = envoy_error_text(detail);
  if (inner_failed_) return inner_->last_error().in("TLS handshake");
  if (text.empty()) return {ErrorKind::closed, "the peer closed the connection during the TLS handshake"};
  return {ErrorKind::tls, text};
}

io::Task<Result<>> TlsTransport::handshake() {
  for (;;) {
    ERR_clear_error();
    const int done = SSL_do_handshake(ssl_.get());
    if (done == 1) break;
    const int code = SSL_get_error(ssl_.get(), done);
    if (code == SSL_ERROR_WANT_READ) {
      co_await inner_->readable();
    } else if (code == SSL_ERROR_WANT_WRITE) {
      co_await inner_->writable();
    } else {
      error_ = handshake_error();
      co_return std::unexpected(error_);
    }
  }
  auto finished = finish_handshake();
  if (!finished) {
    failed_ = true;
    error_ = finished.error();
  }
  co_return finished;
}

const Certificate* Session::own() const {
  const auto& credentials = context->settings().credentials;
  return shown < credentials.size() ? &credentials[shown].leaf() : nullptr;
}

std::string_view Session::peer_identity() const {
  if (!peer_verified || peer_chain.empty() || peer_chain.front().names().uris.empty()) return {};
  return peer_chain.front().names().uris.front();
}

const Session* session_of(const io::Transport& transport) {
  const auto* secure = dynamic_cast<const TlsTransport*>(&transport);
  return secure ? &secure->session() : nullptr;
}

namespace {

io::Task<Result<std::unique_ptr<io::Transport>>> establish(std::unique_ptr<TlsTransport> transport,
                                                           ConnectOptions options) {
  if (auto r = transport->prepare(options); !r) co_return failed(r);
  if (auto r = co_await transport->handshake(); !r) co_return failed(r);
  co_return std::unique_ptr<io::Transport>(std::move(transport));
}

}  // namespace

io::Task<Result<std::unique_ptr<io::Transport>>> accept(std::unique_ptr<io::Transport> transport,
                                                        std::shared_ptr<const Context> context, Buffer first) {
  return establish(std::make_unique<TlsTransport>(std::move(transport), std::move(context), std::move(first)), {});
}

io::Task<Result<std::unique_ptr<io::Transport>>> connect(std::unique_ptr<io::Transport> transport,
                                                         std::shared_ptr<const Context> context,
                                                         ConnectOptions options) {
  return establish(std::make_unique<TlsTransport>(std::move(transport), std::move(context), Buffer()),
                   std::move(options));
}

}  // namespace lateen::tls
