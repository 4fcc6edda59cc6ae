// What a proxy says about itself in the first request of a stream (spec/istio.md section 3.1), as plain values.
#pragma once
#include <string>
#include <vector>

#include "lib/base/ip.h"
#include "lib/base/result.h"
#include "lib/schema/node.h"

namespace envoy::config::core::v3 {
class Node;
}

namespace lateen::discovery {

struct Node {
  std::string id;          // TYPE~IP~NAME.NAMESPACE~NAMESPACE.svc.DOMAIN, as it was sent
  std::string type;        // "sidecar", "router", "waypoint", "ztunnel", "agentgateway"
  std::vector<Ip> ips;     // at least one: metadata INSTANCE_IPS when valid, else that of the id
  std::string name;        // of the workload
  std::string namespace_;  // of the workload; metadata NAMESPACE wins over the id
  std::string domain;      // "NAMESPACE.svc.cluster.local"
  std::string cluster;     // the service cluster it runs in, "APP.NAMESPACE"
  std::string region, zone, sub_zone;
  schema::Node metadata;  // a map

  // A text of the metadata; empty when it is missing or no text.
  std::string_view text(std::string_view key) const;
};

// Fails with `invalid`, naming the part of the id that is missing or wrong.
Result<Node> read_node(const envoy::config::core::v3::Node& node);

}  // namespace lateen::discovery
