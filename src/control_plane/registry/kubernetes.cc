#include "control_plane/registry/kubernetes.h"

#include <algorithm>

#include "lib/base/strings.h"
#include "lib/schema/document.h"

namespace lateen::registry {
namespace {

constexpr std::string_view service_name_label = "kubernetes.io/service-name";
constexpr std::string_view network_label = "topology.istio.io/network";

const config::Node* node_named(const config::Objects& objects, std::string_view name) {
  const auto found = std::ranges::find(objects.nodes, name, [](const auto& node) { return node.metadata.name; });
  return found == objects.nodes.end() ? nullptr : &*found;
}

Locality locality_of(const config::Objects& objects, const config::Pod& pod) {
  if (auto named = Locality::named_by(pod.metadata.labels); !named.empty()) return named;
  const auto* node = node_named(objects, pod.spec.node_name);
  return node ? Locality::of_node(node->metadata.labels) : Locality();
}

// The name of the Deployment, StatefulSet or the like that made the pod; the pod's own when it stands alone.
std::string workload_name_of(const config::Pod& pod) {
  for (const auto& owner : pod.metadata.owner_references) {
    if (!owner.controller) continue;
    const std::string hash(pod.metadata.label("pod-template-hash"));
    if (owner.kind == "ReplicaSet" && !hash.empty() && owner.name.ends_with("-" + hash))
      return owner.name.substr(0, owner.name.size() - hash.size() - 1);
    return owner.name;
  }
  return pod.metadata.name;
}

bool is_ready(const config::Pod& pod) {
  if (!pod.status) return true;
  const auto ready = std::ranges::find(pod.status->conditions, "Ready", &config::PodCondition::type);
  return ready == pod.status->conditions.end() || ready->status == "True";
}

Workload workload_of(const config::Objects& objects, const config::Pod& pod, const ClusterContext& cluster) {
  Workload out;
  out.name = pod.metadata.name;
  out.workload_name = workload_name_of(pod);
  out.namespace_ = pod.metadata.namespace_;
  out.cluster = cluster.id;
  out.labels = pod.metadata.labels;
  if (pod.status) {
    for (const auto& ip : pod.status->pod_ips) out.addresses.push_back(ip.ip);
    if (out.addresses.empty() && !pod.status->pod_ip.empty()) out.addresses.push_back(pod.status->pod_ip);
  }
  for (const auto& container : pod.spec.containers)
    for (const auto& port : container.ports)
      if (!port.name.empty()) out.ports[port.name] = static_cast<uint32_t>(port.container_port);
  out.network = pod.metadata.label(network_label);
  out.locality = locality_of(objects, pod);
  const auto& account = pod.spec.service_account_name;
  out.service_account = spiffe_id(cluster.trust_domain, out.namespace_, account.empty() ? "default" : account);
  out.node = pod.spec.node_name;
  out.ready = is_ready(pod);
  out.is_pod = true;
  return out;
}

std::vector<Port> ports_of(const config::Service& service) {
  std::vector<Port> out;
  for (const auto& port : service.spec.ports) {
    Port each;
    each.name = port.name;
    each.number = static_cast<uint32_t>(port.port);
    each.protocol = protocol_of_port(each.number, port.name, port.app_protocol, port.protocol);
    each.target = each.number;
    if (port.target_port && port.target_port->is_integer)
      each.target = static_cast<uint32_t>(port.target_port->integer);
    if (port.target_port && !port.target_port->is_integer) {
      each.target_name = port.target_port->string;
      each.target = 0;
    }
    out.push_back(std::move(each));
  }
  return out;
}

Service service_of(const config::Service& object, const ClusterContext& cluster) {
  Service out;
  out.name = object.metadata.name;
  out.namespace_ = object.metadata.namespace_;
  out.hostname = fmt::format("{}.{}.svc.{}", out.name, out.namespace_, cluster.domain);
  out.cluster = cluster.id;
  out.labels = object.metadata.labels;
  out.selector = object.spec.selector;
  out.created = object.metadata.creation_timestamp;
  out.ports = ports_of(object);
  out.node_local = object.spec.internal_traffic_policy == "Local";
  const auto export_to = object.metadata.annotation("networking.istio.io/exportTo");
  for (const auto part : split(export_to, ','))
    if (!trimmed(part).empty()) out.export_to.emplace_back(trimmed(part));
  if (object.spec.type == "ExternalName") {
    out.resolution = Resolution::alias;
    out.mesh_external = true;
    out.alias_of = object.spec.external_name;
    return out;
  }
  if (object.spec.cluster_ip == "None") {
    out.resolution = Resolution::passthrough;
    out.headless = true;
    return out;
  }
  auto& addresses = out.addresses[cluster.id];
  addresses = object.spec.cluster_ips;
  if (addresses.empty() && !object.spec.cluster_ip.empty()) addresses.push_back(object.spec.cluster_ip);
  if (addresses.empty()) out.addresses.clear();
  return out;
}

class SliceReader {
 public:
  SliceReader(const ClusterContext& cluster, const std::vector<Workload>& pods) : cluster_(cluster), pods_(pods) {}

  void read(const config::EndpointSlice& slice, bool publish_not_ready, Service& service) const {
    for (const auto& each : slice.endpoints) {
      const auto conditions = each.conditions.value_or(config::EndpointConditions{});
      const bool ready = conditions.ready.value_or(true) || publish_not_ready;
      if (conditions.terminating.value_or(false) && !ready) continue;
      for (const auto& address : each.addresses)
        for (const auto& port : slice.ports) add(each, address, port, ready, service);
    }
  }

