#include "lib/tls/tls_transport.h"

#include <algorithm>
#include <array>

#include <climits>

#include "lib/base/ip.h"

namespace lateen::tls {
namespace {

constexpr size_t max_record = 16 * 1024;
constexpr size_t max_held = 64 * 1024;

TlsTransport* owner_of(BIO* bio) { return static_cast<TlsTransport*>(BIO_get_data(bio)); }

int bio_read(BIO* bio, char* out, int size) { return owner_of(bio)->read_inner(bio, out, size); }
int bio_write(BIO* bio, const char* in, int size) { return owner_of(bio)->write_inner(bio, in, size); }
long bio_control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return owner_of(bio)->inner_ended() ? 1 : 0;
  return 0;
}

BIO_METHOD* bio_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "transport");
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  return method;
}

}  // namespace

TlsTransport::TlsTransport(std::unique_ptr<io::Transport> inner, std::shared_ptr<const Context> context, Buffer first)
    : inner_(std::move(inner)), first_(std::move(first)) {
  session_.context = std::move(context);
}

TlsTransport::~TlsTransport() {
  flusher_.reset();
  // The end in order, as far as it can be had without waiting.
  if (ssl_ && !shut_ && !aborted_ && !failed_ && SSL_is_init_finished(ssl_.get())) {
    may_hold_ = true;
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }
}

Result<> TlsTransport::prepare(const ConnectOptions& options) {
  ERR_clear_error();
  const Context& context = *session_.context;
  ssl_.reset(SSL_new(context.native().context.get()));
  BIO* bio = ssl_ ? BIO_new(bio_method()) : nullptr;
  if (!bio) return openssl_failure(ErrorKind::unavailable, "TLS connection");
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_app_data(ssl_.get(), this);
  if (context.is_server()) {
    SSL_set_accept_state(ssl_.get());
    return {};
  }
  SSL_set_connect_state(ssl_.get());
  session_.server_name = options.server_name.value_or(context.settings().server_name);
  // Addresses are no server names (RFC 6066 section 3).
  if (!session_.server_name.empty() && !Ip::parse(session_.server_name) &&
      SSL_set_tlsext_host_name(ssl_.get(), session_.server_name.c_str()) != 1)
    return openssl_failure(ErrorKind::invalid, fmt::format("server name \"{}\"", session_.server_name));
  const std::string protocols = options.alpn ? alpn_wire(*options.alpn) : context.native().alpn;
  if (!protocols.empty())
    SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(protocols.data()),
                        static_cast<unsigned>(protocols.size()));
  return {};
}

int TlsTransport::read_inner(BIO* bio, char* out, int size) {
  BIO_clear_retry_flags(bio);
  if (!first_.empty()) {
    const size_t taken = std::min(static_cast<size_t>(size), first_.size());
    std::memcpy(out, first_.view().data(), taken);
    first_.consume(taken);
    first_.release_if_empty();
    return static_cast<int>(taken);
  }
  const io::Moved moved = inner_->try_read(std::span(out, static_cast<size_t>(size)));
  switch (moved.state) {
    case io::Moved::moved:
      return static_cast<int>(moved.bytes);
    case io::Moved::blocked:
      BIO_set_retry_read(bio);
      return -1;
    case io::Moved::ended:
      inner_ended_ = true;
      return 0;
    case io::Moved::failed:
      inner_failed_ = true;
      return -1;
  }
  return -1;
}

bool TlsTransport::flush_held() {
  while (!held_.empty()) {
    const io::Moved moved = inner_->try_write(held_.view());
    if (moved.state != io::Moved::moved) return false;
    held_.consume(moved.bytes);
  }
  held_.release_if_empty();
  return true;
}

