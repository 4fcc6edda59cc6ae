#include "config/fleet/fleet.h"

#include "lib/schema/field.h"

namespace lateen::config {

using schema::field;
using schema::record;
using schema::required;

schema::Fields GlobalTrafficPolicy::Target::fields() {
  return record("GlobalTrafficPolicy.Target", "A region and its share.",
                {
                    field("region", &GlobalTrafficPolicy::Target::region, "The region."),
                    field("weight", &GlobalTrafficPolicy::Target::weight, "Its share; the shares add up to 100."),
                });
}

schema::Fields GlobalTrafficPolicy::OutlierDetection::fields() {
  return record(
      "GlobalTrafficPolicy.OutlierDetection", "Failing endpoints.",
      {
          field("base_ejection_time", &GlobalTrafficPolicy::OutlierDetection::base_ejection_time,
                "First time out in seconds; 0: as usual."),
          field("consecutive_gateway_errors", &GlobalTrafficPolicy::OutlierDetection::consecutive_gateway_errors,
                "Errors in a row; 0: as usual."),
          field("interval", &GlobalTrafficPolicy::OutlierDetection::interval,
                "Time between checks in seconds; 0: as usual."),
      });
}

schema::Fields GlobalTrafficPolicy::Policy::fields() {
  return record(
      "GlobalTrafficPolicy.Policy", "How traffic for one host is shared among sites.",
      {
          field("dns", &GlobalTrafficPolicy::Policy::dns, "The full host.", schema::deprecated("use dnsPrefix")),
          field("dnsPrefix", &GlobalTrafficPolicy::Policy::dns_prefix,
                "`default`, the environment, or the beginning of a further host."),
          field("lbType", &GlobalTrafficPolicy::Policy::lb_type, "0: by topology, 1: by the weights of the targets.",
                schema::at_least(0), schema::at_most(1)),
          field("target", &GlobalTrafficPolicy::Policy::target, "Regions and their shares."),
          field("outlier_detection", &GlobalTrafficPolicy::Policy::outlier_detection, "Failing endpoints."),
      });
}

schema::Fields GlobalTrafficPolicy::fields() {
  return record("GlobalTrafficPolicy", "How traffic for an identity is shared among sites.",
                {
                    field("policy", &GlobalTrafficPolicy::policy, "One entry a host."),
                    field("selector", &GlobalTrafficPolicy::selector,
                          "Identity and environment, when the labels do not say them."),
                });
}

schema::Fields Dependency::fields() {
  return record(
      "Dependency", "Which identities an identity calls.",
      {
          field("source", &Dependency::source, "The caller."),
          field("identityLabel", &Dependency::identity_label, "Label that names identities.", schema::not_honoured()),
          field("destinations", &Dependency::destinations, "Those it calls."),
      });
}

schema::Fields RoutingPolicy::fields() {
  return record("RoutingPolicy", "A routing plugin for callers of hosts.",
                {
                    field("plugin", &RoutingPolicy::plugin, "Name of the plugin."),
                    field("hosts", &RoutingPolicy::hosts, "The hosts."),
                    field("config", &RoutingPolicy::config, "Settings of the plugin."),
                });
}
}  // namespace lateen::config
