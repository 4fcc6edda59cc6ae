#include "config/networking/envoy_filter.h"

#include "lib/schema/field.h"

namespace lateen::config {

using namespace schema;  // field(), record() and the attributes

Names names(EnvoyFilter::ApplyTo) {
  static constexpr Name all[] = {{"INVALID", 0},          {"LISTENER", 1},    {"FILTER_CHAIN", 2},
                                 {"NETWORK_FILTER", 3},   {"HTTP_FILTER", 4}, {"ROUTE_CONFIGURATION", 5},
                                 {"VIRTUAL_HOST", 6},     {"HTTP_ROUTE", 7},  {"CLUSTER", 8},
                                 {"EXTENSION_CONFIG", 9}, {"BOOTSTRAP", 10},  {"LISTENER_FILTER", 11}};
  return all;
}

Names names(EnvoyFilter::PatchContext) {
  static constexpr Name all[] = {
      {"ANY", 0}, {"SIDECAR_INBOUND", 1}, {"SIDECAR_OUTBOUND", 2}, {"GATEWAY", 3}, {"WAYPOINT", 4}};
  return all;
}

Fields EnvoyFilter::ProxyMatch::fields() {
  return record(
      "EnvoyFilter.ProxyMatch", "Which proxies.",
      {
          field("proxyVersion", &EnvoyFilter::ProxyMatch::proxy_version, "RE2 expression for the proxy's version."),
          field("metadata", &EnvoyFilter::ProxyMatch::metadata, "Node metadata that must be equal."),
      });
}

Fields EnvoyFilter::ClusterMatch::fields() {
  return record(
      "EnvoyFilter.ClusterMatch", "Which clusters.",
      {
          field("portNumber", &EnvoyFilter::ClusterMatch::port_number, "Port of the service.", at_most(65535)),
          field("service", &EnvoyFilter::ClusterMatch::service, "Host of the service."),
          field("subset", &EnvoyFilter::ClusterMatch::subset, "Subset of the service."),
          field("name", &EnvoyFilter::ClusterMatch::name, "Exact name of the cluster."),
      });
}

Names names(EnvoyFilter::RouteConfigurationMatch::RouteMatch::Action) {
  static constexpr Name all[] = {{"ANY", 0}, {"ROUTE", 1}, {"REDIRECT", 2}, {"DIRECT_RESPONSE", 3}};
  return all;
}

Fields EnvoyFilter::RouteConfigurationMatch::RouteMatch::fields() {
  return record("EnvoyFilter.RouteConfigurationMatch.RouteMatch", "Which routes.",
                {
                    field("name", &EnvoyFilter::RouteConfigurationMatch::RouteMatch::name, "Name of the route."),
                    field("action", &EnvoyFilter::RouteConfigurationMatch::RouteMatch::action, "What the route does."),
                });
}

Fields EnvoyFilter::RouteConfigurationMatch::VirtualHostMatch::fields() {
  return record(
      "EnvoyFilter.RouteConfigurationMatch.VirtualHostMatch", "Which virtual hosts.",
      {
          field("name", &EnvoyFilter::RouteConfigurationMatch::VirtualHostMatch::name, "Name of the virtual host."),
          field("domainName", &EnvoyFilter::RouteConfigurationMatch::VirtualHostMatch::domain_name,
                "One of its domains."),
          field("route", &EnvoyFilter::RouteConfigurationMatch::VirtualHostMatch::route, "Which routes in it."),
      });
}

Fields EnvoyFilter::RouteConfigurationMatch::fields() {
  return record(
      "EnvoyFilter.RouteConfigurationMatch", "Which route tables.",
      {
          field("portNumber", &EnvoyFilter::RouteConfigurationMatch::port_number, "Port they are for.", at_most(65535)),
          field("portName", &EnvoyFilter::RouteConfigurationMatch::port_name, "Name of the gateway's port."),
          field("gateway", &EnvoyFilter::RouteConfigurationMatch::gateway, "Gateway, `namespace/name`."),
          field("vhost", &EnvoyFilter::RouteConfigurationMatch::vhost, "Which virtual hosts in them."),
          field("name", &EnvoyFilter::RouteConfigurationMatch::name, "Exact name of the route table."),
      });
}

Fields EnvoyFilter::ListenerMatch::SubFilterMatch::fields() {
  return record("EnvoyFilter.ListenerMatch.SubFilterMatch", "A filter inside of a filter.",
                {
                    field("name", &EnvoyFilter::ListenerMatch::SubFilterMatch::name, "Its name."),
                });
}

Fields EnvoyFilter::ListenerMatch::FilterMatch::fields() {
  return record("EnvoyFilter.ListenerMatch.FilterMatch", "A network filter.",
                {
                    field("name", &EnvoyFilter::ListenerMatch::FilterMatch::name, "Its name."),
                    field("subFilter", &EnvoyFilter::ListenerMatch::FilterMatch::sub_filter,
                          "A filter inside of it, such as an HTTP filter."),
                });
}

Fields EnvoyFilter::ListenerMatch::FilterChainMatch::fields() {
  return record("EnvoyFilter.ListenerMatch.FilterChainMatch", "Which filter chains.",
                {
                    field("name", &EnvoyFilter::ListenerMatch::FilterChainMatch::name, "Name of the chain."),
                    field("sni", &EnvoyFilter::ListenerMatch::FilterChainMatch::sni, "Server name of its match."),
                    field("transportProtocol", &EnvoyFilter::ListenerMatch::FilterChainMatch::transport_protocol,
                          "Transport protocol of its match."),
                    field("applicationProtocols", &EnvoyFilter::ListenerMatch::FilterChainMatch::application_protocols,
                          "ALPN of its match, by commas."),
                    field("filter", &EnvoyFilter::ListenerMatch::FilterChainMatch::filter, "A filter in it."),
                    field("destinationPort", &EnvoyFilter::ListenerMatch::FilterChainMatch::destination_port,
                          "Port of its match.", at_most(65535)),
                });
}

Fields EnvoyFilter::ListenerMatch::fields() {
  return record(
      "EnvoyFilter.ListenerMatch", "Which listeners.",
      {
          field("portNumber", &EnvoyFilter::ListenerMatch::port_number, "Port of the listener.", at_most(65535)),
          field("portName", &EnvoyFilter::ListenerMatch::port_name, "Without effect."),
          field("filterChain", &EnvoyFilter::ListenerMatch::filter_chain, "Which filter chains in it."),
          field("listenerFilter", &EnvoyFilter::ListenerMatch::listener_filter, "A listener filter in it."),
          field("name", &EnvoyFilter::ListenerMatch::name, "Exact name of the listener."),
      });
}

Fields EnvoyFilter::WaypointMatch::RouteMatch::fields() {
  return record("EnvoyFilter.WaypointMatch.RouteMatch", "Which routes.",
                {
                    field("name", &EnvoyFilter::WaypointMatch::RouteMatch::name, "Name of the route."),
                });
}

Fields EnvoyFilter::WaypointMatch::FilterMatch::SubFilterMatch::fields() {
  return record("EnvoyFilter.WaypointMatch.FilterMatch.SubFilterMatch", "A filter inside of a filter.",
                {
                    field("name", &EnvoyFilter::WaypointMatch::FilterMatch::SubFilterMatch::name, "Its name."),
                });
}

Fields EnvoyFilter::WaypointMatch::FilterMatch::fields() {
  return record("EnvoyFilter.WaypointMatch.FilterMatch", "A network filter.",
                {
                    field("name", &EnvoyFilter::WaypointMatch::FilterMatch::name, "Its name."),
                    field("subFilter", &EnvoyFilter::WaypointMatch::FilterMatch::sub_filter, "A filter inside of it."),
                });
}

Fields EnvoyFilter::WaypointMatch::fields() {
  return record("EnvoyFilter.WaypointMatch", "Which parts of a waypoint.",
                {
                    field("portNumber", &EnvoyFilter::WaypointMatch::port_number, "Port of the service.", at_least(1),
                          at_most(65535)),
                    field("route", &EnvoyFilter::WaypointMatch::route, "Which routes."),
                    field("filter", &EnvoyFilter::WaypointMatch::filter, "Which filters."),
                });
}

Names names(EnvoyFilter::Patch::Operation) {
  static constexpr Name all[] = {{"INVALID", 0},      {"MERGE", 1},         {"ADD", 2},
                                 {"REMOVE", 3},       {"INSERT_BEFORE", 4}, {"INSERT_AFTER", 5},
                                 {"INSERT_FIRST", 6}, {"REPLACE", 7},       {"MERGE_AND_REPLACE_LIST", 8}};
  return all;
}

Names names(EnvoyFilter::Patch::FilterClass) {
  static constexpr Name all[] = {{"UNSPECIFIED", 0}, {"AUTHN", 1}, {"AUTHZ", 2}, {"STATS", 3}};
  return all;
}

Fields EnvoyFilter::Patch::fields() {
  return record(
      "EnvoyFilter.Patch", "The change.",
      {
          field("operation", &EnvoyFilter::Patch::operation, "What is done."),
          field("value", &EnvoyFilter::Patch::value, "The configuration that is merged or added."),
          field("filterClass", &EnvoyFilter::Patch::filter_class, "Where an added filter stands among Istio's own."),
      });
}

Fields EnvoyFilter::EnvoyConfigObjectMatch::fields() {
  return record(
      "EnvoyFilter.EnvoyConfigObjectMatch", "Where the change applies.",
      {
          field("context", &EnvoyFilter::EnvoyConfigObjectMatch::context, "Which side of which proxies."),
          field("proxy", &EnvoyFilter::EnvoyConfigObjectMatch::proxy, "Which proxies."),
          field("listener", &EnvoyFilter::EnvoyConfigObjectMatch::listener, "Which listeners.", one_of("objectTypes")),
          field("routeConfiguration", &EnvoyFilter::EnvoyConfigObjectMatch::route_configuration, "Which route tables.",
                one_of("objectTypes")),
          field("cluster", &EnvoyFilter::EnvoyConfigObjectMatch::cluster, "Which clusters.", one_of("objectTypes")),
          field("waypoint", &EnvoyFilter::EnvoyConfigObjectMatch::waypoint, "Which parts of a waypoint.",
                one_of("objectTypes")),
      });
}

Fields EnvoyFilter::EnvoyConfigObjectPatch::fields() {
  return record(
      "EnvoyFilter.EnvoyConfigObjectPatch", "One change and where it applies.",
      {
          field("applyTo", &EnvoyFilter::EnvoyConfigObjectPatch::apply_to, "The sort of object that is changed."),
          field("match", &EnvoyFilter::EnvoyConfigObjectPatch::match, "Where."),
          field("patch", &EnvoyFilter::EnvoyConfigObjectPatch::patch, "The change."),
      });
}

Fields EnvoyFilter::fields() {
  return record("EnvoyFilter", "Patches to the xDS resources of selected proxies.",
                {
                    field("workloadSelector", &EnvoyFilter::workload_selector, "Workloads it is for."),
                    field("targetRefs", &EnvoyFilter::target_refs, "Objects it is attached to.", most(16)),
                    field("configPatches", &EnvoyFilter::config_patches, "The changes, applied in order."),
                    field("priority", &EnvoyFilter::priority, "Order among EnvoyFilters; lower first.", otherwise("0")),
                });
}

}  // namespace lateen::config
