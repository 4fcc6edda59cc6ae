// Which GlobalTrafficPolicy rules a pair, and what it makes of a DestinationRule. Private to this folder.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "control_plane/fleet/site_view.h"

namespace lateen::fleet {

using Policy = config::GlobalTrafficPolicy;

// A policy object with what its contest needs to know.
struct Candidate {
  const config::Object<Policy>* object = nullptr;
  std::string site;
  std::string identity;  // lower case
  std::string env;
};

// The policies of all sites that name an identity.
std::vector<Candidate> candidates_of(const std::vector<const Site*>& sites, const Options& options,
                                     schema::Diagnostics& findings);

// A host of a pair, and the entry of the policy that rules it, if one does.
struct RuledHost {
  std::string prefix;  // "" for the pair's own host
  const Policy::Policy* entry = nullptr;
};

// The pair's own host and one for each further prefix, by prefix. Of two entries for one host the later counts.
std::vector<RuledHost> hosts_of(const config::Object<Policy>* policy, const std::string& env, const std::string& host);

// The winner: highest priority label, then greatest lastUpdatedAt, then the youngest; of equals the last by site,
// namespace and name. A total order, whatever the order of the input. Null when there is none.
const config::Object<Policy>* winner_of(const std::vector<const Candidate*>& candidates, const Options& options);

// What the entry says about localities, for a site of that region: nothing when it says nothing that can be used.
// `findings` gets the reason when it cannot.
std::optional<config::LocalityLoadBalancerSetting> localities_of(const config::Object<Policy>& policy,
                                                                 const Policy::Policy& entry,
                                                                 const SiteView& written_to,
                                                                 schema::Diagnostics& findings);

}  // namespace lateen::fleet
