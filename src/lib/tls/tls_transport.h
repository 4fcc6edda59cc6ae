// The TLS transport itself. Private to lib/tls; everybody else sees io::Transport and Session.
#pragma once
#include "lib/io/scope.h"
#include "lib/tls/connection.h"
#include "lib/tls/context_native.h"

namespace lateen::tls {

// Three facts are kept apart, else reads spin or stall: bytes in `first_` (read before us), bytes inside the library,
// and the readiness of the inner transport. The library is told "retry" exactly when the inner transport said
// `blocked`, so awaiting the inner flag is always right.
//
// While it reads, the library may want to write (the answer to a key update); what the inner transport does not take
// then goes to `held_` and leaves before anything else, so that a reader never has to wait for writability.
class TlsTransport final : public io::Transport {
 public:
  TlsTransport(std::unique_ptr<io::Transport> inner, std::shared_ptr<const Context> context, Buffer first);
  ~TlsTransport() override;

  // Fails when the context's library object cannot be made, or a name is not acceptable.
  Result<> prepare(const ConnectOptions& options);
  io::Task<Result<>> handshake();

  io::Moved try_read(std::span<char> into) override;
  io::Moved try_write(std::span<const std::string_view> parts) override;
  io::Readiness& readable() override { return inner_->readable(); }
  io::Readiness& writable() override { return inner_->writable(); }
  void shutdown_write() override;
  void abort_on_close() override;
  const SocketAddress& local() const override { return inner_->local(); }
  const SocketAddress& remote() const override { return inner_->remote(); }
  std::optional<SocketAddress> original_destination() const override { return inner_->original_destination(); }
  Error last_error() const override { return error_; }

  const Session& session() const { return session_; }

  // For the library's callbacks.
  int read_inner(BIO* bio, char* out, int size);
  int write_inner(BIO* bio, const char* in, int size);
  bool inner_ended() const { return inner_ended_; }
  bool verify(X509_STORE_CTX* store_context);

 private:
  Result<> judge_peer(X509_STORE_CTX* store_context, const std::string& digest);
  Result<> accept_resumed();
  Result<> finish_handshake();
  bool flush_held();  // false: something is still held
  Error handshake_error();
  io::Moved fail_now();
  io::Task<void> flush_then_shut();

  std::unique_ptr<io::Transport> inner_;
  SslPtr ssl_;
  Session session_;
  Buffer first_, held_;
  Error error_;
  std::string verify_failure_;
  bool inner_ended_ = false;
  bool inner_failed_ = false;
  bool may_hold_ = false;  // write_inner() may keep what the inner transport does not take
  bool failed_ = false, ended_ = false, shut_ = false, aborted_ = false;
  std::unique_ptr<io::Child> flusher_;
};

// The library's error queue of this thread in Envoy's words; empty queue: "".
std::string envoy_error_text(std::string_view detail);

}  // namespace lateen::tls
