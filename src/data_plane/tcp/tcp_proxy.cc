#include "data_plane/tcp/tcp_proxy.h"

#include "data_plane/tcp/istio_filters.h"
#include "data_plane/tcp/pump.h"
#include "data_plane/upstream/tls_socket.h"
#include "lib/tls/connection.h"

namespace lateen::tcp {

using telemetry::Flag;
using upstream::Outcome;

TcpCounters::TcpCounters(metrics::Registry& registry) {
  const auto counter = [&](const char* name, const char* help) {
    return registry.counter({.name = fmt::format("envoy_tcp_{}", name),
                             .help = help,
                             .labels = {"envoy_tcp_prefix"},
                             .stats_name = fmt::format("tcp.{{envoy_tcp_prefix}}.{}", name)});
  };
  connections = counter("downstream_cx_total", "Connections.");
  no_route = counter("downstream_cx_no_route", "Connections closed because their cluster is not there.");
  sent = counter("downstream_cx_tx_bytes_total", "Bytes sent to clients.");
  received = counter("downstream_cx_rx_bytes_total", "Bytes received from clients.");
}

TcpProxy::TcpProxy(std::shared_ptr<const TcpProxySettings> settings, upstream::Clusters& clusters,
                   metrics::Shard& shard, const TcpCounters& counters)
    : settings_(std::move(settings)), clusters_(clusters) {
  connections_ = shard.counter(counters.connections, {settings_->stat_prefix});
  no_route_ = shard.counter(counters.no_route, {settings_->stat_prefix});
  sent_ = shard.counter(counters.sent, {settings_->stat_prefix});
  received_ = shard.counter(counters.received, {settings_->stat_prefix});
}

std::string_view TcpProxy::choose(Random& random) const {
  if (settings_->targets.size() == 1) return settings_->targets[0].cluster;
  uint64_t total = 0;
  for (const WeightedTarget& target : settings_->targets) total += target.weight;
  uint64_t point = total ? random.below(total) : 0;
  for (const WeightedTarget& target : settings_->targets) {
    if (point < target.weight) return target.cluster;
    point -= target.weight;
  }
  return {};
}

io::Task<std::unique_ptr<io::Transport>> TcpProxy::connect(Connection& connection, upstream::Cluster& cluster,
                                                           upstream::HostPtr& host) {
  telemetry::Record& record = connection.record();
  for (uint32_t attempt = 0; attempt < settings_->max_connect_attempts; ++attempt) {
    host = cluster.settings().discovery == upstream::Discovery::original_destination
               ? cluster.original_destination(connection.about.local)
               : cluster.pick();
    if (!host) {
      record.flags.set(Flag::no_healthy_upstream);
      co_return nullptr;
    }
    ++record.attempts;
    record.upstream_host = host->endpoint().address;
    record.upstream_tls = host->socket().is_secure();
    auto transport = co_await cluster.connect(host, connection.upstream);
    cluster.record(*host, transport ? Outcome::success : Outcome::local_failure);
    if (transport) co_return std::move(*transport);
    record.extra.make().upstream_failure = transport.error().message;
  }
  record.flags.set(Flag::upstream_connection_failure);
  record.flags.set(Flag::upstream_retry_limit_exceeded);  // also when there was to be one attempt only, as in Envoy
  co_return nullptr;
}

io::Task<bool> TcpProxy::meet(Connection& connection, const upstream::Cluster& cluster, io::Transport& upstream) {
  const tls::Session* session = tls::session_of(upstream);
  if (!session || !cluster.settings().metadata_exchange || session->alpn != exchange_alpn) co_return true;
  // A peer that says nothing here is as idle as one that says nothing later.
  auto peer = co_await io::within(upstream.loop(), settings_->idle_timeout,
                                  exchange_metadata(upstream, settings_->own_metadata));
  if (!peer) {
    connection.record().extra.make().upstream_failure = peer.error().message;
    connection.record().flags.set(Flag::upstream_protocol_error);
    co_return false;
  }
  connection.record().upstream_peer = std::move(*peer);
  co_return true;
}

io::Task<void> TcpProxy::serve(Connection& connection) {
  telemetry::Record& record = connection.record();
  io::Loop& loop = connection.transport.loop();
  connections_.add();
  Pumped pumped;
  // Also when the listener ends the connection by destroying this task.
  struct End {
    TcpProxy& proxy;
    Connection& connection;
    Pumped& pumped;
    ~End() {
      telemetry::Record& record = connection.record();
      record.bytes_received = pumped.from_first;
      record.bytes_sent = pumped.from_second;
      record.finished = connection.transport.loop().now() - record.began;
      proxy.received_.add(pumped.from_first);
      proxy.sent_.add(pumped.from_second);
      for (const auto& log : proxy.settings_->access_logs) log->write({record});
    }
  } end{*this, connection, pumped};

  record.upstream_cluster = choose(loop.random());
  const auto cluster = clusters_.find(record.upstream_cluster);
  if (!cluster) {
    no_route_.add();
    record.flags.set(Flag::no_cluster_found);
    connection.transport.abort_on_close();
    co_return;
  }
  record.service_host = cluster->settings().service.host;
  record.service_name = cluster->settings().service.name;
  record.service_namespace = cluster->settings().service.name_space;
  if (!cluster->begin_connection()) {
    record.flags.set(Flag::upstream_overflow);
    connection.transport.abort_on_close();
    co_return;
  }
  struct Slot {
    upstream::Cluster& cluster;
    ~Slot() { cluster.end_connection(); }
  } slot{*cluster};
  upstream::HostPtr host;
  const auto upstream = co_await connect(connection, *cluster, host);
  if (!upstream) {
    connection.transport.abort_on_close();
    co_return;
  }
  record.upstream_local = upstream->local();
  record.upstream_uri_sans = upstream::peer_uri_sans(*upstream);
  if (!co_await meet(connection, *cluster, *upstream)) {
    connection.transport.abort_on_close();
    co_return;
  }
  ++host->active_requests;
  struct Release {
    upstream::Host& host;
    ~Release() { --host.active_requests; }
  } release{*host};
  co_await pump(connection.transport, *upstream, settings_->idle_timeout, pumped);
  if (pumped.end == Pumped::first_failed) upstream->abort_on_close();
  if (pumped.end == Pumped::second_failed) connection.transport.abort_on_close();
}

}  // namespace lateen::tcp
