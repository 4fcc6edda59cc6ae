#include "control_plane/snapshot/destination_rules.h"

#include <algorithm>
#include <tuple>

#include "control_plane/snapshot/hosts.h"
#include "control_plane/snapshot/visibility.h"

namespace lateen::snapshot {
namespace {

bool has_selector(const DestinationRuleObject& rule) {
  return rule.spec.workload_selector && !rule.spec.workload_selector->match_labels.empty();
}

// Adds the subsets that are new, and the traffic policy when there was none.
void merge_into(DestinationRuleObject& held, const DestinationRuleObject& next) {
  for (const auto& subset : next.spec.subsets)
    if (std::ranges::find(held.spec.subsets, subset.name, &config::Subset::name) == held.spec.subsets.end())
      held.spec.subsets.push_back(subset);
  if (!held.spec.traffic_policy) held.spec.traffic_policy = next.spec.traffic_policy;
}

}  // namespace

DestinationRules::DestinationRules(const std::vector<DestinationRuleObject>& objects, std::string_view domain,
                                   std::vector<std::string> default_export_to, std::string root_namespace)
    : default_export_to_(std::move(default_export_to)), root_namespace_(std::move(root_namespace)) {
  auto sorted = objects;
  std::ranges::sort(sorted, {}, [](const DestinationRuleObject& each) {
    return std::tuple(each.metadata.creation_timestamp.value_or(WallTime{}), each.metadata.name,
                      each.metadata.namespace_);
  });
  for (auto& each : sorted) {
    each.spec.host = complete_host(each.spec.host, each.metadata.namespace_, domain);
    add(std::move(each));
  }
}

void DestinationRules::add(DestinationRuleObject object) {
  auto& list = namespaces_[object.metadata.namespace_][object.spec.host];
  for (auto& held : list) {
    if (held.spec.workload_selector != object.spec.workload_selector || held.spec.export_to != object.spec.export_to)
      continue;
    merge_into(held, object);
    return;
  }
  const auto place = has_selector(object) ? std::ranges::find_if_not(list, has_selector) : list.end();
  list.insert(place, std::move(object));
}

const DestinationRuleObject* DestinationRules::in(const std::string& namespace_, std::string_view host,
                                                  const std::string& client_namespace, const registry::Labels& labels,
                                                  bool only_private) const {
  const auto hosts = namespaces_.find(namespace_);
  if (hosts == namespaces_.end()) return nullptr;
  const DestinationRuleObject* best = nullptr;
  for (const auto& [pattern, rules] : hosts->second) {
    if (!covers(pattern, host)) continue;
    if (best && best->spec.host != host && pattern != host && pattern.size() <= best->spec.host.size()) continue;
    if (best && best->spec.host == host) break;
    for (const auto& rule : rules) {
      if (!is_visible(rule.spec.export_to, default_export_to_, namespace_, client_namespace)) continue;
      if (only_private && !is_private(rule.spec.export_to, default_export_to_, namespace_)) continue;
      if (has_selector(rule) &&
          (namespace_ != client_namespace || !registry::contains(labels, rule.spec.workload_selector->match_labels)))
        continue;
      best = &rule;
      break;
    }
  }
  return best;
}

const DestinationRuleObject* DestinationRules::find(std::string_view host, const std::string& service_namespace,
                                                    const std::string& client_namespace,
                                                    const registry::Labels& client_labels) const {
  const bool client_is_root = client_namespace == root_namespace_;
  if (const auto* own = in(client_namespace, host, client_namespace, client_labels, client_is_root)) return own;
  if (!service_namespace.empty() && service_namespace != client_namespace)
    if (const auto* theirs = in(service_namespace, host, client_namespace, client_labels, false)) return theirs;
  return in(root_namespace_, host, client_namespace, client_labels, false);
}

}  // namespace lateen::snapshot
