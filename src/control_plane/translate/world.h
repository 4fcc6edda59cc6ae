// The world over time: translations that are remembered, shared between proxies, and made anew only where something
// they read has changed (design decision 9).
//
// set() takes a new snapshot. What it holds is compared with the one before: the services one by one, and the rest,
// where services count without their endpoints (only their identities and abilities), as one. So a change of an
// endpoint makes only the load assignments of its service anew, once for each class of proxies; a change of anything
// else makes anew what a class gets, and everything that comes out equal stays the same object.
//
// Proxies of one class (namespace, labels, place, network and the metadata that translation reads) share all but what
// depends on their own addresses. The law: resources(p) equals translate(snapshot, p), whatever came before
// (world_test.cc). One thread.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "control_plane/snapshot/snapshot.h"
#include "control_plane/translate/proxy.h"
#include "lib/collections/query.h"

namespace lateen::translate {

// A resource, serialised once. Equal content is one object for as long as somebody holds it.
struct Serialised {
  std::string name;
  std::string bytes;  // of the message itself
  bool operator==(const Serialised&) const = default;
};

// A list of them in order; compared by content.
struct SerialisedList {
  std::vector<std::shared_ptr<const Serialised>> items;
  bool operator==(const SerialisedList& other) const;
};

class World {
 public:
  using List = std::shared_ptr<const SerialisedList>;

  explicit World(std::shared_ptr<const snapshot::Snapshot> first);
  ~World();

  // True when anything is different from before.
  bool set(std::shared_ptr<const snapshot::Snapshot> next);
  const snapshot::Snapshot& snapshot() const { return *current_; }

  // The same pointer as before when nothing in it changed.
  List listeners(const Proxy& proxy);
  List clusters(const Proxy& proxy);
  List routes(const Proxy& proxy, const std::vector<std::string>& names);
  List endpoints(const Proxy& proxy, const std::vector<std::string>& cluster_names);

  // Names that listeners() and clusters() refer to.
  std::vector<std::string> route_names(const Proxy& proxy);
  std::vector<std::string> endpoint_names(const Proxy& proxy);

  // Drops what no proxy asked for since the call before.
  void collect();
  const collections::Statistics& statistics() const;

 private:
  struct Tables;
  std::shared_ptr<const snapshot::Snapshot> current_;
  std::unique_ptr<Tables> tables_;
};

}  // namespace lateen::translate
