#include "config/kubernetes/service.h"

#include "lib/schema/field.h"

namespace lateen::config {

using schema::field;
using schema::not_honoured;
using schema::record;
using schema::required;

schema::Fields KubernetesPort::fields() {
  return record("KubernetesPort", "A port of a Service.",
                {
                    field("name", &KubernetesPort::name, "Its name."),
                    field("protocol", &KubernetesPort::protocol, "TCP, UDP or SCTP."),
                    field("appProtocol", &KubernetesPort::app_protocol, "Protocol of the application."),
                    field("port", &KubernetesPort::port, "The port."),
                    field("targetPort", &KubernetesPort::target_port, "Port of the pods, by number or name."),
                    field("nodePort", &KubernetesPort::node_port, "Port of every node."),
                })
      .accepting_more();
}

schema::Fields ServiceSpec::fields() {
  return record("ServiceSpec", "How a Service is reached.",
                {
                    field("type", &ServiceSpec::type, "ClusterIP, NodePort, LoadBalancer or ExternalName."),
                    field("clusterIP", &ServiceSpec::cluster_ip, "Its virtual address; None: headless."),
                    field("clusterIPs", &ServiceSpec::cluster_ips, "Its virtual addresses."),
                    field("externalIPs", &ServiceSpec::external_ips, "Addresses of nodes that take its traffic."),
                    field("externalName", &ServiceSpec::external_name, "DNS name it stands for."),
                    field("selector", &ServiceSpec::selector, "Labels of its pods."),
                    field("ports", &ServiceSpec::ports, "Its ports."),
                    field("ipFamilies", &ServiceSpec::ip_families, "IPv4, IPv6."),
                    field("ipFamilyPolicy", &ServiceSpec::ip_family_policy,
                          "SingleStack, PreferDualStack or RequireDualStack."),
                    field("internalTrafficPolicy", &ServiceSpec::internal_traffic_policy, "Cluster or Local."),
                    field("externalTrafficPolicy", &ServiceSpec::external_traffic_policy, "Cluster or Local."),
                    field("trafficDistribution", &ServiceSpec::traffic_distribution,
                          "PreferClose, PreferSameZone or PreferSameNode.", not_honoured()),
                    field("sessionAffinity", &ServiceSpec::session_affinity, "None or ClientIP."),
                    field("sessionAffinityConfig", &ServiceSpec::session_affinity_config, "Settings of the affinity."),
                    field("loadBalancerIP", &ServiceSpec::load_balancer_ip, "Wanted address."),
                    field("loadBalancerClass", &ServiceSpec::load_balancer_class, "Which implementation."),
                    field("loadBalancerSourceRanges", &ServiceSpec::load_balancer_source_ranges,
                          "Clients that are allowed."),
                    field("allocateLoadBalancerNodePorts", &ServiceSpec::allocate_load_balancer_node_ports,
                          "Whether node ports are made."),
                    field("healthCheckNodePort", &ServiceSpec::health_check_node_port, "Port for health checks."),
                    field("publishNotReadyAddresses", &ServiceSpec::publish_not_ready_addresses,
                          "Whether pods that are not ready count."),
                })
      .accepting_more();
}

schema::Fields LoadBalancerIngress::fields() {
  return record("LoadBalancerIngress", "An external address.",
                {
                    field("ip", &LoadBalancerIngress::ip, "The address."),
                    field("hostname", &LoadBalancerIngress::hostname, "Or a DNS name."),
                    field("ipMode", &LoadBalancerIngress::ip_mode, "VIP or Proxy."),
                    field("ports", &LoadBalancerIngress::ports, "State of its ports."),
                })
      .accepting_more();
}

schema::Fields LoadBalancerStatus::fields() {
  return record("LoadBalancerStatus", "External addresses.",
                {
                    field("ingress", &LoadBalancerStatus::ingress, "The addresses."),
                })
      .accepting_more();
}

schema::Fields ServiceStatus::fields() {
  return record("ServiceStatus", "What controllers found.",
                {
                    field("loadBalancer", &ServiceStatus::load_balancer, "External addresses."),
                    field("conditions", &ServiceStatus::conditions, "Conditions."),
                })
      .accepting_more();
}

schema::Fields Service::fields() {
  return record("Service", "A name and ports for a set of pods.",
                {
                    field("metadata", &Service::metadata, "Name, namespace, labels, annotations."),
                    field("spec", &Service::spec, "How it is reached."),
                    field("status", &Service::status, "What controllers found."),
                })
      .accepting_more();
}

schema::Fields ObjectReference::fields() {
  return record("ObjectReference", "A reference to an object.",
                {
                    field("apiVersion", &ObjectReference::api_version, "Its apiVersion."),
                    field("kind", &ObjectReference::kind, "Its kind."),
                    field("name", &ObjectReference::name, "Its name."),
                    field("namespace", &ObjectReference::namespace_, "Its namespace."),
                    field("uid", &ObjectReference::uid, "Its UID."),
                    field("resourceVersion", &ObjectReference::resource_version, "Its version."),
                    field("fieldPath", &ObjectReference::field_path, "A part of it."),
                })
      .accepting_more();
}

schema::Fields EndpointConditions::fields() {
  return record("EndpointConditions", "State of an endpoint.",
                {
                    field("ready", &EndpointConditions::ready, "Takes traffic."),
                    field("serving", &EndpointConditions::serving, "Answers, even when it is about to end."),
                    field("terminating", &EndpointConditions::terminating, "Is about to end."),
                })
      .accepting_more();
}

schema::Fields SliceEndpoint::fields() {
  return record("SliceEndpoint", "One instance.",
                {
                    field("addresses", &SliceEndpoint::addresses, "Its addresses."),
                    field("conditions", &SliceEndpoint::conditions, "Its state."),
                    field("hostname", &SliceEndpoint::hostname, "Its host name."),
                    field("nodeName", &SliceEndpoint::node_name, "Its node."),
                    field("zone", &SliceEndpoint::zone, "Its zone."),
                    field("targetRef", &SliceEndpoint::target_ref, "The pod."),
                    field("deprecatedTopology", &SliceEndpoint::deprecated_topology, "Older form of its place."),
                    field("hints", &SliceEndpoint::hints, "Zones it should serve."),
                })
      .accepting_more();
}

schema::Fields EndpointPort::fields() {
  return record("EndpointPort", "A port of instances.",
                {
                    field("name", &EndpointPort::name, "Name of the Service's port."),
                    field("port", &EndpointPort::port, "The port."),
                    field("protocol", &EndpointPort::protocol, "TCP, UDP or SCTP."),
                    field("appProtocol", &EndpointPort::app_protocol, "Protocol of the application."),
                })
      .accepting_more();
}

schema::Fields EndpointSlice::fields() {
  return record("EndpointSlice", "Instances of a Service.",
                {
                    field("metadata", &EndpointSlice::metadata, "Name, namespace, labels, annotations."),
                    field("addressType", &EndpointSlice::address_type, "IPv4, IPv6 or FQDN."),
                    field("endpoints", &EndpointSlice::endpoints, "The instances."),
                    field("ports", &EndpointSlice::ports, "Their ports."),
                })
      .accepting_more();
}

schema::Fields EndpointAddress::fields() {
  return record("EndpointAddress", "One instance.",
                {
                    field("ip", &EndpointAddress::ip, "Its address."),
                    field("hostname", &EndpointAddress::hostname, "Its host name."),
                    field("nodeName", &EndpointAddress::node_name, "Its node."),
                    field("targetRef", &EndpointAddress::target_ref, "The pod."),
                })
      .accepting_more();
}

schema::Fields EndpointSubset::fields() {
  return record("EndpointSubset", "Instances with the same ports.",
                {
                    field("addresses", &EndpointSubset::addresses, "Those that are ready."),
                    field("notReadyAddresses", &EndpointSubset::not_ready_addresses, "Those that are not."),
                    field("ports", &EndpointSubset::ports, "Their ports."),
                })
      .accepting_more();
}

schema::Fields Endpoints::fields() {
  return record("Endpoints", "Instances of a Service, older form.",
                {
                    field("metadata", &Endpoints::metadata, "Name, namespace, labels, annotations."),
                    field("subsets", &Endpoints::subsets, "The instances."),
                })
      .accepting_more();
}
}  // namespace lateen::config
