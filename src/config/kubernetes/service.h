// Kubernetes Service, EndpointSlice and Endpoints: those members that a mesh reads.
#pragma once
#include "config/kubernetes/meta.h"

namespace lateen::config {

// A port of a Service (core/v1 ServicePort; Istio's ServicePort belongs to ServiceEntry).
struct KubernetesPort {
  std::string name;
  std::string protocol = "TCP";  // TCP, UDP, SCTP
  std::string app_protocol;
  int port = 0;
  std::optional<schema::IntegerOrString> target_port;  // default: port
  int node_port = 0;
  bool operator==(const KubernetesPort&) const = default;
  static schema::Fields fields();
};

struct ServiceSpec {
  std::string type;  // "" is ClusterIP; NodePort, LoadBalancer, ExternalName
  std::string cluster_ip;
  std::vector<std::string> cluster_ips;
  std::vector<std::string> external_ips;
  std::string external_name;
  std::map<std::string, std::string> selector;
  std::vector<KubernetesPort> ports;
  std::vector<std::string> ip_families;
  std::string ip_family_policy;
  std::string internal_traffic_policy;
  std::string external_traffic_policy;
  std::string traffic_distribution;
  std::string session_affinity;
  schema::Node session_affinity_config;
  std::string load_balancer_ip;
  std::string load_balancer_class;
  std::vector<std::string> load_balancer_source_ranges;
  std::optional<bool> allocate_load_balancer_node_ports;
  int health_check_node_port = 0;
  bool publish_not_ready_addresses = false;
  bool operator==(const ServiceSpec&) const = default;
  static schema::Fields fields();
};

struct LoadBalancerIngress {
  std::string ip;
  std::string hostname;
  std::string ip_mode;
  schema::Node ports;
  bool operator==(const LoadBalancerIngress&) const = default;
  static schema::Fields fields();
};

struct LoadBalancerStatus {
  std::vector<LoadBalancerIngress> ingress;
  bool operator==(const LoadBalancerStatus&) const = default;
  static schema::Fields fields();
};

struct ServiceStatus {
  std::optional<LoadBalancerStatus> load_balancer;
  schema::Node conditions;
  bool operator==(const ServiceStatus&) const = default;
  static schema::Fields fields();
};

struct Service {
  ObjectMeta metadata;
  ServiceSpec spec;
  std::optional<ServiceStatus> status;
  Origin origin;
  bool operator==(const Service&) const = default;
  static schema::Fields fields();
};

struct ObjectReference {
  std::string api_version;
  std::string kind;
  std::string name;
  std::string namespace_;
  std::string uid;
  std::string resource_version;
  std::string field_path;
  bool operator==(const ObjectReference&) const = default;
  static schema::Fields fields();
};

struct EndpointConditions {
  std::optional<bool> ready;
  std::optional<bool> serving;
  std::optional<bool> terminating;
  bool operator==(const EndpointConditions&) const = default;
  static schema::Fields fields();
};

// One address set of a slice.
struct SliceEndpoint {
  std::vector<std::string> addresses;
  std::optional<EndpointConditions> conditions;
  std::string hostname;
  std::string node_name;
  std::string zone;
  std::optional<ObjectReference> target_ref;
  std::map<std::string, std::string> deprecated_topology;
  schema::Node hints;
  bool operator==(const SliceEndpoint&) const = default;
  static schema::Fields fields();
};

// A port of a slice or of an Endpoints subset.
struct EndpointPort {
  std::string name;
  std::optional<int> port;
  std::string protocol = "TCP";
  std::string app_protocol;
  bool operator==(const EndpointPort&) const = default;
  static schema::Fields fields();
};

struct EndpointSlice {
  ObjectMeta metadata;
  std::string address_type;  // IPv4, IPv6, FQDN
  std::vector<SliceEndpoint> endpoints;
  std::vector<EndpointPort> ports;
  Origin origin;
  bool operator==(const EndpointSlice&) const = default;
  static schema::Fields fields();
};

struct EndpointAddress {
  std::string ip;
  std::string hostname;
  std::string node_name;
  std::optional<ObjectReference> target_ref;
  bool operator==(const EndpointAddress&) const = default;
  static schema::Fields fields();
};

struct EndpointSubset {
  std::vector<EndpointAddress> addresses;
  std::vector<EndpointAddress> not_ready_addresses;
  std::vector<EndpointPort> ports;
  bool operator==(const EndpointSubset&) const = default;
  static schema::Fields fields();
};

struct Endpoints {
  ObjectMeta metadata;
  std::vector<EndpointSubset> subsets;
  Origin origin;
  bool operator==(const Endpoints&) const = default;
  static schema::Fields fields();
};

}  // namespace lateen::config
