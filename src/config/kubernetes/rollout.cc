#include "config/kubernetes/rollout.h"

#include "lib/schema/field.h"

namespace lateen::config {

using schema::field;
using schema::record;

schema::Fields RolloutSpec::BlueGreen::fields() {
  return record("RolloutBlueGreen", "Two versions, one of which is live.",
                {
                    field("activeService", &BlueGreen::active_service, "Service of the live version."),
                    field("previewService", &BlueGreen::preview_service, "Service of the version to come."),
                })
      .accepting_more();
}

schema::Fields RolloutSpec::VirtualServiceReference::fields() {
  return record("RolloutVirtualService", "The VirtualService that Argo writes weights into.",
                {
                    field("name", &VirtualServiceReference::name, "Its name, in the namespace of the Rollout."),
                    field("routes", &VirtualServiceReference::routes,
                          "Names of its routes; may be missing when it has one."),
                })
      .accepting_more();
}

schema::Fields RolloutSpec::IstioTraffic::fields() {
  return record("RolloutIstioTraffic", "Sharing of traffic by Istio.",
                {field("virtualService", &IstioTraffic::virtual_service, "Where the weights are.")})
      .accepting_more();
}

schema::Fields RolloutSpec::TrafficRouting::fields() {
  return record("RolloutTrafficRouting", "What shares the traffic.",
                {field("istio", &TrafficRouting::istio, "Istio does.")})
      .accepting_more();
}

schema::Fields RolloutSpec::Canary::fields() {
  return record(
             "RolloutCanary", "A new version that gets more and more of the traffic.",
             {
                 field("stableService", &Canary::stable_service, "Service of the old version."),
                 field("canaryService", &Canary::canary_service, "Service of the new version."),
                 field("trafficRouting", &Canary::traffic_routing, "What shares the traffic; else the number of pods."),
             })
      .accepting_more();
}

schema::Fields RolloutSpec::Strategy::fields() {
  return record("RolloutStrategy", "How a new version comes in.",
                {
                    field("blueGreen", &Strategy::blue_green, "At once, after a preview."),
                    field("canary", &Strategy::canary, "In steps."),
                })
      .accepting_more();
}

schema::Fields RolloutSpec::fields() {
  return record("RolloutSpec", "Pods that are wanted.",
                {
                    field("template", &RolloutSpec::template_, "What they look like."),
                    field("strategy", &RolloutSpec::strategy, "How a new version comes in."),
                })
      .accepting_more();
}

schema::Fields Rollout::fields() {
  return record("Rollout", "A set of equal pods that changes versions in steps.",
                {
                    field("metadata", &Rollout::metadata, "Name, namespace, labels, annotations."),
                    field("spec", &Rollout::spec, "Pods that are wanted."),
                })
      .accepting_more();
}

}  // namespace lateen::config
