// The proxy that configuration is made for: what it says about itself, and what the snapshot knows of it.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "control_plane/registry/service.h"
#include "control_plane/snapshot/snapshot.h"
#include "lib/base/result.h"
#include "lib/schema/node.h"

namespace lateen::translate {

struct Proxy {
  enum class Type { sidecar, router };
  Type type = Type::sidecar;
  std::string id;
  std::vector<std::string> ips;  // at least one
  std::string namespace_;
  std::string domain = "cluster.local";  // of the cluster
  std::string cluster;                   // metadata CLUSTER_ID, else the configuration cluster
  std::string network;                   // metadata NETWORK
  registry::Labels labels;
  registry::Locality locality;
  schema::Node metadata;                       // a map
  std::optional<registry::Workload> workload;  // the pod or WorkloadEntry it runs beside; set by completed()
  bool operator==(const Proxy&) const = default;

  bool is_router() const { return type == Type::router; }
  // A text of the metadata; "" when it is missing or no text.
  std::string_view text(std::string_view key) const;
  // Metadata INTERCEPTION_MODE NONE: nothing captures traffic, listeners bind for real.
  bool captures_nothing() const { return text("INTERCEPTION_MODE") == "NONE"; }
  // "0.0.0.0" or "::", by the family of its first address.
  std::string wildcard_address() const;
  std::string loopback_address() const;
};

// From the file of `lateen xds dump --proxy`: {"id", "type", "ip", "namespace", "labels", "metadata"}. Fails with
// `invalid`, naming the member.
Result<Proxy> read_proxy(const schema::Node& document);

// The same with what the snapshot knows of the workload at the proxy's address.
Proxy completed(const Proxy& proxy, const snapshot::Snapshot& snapshot);

// The same for who has found the workload; null: there is none.
Proxy completed(const Proxy& proxy, const registry::Workload* workload);
bool is_workload_of(const registry::Workload& workload, const Proxy& proxy);

// A port of a service that this proxy serves.
struct ServedPort {
  const registry::Service* service = nullptr;
  const registry::Port* port = nullptr;
  uint32_t target = 0;  // where the application listens
};

// What a completed() proxy serves, one entry a target port (the oldest service wins), by target port.
std::vector<ServedPort> served_ports(const Proxy& proxy, const snapshot::Snapshot& snapshot);

// The same from the services of its namespace, oldest first.
std::vector<ServedPort> served_ports(const Proxy& proxy, const std::vector<const registry::Service*>& services);

}  // namespace lateen::translate
