#include "config/kubernetes/workload.h"

#include "lib/schema/field.h"

namespace lateen::config {

using schema::field;
using schema::record;
using schema::required;

schema::Fields ContainerPort::fields() {
  return record("ContainerPort", "A port of a container.",
                {
                    field("name", &ContainerPort::name, "Its name."),
                    field("containerPort", &ContainerPort::container_port, "The port."),
                    field("protocol", &ContainerPort::protocol, "TCP, UDP or SCTP."),
                    field("hostPort", &ContainerPort::host_port, "Port of the node."),
                    field("hostIP", &ContainerPort::host_ip, "Address of the node."),
                })
      .accepting_more();
}

schema::Fields Container::fields() {
  return record("Container", "A container of a pod.",
                {
                    field("name", &Container::name, "Its name."),
                    field("image", &Container::image, "Its image."),
                    field("ports", &Container::ports, "Its ports."),
                    field("readinessProbe", &Container::readiness_probe, "When it takes traffic."),
                    field("livenessProbe", &Container::liveness_probe, "When it is restarted."),
                    field("startupProbe", &Container::startup_probe, "When it has started."),
                })
      .accepting_more();
}

schema::Fields PodSpec::fields() {
  return record("PodSpec", "What a pod runs.",
                {
                    field("serviceAccountName", &PodSpec::service_account_name, "Service account of its identity."),
                    field("nodeName", &PodSpec::node_name, "Its node."),
                    field("hostname", &PodSpec::hostname, "Its host name."),
                    field("subdomain", &PodSpec::subdomain, "Its subdomain."),
                    field("hostNetwork", &PodSpec::host_network, "Whether it uses the node's network."),
                    field("containers", &PodSpec::containers, "Its containers."),
                    field("initContainers", &PodSpec::init_containers, "Containers that run before."),
                })
      .accepting_more();
}

schema::Fields PodCondition::fields() {
  return record("PodCondition", "A finding about a pod.",
                {
                    field("type", &PodCondition::type, "Its type."),
                    field("status", &PodCondition::status, "True, False or Unknown."),
                })
      .accepting_more();
}

schema::Fields PodIP::fields() {
  return record("PodIP", "An address of a pod.",
                {
                    field("ip", &PodIP::ip, "The address."),
                })
      .accepting_more();
}

schema::Fields PodStatus::fields() {
  return record("PodStatus", "The state of a pod.",
                {
                    field("phase", &PodStatus::phase, "Pending, Running, Succeeded, Failed or Unknown."),
                    field("podIP", &PodStatus::pod_ip, "Its address."),
                    field("podIPs", &PodStatus::pod_ips, "Its addresses."),
                    field("hostIP", &PodStatus::host_ip, "Address of its node."),
                    field("conditions", &PodStatus::conditions, "Conditions."),
                })
      .accepting_more();
}

schema::Fields Pod::fields() {
  return record("Pod", "A running instance.",
                {
                    field("metadata", &Pod::metadata, "Name, namespace, labels, annotations."),
                    field("spec", &Pod::spec, "What it runs."),
                    field("status", &Pod::status, "Its state."),
                })
      .accepting_more();
}

schema::Fields PodTemplate::fields() {
  return record("PodTemplate", "What pods of a Deployment look like.",
                {
                    field("metadata", &PodTemplate::metadata, "Name, namespace, labels, annotations."),
                    field("spec", &PodTemplate::spec, "What they run."),
                })
      .accepting_more();
}

schema::Fields DeploymentSpec::fields() {
  return record("DeploymentSpec", "Pods that are wanted.",
                {
                    field("replicas", &DeploymentSpec::replicas, "How many."),
                    field("selector", &DeploymentSpec::selector, "Labels of its pods."),
                    field("template", &DeploymentSpec::template_, "What they look like."),
                })
      .accepting_more();
}

schema::Fields Deployment::fields() {
  return record("Deployment", "A set of equal pods.",
                {
                    field("metadata", &Deployment::metadata, "Name, namespace, labels, annotations."),
                    field("spec", &Deployment::spec, "Pods that are wanted."),
                })
      .accepting_more();
}

schema::Fields Namespace::fields() {
  return record("Namespace", "A namespace.",
                {
                    field("metadata", &Namespace::metadata, "Name, namespace, labels, annotations."),
                })
      .accepting_more();
}

schema::Fields NodeAddress::fields() {
  return record("NodeAddress", "An address of a node.",
                {
                    field("type", &NodeAddress::type, "Its type."),
                    field("address", &NodeAddress::address, "The address."),
                })
      .accepting_more();
}

schema::Fields NodeStatus::fields() {
  return record("NodeStatus", "The state of a node.",
                {
                    field("addresses", &NodeStatus::addresses, "Its addresses."),
                })
      .accepting_more();
}

schema::Fields Node::fields() {
  return record("Node", "A node.",
                {
                    field("metadata", &Node::metadata, "Name, namespace, labels, annotations."),
                    field("status", &Node::status, "Its state."),
                })
      .accepting_more();
}

schema::Fields ServiceAccount::fields() {
  return record("ServiceAccount", "An identity of pods.",
                {
                    field("metadata", &ServiceAccount::metadata, "Name, namespace, labels, annotations."),
                })
      .accepting_more();
}
}  // namespace lateen::config
