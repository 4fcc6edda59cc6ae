#include "control_plane/fleet/policy.h"

#include <algorithm>
#include <tuple>

#include "lib/base/strings.h"

namespace lateen::fleet {
namespace {

std::string find(const std::map<std::string, std::string>& map, const std::string& key) {
  const auto found = map.find(key);
  return found == map.end() ? "" : found->second;
}

std::string env_of(const config::Object<Policy>& policy, const Options& options) {
  const auto& [metadata, spec] = std::tie(policy.metadata, policy.spec);
  for (const std::string& env :
       {find(metadata.annotations, options.env_key), find(metadata.labels, options.env_key),
        find(spec.selector, options.env_key), find(metadata.labels, "env"), find(spec.selector, "env")})
    if (!env.empty()) return env;
  return "default";
}

auto rank_of(const Candidate& candidate, const Options& options) {
  const config::ObjectMeta& metadata = candidate.object->metadata;
  return std::tuple(parse_number<int64_t>(metadata.label(options.priority_key)).value_or(0),
                    metadata.annotation("lastUpdatedAt"), metadata.creation_timestamp.value_or(WallTime{}),
                    std::string_view(candidate.site), std::string_view(metadata.namespace_),
                    std::string_view(metadata.name));
}

}  // namespace

std::vector<Candidate> candidates_of(const std::vector<const Site*>& sites, const Options& options,
                                     schema::Diagnostics& findings) {
  std::vector<Candidate> candidates;
  for (const Site* site : sites) {
    for (const auto& policy : site->objects.global_traffic_policies) {
      if (is_ignored(policy.metadata)) continue;
      std::string identity = find(policy.metadata.labels, options.identity_key);
      if (identity.empty()) identity = find(policy.spec.selector, options.identity_key);
      if (identity.empty()) {
        findings.warning(policy.origin.file, policy.origin.position, "metadata.labels",
                         fmt::format("GlobalTrafficPolicy {} has no label {}, so it rules nothing",
                                     policy.metadata.name, options.identity_key));
        continue;
      }
      candidates.push_back({&policy, site->name, lowered(identity), env_of(policy, options)});
    }
  }
  return candidates;
}

std::vector<RuledHost> hosts_of(const config::Object<Policy>* policy, const std::string& env, const std::string& host) {
  std::map<std::string, const Policy::Policy*> entries = {{"", nullptr}};
  if (policy) {
    for (const Policy::Policy& entry : policy->spec.policy) {
      const std::string prefix = lowered(entry.dns_prefix);
      const bool own = prefix.empty() || prefix == "default" || prefix == lowered(env) || entry.dns == host;
      entries[own ? "" : prefix] = &entry;
    }
  }
  std::vector<RuledHost> hosts;
  for (const auto& [prefix, entry] : entries) hosts.push_back({prefix, entry});
  return hosts;
}

const config::Object<Policy>* winner_of(const std::vector<const Candidate*>& candidates, const Options& options) {
  const auto best = std::ranges::max_element(candidates, {},
                                             [&](const Candidate* candidate) { return rank_of(*candidate, options); });
  return best == candidates.end() ? nullptr : (*best)->object;
}

std::optional<config::LocalityLoadBalancerSetting> localities_of(const config::Object<Policy>& policy,
                                                                 const Policy::Policy& entry,
                                                                 const SiteView& written_to,
                                                                 schema::Diagnostics& findings) {
  if (entry.target.empty()) return std::nullopt;
  const auto refuse = [&](std::string text) {
    findings.warning(
        policy.origin.file, policy.origin.position, "spec.policy",
        fmt::format("GlobalTrafficPolicy {}, dnsPrefix \"{}\": {}", policy.metadata.name, entry.dns_prefix, text));
    return std::nullopt;
  };
  if (written_to.region.empty())
    return refuse(fmt::format("has no effect in cluster {}, whose nodes name no region", written_to.name));
  if (entry.lb_type == static_cast<int>(Policy::LbType::TOPOLOGY)) return config::LocalityLoadBalancerSetting{};

  config::LocalityLoadBalancerSetting::Distribute distribute{.from = written_to.region + "/*", .to = {}};
  int64_t sum = 0;
  for (const Policy::Target& target : entry.target) {
    if (target.weight < 0) return refuse(fmt::format("the weight {} is below 0; it has no effect", target.weight));
    sum += target.weight;
    if (target.weight > 0) distribute.to[target.region] += static_cast<uint32_t>(target.weight);
  }
  if (sum != 100)
    return refuse(fmt::format("the weights add up to {} and must add up to 100; they have no effect", sum));
  return config::LocalityLoadBalancerSetting{.distribute = {distribute}};
}

}  // namespace lateen::fleet
