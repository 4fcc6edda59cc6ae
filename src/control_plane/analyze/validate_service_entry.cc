#include <set>

#include <fmt/format.h>

#include "control_plane/analyze/names.h"

namespace lateen::analyze {
namespace {

using namespace config;
using Resolution = ServiceEntry::Resolution;

bool is_unix(std::string_view address) { return address.starts_with("unix://"); }

void check_entry_ports(const WorkloadEntry& entry, const std::string& path, Findings& findings) {
  for (const auto& [name, port] : entry.ports) {
    const std::string where = schema::child_path(path + ".ports", name);
    check_port_name(name, where, findings);
    check_port(port, where, findings);
  }
}

// What holds for an entry whatever uses it.
void check_entry(const WorkloadEntry& entry, const std::string& path, Findings& findings) {
  if (entry.address.empty() && entry.network.empty())
    findings.error(path + ".address", "required, unless network is set");
  if (is_unix(entry.address)) {
    check_unix_path(entry.address, path + ".address", findings);
    if (!entry.ports.empty()) findings.error(path + ".ports", "a unix socket has no ports");
  } else if (!entry.address.empty() && !is_ip(entry.address) && !is_fqdn(entry.address)) {
    findings.error(path + ".address",
                   fmt::format("\"{}\" is neither an IP address, a DNS name nor unix://PATH", entry.address));
  }
  check_entry_ports(entry, path, findings);
  check_labels(entry.labels, path + ".labels", findings);
}

void check_service_ports(const ServiceEntry& spec, Findings& findings) {
  std::set<std::string_view> names;
  std::set<uint32_t> numbers;
  for (size_t i = 0; i < spec.ports.size(); ++i) {
    const ServicePort& port = spec.ports[i];
    const std::string path = at("spec.ports", i);
    if (!names.insert(port.name).second) findings.error(path + ".name", fmt::format("\"{}\" is repeated", port.name));
    if (!numbers.insert(port.number).second)
      findings.error(path + ".number", fmt::format("{} is repeated", port.number));
    check_port_name(port.name, path + ".name", findings);
    check_protocol(port.protocol, path + ".protocol", findings);
  }
}

void check_hosts(const ServiceEntry& spec, Findings& findings) {
  for (size_t i = 0; i < spec.hosts.size(); ++i) {
    const std::string path = at("spec.hosts", i);
    if (spec.hosts[i] == "*") {
      findings.error(path, "* alone is not a host; a *. prefix is allowed");
    } else {
      check_wildcard_host(spec.hosts[i], path, findings);
    }
  }
  check_subnets(spec.addresses, "spec.addresses", findings);
  const bool ranges_fit = spec.resolution == Resolution::NONE || spec.resolution == Resolution::STATIC;
  for (size_t i = 0; i < spec.addresses.size(); ++i) {
    if (!ranges_fit && spec.addresses[i].find('/') != std::string::npos) {
      findings.error(at("spec.addresses", i), "a CIDR range is for resolution NONE and STATIC only");
    }
  }
}

// Ports of an endpoint must be ports of the service.
void check_known_ports(const ServiceEntry& spec, const WorkloadEntry& endpoint, const std::string& path,
                       Findings& findings) {
  for (const auto& [name, port] : endpoint.ports) {
    const bool known = std::ranges::any_of(spec.ports, [&](const auto& p) { return p.name == name; });
    if (!known)
      findings.error(schema::child_path(path + ".ports", name), fmt::format("the service has no port \"{}\"", name));
  }
}

void check_static(const ServiceEntry& spec, Findings& findings) {
  bool unix_socket = false;
  for (size_t i = 0; i < spec.endpoints.size(); ++i) {
    const WorkloadEntry& endpoint = spec.endpoints[i];
    const std::string path = at("spec.endpoints", i);
    unix_socket = unix_socket || is_unix(endpoint.address);
    if (!endpoint.address.empty() && !is_unix(endpoint.address))
      check_ip(endpoint.address, path + ".address", findings);
  }
  if (unix_socket && spec.ports.size() != 1)
    findings.error("spec.ports", "with unix sockets as endpoints there must be exactly one port");
}

void check_dns(const ServiceEntry& spec, Findings& findings) {
  for (size_t i = 0; spec.endpoints.empty() && i < spec.hosts.size(); ++i) {
    if (!is_fqdn(spec.hosts[i])) {
      findings.error(at("spec.hosts", i), "must be a full DNS name, since there are no endpoints to resolve instead");
    }
  }
  for (size_t i = 0; i < spec.endpoints.size(); ++i) {
    if (is_unix(spec.endpoints[i].address))
      findings.error(at("spec.endpoints", i) + ".address", "a unix socket needs resolution STATIC");
  }
  if (spec.resolution == Resolution::DNS_ROUND_ROBIN && spec.endpoints.size() > 1) {
    findings.error("spec.endpoints", "DNS_ROUND_ROBIN takes one endpoint");
  }
}

void check_dynamic(const ServiceEntry& spec, Findings& findings) {
  if (!spec.endpoints.empty())
    findings.error("spec.endpoints", "DYNAMIC_DNS resolves the host that was called; leave endpoints out");
  if (!spec.addresses.empty())
    findings.error("spec.addresses", "DYNAMIC_DNS resolves the host that was called; leave addresses out");
  for (size_t i = 0; i < spec.ports.size(); ++i) {
    const Protocol protocol = protocol_of(spec.ports[i].protocol);
    if (protocol != Protocol::tls && (!is_http(protocol) || protocol == Protocol::grpc_web)) {
      findings.error(at("spec.ports", i) + ".protocol", "must be HTTP, HTTP2, GRPC or TLS for DYNAMIC_DNS");
    }
  }
  if (spec.workload_selector)
    findings.error("spec.workloadSelector", "DYNAMIC_DNS resolves the host that was called; leave it out");
  for (size_t i = 0; i < spec.hosts.size(); ++i) {
    if (!spec.hosts[i].starts_with("*")) findings.error(at("spec.hosts", i), "DYNAMIC_DNS is for wildcard hosts");
  }
}

void check_resolution(const ServiceEntry& spec, Findings& findings) {
  switch (spec.resolution) {
    case Resolution::NONE:
      if (!spec.endpoints.empty())
        findings.error("spec.endpoints", "resolution NONE has no endpoints; use STATIC or DNS");
      if (spec.workload_selector) findings.warning("spec.workloadSelector", "has no effect with resolution NONE");
      return;
    case Resolution::STATIC:
      return check_static(spec, findings);
    case Resolution::DNS:
    case Resolution::DNS_ROUND_ROBIN:
      return check_dns(spec, findings);
    case Resolution::DYNAMIC_DNS:
      return check_dynamic(spec, findings);
  }
}

}  // namespace

void validate(const Object<ServiceEntry>& object, Findings& findings) {
  const ServiceEntry& spec = object.spec;
  check_selector(spec.workload_selector, findings);
  if (spec.workload_selector && !spec.endpoints.empty()) {
    findings.error("spec.endpoints", "only one of endpoints and workloadSelector may be set");
  }
  check_hosts(spec, findings);
  check_service_ports(spec, findings);
  for (size_t i = 0; i < spec.endpoints.size(); ++i) {
    check_entry(spec.endpoints[i], at("spec.endpoints", i), findings);
    check_known_ports(spec, spec.endpoints[i], at("spec.endpoints", i), findings);
  }
  check_resolution(spec, findings);
  const bool told_apart = std::ranges::all_of(spec.ports, [](const ServicePort& port) {
    const Protocol protocol = protocol_of(port.protocol);
    return is_http(protocol) || is_tls(protocol);
  });
  if (spec.resolution != Resolution::NONE && spec.hosts.size() > 1 && !told_apart) {
    findings.error("spec.hosts", "several hosts can be told apart on HTTP and TLS ports only");
  }
  check_export_to(spec.export_to, object.metadata.namespace_, true, findings);
}

void validate(const Object<WorkloadEntry>& object, Findings& findings) { check_entry(object.spec, "spec", findings); }

void validate(const Object<WorkloadGroup>& object, Findings& findings) {
  const WorkloadGroup& spec = object.spec;
  if (spec.metadata) check_labels(spec.metadata->labels, "spec.metadata.labels", findings);
  if (spec.template_) {
    check_labels(spec.template_->labels, "spec.template.labels", findings);
    check_entry_ports(*spec.template_, "spec.template", findings);
    if (is_unix(spec.template_->address) && !spec.template_->ports.empty())
      findings.error("spec.template.ports", "a unix socket has no ports");
  }
  if (!spec.probe) return;
  if (!spec.probe->http_get && !spec.probe->tcp_socket && !spec.probe->exec && !spec.probe->grpc) {
    findings.error("spec.probe", "one of httpGet, tcpSocket, exec and grpc is required");
  }
  if (!spec.probe->http_get) return;
  const HTTPHealthCheckConfig& http = *spec.probe->http_get;
  if (!http.scheme.empty() && http.scheme != "HTTP" && http.scheme != "HTTPS") {
    findings.error("spec.probe.httpGet.scheme", "must be HTTP or HTTPS");
  }
  for (size_t i = 0; i < http.http_headers.size(); ++i) {
    if (!is_strict_header_name(http.http_headers[i].name)) {
      findings.error(at("spec.probe.httpGet.httpHeaders", i) + ".name",
                     fmt::format("\"{}\" is not a header name", http.http_headers[i].name));
    }
  }
}

}  // namespace lateen::analyze
