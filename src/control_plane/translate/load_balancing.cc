#include "control_plane/translate/load_balancing.h"

namespace lateen::translate {
namespace {

using ClusterMessage = Cluster;
using config::LoadBalancerSettings;
using config::OutlierDetection;

// Consecutive errors: 0 switches the check off, a number enforces it.
void set_check(uint32_t count, google::protobuf::UInt32Value* threshold, google::protobuf::UInt32Value* enforcing) {
  threshold->set_value(count);
  enforcing->set_value(count > 0 ? 100 : 0);
}

template <class Config>
void set_warmup(const LoadBalancerSettings& settings, Config* (Cluster::*mutable_config)(), Cluster& out) {
  const auto duration = settings.warmup ? settings.warmup->duration : settings.warmup_duration_secs;
  if (!duration) return;
  auto* slow = (out.*mutable_config)()->mutable_slow_start_config();
  set(slow->mutable_slow_start_window(), *duration);
  if (!settings.warmup) return;
  if (settings.warmup->aggression) {
    slow->mutable_aggression()->set_default_value(*settings.warmup->aggression);
    slow->mutable_aggression()->set_runtime_key("(");  // Envoy wants some key; this is istiod's
  }
  if (settings.warmup->minimum_percent)
    slow->mutable_min_weight_percent()->set_value(*settings.warmup->minimum_percent);
}

void apply_consistent_hash(const LoadBalancerSettings::ConsistentHashLB& hash, Cluster& out) {
  if (hash.maglev) {
    out.set_lb_policy(ClusterMessage::MAGLEV);
    if (hash.maglev->table_size)
      out.mutable_maglev_lb_config()->mutable_table_size()->set_value(hash.maglev->table_size);
    return;
  }
  uint64_t size = hash.ring_hash ? hash.ring_hash->minimum_ring_size : hash.minimum_ring_size;
  out.set_lb_policy(ClusterMessage::RING_HASH);
  out.mutable_ring_hash_lb_config()->mutable_minimum_ring_size()->set_value(size ? size : 1024);
}

void pass_through(Cluster& out) {
  out.set_lb_policy(ClusterMessage::CLUSTER_PROVIDED);
  out.set_type(ClusterMessage::ORIGINAL_DST);
  out.clear_eds_cluster_config();
  out.clear_load_assignment();
}

}  // namespace

void apply_outlier_detection(const std::optional<OutlierDetection>& outlier, Cluster& out) {
  if (!outlier) return;
  auto& made = *out.mutable_outlier_detection();
  made.mutable_enforcing_success_rate()->set_value(0);
  if (outlier->consecutive_5xx_errors)
    set_check(*outlier->consecutive_5xx_errors, made.mutable_consecutive_5xx(),
              made.mutable_enforcing_consecutive_5xx());
  if (outlier->consecutive_gateway_errors)
    set_check(*outlier->consecutive_gateway_errors, made.mutable_consecutive_gateway_failure(),
              made.mutable_enforcing_consecutive_gateway_failure());
  if (outlier->interval) set(made.mutable_interval(), *outlier->interval);
  if (outlier->base_ejection_time) set(made.mutable_base_ejection_time(), *outlier->base_ejection_time);
  if (outlier->max_ejection_percent > 0)
    made.mutable_max_ejection_percent()->set_value(static_cast<uint32_t>(outlier->max_ejection_percent));
  if (outlier->split_external_local_origin_errors) {
    made.set_split_external_local_origin_errors(true);
    if (outlier->consecutive_local_origin_failures)
      set_check(*outlier->consecutive_local_origin_failures, made.mutable_consecutive_local_origin_failure(),
                made.mutable_enforcing_consecutive_local_origin_failure());
    made.mutable_enforcing_local_origin_success_rate()->set_value(0);
  }
  out.mutable_common_lb_config()->mutable_healthy_panic_threshold()->set_value(outlier->min_health_percent);
}

const config::LocalityLoadBalancerSetting* locality_setting(
    const std::optional<LoadBalancerSettings>& settings,
    const std::optional<config::LocalityLoadBalancerSetting>& mesh_locality) {
  const auto* chosen = settings && settings->locality_lb_setting ? &*settings->locality_lb_setting
                       : mesh_locality                           ? &*mesh_locality
                                                                 : nullptr;
  return chosen && chosen->enabled.value_or(true) ? chosen : nullptr;
}

void apply_load_balancer(const std::optional<LoadBalancerSettings>& settings,
                         const std::optional<config::LocalityLoadBalancerSetting>& mesh_locality,
                         bool has_outlier_detection, Cluster& out) {
  const auto* locality = locality_setting(settings, mesh_locality);
  if (settings && locality && (has_outlier_detection || !locality->distribute.empty()))
    out.mutable_common_lb_config()->mutable_locality_weighted_lb_config();
  if (out.type() == ClusterMessage::ORIGINAL_DST) return;
  out.set_lb_policy(ClusterMessage::LEAST_REQUEST);
  if (!settings) return;
  if (settings->consistent_hash) return apply_consistent_hash(*settings->consistent_hash, out);
  switch (settings->simple.value_or(LoadBalancerSettings::SimpleLB::UNSPECIFIED)) {
    case LoadBalancerSettings::SimpleLB::RANDOM:
      return out.set_lb_policy(ClusterMessage::RANDOM);
    case LoadBalancerSettings::SimpleLB::PASSTHROUGH:
      return pass_through(out);
    case LoadBalancerSettings::SimpleLB::ROUND_ROBIN:
      out.set_lb_policy(ClusterMessage::ROUND_ROBIN);
      return set_warmup(*settings, &Cluster::mutable_round_robin_lb_config, out);
    case LoadBalancerSettings::SimpleLB::UNSPECIFIED:
    case LoadBalancerSettings::SimpleLB::LEAST_CONN:
    case LoadBalancerSettings::SimpleLB::LEAST_REQUEST:
      return set_warmup(*settings, &Cluster::mutable_least_request_lb_config, out);
  }
}

}  // namespace lateen::translate
