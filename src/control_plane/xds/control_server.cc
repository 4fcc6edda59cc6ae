#include "control_plane/xds/control_server.h"

#include "lib/base/log.h"
#include "lib/tls/connection.h"

namespace lateen::discovery {

static log::Component log_("xds");

Result<std::unique_ptr<ControlServer>> ControlServer::open(io::Network& network, ControlServerParts parts,
                                                           ControlServerOptions options) {
  std::unique_ptr<ControlServer> server(new ControlServer(network, std::move(parts), std::move(options)));
  if (auto listening = server->listen(); !listening) return failed(listening);
  return server;
}

ControlServer::ControlServer(io::Network& network, ControlServerParts parts, ControlServerOptions options)
    : network_(network),
      parts_(std::move(parts)),
      options_(std::move(options)),
      discovery_(*parts_.source, {.identifier = options_.identifier}),
      pages_(
          discovery_, [this] { return stream_metrics() + (parts_.metrics ? parts_.metrics() : ""); }, parts_.ready),
      drain_(std::make_shared<http::Drain>(network.loop())),
      connections_(network.loop()),
      doors_(network.loop()) {
  discovery_.add_to(plain_service_, nullptr);
  if (!parts_.authenticator || !parts_.authority) return;
  discovery_.add_to(secure_service_, authenticate_by(*parts_.authenticator));
  add_certificate_service(secure_service_, *parts_.authority, authenticate_by(*parts_.authenticator));
}

ControlServer::~ControlServer() {
  doors_.cancel();
  connections_.cancel();
}

Result<> ControlServer::listen() {
  const auto open = [this](const std::optional<SocketAddress>& address,
                           std::unique_ptr<io::Acceptor>& door) -> Result<> {
    if (!address) return {};
    auto acceptor = network_.listen(*address, {.reuse_port = false});
    if (!acceptor) return failed(acceptor);
    door = std::move(*acceptor);
    return {};
  };
  if (options_.secure) {
    if (!parts_.authenticator || !parts_.authority)
      return fail(ErrorKind::invalid, "the secure port needs a certificate authority");
    if (auto renewed = renew_certificate(); !renewed) return renewed;
  }
  if (auto opened = open(options_.secure, secure_); !opened) return opened;
  if (auto opened = open(options_.plain, plain_); !opened) return opened;
  return open(options_.pages, page_door_);
}

Result<> ControlServer::renew_certificate() {
  auto own =
      parts_.authority->own_credentials(options_.dns_names, options_.certificate_ttl, network_.loop().wall_now());
  if (!own) return failed(own);
  tls::ContextSettings settings;
  settings.credentials.push_back(std::move(*own));
  settings.trust = parts_.authority->trust();
  settings.peer_certificate = tls::PeerCertificate::optional;
  settings.alpn = {"h2"};
  auto context = tls::Context::server(std::move(settings));
  if (!context) return failed(context);
  context_ = std::move(*context);
  return {};
}

io::Task<void> ControlServer::run() {
  if (secure_) doors_.start(accept(*secure_, secure_service_, true));
  if (plain_) doors_.start(accept(*plain_, plain_service_, false));
  if (page_door_) doors_.start(accept(*page_door_, pages_, false));
  if (secure_) doors_.start(keep_certificate());
  co_await doors_.join();
  co_await connections_.join();
}

void ControlServer::drain() {
  doors_.cancel();
  secure_.reset();
  plain_.reset();
  page_door_.reset();
  discovery_.drain();
  drain_->start();
}

io::Task<void> ControlServer::accept(io::Acceptor& acceptor, http::Service& service, bool secure) {
  for (;;) {
    auto transport = co_await acceptor.accept();
    if (!transport) {
      // Out of descriptors or the like: the door stays open and tries again.
      log_.error("{}: {}", acceptor.local().text(), transport.error().message);
      co_await network_.loop().sleep(100ms);
    } else if (connections_.size() >= options_.connections_max) {
      log_.warning("{}: {} connections are open, {} is turned away", acceptor.local().text(), connections_.size(),
                   (*transport)->remote().text());
    } else {
      connections_.start(serve(std::move(*transport), service, secure));
    }
  }
}

io::Task<void> ControlServer::serve(std::unique_ptr<io::Transport> transport, http::Service& service, bool secure) {
  const auto peer = transport->remote().text();
  if (secure) {
    auto encrypted =
        co_await io::within(network_.loop(), options_.handshake_timeout, tls::accept(std::move(transport), context_));
    if (!encrypted) {
      if (encrypted.error().kind == ErrorKind::closed)  // members look whether somebody listens before they need it
        log_.debug("{}: no TLS: {}", peer, encrypted.error().message);
      else
        log_.info("{}: no TLS: {}", peer, encrypted.error().message);
      co_return;
    }
    transport = std::move(*encrypted);
  }
  http::ServerOptions options;
  options.server_name = "lateen";
  options.ping_interval = 30s;  // as istiod: a member that vanished is forgotten
  const auto protocol = secure ? http::Protocol::http2 : http::Protocol::detect;
  co_await http::serve_connection(*transport, service, options, protocol, {}, drain_);
}

io::Task<void> ControlServer::keep_certificate() {
  for (;;) {
    co_await network_.loop().sleep(options_.certificate_ttl / 2);
    if (const auto renewed = renew_certificate(); !renewed)
      log_.error("the control plane's own certificate cannot be renewed: {}", renewed.error().message);
  }
}

std::string ControlServer::stream_metrics() const {
  const auto& counts = discovery_.counts();
  std::string out;
  const auto add = [&out](std::string_view name, std::string_view kind, std::string_view help, uint64_t value) {
    out += fmt::format("# HELP {0} {2}\n# TYPE {0} {1}\n{0} {3}\n", name, kind, help, value);
  };
  add("pilot_xds", "gauge", "Proxies that are connected.", discovery_.connections().size());
  add("pilot_xds_pushes", "counter", "Responses sent.", counts.pushes);
  add("pilot_xds_pushed_bytes", "counter", "Bytes of responses sent.", counts.pushed_bytes);
  add("pilot_total_xds_rejects", "counter", "Responses that proxies refused.", counts.refusals);
  add("pilot_xds_streams", "counter", "Streams opened.", counts.streams);
  add("pilot_xds_refused_streams", "counter", "Streams that were not served.", counts.refused_streams);
  return out;
}

std::optional<SocketAddress> ControlServer::secure_address() const {
  return secure_ ? std::optional(secure_->local()) : std::nullopt;
}
std::optional<SocketAddress> ControlServer::plain_address() const {
  return plain_ ? std::optional(plain_->local()) : std::nullopt;
}
std::optional<SocketAddress> ControlServer::pages_address() const {
  return page_door_ ? std::optional(page_door_->local()) : std::nullopt;
}

}  // namespace lateen::discovery
