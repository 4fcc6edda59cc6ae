// TLS between the proxy and its peers: the slot in which discovery puts the current context, and the transport socket
// that connects with it.
#pragma once
#include <mutex>

#include "data_plane/upstream/cluster_settings.h"
#include "lib/tls/connection.h"

namespace lateen::upstream {

// The context for new handshakes; null until its secrets are there. Read by workers once per handshake, exchanged by
// discovery when a secret rotates: live connections keep the context they began with.
class TlsSlot {
 public:
  std::shared_ptr<const tls::Context> get() const {
    std::lock_guard lock(mutex_);
    return context_;
  }
  void set(std::shared_ptr<const tls::Context> context) {
    std::lock_guard lock(mutex_);
    context_ = std::move(context);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const tls::Context> context_;
};

// The URI names in the certificate that a connection's peer showed; null when it showed none.
std::shared_ptr<const std::vector<std::string>> peer_uri_sans(const io::Transport& connection);

// No transport socket at all.
class RawSocket final : public TransportSocket {
 public:
  io::Task<Result<std::unique_ptr<io::Transport>>> secure(std::unique_ptr<io::Transport> connection, const Options&,
                                                          const Endpoint&) override {
    co_return connection;
  }
  bool is_secure() const override { return false; }
};

class TlsSocket final : public TransportSocket {
 public:
  struct Settings {
    std::string sni;             // empty: none
    bool auto_host_sni = false;  // the endpoint's host name
  };
  TlsSocket(std::shared_ptr<const TlsSlot> slot, Settings settings)
      : slot_(std::move(slot)), settings_(std::move(settings)) {}

  io::Task<Result<std::unique_ptr<io::Transport>>> secure(std::unique_ptr<io::Transport> connection,
                                                          const Options& options, const Endpoint& endpoint) override;
  bool is_secure() const override { return true; }
  bool ready() const override { return slot_->get() != nullptr; }

 private:
  std::shared_ptr<const TlsSlot> slot_;
  Settings settings_;
};

}  // namespace lateen::upstream
