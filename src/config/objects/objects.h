// Documents in, typed objects out: the one place that lists all kinds.
//
// read_objects() takes YAML or JSON text apart (a `List` too), finds the kind by group and kind name (every served
// version of a kind has the same schema), reads it with all errors at once, and remembers file and line. An object with
// an error is left out, everything else is kept. A kind that we do not know is no error: it is counted in `others`.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "config/extensions/traffic_extension.h"
#include "config/extensions/wasm_plugin.h"
#include "config/fleet/fleet.h"
#include "config/kubernetes/meta.h"
#include "config/kubernetes/service.h"
#include "config/kubernetes/storage.h"
#include "config/kubernetes/workload.h"
#include "config/networking/destination_rule.h"
#include "config/networking/envoy_filter.h"
#include "config/networking/gateway.h"
#include "config/networking/proxy_config.h"
#include "config/networking/service_entry.h"
#include "config/networking/sidecar.h"
#include "config/networking/virtual_service.h"
#include "config/networking/workload_entry.h"
#include "config/networking/workload_group.h"
#include "config/security/authorization_policy.h"
#include "config/security/peer_authentication.h"
#include "config/security/request_authentication.h"
#include "config/telemetry/telemetry.h"
#include "lib/schema/diagnostics.h"
#include "lib/schema/document.h"

namespace lateen::config {

// An object of a kind that nothing here reads.
struct OtherObject {
  std::string api_version;
  std::string kind;
  std::string name;
  std::string namespace_;
  Origin origin;
  bool operator==(const OtherObject&) const = default;
};

// Objects by kind, each list in the order of the documents.
struct Objects {
  std::vector<Object<Gateway>> gateways;
  std::vector<Object<VirtualService>> virtual_services;
  std::vector<Object<DestinationRule>> destination_rules;
  std::vector<Object<ServiceEntry>> service_entries;
  std::vector<Object<WorkloadEntry>> workload_entries;
  std::vector<Object<WorkloadGroup>> workload_groups;
  std::vector<Object<Sidecar>> sidecars;
  std::vector<Object<EnvoyFilter>> envoy_filters;
  std::vector<Object<ProxyConfigKind>> proxy_configs;
  std::vector<Object<PeerAuthentication>> peer_authentications;
  std::vector<Object<RequestAuthentication>> request_authentications;
  std::vector<Object<AuthorizationPolicy>> authorization_policies;
  std::vector<Object<Telemetry>> telemetries;
  std::vector<Object<WasmPlugin>> wasm_plugins;
  std::vector<Object<TrafficExtension>> traffic_extensions;
  std::vector<Object<GlobalTrafficPolicy>> global_traffic_policies;
  std::vector<Object<Dependency>> dependencies;
  std::vector<Object<RoutingPolicy>> routing_policies;
  std::vector<Service> services;
  std::vector<EndpointSlice> endpoint_slices;
  std::vector<Endpoints> endpoints;
  std::vector<Pod> pods;
  std::vector<Deployment> deployments;
  std::vector<Namespace> namespaces;
  std::vector<Node> nodes;
  std::vector<ServiceAccount> service_accounts;
  std::vector<Secret> secrets;
  std::vector<ConfigMap> config_maps;
  std::vector<OtherObject> others;

  // Moves all of another set to the end of this one.
  void append(Objects other);
  // The number of objects of known kinds.
  size_t size() const;
  bool operator==(const Objects&) const = default;
};

// Calls visit(kind name, list) for each known kind, in the order above. `objects` may be const.
template <class Set, class Visit>
void for_each_kind(Set& objects, Visit&& visit) {
  visit("Gateway", objects.gateways);
  visit("VirtualService", objects.virtual_services);
  visit("DestinationRule", objects.destination_rules);
  visit("ServiceEntry", objects.service_entries);
  visit("WorkloadEntry", objects.workload_entries);
  visit("WorkloadGroup", objects.workload_groups);
  visit("Sidecar", objects.sidecars);
  visit("EnvoyFilter", objects.envoy_filters);
  visit("ProxyConfig", objects.proxy_configs);
  visit("PeerAuthentication", objects.peer_authentications);
  visit("RequestAuthentication", objects.request_authentications);
  visit("AuthorizationPolicy", objects.authorization_policies);
  visit("Telemetry", objects.telemetries);
  visit("WasmPlugin", objects.wasm_plugins);
  visit("TrafficExtension", objects.traffic_extensions);
  visit("GlobalTrafficPolicy", objects.global_traffic_policies);
  visit("Dependency", objects.dependencies);
  visit("RoutingPolicy", objects.routing_policies);
  visit("Service", objects.services);
  visit("EndpointSlice", objects.endpoint_slices);
  visit("Endpoints", objects.endpoints);
  visit("Pod", objects.pods);
  visit("Deployment", objects.deployments);
  visit("Namespace", objects.namespaces);
  visit("Node", objects.nodes);
  visit("ServiceAccount", objects.service_accounts);
  visit("Secret", objects.secrets);
  visit("ConfigMap", objects.config_maps);
}

struct ReadOptions {
  std::string default_namespace = "default";  // for objects of namespaced kinds that name none
  bool keep_documents = false;                // so that origin.at(path) finds the place of a field
  bool allow_missing_api_version = false;     // a document with `kind` only, as `workload entry configure` takes
  schema::Limits limits;
};

// Reads one text. `file` is its name in messages and in Origin.
Objects read_objects(std::string_view text, std::string_view file, schema::Diagnostics& diagnostics,
                     const ReadOptions& options = {});

// Reads one document that is parsed already (also a List) into `objects`.
void read_object(const schema::Node& document, std::string_view file, schema::Diagnostics& diagnostics,
                 const ReadOptions& options, Objects& objects);

// An object as a document: apiVersion (the newest served), kind, metadata, spec and so on; defaults are left out.
// Instantiated for every element type of Objects.
template <class T>
schema::Node document_of(const T& object);

// What is known of a kind.
struct Kind {
  std::string_view group;  // "" for Kubernetes' core
  std::string_view kind;
  std::string_view plural;
  std::vector<std::string_view> versions;  // the preferred one first
  bool namespaced = true;
  std::string_view not_honoured;  // why the whole kind has no effect yet; "" when it has one
};

// All kinds, in the order of Objects.
const std::vector<Kind>& kinds();
// The kind of that name ("VirtualService"), null when there is none.
const Kind* find_kind(std::string_view name);

}  // namespace lateen::config
