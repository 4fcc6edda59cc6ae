// The control plane's doors: the secure port (istiod's 15012: xDS and certificates, TLS with tokens or client
// certificates), the plain-text port for trusted networks and tools (15010), and the pages (15014, loopback).
//
// Everything runs on the network's loop. The port's own certificate comes from the mesh's authority and is replaced
// before it runs out; live connections keep theirs.
#pragma once
#include <memory>
#include <optional>

#include "control_plane/xds/certificate_service.h"
#include "control_plane/xds/debug_pages.h"
#include "lib/io/network.h"
#include "lib/tls/context.h"

namespace lateen::discovery {

struct ControlServerOptions {
  std::optional<SocketAddress> secure;  // needs authority and authenticator
  std::optional<SocketAddress> plain;   // xDS without authentication
  std::optional<SocketAddress> pages;
  std::string identifier = "lateen";
  std::vector<std::string> dns_names = {"istiod.istio-system.svc"};  // of the secure port's certificate
  Duration certificate_ttl = 24h;
  Duration handshake_timeout = 15s;
  size_t connections_max = 100'000;
};

// What the doors lead to; owned by the caller, outlives the server. Authority and authenticator may be null without a
// secure port.
struct ControlServerParts {
  Source* source = nullptr;
  ca::CertificateAuthority* authority = nullptr;
  const onboard::Authenticator* authenticator = nullptr;
  std::function<std::string()> metrics;  // the text of /metrics; null: that of the streams only
  std::function<bool()> ready;           // null: always
};

class ControlServer {
 public:
  // Fails when an address cannot be had (the message names it) or the authority gives no certificate.
  static Result<std::unique_ptr<ControlServer>> open(io::Network& network, ControlServerParts parts,
                                                     ControlServerOptions options);
  ~ControlServer();

  // Serves until destroyed or drained. Awaited once.
  io::Task<void> run();

  // No new connections; those that are there end in order. run() returns when the last one has.
  void drain();

  Discovery& discovery() { return discovery_; }
  // The authority's roots or signer changed: new connections see the new ones. On failure the old certificate stays.
  Result<> renew_certificate();

  // Where it listens, with the ports that port 0 became.
  std::optional<SocketAddress> secure_address() const;
  std::optional<SocketAddress> plain_address() const;
  std::optional<SocketAddress> pages_address() const;

 private:
  ControlServer(io::Network& network, ControlServerParts parts, ControlServerOptions options);
  Result<> listen();
  io::Task<void> accept(io::Acceptor& acceptor, http::Service& service, bool secure);
  io::Task<void> serve(std::unique_ptr<io::Transport> transport, http::Service& service, bool secure);
  io::Task<void> keep_certificate();
  std::string stream_metrics() const;

  io::Network& network_;
  ControlServerParts parts_;
  ControlServerOptions options_;
  Discovery discovery_;
  grpc::Server secure_service_, plain_service_;
  DebugPages pages_;
  std::shared_ptr<const tls::Context> context_;
  std::unique_ptr<io::Acceptor> secure_, plain_, page_door_;
  std::shared_ptr<http::Drain> drain_;
  io::Scope connections_, doors_;
};

}  // namespace lateen::discovery
