// Kubernetes Pod, Namespace, Node and ServiceAccount: those members that a mesh reads. Members of a PodSpec or NodeSpec
// that no mesh needs are accepted and left alone.
#pragma once
#include "config/kubernetes/meta.h"

namespace lateen::config {

struct ContainerPort {
  std::string name;
  int container_port = 0;
  std::string protocol = "TCP";
  int host_port = 0;
  std::string host_ip;
  bool operator==(const ContainerPort&) const = default;
  static schema::Fields fields();
};

struct Container {
  std::string name;
  std::string image;
  std::vector<ContainerPort> ports;
  schema::Node readiness_probe;
  schema::Node liveness_probe;
  schema::Node startup_probe;
  bool operator==(const Container&) const = default;
  static schema::Fields fields();
};

struct PodSpec {
  std::string service_account_name;
  std::string node_name;
  std::string hostname;
  std::string subdomain;
  bool host_network = false;
  std::vector<Container> containers;
  std::vector<Container> init_containers;
  bool operator==(const PodSpec&) const = default;
  static schema::Fields fields();
};

struct PodCondition {
  std::string type;
  std::string status;
  bool operator==(const PodCondition&) const = default;
  static schema::Fields fields();
};

struct PodIP {
  std::string ip;
  bool operator==(const PodIP&) const = default;
  static schema::Fields fields();
};

struct PodStatus {
  std::string phase;  // Pending, Running, Succeeded, Failed, Unknown
  std::string pod_ip;
  std::vector<PodIP> pod_ips;
  std::string host_ip;
  std::vector<PodCondition> conditions;
  bool operator==(const PodStatus&) const = default;
  static schema::Fields fields();
};

struct Pod {
  ObjectMeta metadata;
  PodSpec spec;
  std::optional<PodStatus> status;
  Origin origin;
  bool operator==(const Pod&) const = default;
  static schema::Fields fields();
};

// A Deployment: its labels and the labels of its pods are what the fleet and `analyze` read.
struct PodTemplate {
  ObjectMeta metadata;
  PodSpec spec;
  bool operator==(const PodTemplate&) const = default;
  static schema::Fields fields();
};

struct DeploymentSpec {
  std::optional<int> replicas;
  std::optional<LabelSelector> selector;
  PodTemplate template_;
  bool operator==(const DeploymentSpec&) const = default;
  static schema::Fields fields();
};

struct Deployment {
  ObjectMeta metadata;
  DeploymentSpec spec;
  Origin origin;
  bool operator==(const Deployment&) const = default;
  static schema::Fields fields();
};

struct Namespace {
  ObjectMeta metadata;
  Origin origin;
  bool operator==(const Namespace&) const = default;
  static schema::Fields fields();
};

struct NodeAddress {
  std::string type;  // ExternalIP, InternalIP, Hostname
  std::string address;
  bool operator==(const NodeAddress&) const = default;
  static schema::Fields fields();
};

struct NodeStatus {
  std::vector<NodeAddress> addresses;
  bool operator==(const NodeStatus&) const = default;
  static schema::Fields fields();
};

struct Node {
  ObjectMeta metadata;
  std::optional<NodeStatus> status;
  Origin origin;
  bool operator==(const Node&) const = default;
  static schema::Fields fields();
};

struct ServiceAccount {
  ObjectMeta metadata;
  Origin origin;
  bool operator==(const ServiceAccount&) const = default;
  static schema::Fields fields();
};

}  // namespace lateen::config
