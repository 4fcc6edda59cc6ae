#include "control_plane/translate/traffic_policy.h"

#include <algorithm>

namespace lateen::translate {
namespace {

using config::TrafficPolicy;

template <class T>
void overlay(std::optional<T>& held, const std::optional<T>& next) {
  if (next) held = next;
}

void overlay(TrafficPolicy& held, const TrafficPolicy& next, uint32_t port) {
  overlay(held.load_balancer, next.load_balancer);
  overlay(held.connection_pool, next.connection_pool);
  overlay(held.outlier_detection, next.outlier_detection);
  overlay(held.tls, next.tls);
  overlay(held.tunnel, next.tunnel);
  overlay(held.proxy_protocol, next.proxy_protocol);
  overlay(held.retry_budget, next.retry_budget);
  for (const auto& each : next.port_level_settings) {
    if (!each.port || each.port->number != port) continue;
    held.load_balancer = each.load_balancer;
    held.connection_pool = each.connection_pool;
    held.outlier_detection = each.outlier_detection;
    held.tls = each.tls;
    return;
  }
}

}  // namespace

const config::Subset* subset_of(const snapshot::DestinationRuleObject* rule, std::string_view name) {
  if (!rule || name.empty()) return nullptr;
  const auto found = std::ranges::find(rule->spec.subsets, name, &config::Subset::name);
  return found == rule->spec.subsets.end() ? nullptr : &*found;
}

TrafficPolicy policy_for(const snapshot::DestinationRuleObject* rule, std::string_view subset, uint32_t port) {
  TrafficPolicy out;
  if (!rule) return out;
  if (rule->spec.traffic_policy) overlay(out, *rule->spec.traffic_policy, port);
  const auto* found = subset_of(rule, subset);
  if (found && found->traffic_policy) overlay(out, *found->traffic_policy, port);
  return out;
}

}  // namespace lateen::translate
