#include <algorithm>

#include "control_plane/fleet/site_view.h"
#include "lib/schema/typed.h"

namespace lateen::fleet {
namespace {

using config::HTTPRoute;

bool names(std::string_view host, const std::string& service, const std::string& namespace_) {
  return host == service || host == service + "." + namespace_ || host == service + "." + namespace_ + ".svc" ||
         host == service + "." + namespace_ + ".svc.cluster.local";
}

// The route that Argo writes weights into: the named one, or the only one.
const HTTPRoute* weighted_route(const config::Rollout& rollout, const config::Objects& objects,
                                const std::string& namespace_) {
  const auto& routing = rollout.spec.strategy.canary->traffic_routing;
  const auto& reference = routing->istio->virtual_service;
  if (!reference) return nullptr;
  for (const auto& object : objects.virtual_services) {
    if (object.metadata.namespace_ != namespace_ || object.metadata.name != reference->name) continue;
    if (reference->routes.empty()) return object.spec.http.size() == 1 ? &object.spec.http[0] : nullptr;
    for (const HTTPRoute& route : object.spec.http)
      if (route.name == reference->routes[0]) return &route;
  }
  return nullptr;
}

// Stable and canary by the weights of the VirtualService; a weight of 0 leaves the canary out of the service's own
// host.
std::vector<VariantEndpoint> weighted(const config::Rollout& rollout, const Services& services) {
  const auto& canary = *rollout.spec.strategy.canary;
  auto stable_endpoint = services.named(canary.stable_service), canary_endpoint = services.named(canary.canary_service);
  uint32_t stable_weight = 0, canary_weight = 0;
  if (const HTTPRoute* route = weighted_route(rollout, services.objects, services.namespace_)) {
    for (const auto& target : route->route) {
      if (!target.destination || target.weight <= 0) continue;
      const auto weight = static_cast<uint32_t>(target.weight);
      if (names(target.destination->host, canary.stable_service, services.namespace_)) stable_weight = weight;
      if (names(target.destination->host, canary.canary_service, services.namespace_)) canary_weight = weight;
    }
  }
  if (stable_weight + canary_weight == 0) stable_weight = 1;
  std::vector<VariantEndpoint> out;
  if (stable_endpoint && stable_weight > 0) {
    stable_endpoint->weight = stable_weight;
    out.push_back({"", *stable_endpoint});
  }
  if (canary_endpoint) {
    out.push_back({"canary", *canary_endpoint});
    canary_endpoint->weight = canary_weight;
    if (canary_weight > 0) out.push_back({"", *canary_endpoint});
  }
  return out;
}

}  // namespace

std::vector<VariantEndpoint> endpoints_of(const config::Rollout& rollout, const Services& services) {
  const auto& [blue_green, canary] = std::tie(rollout.spec.strategy.blue_green, rollout.spec.strategy.canary);
  std::vector<VariantEndpoint> out;
  const auto add = [&](const char* variant, std::optional<LocalEndpoint> endpoint) {
    if (endpoint) out.push_back({variant, std::move(*endpoint)});
    return endpoint.has_value();
  };
  if (blue_green) {
    add("", blue_green->active_service.empty() ? services.oldest("active-service")
                                               : services.named(blue_green->active_service));
    if (!blue_green->preview_service.empty()) add("preview", services.named(blue_green->preview_service));
  } else if (canary && canary->traffic_routing && canary->traffic_routing->istio && !canary->canary_service.empty()) {
    return weighted(rollout, services);
  } else if (canary) {
    if (!add("", services.oldest("root-service")) && !add("", services.oldest("stable-service")))
      add("", services.oldest());
  }
  return out;
}

std::vector<config::Rollout> rollouts_of(const config::Objects& objects, schema::Diagnostics& findings) {
  std::vector<config::Rollout> out;
  for (const config::OtherObject& other : objects.others) {
    if (other.kind != "Rollout" || !other.api_version.starts_with("argoproj.io/") || !other.origin.document) continue;
    config::Rollout rollout;
    const schema::Node* metadata = other.origin.document->find("metadata");
    const schema::Node* spec = other.origin.document->find("spec");
    schema::Diagnostics problems;
    const bool good =
        (!metadata || schema::read(*metadata, rollout.metadata, {other.origin.file, problems, "metadata"})) &&
        (!spec || schema::read(*spec, rollout.spec, {other.origin.file, problems, "spec"}));
    for (const schema::Diagnostic& problem : problems.all()) findings.add(problem);
    if (!good) continue;
    if (rollout.metadata.namespace_.empty()) rollout.metadata.namespace_ = "default";
    rollout.origin = other.origin;
    out.push_back(std::move(rollout));
  }
  return out;
}

}  // namespace lateen::fleet
