#include "control_plane/registry/entries.h"

#include <algorithm>

#include "lib/base/strings.h"

namespace lateen::registry {
namespace {

using config::ServiceEntry;

constexpr std::string_view tls_mode_label = "security.istio.io/tlsMode";

Workload workload_of(const config::WorkloadEntry& entry, std::string name, std::string_view namespace_,
                     const ClusterContext& cluster) {
  Workload out;
  out.name = name;
  out.workload_name = std::move(name);
  out.namespace_ = namespace_;
  out.cluster = cluster.id;
  out.labels = entry.labels;
  // A workload with an identity can do mutual TLS unless it says otherwise.
  if (!entry.service_account.empty()) out.labels.emplace(tls_mode_label, "istio");
  if (!entry.address.empty() || !entry.network.empty()) out.addresses.push_back(entry.address);
  out.ports = entry.ports;
  out.network = entry.network;
  if (out.network.empty())
    if (const auto label = out.labels.find("topology.istio.io/network"); label != out.labels.end())
      out.network = label->second;
  out.locality = entry.locality.empty() ? Locality::named_by(out.labels) : Locality::parse(entry.locality);
  out.weight = entry.weight ? entry.weight : 1;
  if (!entry.service_account.empty())
    out.service_account = spiffe_id(cluster.trust_domain, namespace_, entry.service_account);
  return out;
}

bool is_healthy(const config::Object<config::WorkloadEntry>& entry) {
  if (entry.metadata.annotation("proxy.istio.io/health-checks-enabled") != "true") return true;
  if (!entry.status) return false;
  return std::ranges::any_of(entry.status->conditions,
                             [](const auto& each) { return each.type == "Healthy" && each.status == "True"; });
}

Resolution resolution_of(ServiceEntry::Resolution resolution) {
  switch (resolution) {
    case ServiceEntry::Resolution::NONE:
      return Resolution::passthrough;
    case ServiceEntry::Resolution::STATIC:
      return Resolution::client_side;
    case ServiceEntry::Resolution::DNS:
      return Resolution::dns;
    case ServiceEntry::Resolution::DNS_ROUND_ROBIN:
      return Resolution::dns_round_robin;
    case ServiceEntry::Resolution::DYNAMIC_DNS:
      return Resolution::dynamic_dns;
  }
  return Resolution::passthrough;
}

void add_endpoints(Service& service, const Workload& workload) {
  for (const auto& port : service.ports) {
    const auto named = workload.ports.find(port.name);
    const uint32_t number = named != workload.ports.end() ? named->second : port.target;
    for (const auto& address : workload.addresses)
      service.endpoints.push_back(endpoint_of(workload, address, number, port.name));
  }
}

Service service_of(const config::Object<ServiceEntry>& entry, const std::string& host, const ClusterContext& cluster) {
  const auto& spec = entry.spec;
  Service out;
  out.hostname = host;
  out.name = out.hostname;
  out.namespace_ = entry.metadata.namespace_;
  out.provider = Provider::external;
  out.cluster = cluster.id;
  if (!spec.addresses.empty()) out.addresses[cluster.id] = spec.addresses;
  for (const auto& port : spec.ports)
    out.ports.push_back(
        {port.name, port.number, port.target_port ? port.target_port : port.number, "", protocol_named(port.protocol)});
  out.resolution = resolution_of(spec.resolution);
  out.mesh_external = spec.location == ServiceEntry::Location::MESH_EXTERNAL;
  out.export_to = spec.export_to;
  out.labels = entry.metadata.labels;
  out.subject_alt_names = spec.subject_alt_names;
  out.created = entry.metadata.creation_timestamp;
  if (entry.status)
    for (const auto& address : entry.status->addresses)
      if ((address.host == host || address.host.empty()) && out.auto_address.empty()) out.auto_address = address.value;
  return out;
}

}  // namespace

std::vector<Workload> workload_entries_of(const config::Objects& objects, const ClusterContext& cluster) {
  std::vector<Workload> out;
  for (const auto& entry : objects.workload_entries)
    if (is_healthy(entry))
      out.push_back(workload_of(entry.spec, entry.metadata.name, entry.metadata.namespace_, cluster));
  return out;
}

std::vector<Service> services_of_entry(const config::Object<ServiceEntry>& entry, const ClusterContext& cluster,
                                       const std::vector<Workload>& workloads) {
  const auto& spec = entry.spec;
  const bool by_dns =
      spec.resolution == ServiceEntry::Resolution::DNS || spec.resolution == ServiceEntry::Resolution::DNS_ROUND_ROBIN;
  std::vector<Service> out;
  for (const auto& host : spec.hosts) {
    Service service = service_of(entry, host, cluster);
    if (spec.workload_selector) {
      for (const auto& workload : workloads)
        if (workload.namespace_ == entry.metadata.namespace_ && workload.ready &&
            contains(workload.labels, spec.workload_selector->labels))
          add_endpoints(service, workload);
    } else if (!spec.endpoints.empty() && spec.resolution != ServiceEntry::Resolution::DYNAMIC_DNS) {
      for (size_t i = 0; i < spec.endpoints.size(); ++i)
        add_endpoints(service, workload_of(spec.endpoints[i], fmt::format("{}-{}", entry.metadata.name, i),
                                           entry.metadata.namespace_, cluster));
    } else if (by_dns && !host.starts_with('*')) {
      add_endpoints(service, workload_of({.address = host}, entry.metadata.name, entry.metadata.namespace_, cluster));
    }
    out.push_back(std::move(service));
  }
  return out;
}

void add_selected_entries(Service& service, const std::vector<Workload>& entries) {
  if (service.selector.empty()) return;
  for (const auto& entry : entries) {
    if (entry.is_pod || entry.namespace_ != service.namespace_ || !contains(entry.labels, service.selector)) continue;
    for (const auto& port : service.ports) {
      auto named = entry.ports.find(port.name);
      if (named == entry.ports.end() && !port.target_name.empty()) named = entry.ports.find(port.target_name);
      const uint32_t number = named != entry.ports.end() ? named->second : port.target ? port.target : port.number;
      for (const auto& address : entry.addresses)
        service.endpoints.push_back(endpoint_of(entry, address, number, port.name));
    }
  }
}

}  // namespace lateen::registry
