#include <fmt/format.h>

#include "control_plane/analyze/names.h"

namespace lateen::analyze {
namespace {

using namespace config;
using ApplyTo = EnvoyFilter::ApplyTo;
using Operation = EnvoyFilter::Patch::Operation;

void check_filter(const EnvoyFilter::ListenerMatch::FilterMatch& filter, ApplyTo apply_to, const std::string& path,
                  Findings& findings) {
  if (apply_to == ApplyTo::LISTENER || apply_to == ApplyTo::FILTER_CHAIN) {
    findings.warning(path, fmt::format("a filter match has no effect with applyTo {}", schema::name_of(apply_to)));
  }
  if (filter.name.empty()) findings.error(path + ".name", "required");
  if (!filter.sub_filter) return;
  if (apply_to != ApplyTo::HTTP_FILTER) findings.error(path + ".subFilter", "is for applyTo HTTP_FILTER only");
  if (filter.name != "envoy.filters.network.http_connection_manager" &&
      filter.name != "envoy.http_connection_manager") {
    findings.error(path + ".subFilter", "needs the filter name envoy.filters.network.http_connection_manager");
  }
  if (filter.sub_filter->name.empty()) findings.error(path + ".subFilter.name", "required");
}

void check_object_match(const EnvoyFilter::EnvoyConfigObjectMatch& match, ApplyTo apply_to, const std::string& path,
                        Findings& findings) {
  if (!match.listener && !match.route_configuration && !match.cluster) return;
  switch (apply_to) {
    case ApplyTo::LISTENER:
    case ApplyTo::FILTER_CHAIN:
    case ApplyTo::NETWORK_FILTER:
    case ApplyTo::HTTP_FILTER:
    case ApplyTo::LISTENER_FILTER:
      if (!match.listener) {
        findings.error(path, fmt::format("applyTo {} takes a listener match", schema::name_of(apply_to)));
      } else if (match.listener->filter_chain && match.listener->filter_chain->filter) {
        check_filter(*match.listener->filter_chain->filter, apply_to, path + ".listener.filterChain.filter", findings);
      }
      return;
    case ApplyTo::ROUTE_CONFIGURATION:
    case ApplyTo::VIRTUAL_HOST:
    case ApplyTo::HTTP_ROUTE:
      if (!match.route_configuration) {
        findings.error(path, fmt::format("applyTo {} takes a routeConfiguration match", schema::name_of(apply_to)));
      }
      return;
    case ApplyTo::CLUSTER:
      if (!match.cluster) findings.error(path, "applyTo CLUSTER takes a cluster match");
      return;
    default:
      return;
  }
}

void check_match(const EnvoyFilter::EnvoyConfigObjectMatch& match, ApplyTo apply_to, const std::string& path,
                 Findings& findings) {
  const bool waypoint = match.context == EnvoyFilter::PatchContext::WAYPOINT;
  if (waypoint && !match.waypoint) findings.error(path, "context WAYPOINT takes a waypoint match");
  if (!waypoint && match.waypoint) findings.error(path + ".waypoint", "needs context WAYPOINT");
  if (match.proxy && !match.proxy->proxy_version.empty()) {
    check_regex(match.proxy->proxy_version, path + ".proxy.proxyVersion", findings);
  }
  check_object_match(match, apply_to, path, findings);
}

void check_patch(const EnvoyFilter::EnvoyConfigObjectPatch& change, const std::string& path, Findings& findings) {
  if (change.match) check_match(*change.match, change.apply_to, path + ".match", findings);
  if (change.apply_to == ApplyTo::INVALID) findings.error(path + ".applyTo", "required");
  if (!change.patch) {
    findings.error(path + ".patch", "required");
    return;
  }
  if (change.patch->operation == Operation::INVALID) findings.error(path + ".patch.operation", "required");
  if (change.patch->operation != Operation::REMOVE && change.patch->value.is_null()) {
    findings.error(path + ".patch.value", "required for every operation but REMOVE");
  }
  if (!change.patch->value.is_null() && !change.patch->value.is_map())
    findings.error(path + ".patch.value", "must be a map");
}

}  // namespace

void validate(const Object<EnvoyFilter>& object, Findings& findings) {
  const EnvoyFilter& spec = object.spec;
  check_selector(spec.workload_selector, findings);
  check_targets(std::nullopt, spec.target_refs, object.metadata.namespace_, findings);
  if (spec.workload_selector && !spec.target_refs.empty()) {
    findings.error("spec.targetRefs", "only one of workloadSelector and targetRefs may be set");
  }
  if (spec.workload_selector && spec.workload_selector->labels.empty()) {
    findings.warning("spec.workloadSelector", "selects every workload of the namespace");
  }
  for (size_t i = 0; i < spec.config_patches.size(); ++i)
    check_patch(spec.config_patches[i], at("spec.configPatches", i), findings);
}

}  // namespace lateen::analyze
