#include "control_plane/snapshot/snapshot.h"

#include <algorithm>
#include <tuple>

namespace lateen::snapshot {
namespace {

template <class T>
void add_sorted(std::vector<config::Object<T>>& to, const std::vector<config::Object<T>>& from) {
  to.insert(to.end(), from.begin(), from.end());
  std::ranges::sort(to, {}, [](const config::Object<T>& each) {
    return std::tuple(each.metadata.creation_timestamp.value_or(WallTime{}), each.metadata.name,
                      each.metadata.namespace_);
  });
}

void add_registry(const Inputs& inputs, Snapshot& out) {
  std::vector<registry::Cluster> clusters;
  for (const auto& each : inputs.clusters) clusters.push_back({each.id, each.objects.get()});
  registry::Registry all =
      registry::merge(clusters, {inputs.domain, inputs.mesh.trust_domain, inputs.mesh.root_namespace});
  out.networks = Networks(inputs.networks, all);
  out.services = std::move(all.services);
  out.workloads = std::move(all.workloads);
  for (auto& service : out.services)
    for (auto& endpoint : service.endpoints) endpoint.network = out.networks.network_of(endpoint);
  for (size_t i = 0; i < out.services.size(); ++i) out.services_by_host[out.services[i].hostname].push_back(i);
}

}  // namespace

std::shared_ptr<const Snapshot> Snapshot::build(const Inputs& inputs) {
  auto out = std::make_shared<Snapshot>();
  out->domain = inputs.domain;
  out->mesh = inputs.mesh;
  add_registry(inputs, *out);
  std::vector<VirtualServiceObject> virtual_services;
  std::vector<DestinationRuleObject> destination_rules;
  for (const auto& cluster : inputs.clusters) {
    const auto& objects = *cluster.objects;
    add_sorted(virtual_services, objects.virtual_services);
    add_sorted(destination_rules, objects.destination_rules);
    add_sorted(out->gateways, objects.gateways);
    add_sorted(out->sidecars, objects.sidecars);
    add_sorted(out->peer_authentications, objects.peer_authentications);
    add_sorted(out->request_authentications, objects.request_authentications);
    add_sorted(out->authorization_policies, objects.authorization_policies);
    add_sorted(out->telemetries, objects.telemetries);
    add_sorted(out->envoy_filters, objects.envoy_filters);
  }
  out->virtual_services = resolve(virtual_services, inputs.domain);
  out->destination_rules = DestinationRules(destination_rules, inputs.domain,
                                            inputs.mesh.default_destination_rule_export_to, inputs.mesh.root_namespace);
  return out;
}

}  // namespace lateen::snapshot