 private:
  void add(const config::SliceEndpoint& each, const std::string& address, const config::EndpointPort& port, bool ready,
           Service& service) const {
    if (!port.port || port.protocol == "UDP") return;
    const auto* pod = pod_of(each, address, service.namespace_);
    Endpoint endpoint = endpoint_of(pod ? *pod : Workload{.namespace_ = service.namespace_, .cluster = cluster_.id},
                                    address, static_cast<uint32_t>(*port.port), port.name);
    endpoint.health = ready ? Health::healthy : Health::unhealthy;
    endpoint.hostname = each.hostname;
    if (!each.node_name.empty()) endpoint.node = each.node_name;
    service.endpoints.push_back(std::move(endpoint));
  }

  const Workload* pod_of(const config::SliceEndpoint& each, const std::string& address,
                         const std::string& namespace_) const {
    const bool named = each.target_ref && each.target_ref->kind == "Pod";
    for (const auto& pod : pods_) {
      if (named ? pod.name == each.target_ref->name && pod.namespace_ == namespace_
                : std::ranges::find(pod.addresses, address) != pod.addresses.end())
        return &pod;
    }
    return nullptr;
  }

  const ClusterContext& cluster_;
  const std::vector<Workload>& pods_;
};

// {"key": "value", ...}: labels that nodes have to have. Nothing for what is no such text.
std::optional<Labels> labels_in(std::string_view json) {
  schema::Diagnostics diagnostics;
  schema::Node wanted;
  if (json.empty() || !schema::read_json(json, "traffic.istio.io/nodeSelector", diagnostics, wanted)) return {};
  if (!wanted.as_map()) return {};
  Labels out;
  for (const auto& entry : *wanted.as_map()) out[entry.key] = entry.value.text();
  return out;
}

std::vector<std::string> external_addresses_of(const config::Service& service, const config::Objects& objects) {
  std::vector<std::string> out = service.spec.external_ips;
  if (service.spec.type == "LoadBalancer" && service.status && service.status->load_balancer)
    for (const auto& ingress : service.status->load_balancer->ingress)
      out.push_back(ingress.ip.empty() ? ingress.hostname : ingress.ip);
  const auto wanted = labels_in(service.metadata.annotation("traffic.istio.io/nodeSelector"));
  if (service.spec.type != "NodePort" || !wanted) return out;
  for (const auto& node : objects.nodes)
    if (node.status && contains(node.metadata.labels, *wanted))
      for (const auto& address : node.status->addresses)
        if (address.type == "ExternalIP") out.push_back(address.address);
  return out;
}

uint32_t gateway_port_of(const config::Service& service) {
  const uint32_t port =
      parse_number<uint32_t>(service.metadata.label("networking.istio.io/gatewayPort")).value_or(15443);
  if (service.spec.type == "NodePort")
    for (const auto& each : service.spec.ports)
      if (static_cast<uint32_t>(each.port) == port && each.node_port) return static_cast<uint32_t>(each.node_port);
  return port;
}

}  // namespace

std::string spiffe_id(std::string_view trust_domain, std::string_view namespace_, std::string_view account) {
  return fmt::format("spiffe://{}/ns/{}/sa/{}", trust_domain, namespace_, account);
}

std::vector<Workload> pods_of(const config::Objects& objects, const ClusterContext& cluster) {
  std::vector<Workload> out;
  for (const auto& pod : objects.pods) {
    if (pod.status && (pod.status->phase == "Succeeded" || pod.status->phase == "Failed")) continue;
    out.push_back(workload_of(objects, pod, cluster));
  }
  return out;
}

std::vector<Service> services_of(const config::Objects& objects, const ClusterContext& cluster,
                                 const std::vector<Workload>& pods) {
  const SliceReader reader(cluster, pods);
  std::map<std::pair<std::string_view, std::string_view>, std::vector<const config::EndpointSlice*>> slices;
  for (const auto& slice : objects.endpoint_slices)
    if (slice.address_type != "FQDN")  // names are no addresses; istiod leaves them out as well
      slices[{slice.metadata.namespace_, slice.metadata.label(service_name_label)}].push_back(&slice);
  std::vector<Service> out;
  for (const auto& object : objects.services) {
    Service service = service_of(object, cluster);
    const auto mine = slices.find({service.namespace_, service.name});
    if (mine != slices.end())
      for (const auto* slice : mine->second) reader.read(*slice, object.spec.publish_not_ready_addresses, service);
    out.push_back(std::move(service));
  }
  return out;
}

std::string network_of(const config::Objects& objects, const ClusterContext& cluster) {
  for (const auto& each : objects.namespaces)
    if (each.metadata.name == cluster.system_namespace) return std::string(each.metadata.label(network_label));
  return "";
}

std::vector<NetworkGateway> gateways_of(const config::Objects& objects, const ClusterContext& cluster) {
  std::vector<NetworkGateway> out;
  for (const auto& service : objects.services) {
    const std::string host =
        fmt::format("{}.{}.svc.{}", service.metadata.name, service.metadata.namespace_, cluster.domain);
    for (const auto& address : external_addresses_of(service, objects))
      out.push_back(
          {std::string(service.metadata.label(network_label)), cluster.id, address, gateway_port_of(service), host});
  }
  return out;
}

}  // namespace lateen::registry
