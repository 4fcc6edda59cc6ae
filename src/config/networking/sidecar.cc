#include "config/networking/sidecar.h"

#include "lib/schema/field.h"

namespace lateen::config {

using namespace schema;  // field(), record() and the attributes

Names names(CaptureMode) {
  static constexpr Name all[] = {{"DEFAULT", 0}, {"IPTABLES", 1}, {"NONE", 2}};
  return all;
}

Names names(OutboundTrafficPolicy::Mode) {
  static constexpr Name all[] = {{"REGISTRY_ONLY", 0}, {"ALLOW_ANY", 1}};
  return all;
}

Fields OutboundTrafficPolicy::fields() {
  return record(
      "OutboundTrafficPolicy", "What happens to calls to hosts nobody declared.",
      {
          field("mode", &OutboundTrafficPolicy::mode, "Refused, or passed through.",
                otherwise("as the mesh configuration says")),
          field("egressProxy", &OutboundTrafficPolicy::egress_proxy, "Where they are sent instead.", not_honoured()),
      });
}

Fields SidecarPort::fields() {
  return record("SidecarPort", "A port of a sidecar listener.",
                {
                    field("number", &SidecarPort::number, "The port.", at_most(65535)),
                    field("protocol", &SidecarPort::protocol, "As of a gateway's port."),
                    field("name", &SidecarPort::name, "Label of the port."),
                    field("targetPort", &SidecarPort::target_port, "Without effect.", deprecated("it has no effect")),
                });
}

Fields IstioIngressListener::fields() {
  return record("IstioIngressListener", "A port that the workload serves.",
                {
                    field("port", &IstioIngressListener::port, "The port.", required),
                    field("bind", &IstioIngressListener::bind, "Address to listen on."),
                    field("captureMode", &IstioIngressListener::capture_mode, "How connections get there."),
                    field("defaultEndpoint", &IstioIngressListener::default_endpoint,
                          "Where they are sent: 127.0.0.1:PORT, 0.0.0.0:PORT, [::1]:PORT, [::]:PORT or unix://PATH.",
                          otherwise("the same port")),
                    field("tls", &IstioIngressListener::tls, "TLS that the sidecar ends.", not_honoured()),
                    field("connectionPool", &IstioIngressListener::connection_pool, "Limits towards the application."),
                });
}

Fields IstioEgressListener::fields() {
  return record(
      "IstioEgressListener", "Hosts that the workload calls.",
      {
          field("port", &IstioEgressListener::port, "Port the application calls.", otherwise("all ports of the hosts")),
          field("bind", &IstioEgressListener::bind, "Address to listen on."),
          field("captureMode", &IstioEgressListener::capture_mode, "How connections get there."),
          field("hosts", &IstioEgressListener::hosts, "`namespace/host`; `.`, `*` and `~` as namespace are allowed.",
                required),
      });
}

Fields Sidecar::fields() {
  return record(
      "Sidecar", "Which ports a proxy serves and which hosts it knows.",
      {
          field("workloadSelector", &Sidecar::workload_selector, "Workloads it is for.",
                otherwise("all of the namespace")),
          field("ingress", &Sidecar::ingress, "Ports served.", otherwise("those of the services")),
          field("egress", &Sidecar::egress, "Hosts called.", otherwise("all visible hosts")),
          field("inboundConnectionPool", &Sidecar::inbound_connection_pool, "Limits towards the application."),
          field("outboundTrafficPolicy", &Sidecar::outbound_traffic_policy, "Calls to hosts nobody declared."),
      });
}

}  // namespace lateen::config
