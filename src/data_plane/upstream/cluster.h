// A cluster on one worker: its hosts, the balancer over them, connections to them.
#pragma once
#include <unordered_map>

#include "data_plane/upstream/balancer.h"
#include "data_plane/upstream/outlier.h"
#include "lib/base/strings.h"
#include "lib/io/network.h"
#include "lib/metrics/metrics.h"

namespace lateen::upstream {

struct ClusterCounters;

// How an exchange wants to reach its host.
struct Wish {
  http::Version version = http::Version::http1_1;  // of the downstream request; used when the cluster follows it
  TransportSocket::Options socket;
};

class Cluster {
 public:
  // `settings` must not be null. Hosts of fixed clusters are there at once; others come by set_endpoints().
  Cluster(io::Network& network, std::shared_ptr<const ClusterSettings> settings, metrics::Shard& shard,
          const ClusterCounters& counters);
  Cluster(const Cluster&) = delete;
  ~Cluster();

  const ClusterSettings& settings() const { return *settings_; }
  std::shared_ptr<const ClusterSettings> shared_settings() const { return settings_; }

  // Replaces the hosts; those whose address and socket stay keep their pools. Others drain.
  void set_endpoints(std::shared_ptr<const EndpointSet> set);
  const std::vector<HostPtr>& hosts() const { return hosts_; }

  // A host for the next attempt, not one of `tried` if that can be avoided within `attempts` draws; null: none is
  // usable.
  HostPtr pick(std::span<const Host* const> tried = {}, uint32_t attempts = 1);
  // The host of an ORIGINAL_DST cluster for that destination; made when new.
  HostPtr original_destination(const SocketAddress& destination);

  // The version that a request to this cluster is sent with.
  http::Version version_for(const Wish& wish) const;

  // Sends a request to that host through its pool.
  io::Task<http::SendResult> send(HostPtr host, http::Request request, const Wish& wish,
                                  http::Progress* progress = nullptr);
  // A connection of one's own (TCP proxy, tunnels), secured as the endpoint wants.
  io::Task<Result<std::unique_ptr<io::Transport>>> connect(HostPtr host, TransportSocket::Options options);

  // What an attempt told; feeds outlier detection.
  void record(Host& host, Outcome outcome);

  // A connection that is no pool's, such as a TCP proxy's: false when the cluster has as many as it may. Else
  // end_connection() is owed.
  bool begin_connection();
  void end_connection() { limits_.count_connections(-1); }
  // Retries under way, against max_retries: when true, end_retry() is owed.
  bool begin_retry();
  void end_retry() { --retries_; }

  uint64_t ejections() const { return outliers_ ? outliers_->ejections() : 0; }
  io::Loop& loop() { return network_.loop(); }

 private:
  HostPtr make_host(const Endpoint& endpoint);
  http::Pool& pool(Host& host, http::Version version, const TransportSocket::Options& options);
  io::Task<Result<std::unique_ptr<io::Transport>>> open(Host& host, TransportSocket::Options options);
  static io::Task<Result<std::unique_ptr<io::Transport>>> open_steps(io::Network& network, Host& host,
                                                                     TransportSocket::Options options,
                                                                     io::ConnectOptions connect);

  io::Network& network_;
  std::shared_ptr<const ClusterSettings> settings_;
  std::shared_ptr<const EndpointSet> set_;
  std::vector<HostPtr> hosts_;
  Balancer balancer_;
  std::unique_ptr<OutlierWatch> outliers_;
  http::PoolLimits limits_;
  uint32_t retries_ = 0;
  std::map<SocketAddress, HostPtr> original_hosts_;  // bounded; see original_destination()

 public:
  // Written where things happen, read by /stats.
  metrics::Counter requests, responses_2xx, responses_3xx, responses_4xx, responses_5xx, connections_total,
      connect_failures, connection_overflows, retried, timeouts, overflows;
  metrics::Gauge connections_active, requests_active;
};

// The families of the counters above, defined once per program.
struct ClusterCounters {
  explicit ClusterCounters(metrics::Registry& registry);
  metrics::CounterFamily requests, responses, connections_total, connect_failures, connection_overflows, retried,
      timeouts, overflows;
  metrics::GaugeFamily connections_active, requests_active;
};

// All clusters of one worker, by name. Exchanges hold what they use by shared pointer, so a cluster may be replaced at
// any moment.
class Clusters {
 public:
  std::shared_ptr<Cluster> find(std::string_view name) const {
    const auto it = clusters_.find(name);
    return it == clusters_.end() ? nullptr : it->second;
  }
  void put(std::shared_ptr<Cluster> cluster) { clusters_[cluster->settings().name] = std::move(cluster); }
  void remove(const std::string& name) { clusters_.erase(name); }

 private:
  std::unordered_map<std::string, std::shared_ptr<Cluster>, StringHash, std::equal_to<>> clusters_;
};

}  // namespace lateen::upstream
