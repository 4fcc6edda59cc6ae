// The inputs and queries behind World. The diagram, from inputs to answers; "class" and "place" as in place.h:
//
//   shape     everything but the endpoints that only load assignments read
//   ground    what is left of it without services, VirtualServices and Gateways
//   outlines  services one by one, as in shape
//   services  services one by one, whole
//
//   context (shape) --> seen (class, host) --+--> load (services, ground) ------------> loads (class, names)
//                       |                    +--> service clusters (outlines, ground) -> outbound clusters --+
//                       +--> outbound listeners --+                                                          |
//                       +--> route --> routes     +--> listeners (place)                     clusters (place) <-+
//                       +--> name table, findings |                                                          |
//   ground context (ground) --> own listeners ----+           own clusters ----------------------------------+
//
// Whatever hangs on `seen` or the outlines is spared when a VirtualService changes.
#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "control_plane/translate/context.h"
#include "control_plane/translate/place.h"
#include "control_plane/translate/unsupported.h"
#include "control_plane/translate/world.h"

namespace lateen::translate {

struct World::Tables {
  using Id = uint64_t;  // of a place
  using Named = std::pair<Id, std::string>;
  using Listed = std::pair<Id, Names>;
  using Resources = std::vector<ResourcePointer>;
  using ServicePointer = std::shared_ptr<const registry::Service>;
  template <class T>
  using Input = collections::Input<std::string, T>;
  template <class K, class V>
  using Query = collections::Query<K, V>;

  // A part of a snapshot; set() makes a new one only when something in it is different.
  struct Part {
    std::shared_ptr<const snapshot::Snapshot> world;
    bool operator==(const Part&) const = default;
  };

  struct Held {
    std::shared_ptr<const snapshot::Snapshot> world;
    std::shared_ptr<const Place> place;
    std::vector<ServicePointer> served;
    std::shared_ptr<const Context> in;  // of these
    bool operator==(const Held& other) const {
      return world == other.world && place == other.place && served == other.served;
    }
  };

  // A service as a class sees it. No key: it does not.
  struct Seen {
    std::string key;
    std::vector<registry::Port> ports;  // a Sidecar may import some only
    bool operator==(const Seen&) const = default;
  };

  explicit Tables(const snapshot::Snapshot& first);

  // --- snapshots (world_inputs.cc) ---------------------------------------------------------------------------------
  bool set(const snapshot::Snapshot* before, const snapshot::Snapshot& next);
  bool set_services(const snapshot::Snapshot& next);
  bool set_parts(const snapshot::Snapshot* before, const snapshot::Snapshot& next);

  // --- places ------------------------------------------------------------------------------------------------------
  std::shared_ptr<const Place> place(Whereabouts found);
  void forget_unused();

  // --- functions of the queries ------------------------------------------------------------------------------------
  Held context_of(Id id);
  Held ground_context_of(Id id);
  std::vector<ServedPort> served_of(const Place& place, std::vector<ServicePointer>& keep);
  Seen see(const Named& key);
  std::vector<std::string> hosts_of(Id id);
  Resources clusters_of_service(const Named& key);
  ResourceSet outbound_clusters_of(Id id);
  ResourceSet own_clusters_of(Id id);
  ResourceSet outbound_listeners_of(const Named& key);
  ResourceSet own_listeners_of(Id id);
  Resources route_of(const Named& key);
  Resources load_of(const Named& key);
  ResourceSet list_of(const Query<Named, Resources>& each, const Listed& key);

  // The resource of a message; an equal one that somebody holds is used again.
  ResourcePointer resource(std::string name, const google::protobuf::Message& message);
  void forget_dead();
  template <class Messages>
  Resources resources(const Messages& messages);

  collections::Database database;
  collections::Input<collections::Unit, Part> shape{database, "shape"}, ground{database, "ground"};
  Input<registry::Service> outlines{database, "outlines"}, services{database, "services"};
  std::vector<ServicePointer> order;  // outlines, oldest first
  size_t services_gone = 0;           // so far
  std::unique_ptr<Locator> locator;   // of the snapshot that was set last

  Id last_id = 0;
  std::map<std::string, std::shared_ptr<const Place>> places;
  std::unordered_map<Id, std::shared_ptr<const Place>> places_by_id;
  std::unordered_multimap<std::string, std::weak_ptr<const Resource>> known;  // by version
  size_t known_max = 1024;                                                    // when the dead are looked for
  struct ByList {
    bool operator()(const Names& a, const Names& b) const { return *a < *b; }
  };
  std::set<Names, ByList> lists;

  Query<Id, Held> context{database, "context", [this](Id id) { return context_of(id); }};
  Query<Id, Held> ground_context{database, "ground context", [this](Id id) { return ground_context_of(id); }};
  Query<Named, Seen> seen{database, "seen", [this](const Named& key) { return see(key); }};
  Query<Id, std::vector<std::string>> hosts{database, "hosts", [this](Id id) { return hosts_of(id); }};
  Query<Id, bool> by_sni{database, "by SNI", [this](Id id) { return needs_sni(id); }};
  bool needs_sni(Id id);

  Query<Named, Resources> service_clusters{database, "service clusters",
                                           [this](const Named& key) { return clusters_of_service(key); }};
  Query<Id, ResourceSet> outbound_clusters{database, "outbound clusters",
                                           [this](Id id) { return outbound_clusters_of(id); }};
  Query<Id, ResourceSet> own_clusters{database, "own clusters", [this](Id id) { return own_clusters_of(id); }};
  Query<Id, ResourceSet> clusters{database, "clusters", [this](Id id) {
                                    const auto common = places_by_id.at(id)->common->id;
                                    return ResourceSet(*outbound_clusters.get(common), *own_clusters.get(id));
                                  }};

  Query<Named, ResourceSet> outbound_listeners{database, "outbound listeners",
                                               [this](const Named& key) { return outbound_listeners_of(key); }};
  Query<Id, ResourceSet> own_listeners{database, "own listeners", [this](Id id) { return own_listeners_of(id); }};
  Query<Named, ResourceSet> listeners{database, "listeners", [this](const Named& key) {
                                        const auto common = places_by_id.at(key.first)->common->id;
                                        return ResourceSet(*outbound_listeners.get({common, key.second}),
                                                           *own_listeners.get(key.first));
                                      }};

  Query<Named, Resources> route{database, "route", [this](const Named& key) { return route_of(key); }};
  Query<Listed, ResourceSet> routes{database, "routes", [this](const Listed& key) { return list_of(route, key); }};
  Query<Named, Resources> load{database, "load", [this](const Named& key) { return load_of(key); }};
  Query<Listed, ResourceSet> loads{database, "loads", [this](const Listed& key) { return list_of(load, key); }};
  Query<Id, ResourceSet> name_tables{database, "name table", [this](Id id) { return name_table_of(id); }};
  ResourceSet name_table_of(Id id);
  Query<Named, std::vector<std::string>> route_names{database, "route names",
                                                     [this](const Named& key) { return route_names_of(key); }};
  std::vector<std::string> route_names_of(const Named& key);
  Query<Id, std::vector<std::string>> endpoint_names{database, "endpoint names",
                                                     [this](Id id) { return endpoint_names_of(id); }};
  std::vector<std::string> endpoint_names_of(Id id);
  Query<Id, std::vector<std::string>> findings{database, "findings",
                                               [this](Id id) { return unsupported(*context.get(id)->in); }};
};

}  // namespace lateen::translate
