#include "control_plane/fleet/site_view.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "lib/base/strings.h"

namespace lateen::fleet {
namespace {

using config::ObjectMeta;
using config::Service;

constexpr std::string_view inject_key = "sidecar.istio.io/inject", ignore_key = "admiral.io/ignore";
constexpr std::string_view mesh_port_key = "traffic.sidecar.istio.io/includeInboundPorts";
constexpr int passthrough_port = 15443;

std::string_view first_of(std::initializer_list<std::string_view> values) {
  for (std::string_view value : values)
    if (!value.empty()) return value;
  return "";
}

// Whether pods of this template get a sidecar: what the template says, else what its namespace says.
bool is_injected(const ObjectMeta& pod, const ObjectMeta* space) {
  const std::string_view said = first_of({pod.label(inject_key), pod.annotation(inject_key)});
  if (!said.empty()) return said == "true";
  if (!pod.label("istio.io/rev").empty()) return true;
  return space && (space->label("istio-injection") == "enabled" ||
                   (space->label("istio-injection").empty() && !space->label("istio.io/rev").empty()));
}

std::string env_of(const ObjectMeta& pod, std::string_view namespace_, const Options& options) {
  const size_t dash = namespace_.rfind('-');
  const std::string_view suffix = dash == namespace_.npos ? "" : namespace_.substr(dash + 1);
  return std::string(
      first_of({pod.annotation(options.env_key), pod.label(options.env_key), pod.label("env"), suffix, "default"}));
}

// The first number of the list, as the port that the sidecar takes.
std::optional<int> mesh_port(const ObjectMeta& pod) {
  for (std::string_view part : split(pod.annotation(mesh_port_key), ','))
    if (auto port = parse_number<int>(trimmed(part)); port && *port > 0 && *port < 65536) return port;
  return std::nullopt;
}

int target_of(const config::KubernetesPort& port, const config::PodSpec& pod) {
  if (!port.target_port) return port.port;
  if (port.target_port->is_integer) return port.target_port->integer;
  for (const auto& container : pod.containers)
    for (const auto& candidate : container.ports)
      if (candidate.name == port.target_port->string) return candidate.container_port;
  return 0;
}

std::string protocol_of(std::string_view port_name) {
  for (std::string_view protocol : {"grpc-web", "grpc", "http2"})
    if (port_name == protocol || (port_name.starts_with(protocol) && port_name[protocol.size()] == '-'))
      return std::string(protocol);
  return "http";
}

bool contains(const std::map<std::string, std::string>& labels, const std::map<std::string, std::string>& selector) {
  return !selector.empty() && std::ranges::all_of(selector, [&](const auto& item) {
    const auto found = labels.find(item.first);
    return found != labels.end() && found->second == item.second;
  });
}

const config::KubernetesPort* port_of(const Service& service, const ObjectMeta& pod, const config::PodSpec& spec) {
  const auto wanted = mesh_port(pod);
  for (const auto& port : service.spec.ports)
    if (!wanted || target_of(port, spec) == *wanted) return &port;
  return nullptr;
}

auto age_order(const Service& service) {
  return std::tuple(service.metadata.creation_timestamp.value_or(WallTime{}), service.metadata.name);
}

LocalEndpoint endpoint_at(const Service& service, const config::KubernetesPort& port) {
  return {fmt::format("{}.{}.svc.cluster.local", service.metadata.name, service.metadata.namespace_),
          static_cast<uint32_t>(port.port), protocol_of(port.name)};
}

// The region that most nodes name; of two equally many, the first by name.
std::string region_of(const Site& site, schema::Diagnostics& findings) {
  std::map<std::string, int> regions;
  for (const config::Node& node : site.objects.nodes) {
    const std::string_view region = first_of({node.metadata.label("topology.kubernetes.io/region"),
                                              node.metadata.label("failure-domain.beta.kubernetes.io/region")});
    if (!region.empty()) ++regions[std::string(region)];
  }
  if (regions.empty()) return "";
  const auto most = std::ranges::max_element(regions, {}, [](const auto& item) { return item.second; });
  if (regions.size() > 1)
    findings.warning("", {}, "",
                     fmt::format("cluster {}: its nodes lie in {} regions; {} is taken for all of them", site.name,
                                 regions.size(), most->first));
  return most->first;
}

std::optional<Ingress> ingress_of(const Site& site, const Options& options) {
  const Service* newest = nullptr;
  for (const Service& service : site.objects.services) {
    if (service.metadata.namespace_ != options.gateway_namespace) continue;
    if (service.metadata.label("app") != options.gateway_app) continue;
    if (!newest || age_order(*newest) < age_order(service)) newest = &service;
  }
  if (!newest) return std::nullopt;
  if (newest->status && newest->status->load_balancer) {
    for (const auto& entry : newest->status->load_balancer->ingress) {
      if (!entry.hostname.empty())
        return Ingress{entry.hostname + (entry.hostname.ends_with('.') ? "" : "."), passthrough_port};
      if (!entry.ip.empty()) return Ingress{entry.ip, passthrough_port};
    }
  }
  if (newest->spec.external_ips.empty()) return std::nullopt;
  for (const auto& port : newest->spec.ports)
    if (port.port == passthrough_port && port.node_port > 0)
      return Ingress{newest->spec.external_ips[0], static_cast<uint32_t>(port.node_port)};
  return std::nullopt;
}

}  // namespace

bool is_ignored(const ObjectMeta& metadata) {
  return metadata.annotation(ignore_key) == "true" || metadata.label(ignore_key) == "true";
}

std::optional<LocalEndpoint> Services::oldest(std::string_view containing) const {
  const Service* best = nullptr;
  const config::KubernetesPort* best_port = nullptr;
  for (const Service& service : objects.services) {
    if (service.metadata.namespace_ != namespace_ || is_ignored(service.metadata)) continue;
    if (service.metadata.name.find(containing) == std::string::npos) continue;
    if (!contains(pod.metadata.labels, service.spec.selector)) continue;
    const auto* port = port_of(service, pod.metadata, pod.spec);
    if (!port || (best && age_order(*best) <= age_order(service))) continue;
    best = &service;
    best_port = port;
  }
  return best ? std::optional(endpoint_at(*best, *best_port)) : std::nullopt;
}

std::optional<LocalEndpoint> Services::named(std::string_view name) const {
  for (const Service& service : objects.services) {
    if (service.metadata.namespace_ != namespace_ || service.metadata.name != name) continue;
    if (const auto* port = port_of(service, pod.metadata, pod.spec)) return endpoint_at(service, *port);
  }
  return std::nullopt;
}

namespace {

// Adds the workloads of one Deployment or Rollout: one for each endpoint, one without when there is none.
void add_workloads(SiteView& view, const Workload& pattern, const std::vector<VariantEndpoint>& endpoints) {
  for (const auto& [variant, endpoint] : endpoints) {
    view.workloads.push_back(pattern);
    view.workloads.back().variant = variant;
    view.workloads.back().endpoint = endpoint;
  }
  if (endpoints.empty()) view.workloads.push_back(pattern);
}

// What a Deployment or Rollout says about itself; nothing when it is no workload of the fleet.
std::optional<Workload> workload_of(std::string_view kind, const ObjectMeta& metadata, const ObjectMeta& pod,
                                    const ObjectMeta* space, const config::Origin& origin, const Options& options,
                                    schema::Diagnostics& findings) {
  const std::string_view identity = first_of({pod.label(options.identity_key), pod.annotation(options.identity_key)});
  if (identity.empty() || pod.label("admiral-ignore") == "true" || is_ignored(metadata) ||
      (space && is_ignored(*space)))
    return std::nullopt;
  if (!is_injected(pod, space)) {
    findings.warning(origin.file, origin.position, "",
                     fmt::format("{} {}/{} has the identity {} but no sidecar, and is left out", kind,
                                 metadata.namespace_, metadata.name, identity));
    return std::nullopt;
  }
  Workload out;
  out.identity = identity;
  out.env = env_of(pod, metadata.namespace_, options);
  out.namespace_ = metadata.namespace_;
  out.type = lowered(kind);
  out.keeps_case = pod.annotation("admiral.io/cname-case-sensitive") == "true";
  out.origin = origin;
  return out;
}

}  // namespace

SiteView view_of(const Site& site, const Options& options, schema::Diagnostics& findings) {
  SiteView view{
      .name = site.name, .region = region_of(site, findings), .ingress = ingress_of(site, options), .workloads = {}};
  std::map<std::string_view, const ObjectMeta*> namespaces;
  for (const config::Namespace& space : site.objects.namespaces) namespaces[space.metadata.name] = &space.metadata;
  const auto space_of = [&](const ObjectMeta& metadata) {
    const auto found = namespaces.find(metadata.namespace_);
    return found == namespaces.end() ? nullptr : found->second;
  };

  for (const config::Deployment& object : site.objects.deployments) {
    const config::PodTemplate& pod = object.spec.template_;
    const auto workload = workload_of("Deployment", object.metadata, pod.metadata, space_of(object.metadata),
                                      object.origin, options, findings);
    if (!workload) continue;
    const auto endpoint = Services{site.objects, workload->namespace_, pod}.oldest();
    add_workloads(view, *workload,
                  endpoint ? std::vector{VariantEndpoint{"", *endpoint}} : std::vector<VariantEndpoint>{});
  }
  for (const config::Rollout& object : rollouts_of(site.objects, findings)) {
    const config::PodTemplate& pod = object.spec.template_;
    const auto workload = workload_of("Rollout", object.metadata, pod.metadata, space_of(object.metadata),
                                      object.origin, options, findings);
    if (workload) add_workloads(view, *workload, endpoints_of(object, {site.objects, workload->namespace_, pod}));
  }
  std::ranges::sort(view.workloads, {}, [](const Workload& workload) {
    return std::tuple(lowered(workload.identity), workload.env, workload.variant, workload.namespace_,
                      workload.endpoint ? workload.endpoint->address : "", workload.type);
  });
  return view;
}

}  // namespace lateen::fleet
