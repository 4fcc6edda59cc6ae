// A listener on one worker: accepts connections, learns what they are, chooses a filter chain and hands them over.
#pragma once
#include "data_plane/downstream/listener_settings.h"
#include "lib/http/server.h"
#include "lib/io/network.h"
#include "lib/io/scope.h"
#include "lib/metrics/metrics.h"

namespace lateen::downstream {

struct ListenerCounters {
  explicit ListenerCounters(metrics::Registry& registry);
  metrics::CounterFamily connections, no_chain, handshake_failures;
  metrics::GaugeFamily active;
};

class Listener {
 public:
  Listener(Worker& worker, std::shared_ptr<const ListenerSettings> settings);
  Listener(const Listener&) = delete;
  ~Listener();

  // Binds all addresses and starts to accept; nothing is bound after a failure.
  Result<> start();
  void stop_accepting();
  void drain();  // stop_accepting(), and connections end after their streams under way
  // Serves a connection that another listener accepted for us (use_original_dst); `destination` is the restored
  // address.
  void take_over(std::unique_ptr<io::Transport> transport, SocketAddress destination);

  const ListenerSettings& settings() const { return *settings_; }
  size_t connections() const { return connections_.size(); }
  // Waits until no connection is left.
  io::Readiness::Wait idle() { return connections_.join(); }
  std::vector<SocketAddress> bound() const;

 private:
  // A chain with this worker's filters in it.
  struct Chain {
    std::shared_ptr<const FilterChainSettings> settings;
    std::vector<std::unique_ptr<tcp::NetworkFilter>> filters;
    std::unique_ptr<tcp::TerminalFilter> terminal;
  };
  std::unique_ptr<Chain> make_chain(std::shared_ptr<const FilterChainSettings> settings);
  io::Task<void> accept(io::Acceptor& acceptor);
  io::Task<void> serve(std::unique_ptr<io::Transport> transport, std::optional<SocketAddress> restored);
  io::Task<Result<>> inspect(io::Transport& transport, ConnectionFacts& facts);
  io::Task<Chain*> find_chain(io::Transport& transport, telemetry::ConnectionRecord& about);
  Chain* choose(const ConnectionFacts& facts);
  io::Task<void> run_chain(Chain& chain, std::unique_ptr<io::Transport>& transport, telemetry::ConnectionRecord& about);
  io::Task<bool> terminate_tls(Chain& chain, std::unique_ptr<io::Transport>& transport,
                               telemetry::ConnectionRecord& about);
  void log_refused(const telemetry::ConnectionRecord& about, telemetry::Flag flag, std::string_view details);

  Worker& worker_;
  std::shared_ptr<const ListenerSettings> settings_;
  std::vector<std::unique_ptr<Chain>> chains_;
  std::vector<const FilterChainMatch*> matches_;
  std::unique_ptr<Chain> default_chain_;
  std::vector<std::unique_ptr<io::Acceptor>> acceptors_;
  std::shared_ptr<http::Drain> drain_;
  io::Scope accepting_, connections_;
  metrics::Counter total_, no_chain_, handshake_failures_;
  metrics::Gauge active_;
};

}  // namespace lateen::downstream
