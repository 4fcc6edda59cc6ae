// Argo Rollout (argoproj.io/v1alpha1): a Deployment that changes versions in steps. The fleet reads it, from the
// documents of objects of other kinds; nothing else does.
#pragma once
#include "config/kubernetes/workload.h"

namespace lateen::config {

struct RolloutSpec {
  struct BlueGreen {
    std::string active_service;
    std::string preview_service;
    bool operator==(const BlueGreen&) const = default;
    static schema::Fields fields();
  };
  struct VirtualServiceReference {
    std::string name;
    std::vector<std::string> routes;
    bool operator==(const VirtualServiceReference&) const = default;
    static schema::Fields fields();
  };
  struct IstioTraffic {
    std::optional<VirtualServiceReference> virtual_service;
    bool operator==(const IstioTraffic&) const = default;
    static schema::Fields fields();
  };
  struct TrafficRouting {
    std::optional<IstioTraffic> istio;
    bool operator==(const TrafficRouting&) const = default;
    static schema::Fields fields();
  };
  struct Canary {
    std::string stable_service;
    std::string canary_service;
    std::optional<TrafficRouting> traffic_routing;
    bool operator==(const Canary&) const = default;
    static schema::Fields fields();
  };
  struct Strategy {
    std::optional<BlueGreen> blue_green;
    std::optional<Canary> canary;
    bool operator==(const Strategy&) const = default;
    static schema::Fields fields();
  };
  PodTemplate template_;
  Strategy strategy;
  bool operator==(const RolloutSpec&) const = default;
  static schema::Fields fields();
};

struct Rollout {
  ObjectMeta metadata;
  RolloutSpec spec;
  Origin origin;
  bool operator==(const Rollout&) const = default;
  static schema::Fields fields();
};

}  // namespace lateen::config
