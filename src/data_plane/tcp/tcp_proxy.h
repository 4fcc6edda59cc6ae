// envoy.filters.network.tcp_proxy: connects the client to an endpoint of a cluster and copies both ways.
#pragma once
#include "data_plane/tcp/network_filter.h"
#include "data_plane/telemetry/access_log.h"

namespace lateen::tcp {

struct WeightedTarget {
  std::string cluster;
  uint32_t weight = 1;
};

struct TcpProxySettings {
  std::string stat_prefix;
  std::vector<WeightedTarget> targets;  // at least one; several: one draw a connection
  Duration idle_timeout = 1h;           // 0: none
  uint32_t max_connect_attempts = 1;
  telemetry::AccessLogs access_logs;
  std::string own_metadata;  // for clusters with Istio's metadata exchange; see telemetry::encode_exchange
};

struct TcpCounters {
  explicit TcpCounters(metrics::Registry& registry);
  metrics::CounterFamily connections, no_route, sent, received;
};

class TcpProxy final : public TerminalFilter {
 public:
  TcpProxy(std::shared_ptr<const TcpProxySettings> settings, upstream::Clusters& clusters, metrics::Shard& shard,
           const TcpCounters& counters);
  io::Task<void> serve(Connection& connection) override;

 private:
  std::string_view choose(Random& random) const;
  io::Task<std::unique_ptr<io::Transport>> connect(Connection& connection, upstream::Cluster& cluster,
                                                   upstream::HostPtr& host);
  // Istio's metadata exchange with the peer, where both sides agreed on it; false when it fails.
  io::Task<bool> meet(Connection& connection, const upstream::Cluster& cluster, io::Transport& upstream);

  std::shared_ptr<const TcpProxySettings> settings_;
  upstream::Clusters& clusters_;
  metrics::Counter connections_, no_route_, sent_, received_;
};

}  // namespace lateen::tcp
