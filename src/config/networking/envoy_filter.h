// EnvoyFilter (v1alpha3 only): patches to the xDS resources of selected proxies.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/networking/selector.h"
#include "lib/base/time.h"
#include "lib/schema/describe.h"
#include "lib/schema/node.h"

namespace lateen::config {

struct EnvoyFilter {
  enum class ApplyTo {
    INVALID,
    LISTENER,
    FILTER_CHAIN,
    NETWORK_FILTER,
    HTTP_FILTER,
    ROUTE_CONFIGURATION,
    VIRTUAL_HOST,
    HTTP_ROUTE,
    CLUSTER,
    EXTENSION_CONFIG,
    BOOTSTRAP,
    LISTENER_FILTER
  };
  enum class PatchContext { ANY, SIDECAR_INBOUND, SIDECAR_OUTBOUND, GATEWAY, WAYPOINT };
  struct ProxyMatch {
    std::string proxy_version;
    std::map<std::string, std::string> metadata;
    bool operator==(const ProxyMatch&) const = default;
    static schema::Fields fields();
  };
  struct ClusterMatch {
    uint32_t port_number = 0;
    std::string service;
    std::string subset;
    std::string name;
    bool operator==(const ClusterMatch&) const = default;
    static schema::Fields fields();
  };
  struct RouteConfigurationMatch {
    struct RouteMatch {
      enum class Action { ANY, ROUTE, REDIRECT, DIRECT_RESPONSE };
      std::string name;
      Action action = Action::ANY;
      bool operator==(const RouteMatch&) const = default;
      static schema::Fields fields();
    };
    struct VirtualHostMatch {
      std::string name;
      std::string domain_name;
      std::optional<RouteMatch> route;
      bool operator==(const VirtualHostMatch&) const = default;
      static schema::Fields fields();
    };
    uint32_t port_number = 0;
    std::string port_name;
    std::string gateway;
    std::optional<VirtualHostMatch> vhost;
    std::string name;
    bool operator==(const RouteConfigurationMatch&) const = default;
    static schema::Fields fields();
  };
  struct ListenerMatch {
    struct SubFilterMatch {
      std::string name;
      bool operator==(const SubFilterMatch&) const = default;
      static schema::Fields fields();
    };
    struct FilterMatch {
      std::string name;
      std::optional<SubFilterMatch> sub_filter;
      bool operator==(const FilterMatch&) const = default;
      static schema::Fields fields();
    };
    struct FilterChainMatch {
      std::string name;
      std::string sni;
      std::string transport_protocol;
      std::string application_protocols;
      std::optional<FilterMatch> filter;
      uint32_t destination_port = 0;
      bool operator==(const FilterChainMatch&) const = default;
      static schema::Fields fields();
    };
    uint32_t port_number = 0;
    std::string port_name;
    std::optional<FilterChainMatch> filter_chain;
    std::string listener_filter;
    std::string name;
    bool operator==(const ListenerMatch&) const = default;
    static schema::Fields fields();
  };
  struct WaypointMatch {
    struct RouteMatch {
      std::string name;
      bool operator==(const RouteMatch&) const = default;
      static schema::Fields fields();
    };
    struct FilterMatch {
      struct SubFilterMatch {
        std::string name;
        bool operator==(const SubFilterMatch&) const = default;
        static schema::Fields fields();
      };
      std::string name;
      std::optional<SubFilterMatch> sub_filter;
      bool operator==(const FilterMatch&) const = default;
      static schema::Fields fields();
    };
    uint32_t port_number = 0;
    std::optional<RouteMatch> route;
    std::optional<FilterMatch> filter;
    bool operator==(const WaypointMatch&) const = default;
    static schema::Fields fields();
  };
  struct Patch {
    enum class Operation {
      INVALID,
      MERGE,
      ADD,
      REMOVE,
      INSERT_BEFORE,
      INSERT_AFTER,
      INSERT_FIRST,
      REPLACE,
      MERGE_AND_REPLACE_LIST
    };
    enum class FilterClass { UNSPECIFIED, AUTHN, AUTHZ, STATS };
    Operation operation = Operation::INVALID;
    schema::Node value;
    FilterClass filter_class = FilterClass::UNSPECIFIED;
    bool operator==(const Patch&) const = default;
    static schema::Fields fields();
  };
  struct EnvoyConfigObjectMatch {
    PatchContext context = PatchContext::ANY;
    std::optional<ProxyMatch> proxy;
    std::optional<ListenerMatch> listener;
    std::optional<RouteConfigurationMatch> route_configuration;
    std::optional<ClusterMatch> cluster;
    std::optional<WaypointMatch> waypoint;
    bool operator==(const EnvoyConfigObjectMatch&) const = default;
    static schema::Fields fields();
  };
  struct EnvoyConfigObjectPatch {
    ApplyTo apply_to = ApplyTo::INVALID;
    std::optional<EnvoyConfigObjectMatch> match;
    std::optional<Patch> patch;
    bool operator==(const EnvoyConfigObjectPatch&) const = default;
    static schema::Fields fields();
  };
  std::optional<WorkloadSelector> workload_selector;
  std::vector<PolicyTargetReference> target_refs;
  std::vector<EnvoyConfigObjectPatch> config_patches;
  int32_t priority = 0;
  bool operator==(const EnvoyFilter&) const = default;
  static schema::Fields fields();
};

schema::Names names(EnvoyFilter::ApplyTo);
schema::Names names(EnvoyFilter::PatchContext);
schema::Names names(EnvoyFilter::RouteConfigurationMatch::RouteMatch::Action);
schema::Names names(EnvoyFilter::Patch::Operation);
schema::Names names(EnvoyFilter::Patch::FilterClass);

}  // namespace lateen::config
