#include <limits>

#include "control_plane/translate/load_balancing.h"

namespace lateen::translate {
namespace {

using Thresholds = envoy::config::cluster::v3::CircuitBreakers::Thresholds;

Thresholds& thresholds_of(Cluster& cluster) {
  auto* breakers = cluster.mutable_circuit_breakers();
  if (breakers->thresholds().empty()) {
    auto* all = breakers->add_thresholds();
    constexpr uint32_t none = std::numeric_limits<uint32_t>::max();
    all->mutable_max_connections()->set_value(none);
    all->mutable_max_pending_requests()->set_value(none);
    all->mutable_max_requests()->set_value(none);
    all->mutable_max_retries()->set_value(none);
  }
  return *breakers->mutable_thresholds(0);
}

void set_limit(int32_t value, google::protobuf::UInt32Value* out) {
  if (value > 0) out->set_value(static_cast<uint32_t>(value));
}

}  // namespace

void set_default_keepalive(const std::optional<Keepalive>& keepalive,
                           std::optional<config::ConnectionPoolSettings>& pool) {
  if (!keepalive) return;
  if (!pool) pool = config::ConnectionPoolSettings();
  config::ConnectionPoolSettings::TCPSettings tcp;
  if (pool->tcp) tcp = *pool->tcp;
  if (!tcp.tcp_keepalive) tcp.tcp_keepalive = keepalive;
  pool->tcp = tcp;
}

void apply_connection_pool(const std::optional<config::ConnectionPoolSettings>& pool, Cluster& out) {
  auto& limits = thresholds_of(out);
  if (!pool) return;
  if (pool->http) {
    set_limit(pool->http->http1_max_pending_requests, limits.mutable_max_pending_requests());
    set_limit(pool->http->http2_max_requests, limits.mutable_max_requests());
    set_limit(pool->http->max_retries, limits.mutable_max_retries());
  }
  if (!pool->tcp) return;
  const auto& tcp = *pool->tcp;
  set_limit(tcp.max_connections, limits.mutable_max_connections());
  if (tcp.connect_timeout) set(out.mutable_connect_timeout(), *tcp.connect_timeout);
  if (!tcp.tcp_keepalive) return;
  auto* keepalive = out.mutable_upstream_connection_options()->mutable_tcp_keepalive();
  const auto seconds = [](Duration time) { return static_cast<uint32_t>(time / 1s); };
  if (tcp.tcp_keepalive->probes) keepalive->mutable_keepalive_probes()->set_value(tcp.tcp_keepalive->probes);
  if (tcp.tcp_keepalive->time) keepalive->mutable_keepalive_time()->set_value(seconds(*tcp.tcp_keepalive->time));
  if (tcp.tcp_keepalive->interval)
    keepalive->mutable_keepalive_interval()->set_value(seconds(*tcp.tcp_keepalive->interval));
}

void apply_retry_budget(const std::optional<config::TrafficPolicy::RetryBudget>& budget, Cluster& out) {
  if (!budget) return;
  auto& limits = thresholds_of(out);
  auto* made = limits.mutable_retry_budget();
  made->mutable_budget_percent()->set_value(budget->percent.value_or(20));
  made->mutable_min_retry_concurrency()->set_value(budget->min_retry_concurrency ? budget->min_retry_concurrency : 3);
  if (budget->budget_interval) set(made->mutable_budget_interval(), *budget->budget_interval);
  limits.clear_max_retries();
}

}  // namespace lateen::translate
