// The registry's model: what Kubernetes, ServiceEntry and WorkloadEntry objects have in common. Plain values.
//
// A Service is a host with ports; an Endpoint is one address and port behind one port of a service. Services of the
// same host and namespace in several clusters are one Service with endpoints of all of them (registry/registry.h).
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "control_plane/registry/protocol.h"
#include "lib/base/time.h"

namespace lateen::registry {

using Labels = std::map<std::string, std::string>;

// True when `labels` has all of `wanted`. An empty `wanted` is contained in everything.
bool contains(const Labels& labels, const Labels& wanted);

struct Locality {
  std::string region;
  std::string zone;
  std::string subzone;
  auto operator<=>(const Locality&) const = default;
  static Locality parse(std::string_view text);  // "region/zone/subzone"
  // Of the label topology.istio.io/locality (or istio-locality), whose value is "region.zone.subzone".
  static Locality named_by(const Labels& labels);
  // As nodes have it: labels for region, zone and subzone.
  static Locality of_node(const Labels& labels);
  bool empty() const { return region.empty() && zone.empty() && subzone.empty(); }
};

enum class Health { unknown, healthy, unhealthy, draining };

struct Endpoint {
  std::string address;  // IP; a DNS name or unix:///path for ServiceEntry; empty: reached through `network` only
  uint32_t port = 0;
  std::string port_name;  // of the service's port
  Labels labels;
  std::string service_account;  // the SPIFFE identity, or ""
  Locality locality;
  std::string cluster;
  std::string network;
  uint32_t weight = 1;
  Health health = Health::unknown;  // unknown: nobody watches it, it gets traffic
  bool mutual_tls = false;          // accepts Istio's mutual TLS: label security.istio.io/tlsMode=istio
  std::string workload;             // name, for telemetry
  std::string namespace_;
  std::string hostname;  // of a pod of a headless service
  std::string node;
  bool operator==(const Endpoint&) const = default;
};

struct Port {
  std::string name;
  uint32_t number = 0;
  uint32_t target = 0;      // Kubernetes: the number, 0 when it is a name; ServiceEntry: targetPort or number
  std::string target_name;  // Kubernetes: a container port's name
  Protocol protocol = Protocol::automatic;
  bool operator==(const Port&) const = default;
};

enum class Resolution { client_side, dns, dns_round_robin, passthrough, alias, dynamic_dns };
enum class Provider { kubernetes, external };

struct Service {
  std::string hostname;
  std::string name;
  std::string namespace_;
  Provider provider = Provider::kubernetes;
  std::string cluster;                                        // of its first definition
  std::map<std::string, std::vector<std::string>> addresses;  // cluster -> VIPs; none: reached by name only
  std::string auto_address;                                   // VIP for DNS capture (status.addresses)
  std::vector<Port> ports;
  Resolution resolution = Resolution::client_side;
  bool mesh_external = false;
  bool headless = false;  // Kubernetes, clusterIP None
  bool node_local = false;
  std::vector<std::string> export_to;  // as written; empty: the mesh default
  Labels labels;
  Labels selector;
  std::vector<std::string> subject_alt_names;
  std::string alias_of;              // ExternalName: the host it stands for
  std::vector<std::string> aliases;  // hosts that stand for this one
  std::optional<WallTime> created;
  std::vector<Endpoint> endpoints;
  bool operator==(const Service&) const = default;

  const Port* port(uint32_t number) const;
  const Port* port_named(std::string_view name) const;
  // The VIP for proxies of that cluster: its own, else any; "0.0.0.0" when there is none.
  std::string address_for(const std::string& cluster) const;
};

// A pod or WorkloadEntry before it becomes endpoints.
struct Workload {
  std::string name;  // of the object
  std::string workload_name;
  std::string namespace_;
  std::string cluster;
  Labels labels;
  std::vector<std::string> addresses;
  std::map<std::string, uint32_t> ports;  // by name
  std::string network;
  Locality locality;
  uint32_t weight = 1;
  std::string service_account;  // SPIFFE identity, or ""
  std::string node;
  bool ready = true;
  bool is_pod = false;
  bool operator==(const Workload&) const = default;
};

// The endpoint that a workload is at one of its addresses.
Endpoint endpoint_of(const Workload& workload, const std::string& address, uint32_t port, std::string port_name);

}  // namespace lateen::registry
