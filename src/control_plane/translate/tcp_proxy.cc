#include "control_plane/translate/tcp_proxy.h"

#include "control_plane/translate/access_log.h"
#include "control_plane/translate/http_connection_manager.h"

namespace lateen::translate {

using Tcp = envoy::extensions::filters::network::tcp_proxy::v3::TcpProxy;

NetworkFilter tcp_proxy(const Context& in, const std::string& cluster) {
  return tcp_proxy(in, {{cluster, 0}}, cluster, {});
}

NetworkFilter tcp_proxy(const Context& in, const std::vector<WeightedTarget>& targets, const std::string& stat_prefix,
                        const config::TrafficPolicy& policy) {
  Tcp out;
  out.set_stat_prefix(stat_prefix);
  if (targets.size() == 1) {
    out.set_cluster(targets.front().cluster);
  } else {
    for (const auto& each : targets) {
      auto* made = out.mutable_weighted_clusters()->add_clusters();
      made->set_name(each.cluster);
      made->set_weight(each.weight);
    }
  }
  if (policy.connection_pool && policy.connection_pool->tcp && policy.connection_pool->tcp->idle_timeout)
    set(out.mutable_idle_timeout(), *policy.connection_pool->tcp->idle_timeout);
  if (policy.tunnel) {
    auto* tunnel = out.mutable_tunneling_config();
    tunnel->set_hostname(fmt::format("{}:{}", policy.tunnel->target_host, policy.tunnel->target_port));
    tunnel->set_use_post(policy.tunnel->protocol == "POST");
  }
  if (policy.load_balancer && policy.load_balancer->consistent_hash &&
      policy.load_balancer->consistent_hash->use_source_ip.value_or(false))
    out.add_hash_policy()->mutable_source_ip();
  add_access_logs(in, *out.mutable_access_log());
  return network_filter("envoy.filters.network.tcp_proxy", out);
}

NetworkFilter metadata_exchange_filter() {
  NetworkFilter out;
  out.set_name("istio.metadata_exchange");
  *out.mutable_typed_config() = tcp_metadata_exchange();
  return out;
}

}  // namespace lateen::translate
