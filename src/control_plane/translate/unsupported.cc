#include "control_plane/translate/unsupported.h"

#include <algorithm>
#include <set>

#include "control_plane/translate/gateways.h"

namespace lateen::translate {
namespace {

constexpr std::string_view no_secrets =
    "is not honoured yet: no Secret is served; name files (serverCertificate, privateKey, caCertificates)";

class Findings {
 public:
  explicit Findings(const Context& in) : in_(in) {}

  template <class T>
  void add(std::string_view kind, const config::Object<T>& object, std::string_view what) {
    out_.insert(fmt::format("{} {}/{}: {}", kind, object.metadata.namespace_, object.metadata.name, what));
  }
  template <class T>
  bool concerns(const config::Object<T>& object) const {
    return object.metadata.namespace_ == in_.proxy.namespace_ || object.metadata.namespace_ == in_.mesh.root_namespace;
  }
  void add(std::string text) { out_.insert(std::move(text)); }
  std::vector<std::string> take() { return {out_.begin(), out_.end()}; }

 private:
  const Context& in_;
  std::set<std::string> out_;
};

void look_at_routes(const Context& in, Findings& out) {
  for (const auto* object : in.scope.virtual_services)
    for (const auto& route : object->spec.http) {
      for (const auto& match : route.match)
        for (const auto& [name, value] : match.headers)
          if (name.starts_with("@request.auth.claims"))
            out.add("VirtualService", *object, "spec.http.match.headers[@request.auth.claims]: is not honoured yet");
      if (route.fault && route.fault->abort && route.fault->abort->http2_error)
        out.add("VirtualService", *object, "spec.http.fault.abort.http2Error: is not honoured");
      if (route.fault && route.fault->delay && route.fault->delay->exponential_delay)
        out.add("VirtualService", *object, "spec.http.fault.delay.exponentialDelay: is not honoured");
    }
}

void look_at_policies(const Context& in, Findings& out) {
  for (const auto& each : in.snapshot.authorization_policies) {
    if (!out.concerns(each)) continue;
    if (each.spec.target_ref || !each.spec.target_refs.empty())
      out.add("AuthorizationPolicy", each, "spec.targetRefs: is not honoured yet, the policy has no effect");
    if (each.spec.action == config::AuthorizationPolicy::Action::CUSTOM)
      out.add("AuthorizationPolicy", each,
              "spec.action: CUSTOM is not supported yet; requests that match its rules are denied");
  }
  for (const auto& each : in.snapshot.request_authentications)
    if (out.concerns(each)) out.add("RequestAuthentication", each, "spec: is not translated yet, no token is verified");
  for (const auto& each : in.snapshot.telemetries)
    if (out.concerns(each)) out.add("Telemetry", each, "spec: is not translated yet");
  for (const auto& each : in.snapshot.envoy_filters)
    if (out.concerns(each)) out.add("EnvoyFilter", each, "spec: is not translated yet");
}

void look_at_credentials(const snapshot::DestinationRuleObject& rule, Findings& out) {
  const auto look = [&](const std::optional<config::ClientTLSSettings>& tls) {
    if (tls && !tls->credential_name.empty())
      out.add("DestinationRule", rule, fmt::format("tls.credentialName {} {}", tls->credential_name, no_secrets));
  };
  const auto look_in = [&](const std::optional<config::TrafficPolicy>& policy) {
    if (!policy) return;
    look(policy->tls);
    for (const auto& port : policy->port_level_settings) look(port.tls);
  };
  look_in(rule.spec.traffic_policy);
  for (const auto& subset : rule.spec.subsets) look_in(subset.traffic_policy);
}

void look_at_services(const Context& in, Findings& out) {
  for (const auto* service : in.scope.services) {
    for (const auto& port : service->ports)
      if (port.protocol == registry::Protocol::mongo)
        out.add(fmt::format("{}: protocol Mongo of port {} is not honoured yet, it is passed as TCP", service->hostname,
                            port.number));
    const auto* rule = in.rule_for(*service);
    const auto& policy = rule ? rule->spec.traffic_policy : std::nullopt;
    if (rule) look_at_credentials(*rule, out);
    if (policy && policy->load_balancer && policy->load_balancer->zone_aware_lb_setting)
      out.add("DestinationRule", *rule, "spec.trafficPolicy.loadBalancer.zoneAwareLbSetting: is not honoured yet");
    if (policy && policy->outlier_detection && !policy->outlier_detection->outlier_detection_http_error_codes.empty())
      out.add("DestinationRule", *rule,
              "spec.trafficPolicy.outlierDetection.outlierDetectionHttpErrorCodes: is not honoured yet");
  }
}

void look_at_gateways(const Context& in, Findings& out) {
  for (const auto& each : gateway_servers(in)) {
    if (!each.server->tls) continue;
    auto names = each.server->tls->credential_names;
    names.push_back(each.server->tls->credential_name);
    for (const auto& name : names)
      if (!name.empty() && name.find("://") == std::string::npos)
        out.add("Gateway", *each.gateway, fmt::format("spec.servers.tls.credentialName {} {}", name, no_secrets));
  }
}

void look_at_mesh(const Context& in, Findings& out) {
  using Outbound = config::MeshConfig::OutboundTrafficPolicy::Mode;
  if (in.mesh.outbound_traffic_policy.mode == Outbound::ALLOW_ANY_DYNAMIC_DNS)
    out.add("MeshConfig: outboundTrafficPolicy.mode ALLOW_ANY_DYNAMIC_DNS is not honoured yet, it is ALLOW_ANY");
  if (!in.mesh.default_providers) return;
  for (const auto& name : in.mesh.default_providers->metrics)
    if (name != "prometheus")
      out.add(fmt::format("MeshConfig: defaultProviders.metrics {}: is not honoured, only prometheus is", name));
}

}  // namespace

std::vector<std::string> unsupported(const Context& in) {
  Findings out(in);
  look_at_mesh(in, out);
  look_at_gateways(in, out);
  look_at_routes(in, out);
  look_at_policies(in, out);
  look_at_services(in, out);
  return out.take();
}

std::vector<std::string> unsupported(const Proxy& proxy) {
  std::vector<std::string> out;
  const auto say = [&](std::string_view what) { out.push_back(fmt::format("proxy {}: {}", proxy.id, what)); };
  if (proxy.text("INTERCEPTION_MODE") == "TPROXY")
    say("INTERCEPTION_MODE TPROXY is not honoured yet, it is treated as REDIRECT");
  if (const auto group = proxy.text("AUTO_REGISTER_GROUP"); !group.empty())
    say(fmt::format("AUTO_REGISTER_GROUP {} is not honoured yet; write a WorkloadEntry for it", group));
  const auto* own = proxy.metadata.find("PROXY_CONFIG");
  for (const std::string_view field : {"gatewayTopology", "tracing", "proxyHeaders"})
    if (own && own->find(field))
      say(fmt::format("PROXY_CONFIG {} is not honoured yet; defaultConfig of the mesh is taken", field));
  return out;
}

}  // namespace lateen::translate
