#include "control_plane/registry/registry.h"

#include <algorithm>
#include <tuple>

namespace lateen::registry {
namespace {

using Key = std::pair<std::string, std::string>;  // host, namespace

class Merger {
 public:
  void add_kubernetes(Service service) {
    if (service.resolution == Resolution::alias) {
      aliases_.push_back(std::move(service));
      return;
    }
    const Key key{service.hostname, service.namespace_};
    const auto [at, is_new] = kubernetes_.try_emplace(key, std::move(service));
    if (is_new) return;
    Service& held = at->second;
    for (auto& [cluster, list] : service.addresses) held.addresses[cluster] = std::move(list);
    for (auto& endpoint : service.endpoints) held.endpoints.push_back(std::move(endpoint));
    for (auto& port : service.ports)
      if (!held.port(port.number)) held.ports.push_back(std::move(port));
  }

  void add_entry(Service service) {
    const auto held = kubernetes_.find({service.hostname, service.namespace_});
    if (held == kubernetes_.end()) {
      entries_.push_back(std::move(service));
      return;
    }
    for (auto& endpoint : service.endpoints) held->second.endpoints.push_back(std::move(endpoint));
  }

  std::map<Key, Service>& kubernetes() { return kubernetes_; }

  std::vector<Service> take() && {
    std::vector<Service> out;
    for (auto& [key, service] : kubernetes_) out.push_back(std::move(service));
    for (auto& service : entries_) out.push_back(std::move(service));
    for (const auto& alias : aliases_)
      for (auto& service : out)
        if (service.hostname == alias.alias_of) service.aliases.push_back(alias.hostname);
    for (auto& service : out) std::ranges::sort(service.aliases);
    std::ranges::sort(out, {}, [](const Service& each) {
      return std::tuple(each.created.value_or(WallTime{}), each.name + "." + each.namespace_, each.hostname);
    });
    return out;
  }

 private:
  std::map<Key, Service> kubernetes_;
  std::vector<Service> entries_;
  std::vector<Service> aliases_;
};

template <class T>
void append(std::vector<T>& to, std::vector<T> from) {
  for (auto& each : from) to.push_back(std::move(each));
}

}  // namespace

Registry merge(const std::vector<Cluster>& clusters, const RegistryOptions& options) {
  Registry out;
  Merger merger;
  const auto context = [&](const Cluster& cluster) {
    return ClusterContext{cluster.id, options.domain, options.trust_domain, options.system_namespace};
  };
  for (const auto& cluster : clusters) {
    const ClusterContext in = context(cluster);
    auto pods = pods_of(*cluster.objects, in);
    for (auto& service : services_of(*cluster.objects, in, pods)) merger.add_kubernetes(std::move(service));
    append(out.workloads, std::move(pods));
    append(out.workloads, workload_entries_of(*cluster.objects, in));
    append(out.gateways, gateways_of(*cluster.objects, in));
    const auto network = network_of(*cluster.objects, in);
    if (!network.empty()) out.networks[cluster.id] = network;
  }
  for (auto& [key, service] : merger.kubernetes()) add_selected_entries(service, out.workloads);
  for (const auto& cluster : clusters) {
    auto entries = cluster.objects->service_entries;
    std::ranges::sort(entries, {}, [](const auto& each) {
      return std::tuple(each.metadata.creation_timestamp.value_or(WallTime{}), each.metadata.name,
                        each.metadata.namespace_);
    });
    for (const auto& entry : entries)
      for (auto& service : services_of_entry(entry, context(cluster), out.workloads))
        merger.add_entry(std::move(service));
  }
  out.services = std::move(merger).take();
  return out;
}

}  // namespace lateen::registry
