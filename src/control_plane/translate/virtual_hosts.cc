#include "control_plane/translate/routes.h"

namespace lateen::translate {
namespace {

// The shorter names under which Kubernetes' DNS knows "name.namespace.svc.DOMAIN" in the proxy's namespace.
void add_names(const std::string& host, const Proxy& proxy, std::vector<std::string>& out) {
  out.push_back(host);
  out.push_back(host + ".");
  const std::string suffix = ".svc." + proxy.domain;
  if (!host.ends_with(suffix)) return;
  const std::string named = host.substr(0, host.size() - suffix.size());
  const auto dot = named.find('.');
  if (dot == std::string::npos || named.find('.', dot + 1) != std::string::npos) return;
  if (named.substr(dot + 1) == proxy.namespace_) out.push_back(named.substr(0, dot));
  out.push_back(named);
  out.push_back(named + ".svc");
}

std::string bracketed(const std::string& address) {
  return address.find(':') == std::string::npos ? address : "[" + address + "]";
}

}  // namespace

RouteConfiguration empty_route_configuration(const std::string& name) {
  RouteConfiguration out;
  out.set_name(name);
  out.mutable_validate_clusters()->set_value(false);
  out.mutable_max_direct_response_body_size_bytes()->set_value(1 << 20);
  out.set_ignore_port_in_host_matching(true);
  return out;
}

VirtualHost named_virtual_host(const std::string& host, uint32_t port) {
  VirtualHost out;
  out.set_name(fmt::format("{}:{}", host, port));
  out.set_include_request_attempt_count(true);
  return out;
}

std::vector<std::string> domains_of(const registry::Service& service, const Proxy& proxy) {
  std::vector<std::string> out;
  add_names(service.hostname, proxy, out);
  for (const auto& alias : service.aliases) add_names(alias, proxy, out);
  if (service.headless) {
    const auto names = out;
    for (const auto& name : names) out.push_back("*." + name);
    return out;
  }
  const std::string vip = service.address_for(proxy.cluster);
  if (service.provider == registry::Provider::external && !service.addresses.empty()) {
    for (const auto& each : service.addresses.begin()->second)
      if (each.find('/') == std::string::npos) out.push_back(bracketed(each));
  } else if (vip != "0.0.0.0") {
    out.push_back(bracketed(vip));
  }
  if (!service.auto_address.empty() && proxy.text("DNS_CAPTURE") == "true")
    out.push_back(bracketed(service.auto_address));
  return out;
}

}  // namespace lateen::translate
