#include <algorithm>
#include <set>

#include "control_plane/translate/endpoints.h"
#include "lib/base/strings.h"

namespace lateen::translate {
namespace {

using config::LocalityLoadBalancerSetting;
using registry::Locality;

// "us-west/zone-1/*" and the like; parts that are missing or "*" match anything.
bool matches(const Locality& locality, std::string_view pattern) {
  const auto parts = split(pattern, '/');
  const std::string_view values[] = {locality.region, locality.zone, locality.subzone};
  for (size_t i = 0; i < parts.size() && i < 3; ++i) {
    if (parts[i] == "*") return true;
    if (parts[i] != values[i]) return false;
  }
  return true;
}

uint32_t weight_of(const LocalityGroup& group) {
  uint32_t out = 0;
  for (const auto& each : group.endpoints) out += each.message.load_balancing_weight().value();
  return out;
}

void distribute(const LocalityLoadBalancerSetting::Distribute& rule, std::vector<LocalityGroup>& groups) {
  std::set<const LocalityGroup*> done;
  // The more exact pattern first: "*" is the shortest.
  std::vector<std::pair<std::string, uint32_t>> targets(rule.to.begin(), rule.to.end());
  std::ranges::stable_sort(targets, std::ranges::greater{}, [](const auto& each) { return each.first.size(); });
  for (const auto& [pattern, share] : targets) {
    uint32_t total = 0;
    std::vector<LocalityGroup*> matched;
    for (auto& group : groups)
      if (matches(group.locality, pattern) && done.insert(&group).second) {
        matched.push_back(&group);
        total += weight_of(group);
      }
    for (auto* group : matched) group->weight = total ? (share * weight_of(*group) + total - 1) / total : 0;
  }
  std::erase_if(groups, [](const LocalityGroup& group) { return group.weight == 0; });
}

uint32_t distance(const Locality& from, const Locality& to, const LocalityLoadBalancerSetting& setting) {
  if (from.region == to.region) return from.zone != to.zone ? 2 : from.subzone != to.subzone ? 1 : 0;
  for (const auto& rule : setting.failover)
    if (rule.from == from.region) return rule.to == to.region ? 3 : 4;
  return 3;
}

// Priorities without gaps, in the same order.
void compact(std::vector<LocalityGroup>& groups) {
  std::set<uint32_t> used;
  for (const auto& group : groups) used.insert(group.priority);
  for (auto& group : groups)
    group.priority = static_cast<uint32_t>(std::ranges::distance(used.begin(), used.find(group.priority)));
}

// The number of wishes less those that hold before the first that does not.
uint32_t unmet(const std::vector<std::string>& wishes, const registry::Labels& own, const registry::Labels& theirs) {
  const auto value = [](const registry::Labels& labels, const std::string& key) {
    const auto found = labels.find(key);
    return found == labels.end() ? std::string() : found->second;
  };
  uint32_t left = static_cast<uint32_t>(wishes.size());
  for (const auto& wish : wishes) {
    const auto equals = wish.find('=');
    const std::string key = wish.substr(0, equals);
    const std::string wanted = equals == std::string::npos ? value(own, key) : wish.substr(equals + 1);
    if (value(theirs, key) != wanted) break;
    --left;
  }
  return left;
}

void split_by_priority(const LocalityLoadBalancerSetting& setting, const Proxy& proxy,
                       std::vector<LocalityGroup>& groups) {
  const auto own = labels_with_place(proxy.labels, proxy.locality, proxy.network, proxy.cluster);
  std::vector<LocalityGroup> out;
  for (auto& group : groups) {
    std::map<uint32_t, LocalityGroup> parts;
    for (auto& each : group.endpoints) {
      const uint32_t priority = unmet(setting.failover_priority, own, each.labels);
      auto& part = parts.try_emplace(priority, LocalityGroup{group.locality, {}, priority, 0}).first->second;
      part.endpoints.push_back(std::move(each));
    }
    for (auto& [priority, part] : parts) out.push_back(std::move(part));
  }
  std::ranges::stable_sort(out, {}, &LocalityGroup::priority);
  groups = std::move(out);
}

}  // namespace

registry::Labels labels_with_place(registry::Labels labels, const Locality& locality, const std::string& network,
                                   const std::string& cluster) {
  const auto add = [&](const char* key, const std::string& value) {
    if (!value.empty()) labels[key] = value;
  };
  add("topology.kubernetes.io/region", locality.region);
  add("topology.kubernetes.io/zone", locality.zone);
  add("topology.istio.io/subzone", locality.subzone);
  add("topology.istio.io/network", network);
  add("topology.istio.io/cluster", cluster);
  return labels;
}

void apply_locality(const LocalityLoadBalancerSetting& setting, const Proxy& proxy, bool has_outlier_detection,
                    std::vector<LocalityGroup>& groups) {
  for (const auto& rule : setting.distribute)
    if (!proxy.locality.empty() && matches(proxy.locality, rule.from)) return distribute(rule, groups);
  if (!has_outlier_detection || !setting.distribute.empty()) return;
  if (!setting.failover_priority.empty()) {
    split_by_priority(setting, proxy, groups);
  } else if (!proxy.locality.empty()) {
    for (auto& group : groups) group.priority = distance(proxy.locality, group.locality, setting);
  }
  compact(groups);
}

}  // namespace lateen::translate
