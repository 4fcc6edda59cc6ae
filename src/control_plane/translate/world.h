// The world over time: translations that are remembered, shared between proxies, and made anew only where something
// they read has changed (design decision 9).
//
//   World world(snapshot);
//   World::Member member(world, proxy);
//   member.clusters();                 // translated
//   world.set(next);                   // one endpoint is new
//   member.clusters();                 // the same pointer as before
//
// set() compares a snapshot with the one before: the services one by one, with and without their endpoints, and the
// rest. A change of an endpoint makes only the load assignments of its service anew, once for each class of proxies; a
// change of a VirtualService makes routes and outbound listeners anew, but no cluster and no load assignment whose
// service did not change. What comes out equal stays the same object, and equal resources of different proxies are one.
//
// Proxies of one class share what they call, those of one place (place.h) everything. The law: a member's resources
// equal translate(snapshot, proxy), whatever came before (world_test.cc). One thread.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "control_plane/snapshot/snapshot.h"
#include "control_plane/translate/proxy.h"
#include "control_plane/translate/resource_set.h"
#include "lib/collections/query.h"

namespace lateen::translate {

struct Place;

class World {
 public:
  // Names of resources; equal lists are one object.
  using Names = std::shared_ptr<const std::vector<std::string>>;
  class Member;

  explicit World(std::shared_ptr<const snapshot::Snapshot> first);
  ~World();

  // True when anything is different from before.
  bool set(std::shared_ptr<const snapshot::Snapshot> next);
  const std::shared_ptr<const snapshot::Snapshot>& snapshot() const { return current_; }

  Names names(std::vector<std::string> list);

  // Drops what no member got when it asked last.
  void collect();
  // The same, but only when more has been let go since the last time than members are there: cheap to call often.
  void tidy();

  const collections::Statistics& statistics() const;

 private:
  struct Tables;
  std::shared_ptr<const snapshot::Snapshot> current_;
  uint64_t revision_ = 1;
  size_t members_ = 0;
  size_t let_go_ = 0;  // members, places of members, lists of names and services since the last collect()
  std::unique_ptr<Tables> tables_;
};

// A proxy that is served. Keeps what it got from being collected. Ends before its world.
//
// Each answer is the same pointer as before when nothing in it changed.
class World::Member {
 public:
  Member(World& world, Proxy proxy);
  ~Member();
  Member(const Member&) = delete;

  ResourceSetPointer listeners();
  ResourceSetPointer clusters();
  ResourceSetPointer routes(const Names& names);
  ResourceSetPointer endpoints(const Names& names);
  ResourceSetPointer name_table();

  // Those that listeners() and clusters() refer to.
  Names route_names();
  Names endpoint_names();

  // What configuration asks for and translation does not give, see unsupported.h.
  Names findings();

 private:
  void look_around();

  World& world_;
  Proxy proxy_;  // as it described itself
  uint64_t revision_ = 0;
  std::shared_ptr<const Place> place_;
  std::string itself_;
  collections::Pin listeners_, clusters_, routes_, endpoints_, name_table_, route_names_, endpoint_names_, findings_;
};

}  // namespace lateen::translate
