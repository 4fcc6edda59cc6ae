#include "data_plane/upstream/cluster.h"

#include <algorithm>

#include "lib/io/scope.h"

namespace lateen::upstream {

ClusterCounters::ClusterCounters(metrics::Registry& registry) {
  const auto counter = [&](const char* name, const char* help) {
    return registry.counter({.name = fmt::format("envoy_cluster_{}", name),
                             .help = help,
                             .labels = {"cluster_name"},
                             .stats_name = fmt::format("cluster.{{cluster_name}}.{}", name),
                             .limit = 65536});
  };
  requests = counter("upstream_rq_total", "Requests sent to the cluster.");
  connections_total = counter("upstream_cx_total", "Connections opened.");
  connect_failures = counter("upstream_cx_connect_fail", "Connections that could not be opened.");
  connection_overflows = counter("upstream_cx_overflow", "TCP connections refused by circuit limits.");
  retried = counter("upstream_rq_retry", "Attempts after the first one.");
  timeouts = counter("upstream_rq_timeout", "Requests that met the route's timeout.");
  overflows = counter("upstream_rq_pending_overflow", "Requests refused by circuit limits.");
  responses = registry.counter({.name = "envoy_cluster_upstream_rq_xx",
                                .help = "Responses by class.",
                                .labels = {"cluster_name", "response_code_class"},
                                .stats_name = "cluster.{cluster_name}.upstream_rq_{response_code_class}xx",
                                .limit = 65536});
  const auto gauge = [&](const char* name, const char* help) {
    return registry.gauge({.name = fmt::format("envoy_cluster_{}", name),
                           .help = help,
                           .labels = {"cluster_name"},
                           .stats_name = fmt::format("cluster.{{cluster_name}}.{}", name),
                           .limit = 65536});
  };
  connections_active = gauge("upstream_cx_active", "Open connections.");
  requests_active = gauge("upstream_rq_active", "Requests under way.");
}

Cluster::Cluster(io::Network& network, std::shared_ptr<const ClusterSettings> settings, metrics::Shard& shard,
                 const ClusterCounters& counters)
    : network_(network), settings_(std::move(settings)), balancer_(*settings_, network.loop().random()) {
  const CircuitBreakers& breakers = settings_->breakers;
  limits_ = {.max_connections = breakers.max_connections,
             .max_pending_requests = breakers.max_pending_requests,
             .max_requests = breakers.max_requests,
             .on_connections = [this](int change) { connections_active.add(change); }};
  if (settings_->outlier_detection)
    outliers_ = std::make_unique<OutlierWatch>(network.loop(), *settings_->outlier_detection,
                                               [this] { balancer_.rebuild(hosts_, *set_); });
  const std::string& name = settings_->name;
  requests = shard.counter(counters.requests, {name});
  responses_2xx = shard.counter(counters.responses, {name, "2"});
  responses_3xx = shard.counter(counters.responses, {name, "3"});
  responses_4xx = shard.counter(counters.responses, {name, "4"});
  responses_5xx = shard.counter(counters.responses, {name, "5"});
  connections_total = shard.counter(counters.connections_total, {name});
  connect_failures = shard.counter(counters.connect_failures, {name});
  connection_overflows = shard.counter(counters.connection_overflows, {name});
  retried = shard.counter(counters.retried, {name});
  timeouts = shard.counter(counters.timeouts, {name});
  overflows = shard.counter(counters.overflows, {name});
  connections_active = shard.gauge(counters.connections_active, {name});
  requests_active = shard.gauge(counters.requests_active, {name});
  auto set = std::make_shared<EndpointSet>();
  if (settings_->discovery == Discovery::fixed) set->endpoints = settings_->fixed_endpoints;
  set_endpoints(std::move(set));
}

Cluster::~Cluster() = default;

HostPtr Cluster::make_host(const Endpoint& endpoint) {
  for (const TransportSocketMatch& candidate : settings_->transport_sockets) {
    const bool fits = std::ranges::all_of(candidate.match, [&](const auto& wanted) {
      const auto it = endpoint.transport_match.find(wanted.first);
      return it != endpoint.transport_match.end() && it->second == wanted.second;
    });
    if (fits) return std::make_shared<Host>(endpoint, candidate.socket);
  }
  return std::make_shared<Host>(endpoint, settings_->transport_sockets.back().socket);
}

void Cluster::set_endpoints(std::shared_ptr<const EndpointSet> set) {
  std::vector<HostPtr> hosts;
  std::map<SocketAddress, HostPtr> known;
  for (HostPtr& host : hosts_) known.emplace(host->endpoint().address, host);
  for (const Endpoint& endpoint : set->endpoints) {
    const auto it = known.find(endpoint.address);
    const bool same = it != known.end() && it->second->endpoint().transport_match == endpoint.transport_match;
    if (same) {
      it->second->endpoint_ = endpoint;  // weight, health, metadata
      hosts.push_back(it->second);
      known.erase(it);
    } else {
      hosts.push_back(make_host(endpoint));
    }
  }
  for (auto& [address, gone] : known)
    for (auto& [key, pool] : gone->pools_) pool->drain();
  hosts_ = std::move(hosts);
  set_ = std::move(set);
  balancer_.rebuild(hosts_, *set_);
}

HostPtr Cluster::pick(std::span<const Host* const> tried, uint32_t attempts) { return balancer_.pick(tried, attempts); }

HostPtr Cluster::original_destination(const SocketAddress& destination) {
  SocketAddress address = destination;
  if (settings_->original_destination_port) address.port = *settings_->original_destination_port;
  HostPtr& host = original_hosts_[address];
  if (!host) {
    // Any caller can name any address: forget those that nobody uses before the map grows without bound.
    constexpr size_t kept = 1024;
    HostPtr made = make_host({.address = address});
    if (original_hosts_.size() > kept)
      std::erase_if(original_hosts_, [](const auto& each) { return !each.second || each.second.use_count() == 1; });
    return original_hosts_[address] = std::move(made);
  }
  return host;
}

http::Version Cluster::version_for(const Wish& wish) const {
  if (settings_->use_downstream_protocol)
    return wish.version == http::Version::http2 ? http::Version::http2 : http::Version::http1_1;
  return settings_->http.version;
}

http::Pool& Cluster::pool(Host& host, http::Version version, const TransportSocket::Options& options) {
  if (http::Pool* known = host.find_pool({version, options})) return *known;
  // With auto_sni callers name the pools: those that nothing is left of go before the map grows without bound.
  constexpr size_t kept = 16;
  if (host.pools_.size() >= kept) std::erase_if(host.pools_, [](const auto& each) { return each.second->unused(); });
  http::ClientOptions client = settings_->http;
  client.version = version;
  // The pool lives in the host, and the host's users hold the cluster: both outlive every connect.
  auto made = std::make_unique<http::Pool>(
      network_.loop(), [this, &host, options] { return open(host, options); }, client, &limits_);
  return *host.pools_.emplace(Host::PoolKey{version, options}, std::move(made)).first->second;
}

io::Task<http::SendResult> Cluster::send(HostPtr host, http::Request request, const Wish& wish,
                                         http::Progress* progress) {
  return pool(*host, version_for(wish), wish.socket).send(std::move(request), progress);
}

io::Task<Result<std::unique_ptr<io::Transport>>> Cluster::open_steps(io::Network& network, Host& host,
                                                                     TransportSocket::Options options,
                                                                     io::ConnectOptions connect) {
  auto connection = co_await network.connect(host.endpoint().address, connect);
  if (!connection) co_return connection;
  co_return co_await host.socket().secure(std::move(*connection), options, host.endpoint());
}

io::Task<Result<std::unique_ptr<io::Transport>>> Cluster::open(Host& host, TransportSocket::Options options) {
  connections_total.add();
  if (!host.socket().ready()) {
    connect_failures.add();
    co_return fail(ErrorKind::tls, "TLS error: the secret for {} has not arrived yet", settings_->name);
  }
  io::ConnectOptions connect{.bind = settings_->bind, .keepalive = settings_->tcp_keepalive};
  if (connect.bind && connect.bind->ip.is_v6() != host.endpoint().address.ip.is_v6()) connect.bind.reset();
  auto connection = co_await io::within(network_.loop(), settings_->connect_timeout,
                                        open_steps(network_, host, std::move(options), connect));
  if (!connection) connect_failures.add();
  co_return connection;
}

io::Task<Result<std::unique_ptr<io::Transport>>> Cluster::connect(HostPtr host, TransportSocket::Options options) {
  auto connection = co_await open(*host, std::move(options));
  co_return connection;
}

void Cluster::record(Host& host, Outcome outcome) {
  if (outliers_) outliers_->record(host, outcome, hosts_);
}

bool Cluster::begin_connection() {
  if (limits_.connections >= limits_.max_connections) {
    connection_overflows.add();
    return false;
  }
  limits_.count_connections(1);
  return true;
}

bool Cluster::begin_retry() {
  if (retries_ >= settings_->breakers.max_retries) return false;
  ++retries_;
  retried.add();
  return true;
}

}  // namespace lateen::upstream
