// Chooses a host of a cluster: first the priority level, then the locality, then the host by the cluster's policy
// (Envoy's algorithms: levels fill up to 100 % of overprovisioned health, degraded hosts after all healthy ones; when
// all levels together cannot carry the load, those below the panic threshold use all of their hosts; unequal weights go
// by earliest deadline first). Plain functions: choosing never waits.
#pragma once
#include <queue>
#include <span>

#include "data_plane/upstream/host.h"
#include "lib/base/random.h"

namespace lateen::upstream {

// Round robin over weights: the one with the earliest deadline is next, and is put back 1/weight later.
class WeightedRotation {
 public:
  void clear() { queue_ = {}, now_ = 0; }
  bool empty() const { return queue_.empty(); }
  void add(uint32_t index, double weight) { queue_.push({now_ + 1 / weight, order_++, index}); }
  // The next index; `weight(index)` is its weight from now on.
  template <class Weight>
  uint32_t next(Weight weight) {
    const Entry entry = queue_.top();
    queue_.pop();
    now_ = entry.deadline;
    queue_.push({now_ + 1 / weight(entry.index), order_++, entry.index});
    return entry.index;
  }

 private:
  struct Entry {
    double deadline;
    uint64_t order;  // of equal deadlines, the one that waits longest
    uint32_t index;
    bool operator<(const Entry& other) const {
      return std::tie(other.deadline, other.order) < std::tie(deadline, order);
    }
  };
  std::priority_queue<Entry> queue_;
  double now_ = 0;
  uint64_t order_ = 0;
};

class Balancer {
 public:
  Balancer(const ClusterSettings& settings, Random& random) : settings_(settings), random_(random) {}

  // Takes the hosts and their localities' weights. Also to be called when a host's health changed.
  void rebuild(std::span<const HostPtr> hosts, const EndpointSet& set);

  // A host, or null when none may be used. Draws up to `attempts` times to find one that was not `tried` (Envoy's
  // previous_hosts); the last one drawn is good enough.
  HostPtr pick(std::span<const Host* const> tried, uint32_t attempts = 1);

 private:
  struct Group {  // the usable hosts of one locality, or of a whole level
    std::vector<HostPtr> hosts;
    double weight = 1;
    bool equal_weights = true;
    WeightedRotation rotation;
    uint32_t next = 0;
  };
  struct Level {      // the healthy hosts of one priority, or its degraded ones, or in a panic all of them
    double load = 0;  // percent of the traffic; more than 0
    std::vector<Group> groups;
    WeightedRotation localities;
  };
  struct Priority;
  void add_levels(std::vector<Priority>& priorities, const EndpointSet& set);
  void add_panic_levels(std::vector<Priority>& priorities);
  void split_by_locality(Level& level, const Priority& from, std::vector<HostPtr> hosts, const EndpointSet& set);
  void add_group(Level& level, std::vector<HostPtr> hosts, double weight);
  Level* choose_level();
  HostPtr draw();
  HostPtr from(Group& group);
  HostPtr least_request(Group& group);

  const ClusterSettings& settings_;
  Random& random_;
  std::vector<Level> levels_;
};

}  // namespace lateen::upstream
