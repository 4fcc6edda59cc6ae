#include "data_plane/downstream/listener.h"

#include <algorithm>

#include "data_plane/downstream/inspect.h"
#include "data_plane/downstream/worker.h"
#include "lib/base/log.h"

namespace lateen::downstream {

static log::Component log_("listener");

using telemetry::ConnectionRecord;
using telemetry::Flag;

ListenerCounters::ListenerCounters(metrics::Registry& registry) {
  const auto define = [](const char* name, const char* help) {
    return metrics::Definition{.name = fmt::format("envoy_listener_{}", name),
                               .help = help,
                               .labels = {"envoy_listener_address"},
                               .stats_name = fmt::format("listener.{{envoy_listener_address}}.{}", name)};
  };
  connections = registry.counter(define("downstream_cx_total", "Connections accepted."));
  no_chain = registry.counter(define("no_filter_chain_match", "Connections closed because no filter chain matches."));
  handshake_failures = registry.counter(define("ssl_connection_error", "TLS handshakes that failed."));
  active = registry.gauge(define("downstream_cx_active", "Open connections."));
}

bool Inspector::wanted_for(uint16_t port) const {
  return enabled && std::ranges::none_of(disabled_ports, [port](const auto& range) {
           return port >= range.first && port < range.second;
         });
}

Listener::Listener(Worker& worker, std::shared_ptr<const ListenerSettings> settings)
    : worker_(worker),
      settings_(std::move(settings)),
      drain_(std::make_shared<http::Drain>(worker.loop)),
      accepting_(worker.loop),
      connections_(worker.loop) {
  for (const auto& chain : settings_->chains) {
    chains_.push_back(make_chain(chain));
    matches_.push_back(&chain->match);
  }
  if (settings_->default_chain) default_chain_ = make_chain(settings_->default_chain);
  const ListenerCounters& counters = worker.families.listener;
  total_ = worker.shard.counter(counters.connections, {settings_->stat_name});
  no_chain_ = worker.shard.counter(counters.no_chain, {settings_->stat_name});
  handshake_failures_ = worker.shard.counter(counters.handshake_failures, {settings_->stat_name});
  active_ = worker.shard.gauge(counters.active, {settings_->stat_name});
}

Listener::~Listener() {
  accepting_.cancel();
  connections_.cancel();
}

std::unique_ptr<Listener::Chain> Listener::make_chain(std::shared_ptr<const FilterChainSettings> settings) {
  auto chain = std::make_unique<Chain>();
  for (const auto& make : settings->filters) chain->filters.push_back(make(worker_));
  if (settings->terminal) chain->terminal = settings->terminal(worker_);
  chain->settings = std::move(settings);
  return chain;
}

Result<> Listener::start() {
  if (!settings_->bind_to_port) return {};
  for (const SocketAddress& address : settings_->addresses) {
    auto acceptor = worker_.network.listen(address, {.transparent = settings_->transparent});
    if (!acceptor) {
      acceptors_.clear();
      return failed(acceptor, fmt::format("listener {}", settings_->name));
    }
    acceptors_.push_back(std::move(*acceptor));
  }
  for (auto& acceptor : acceptors_) accepting_.start(accept(*acceptor));
  return {};
}

void Listener::stop_accepting() {
  accepting_.cancel();
  acceptors_.clear();
}

void Listener::drain() {
  stop_accepting();
  drain_->start();
}

std::vector<SocketAddress> Listener::bound() const {
  std::vector<SocketAddress> addresses;
  for (const auto& acceptor : acceptors_) addresses.push_back(acceptor->local());
  return addresses;
}

io::Task<void> Listener::accept(io::Acceptor& acceptor) {
  for (;;) {
    auto transport = co_await acceptor.accept();
    if (transport) {
      connections_.start(serve(std::move(*transport), std::nullopt));
      continue;
    }
    if (transport.error().kind == ErrorKind::closed) co_return;
    // No descriptors left: the connection waits in the backlog until some are free again.
    log_.warning("{}: {}", settings_->name, transport.error().message);
    co_await worker_.loop.sleep(100ms);
  }
}

void Listener::take_over(std::unique_ptr<io::Transport> transport, SocketAddress destination) {
  connections_.start(serve(std::move(transport), std::move(destination)));
}

io::Task<void> Listener::serve(std::unique_ptr<io::Transport> transport, std::optional<SocketAddress> restored) {
  ConnectionRecord about;
  about.id = static_cast<uint64_t>(worker_.index) << 40 | ++worker_.next_connection_id;
  about.remote = about.direct_remote = transport->remote();
  about.local = about.direct_local = transport->local();
  about.listener = settings_->name;
  about.direction = settings_->direction;
  if (!restored && settings_->restore_destination)
    restored = settings_->transparent ? std::optional(transport->local()) : transport->original_destination();
  if (restored) about.local = *restored;
  if (settings_->use_original_destination && restored) {
    Listener* other = worker_.find_listener(*restored);
    if (other && other != this) {
      other->take_over(std::move(transport), *restored);
      co_return;
    }
  }
  total_.add();
  active_.add();
  struct Leave {
    metrics::Gauge& active;
    ~Leave() { active.subtract(); }
  } leave{active_};

  if (Chain* chain = co_await find_chain(*transport, about)) co_await run_chain(*chain, transport, about);
}

// Looks at the first bytes as far as a choice needs them. Null: the connection is not to be served; that was logged.
io::Task<Listener::Chain*> Listener::find_chain(io::Transport& transport, ConnectionRecord& about) {
  ConnectionFacts facts{.destination = about.local, .source = about.remote, .direct_source = about.direct_remote};
  const auto inspected = co_await io::within(worker_.loop, settings_->inspection_timeout, inspect(transport, facts));
  if (!inspected && !(inspected.error().kind == ErrorKind::timed_out && settings_->continue_after_timeout)) {
    if (inspected.error().kind == ErrorKind::closed) co_return nullptr;  // a client that had nothing to say
    std::string details = "listener_filter{" + inspected.error().message + "}";
    std::ranges::replace(details, ' ', '_');
    log_refused(about, Flag::downstream_protocol_error, details);
    co_return nullptr;
  }
  transport.readable().set();
  about.requested_server_name = facts.server_name;
  if (!facts.application_protocols.empty()) about.application_protocol = facts.application_protocols.front();
  Chain* chain = choose(facts);
  if (!chain) {
    no_chain_.add();
    log_refused(about, Flag::no_route_found, "filter_chain_not_found");
    transport.abort_on_close();
  }
  co_return chain;
}

Listener::Chain* Listener::choose(const ConnectionFacts& facts) {
  if (const auto index = choose_chain(matches_, facts)) return chains_[*index].get();
  return default_chain_.get();
}

io::Task<Result<>> Listener::inspect(io::Transport& transport, ConnectionFacts& facts) {
  const uint16_t port = facts.destination.port;
  if (settings_->tls_inspector.wanted_for(port)) {
    auto tls = co_await inspect_tls(transport, facts);
    if (!tls) co_return tls;
  }
  if (settings_->http_inspector.wanted_for(port) && facts.transport_protocol != "tls")
    co_return co_await inspect_http(transport, facts);
  co_return Result<>{};
}

namespace {

telemetry::PeerCertificate describe_peer(const tls::Certificate& certificate) {
  return {.uri_sans = certificate.names().uris,
          .dns_sans = certificate.names().dns,
          .subject = certificate.subject(),
          .issuer = certificate.issuer(),
          .sha256_hex = certificate.sha256(),
          .serial = certificate.serial(),
          .pem = certificate.pem()};
}

}  // namespace

io::Task<bool> Listener::terminate_tls(Chain& chain, std::unique_ptr<io::Transport>& transport,
                                       ConnectionRecord& about) {
  about.tls = true;
  const auto context = chain.settings->tls->get();
  if (!context) {
    about.transport_failure = "TLS_error:|secret is not supplied by SDS:TLS_error_end";
  } else {
    const Duration limit = chain.settings->transport_timeout > 0s ? chain.settings->transport_timeout : 15s;
    auto secured = co_await io::within(worker_.loop, limit, tls::accept(std::move(transport), context));
    if (!secured) {
      about.transport_failure = secured.error().message;
    } else {
      transport = std::move(*secured);
      const tls::Session& session = *tls::session_of(*transport);
      about.tls_version = tls::name_of(session.version);
      about.tls_cipher = session.cipher;
      about.application_protocol = session.alpn;
      if (!session.server_name.empty()) about.requested_server_name = session.server_name;
      if (session.own()) about.local_uri_sans = session.own()->names().uris;
      if (session.peer())
        about.peer_certificate = std::make_shared<const telemetry::PeerCertificate>(describe_peer(*session.peer()));
      about.mutual_tls = session.peer_verified;
      co_return true;
    }
  }
  handshake_failures_.add();
  log_refused(about, Flag::downstream_connection_termination, "");
  co_return false;
}

io::Task<void> Listener::run_chain(Chain& chain, std::unique_ptr<io::Transport>& transport, ConnectionRecord& about) {
  about.filter_chain = chain.settings->name;
  if (chain.settings->tls && !co_await terminate_tls(chain, transport, about)) co_return;
  if (!chain.terminal) co_return;
  tcp::Connection connection(*transport, about, worker_.loop.wall_now(), drain_);
  struct End {
    Chain& chain;
    tcp::Connection& connection;
    ~End() {
      for (const auto& filter : chain.filters) filter->end(connection);
    }
  } end{chain, connection};
  for (const auto& filter : chain.filters)
    if (!co_await filter->open(connection)) {
      transport->abort_on_close();
      co_return;
    }
  co_await chain.terminal->serve(connection);
}

void Listener::log_refused(const ConnectionRecord& about, Flag flag, std::string_view details) {
  if (settings_->access_logs.empty()) return;
  telemetry::Record record;
  record.connection = &about;
  record.start = worker_.loop.wall_now();
  record.finished = 0s;
  record.details = details;
  if (flag != Flag::downstream_connection_termination || about.transport_failure.empty()) record.flags.set(flag);
  for (const auto& log : settings_->access_logs) log->write({record});
}

}  // namespace lateen::downstream
