#include "config/objects/objects.h"

namespace lateen::config {
namespace {

constexpr std::string_view networking = "networking.istio.io";
constexpr std::string_view security = "security.istio.io";
constexpr std::string_view fleet = "admiral.io";
constexpr std::string_view core = "";

std::vector<Kind> all_kinds() {
  const std::vector<std::string_view> three = {"v1", "v1beta1", "v1alpha3"};
  const std::vector<std::string_view> two = {"v1", "v1beta1"};
  return {
      {networking, "Gateway", "gateways", three},
      {networking, "VirtualService", "virtualservices", three},
      {networking, "DestinationRule", "destinationrules", three},
      {networking, "ServiceEntry", "serviceentries", three},
      {networking, "WorkloadEntry", "workloadentries", three},
      {networking, "WorkloadGroup", "workloadgroups", three, true, "accepted, but no machine is registered by it yet"},
      {networking, "Sidecar", "sidecars", three},
      {networking, "EnvoyFilter", "envoyfilters", {"v1alpha3"}, true, "accepted, but no patch is applied yet"},
      {networking, "ProxyConfig", "proxyconfigs", {"v1beta1"}, true, "accepted, but nothing acts on it yet"},
      {security, "PeerAuthentication", "peerauthentications", two},
      {security, "RequestAuthentication", "requestauthentications", two, true,
       "accepted, but no token is verified yet"},
      {security, "AuthorizationPolicy", "authorizationpolicies", two},
      {"telemetry.istio.io",
       "Telemetry",
       "telemetries",
       {"v1", "v1alpha1"},
       true,
       "accepted, but nothing acts on it yet"},
      {"extensions.istio.io", "WasmPlugin", "wasmplugins", {"v1alpha1"}, true, "accepted, but no filter is loaded yet"},
      {"extensions.istio.io",
       "TrafficExtension",
       "trafficextensions",
       {"v1alpha1"},
       true,
       "accepted, but no filter is loaded yet"},
      {fleet, "GlobalTrafficPolicy", "globaltrafficpolicies", {"v1alpha1", "v1"}},
      {fleet, "Dependency", "dependencies", {"v1alpha1", "v1"}},
      {fleet, "RoutingPolicy", "routingpolicies", {"v1alpha1", "v1"}, true, "accepted, but nothing acts on it yet"},
      {core, "Service", "services", {"v1"}},
      {"discovery.k8s.io", "EndpointSlice", "endpointslices", {"v1", "v1beta1"}},
      {core, "Endpoints", "endpoints", {"v1"}},
      {core, "Pod", "pods", {"v1"}},
      {"apps", "Deployment", "deployments", {"v1"}},
      {core, "Namespace", "namespaces", {"v1"}, false},
      {core, "Node", "nodes", {"v1"}, false},
      {core, "ServiceAccount", "serviceaccounts", {"v1"}},
      {core, "Secret", "secrets", {"v1"}},
      {core, "ConfigMap", "configmaps", {"v1"}},
  };
}

}  // namespace

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = all_kinds();
  return all;
}

const Kind* find_kind(std::string_view name) {
  for (const Kind& kind : kinds()) {
    if (kind.kind == name) return &kind;
  }
  return nullptr;
}

}  // namespace lateen::config
