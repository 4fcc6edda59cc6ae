// What proxies have in common. Translation reads little of a proxy: proxies that are alike in all of that get the same
// resources, and one of them stands for all.
//
// There are two steps. Proxies of one *class* (namespace, labels, location, network, the metadata that counts) see the
// same mesh. Proxies of one *place* also serve the same ports: replicas of one workload.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "control_plane/snapshot/snapshot.h"
#include "control_plane/translate/proxy.h"

namespace lateen::translate {

// A service by its place in the snapshot: equal for the same service of another snapshot. `index`: among those of its
// host.
std::string service_key(const registry::Service& service, size_t index);

struct ServedKey {
  std::string service;  // service_key()
  std::string port_name;
  uint32_t port = 0, target = 0;
  bool operator==(const ServedKey&) const = default;
};

struct Place {
  uint64_t id = 0;                      // never used twice
  std::shared_ptr<const Place> common;  // the class; null: this is one
  Proxy proxy;                          // completed; for its addresses stands that of all, where its own does not count
  std::vector<ServedKey> served;
};

// Which place a proxy has, as far as one snapshot tells.
struct Whereabouts {
  std::string class_key, place_key;  // equal for equal places, also between snapshots
  Place place;                       // id and common are for others to set
  std::string itself;                // those of its addresses at which clients call headless services, separated by ","
};

// Finds them for one snapshot, which must outlive it. Making one takes time in proportion to the snapshot.
class Locator {
 public:
  explicit Locator(const snapshot::Snapshot& snapshot);
  Whereabouts find(const Proxy& proxy) const;

 private:
  const registry::Workload* workload_of(const Proxy& proxy) const;
  std::vector<ServedKey> served_by(const Proxy& proxy) const;
  void write_class(const Proxy& proxy, std::string& out) const;

  std::unordered_map<std::string_view, std::vector<const registry::Service*>> by_namespace_;  // oldest first
  std::unordered_map<const registry::Service*, std::string> keys_;
  std::unordered_map<std::string_view, std::vector<const registry::Workload*>> by_address_;
  std::unordered_set<std::string_view> headless_addresses_;
  std::unordered_set<std::string_view> own_address_namespaces_;  // whose Sidecars mean a proxy's own address
  std::string root_namespace_;
  bool has_node_local_ = false;
};

}  // namespace lateen::translate
