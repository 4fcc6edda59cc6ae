// The part of a DestinationRule that counts for one port and subset.
#pragma once
#include <cstdint>
#include <string_view>

#include "config/networking/destination_rule.h"
#include "control_plane/snapshot/destination_rules.h"

namespace lateen::translate {

// The rule's policy, overlaid with the subset's; a setting for the port replaces the four blocks it may have, also by
// their absence. `port_level_settings` of the result is empty.
config::TrafficPolicy policy_for(const snapshot::DestinationRuleObject* rule, std::string_view subset, uint32_t port);

// null when the rule has none of that name.
const config::Subset* subset_of(const snapshot::DestinationRuleObject* rule, std::string_view name);

}  // namespace lateen::translate
