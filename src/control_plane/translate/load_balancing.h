// Connection limits, outlier detection and load balancing of a cluster (spec/istio.md section 3.6).
#pragma once
#include "config/networking/destination_rule.h"
#include "control_plane/translate/messages.h"

namespace lateen::translate {

// Circuit breakers, connect timeout and keep-alive; a default-constructed policy gives the limits that do not limit.
void apply_connection_pool(const std::optional<config::ConnectionPoolSettings>& pool, Cluster& out);
// The mesh's keep-alive where the pool has none of its own.
using Keepalive = config::ConnectionPoolSettings::TCPSettings::TcpKeepalive;
void set_default_keepalive(const std::optional<Keepalive>& keepalive,
                           std::optional<config::ConnectionPoolSettings>& pool);
void apply_retry_budget(const std::optional<config::TrafficPolicy::RetryBudget>& budget, Cluster& out);

void apply_outlier_detection(const std::optional<config::OutlierDetection>& outlier, Cluster& out);

// `mesh_locality` is the mesh's own setting. Clusters that are ORIGINAL_DST keep their policy.
void apply_load_balancer(const std::optional<config::LoadBalancerSettings>& settings,
                         const std::optional<config::LocalityLoadBalancerSetting>& mesh_locality,
                         bool has_outlier_detection, Cluster& out);

// The locality setting that counts: the rule's, else the mesh's; null when it is switched off.
const config::LocalityLoadBalancerSetting* locality_setting(
    const std::optional<config::LoadBalancerSettings>& settings,
    const std::optional<config::LocalityLoadBalancerSetting>& mesh_locality);

}  // namespace lateen::translate
