#include <fmt/format.h>

#include "control_plane/analyze/names.h"
#include "lib/base/strings.h"

namespace lateen::analyze {
namespace {

using namespace config;

// host:port of a service that proxies call.
void check_address(std::string_view address, const std::string& path, Findings& findings) {
  if (address.empty() || address.starts_with("unix:")) return;
  const size_t colon = address.rfind(':');
  std::string_view host = address.substr(0, std::min(colon, address.size()));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto port = colon == std::string_view::npos ? std::nullopt : parse_number<uint32_t>(address.substr(colon + 1));
  const bool variable = host.starts_with("$(");
  if (!port || *port < 1 || *port > 65535 || (!variable && !is_fqdn(host) && !is_ip(host))) {
    findings.error(path, fmt::format("\"{}\" must have the form HOST:PORT", address));
  }
}

void check_proxy(const ProxyConfig& proxy, const std::string& path, Findings& findings) {
  if (proxy.config_path.empty()) findings.error(path + ".configPath", "must not be empty");
  if (proxy.binary_path.empty()) findings.error(path + ".binaryPath", "must not be empty");
  if (proxy.discovery_address.empty()) findings.error(path + ".discoveryAddress", "must not be empty");
  check_address(proxy.discovery_address, path + ".discoveryAddress", findings);
  check_address(proxy.statsd_udp_address, path + ".statsdUdpAddress", findings);
  check_address(proxy.envoy_metrics_service_address, path + ".envoyMetricsServiceAddress", findings);
  if (proxy.envoy_metrics_service)
    check_address(proxy.envoy_metrics_service->address, path + ".envoyMetricsService.address", findings);
  if (proxy.envoy_access_log_service) {
    check_address(proxy.envoy_access_log_service->address, path + ".envoyAccessLogService.address", findings);
  }
  if (proxy.drain_duration && *proxy.drain_duration % Duration(1s) != Duration(0)) {
    findings.error(path + ".drainDuration", "must be whole seconds");
  }
  if (!proxy.tracing) return;
  const ProxyTracing& tracing = *proxy.tracing;
  if (tracing.zipkin) check_address(tracing.zipkin->address, path + ".tracing.zipkin.address", findings);
  if (tracing.datadog) check_address(tracing.datadog->address, path + ".tracing.datadog.address", findings);
  if (tracing.tls_settings) check_client_tls(*tracing.tls_settings, path + ".tracing.tlsSettings", findings);
}

}  // namespace

void validate(const MeshConfig& mesh, Findings& findings) {
  if (mesh.proxy_listen_port > 65535) findings.error("proxyListenPort", "must be 65535 or less");
  if (mesh.proxy_inbound_listen_port > 65535) findings.error("proxyInboundListenPort", "must be 65535 or less");
  if (mesh.connect_timeout && (*mesh.connect_timeout < 1ms || *mesh.connect_timeout > 30s)) {
    findings.error("connectTimeout", "must be between 1ms and 30s");
  }
  if (mesh.trust_domain.empty()) findings.error("trustDomain", "must not be empty");
  if (!is_label(mesh.root_namespace))
    findings.error("rootNamespace", fmt::format("\"{}\" is not a namespace", mesh.root_namespace));
  check_proxy(mesh.default_config, "defaultConfig", findings);
  if (mesh.locality_lb_setting) check_locality(*mesh.locality_lb_setting, "localityLbSetting", findings);
  if (mesh.default_http_retry_policy) check_retry(*mesh.default_http_retry_policy, "defaultHttpRetryPolicy", findings);
  for (size_t i = 0; i < mesh.service_settings.size(); ++i) {
    const auto& hosts = mesh.service_settings[i].hosts;
    for (size_t j = 0; j < hosts.size(); ++j) {
      check_wildcard_host(hosts[j], at(at("serviceSettings", i) + ".hosts", j), findings);
    }
  }
  std::vector<std::string_view> names;
  for (size_t i = 0; i < mesh.extension_providers.size(); ++i) {
    const auto& name = mesh.extension_providers[i].name;
    const std::string path = at("extensionProviders", i) + ".name";
    if (name.empty()) findings.error(path, "required");
    if (std::ranges::find(names, name) != names.end()) findings.error(path, fmt::format("\"{}\" is repeated", name));
    names.push_back(name);
  }
}

void validate(const MeshNetworks& networks, Findings& findings) {
  for (const auto& [name, network] : networks.networks) {
    const std::string path = schema::child_path("networks", name);
    for (size_t i = 0; i < network.endpoints.size(); ++i) {
      const auto& from = network.endpoints[i].from_cidr;
      if (from && !is_subnet(*from))
        findings.error(at(path + ".endpoints", i) + ".fromCidr", fmt::format("\"{}\" is not a CIDR range", *from));
    }
    for (size_t i = 0; i < network.gateways.size(); ++i) {
      const auto& gateway = network.gateways[i];
      const std::string where = at(path + ".gateways", i);
      if (gateway.registry_service_name)
        check_fqdn(*gateway.registry_service_name, where + ".registryServiceName", findings);
      if (gateway.address && !is_ip(*gateway.address) && !is_fqdn(*gateway.address)) {
        findings.error(where + ".address",
                       fmt::format("\"{}\" is neither an IP address nor a DNS name", *gateway.address));
      }
    }
  }
}

}  // namespace lateen::analyze
