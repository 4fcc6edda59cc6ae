// The fleet's own kinds (admiral.io/v1alpha1): how traffic for an identity is shared among sites, and who calls whom.
// spec/admiral.md section 1 has the rules; member names, snake case included, are Admiral's.
#pragma once
#include "config/kubernetes/meta.h"

namespace lateen::config {

struct GlobalTrafficPolicy {
  enum class LbType { TOPOLOGY, FAILOVER };  // documents write the number
  struct Target {
    std::string region;
    int32_t weight = 0;
    bool operator==(const Target&) const = default;
    static schema::Fields fields();
  };
  struct OutlierDetection {
    int64_t base_ejection_time = 0;  // seconds; 0: not given
    uint32_t consecutive_gateway_errors = 0;
    int64_t interval = 0;  // seconds
    bool operator==(const OutlierDetection&) const = default;
    static schema::Fields fields();
  };
  struct Policy {
    std::string dns;
    std::string dns_prefix;
    int lb_type = 0;  // an LbType
    std::vector<Target> target;
    std::optional<OutlierDetection> outlier_detection;
    bool operator==(const Policy&) const = default;
    static schema::Fields fields();
  };
  std::vector<Policy> policy;
  std::map<std::string, std::string> selector;
  bool operator==(const GlobalTrafficPolicy&) const = default;
  static schema::Fields fields();
};

struct Dependency {
  std::string source;  // identity of the caller
  std::string identity_label;
  std::vector<std::string> destinations;  // identities it calls
  bool operator==(const Dependency&) const = default;
  static schema::Fields fields();
};

struct RoutingPolicy {
  std::string plugin;
  std::vector<std::string> hosts;
  std::map<std::string, std::string> config;
  bool operator==(const RoutingPolicy&) const = default;
  static schema::Fields fields();
};

}  // namespace lateen::config
