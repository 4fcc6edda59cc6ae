// Filters of TCP chains: policies, metadata exchange, and the TCP proxy at the end.
#pragma once
#include <string>
#include <vector>

#include "config/networking/destination_rule.h"
#include "control_plane/translate/context.h"
#include "control_plane/translate/messages.h"

namespace lateen::translate {

// To one cluster, which also names the statistics.
NetworkFilter tcp_proxy(const Context& in, const std::string& cluster);

struct WeightedTarget {
  std::string cluster;
  uint32_t weight = 0;
};
// To one or several clusters; `policy` of the destination gives idle time, tunnel and source hash.
NetworkFilter tcp_proxy(const Context& in, const std::vector<WeightedTarget>& targets, const std::string& stat_prefix,
                        const config::TrafficPolicy& policy);

NetworkFilter metadata_exchange_filter();

}  // namespace lateen::translate
