#include "config/networking/selector.h"

#include "lib/schema/field.h"

namespace lateen::config {

using namespace schema;  // field(), record() and the attributes

Fields WorkloadSelector::fields() {
  return record("WorkloadSelector", "Workloads by their labels.",
                {
                    field("labels", &WorkloadSelector::labels, "Labels that all must be there.", most(256)),
                });
}

Fields PolicySelector::fields() {
  return record("WorkloadSelector", "Workloads by their labels.",
                {
                    field("matchLabels", &PolicySelector::match_labels, "Labels that all must be there.", most(4096)),
                });
}

Fields PolicyTargetReference::fields() {
  return record(
      "PolicyTargetReference", "An object that a policy is attached to.",
      {
          field("group", &PolicyTargetReference::group, "API group; empty for core.", most(253)),
          field("kind", &PolicyTargetReference::kind, "Kind.", required, most(63)),
          field("name", &PolicyTargetReference::name, "Name.", required, most(253)),
          field("namespace", &PolicyTargetReference::namespace_, "Must be empty: the namespace of the policy."),
      });
}

Fields PolicyPortSelector::fields() {
  return record("PortSelector", "A port by its number.",
                {
                    field("number", &PolicyPortSelector::number, "The port.", required, at_least(1), at_most(65535)),
                });
}

Names names(WorkloadMode) {
  static constexpr Name all[] = {{"UNDEFINED", 0}, {"CLIENT", 1}, {"SERVER", 2}, {"CLIENT_AND_SERVER", 3}};
  return all;
}

}  // namespace lateen::config