int TlsTransport::write_inner(BIO* bio, const char* in, int size) {
  BIO_clear_retry_flags(bio);
  const std::string_view bytes(in, static_cast<size_t>(size));
  io::Moved moved;
  if (flush_held()) moved = inner_->try_write(bytes);
  if (moved.state == io::Moved::moved) return static_cast<int>(moved.bytes);
  if (moved.state == io::Moved::failed) {
    inner_failed_ = true;
    return -1;
  }
  if (may_hold_ && held_.size() + bytes.size() <= max_held) {
    held_.append(bytes);
    return size;
  }
  BIO_set_retry_write(bio);
  return -1;
}

io::Moved TlsTransport::fail_now() {
  failed_ = true;
  const std::string text = envoy_error_text("");
  if (inner_failed_ || text.empty()) {
    error_ = inner_failed_ ? inner_->last_error() : Error{ErrorKind::closed, "the peer closed the TLS connection"};
  } else {
    error_ = {ErrorKind::tls, text};
  }
  return {io::Moved::failed};
}

io::Moved TlsTransport::try_read(std::span<char> into) {
  if (failed_) return {io::Moved::failed};
  if (ended_) return {io::Moved::ended};
  // A retry with the inner flag still set would mean that the library stopped early: ask again, but not for ever.
  for (int attempt = 0;; ++attempt) {
    ERR_clear_error();
    may_hold_ = true;
    const int n = SSL_read(ssl_.get(), into.data(), static_cast<int>(std::min<size_t>(into.size(), INT_MAX)));
    may_hold_ = false;
    if (n > 0) return {io::Moved::moved, static_cast<size_t>(n)};
    const int code = SSL_get_error(ssl_.get(), n);
    if (code == SSL_ERROR_ZERO_RETURN) {
      ended_ = true;
      session_.truncated = inner_ended_;
      return {io::Moved::ended};
    }
    if (code != SSL_ERROR_WANT_READ) return fail_now();
    if (!inner_->readable().is_set() || attempt == 64) return {io::Moved::blocked};
  }
}

io::Moved TlsTransport::try_write(std::span<const std::string_view> parts) {
  if (failed_) return {io::Moved::failed};
  // One record for head and first bytes of the body: parts are gathered up to the size of a record.
  thread_local std::array<char, max_record> gathered;
  std::string_view bytes;
  size_t size = 0;
  for (std::string_view part : parts) {
    if (part.empty()) continue;
    if (bytes.empty() && size == 0) {
      bytes = part;
      size = part.size();
      if (size >= max_record) break;
      continue;
    }
    if (bytes.data() != gathered.data()) std::memcpy(gathered.data(), bytes.data(), size);
    const size_t taken = std::min(part.size(), max_record - size);
    std::memcpy(gathered.data() + size, part.data(), taken);
    size += taken;
    bytes = std::string_view(gathered.data(), size);
    if (size == max_record) break;
  }
  if (bytes.empty()) return {io::Moved::moved, 0};
  ERR_clear_error();
  const int n = SSL_write(ssl_.get(), bytes.data(), static_cast<int>(std::min<size_t>(bytes.size(), INT_MAX)));
  if (n > 0) return {io::Moved::moved, static_cast<size_t>(n)};
  const int code = SSL_get_error(ssl_.get(), n);
  if (code == SSL_ERROR_WANT_WRITE) return {io::Moved::blocked};
  return fail_now();
}

void TlsTransport::shutdown_write() {
  if (shut_ || failed_) return;
  shut_ = true;
  may_hold_ = true;
  SSL_shutdown(ssl_.get());
  may_hold_ = false;
  ERR_clear_error();
  if (flush_held()) {
    inner_->shutdown_write();
    return;
  }
  flusher_ = std::make_unique<io::Child>(inner_->readable().loop());
  flusher_->start(flush_then_shut());
}

io::Task<void> TlsTransport::flush_then_shut() {
  while (!flush_held()) {
    if (inner_->writable().is_set()) co_return;  // it did not block, it failed
    co_await inner_->writable();
  }
  inner_->shutdown_write();
}

void TlsTransport::abort_on_close() {
  aborted_ = true;
  inner_->abort_on_close();
}

}  // namespace lateen::tls
