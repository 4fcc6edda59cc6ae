#include "data_plane/upstream/balancer.h"

#include <algorithm>
#include <map>

namespace lateen::upstream {

// The hosts of one priority and how much traffic they can carry, in percent.
struct Balancer::Priority {
  uint32_t number = 0;
  std::vector<HostPtr> all, healthy, degraded;
  double health = 0, degraded_health = 0;
  bool panics = false;

  double available_percent() const {
    return 100.0 * static_cast<double>(healthy.size() + degraded.size()) / static_cast<double>(all.size());
  }
  void reckon(double overprovisioning_percent) {
    for (const HostPtr& host : all) {
      if (host->health() == Health::healthy) healthy.push_back(host);
      if (host->health() == Health::degraded) degraded.push_back(host);
    }
    const double each = overprovisioning_percent / static_cast<double>(all.size());
    health = std::min(100.0, each * static_cast<double>(healthy.size()));
    degraded_health = std::min(100 - health, each * static_cast<double>(degraded.size()));
  }
};

void Balancer::rebuild(std::span<const HostPtr> hosts, const EndpointSet& set) {
  std::map<uint32_t, std::vector<HostPtr>> by_number;
  for (const HostPtr& host : hosts) by_number[host->endpoint().priority].push_back(host);
  std::vector<Priority> priorities;
  double total = 0;
  for (auto& [number, members] : by_number) {
    Priority& priority = priorities.emplace_back(Priority{.number = number, .all = std::move(members)});
    priority.reckon(set.overprovisioning_percent);
    total += priority.health + priority.degraded_health;
  }
  // Panic: too few healthy hosts to carry the load, so all get some of it. Not while other priorities can carry it.
  for (Priority& priority : priorities)
    priority.panics = total < 100 && priority.available_percent() < settings_.panic_threshold_percent;
  levels_.clear();
  if (std::ranges::all_of(priorities, &Priority::panics))
    add_panic_levels(priorities);
  else
    add_levels(priorities, set);
}

void Balancer::add_levels(std::vector<Priority>& priorities, const EndpointSet& set) {
  double total = 0, left = 100;
  for (const Priority& priority : priorities) total += priority.health + priority.degraded_health;
  total = std::min(total, 100.0);
  const auto add = [&](const Priority& priority, double health, std::vector<HostPtr> hosts) {
    const double load = std::min(left, health * 100 / total);
    if (load <= 0) return;
    left -= load;
    Level level{.load = load};
    if (priority.panics)
      add_group(level, priority.all, 1);
    else
      split_by_locality(level, priority, std::move(hosts), set);
    levels_.push_back(std::move(level));
  };
  if (total <= 0) return;  // nothing is healthy, and panic is off: no host may be used
  for (Priority& priority : priorities) add(priority, priority.health, std::move(priority.healthy));
  for (Priority& priority : priorities) add(priority, priority.degraded_health, std::move(priority.degraded));
}

// All priorities panic: each gets what its number of hosts makes of it.
void Balancer::add_panic_levels(std::vector<Priority>& priorities) {
  size_t hosts = 0;
  for (const Priority& priority : priorities) hosts += priority.all.size();
  for (Priority& priority : priorities) {
    Level level{.load = 100.0 * static_cast<double>(priority.all.size()) / static_cast<double>(hosts)};
    add_group(level, std::move(priority.all), 1);
    levels_.push_back(std::move(level));
  }
}

void Balancer::split_by_locality(Level& level, const Priority& from, std::vector<HostPtr> hosts,
                                 const EndpointSet& set) {
  if (settings_.locality_weighted && !set.locality_weights.empty()) {
    std::map<Locality, std::vector<HostPtr>> by_locality;
    std::map<Locality, size_t> all;
    for (const HostPtr& host : from.all) ++all[host->endpoint().locality];
    for (const HostPtr& host : hosts) by_locality[host->endpoint().locality].push_back(host);
    for (auto& [locality, members] : by_locality) {
      const auto weight = set.locality_weights.find({from.number, locality});
      if (weight == set.locality_weights.end() || weight->second == 0) continue;  // no weight: no traffic
      // A locality that lost many hosts gets less.
      const double share = set.overprovisioning_percent / 100.0 * static_cast<double>(members.size()) /
                           static_cast<double>(all[locality]);
      if (share > 0) add_group(level, std::move(members), weight->second * std::min(1.0, share));
    }
  }
  if (level.groups.empty()) add_group(level, std::move(hosts), 1);  // also when no host is in a locality with weight
  // Workers do not all begin with the heaviest one.
  for (uint64_t i = random_.below(level.groups.size()); i > 0; --i)
    level.localities.next([&](uint32_t group) { return level.groups[group].weight; });
}

void Balancer::add_group(Level& level, std::vector<HostPtr> hosts, double weight) {
  Group group{.hosts = std::move(hosts), .weight = weight};
  const auto own = [&](uint32_t i) { return static_cast<double>(group.hosts[i]->endpoint().weight); };
  for (uint32_t i = 0; i < group.hosts.size(); ++i) {
    group.equal_weights &= own(i) == own(0);
    group.rotation.add(i, own(i));
  }
  group.next = static_cast<uint32_t>(random_.below(group.hosts.size()));
  if (!group.equal_weights)
    for (uint32_t i = 0; i < group.next; ++i) group.rotation.next(own);
  level.localities.add(static_cast<uint32_t>(level.groups.size()), weight);
  level.groups.push_back(std::move(group));
}

Balancer::Level* Balancer::choose_level() {
  if (levels_.size() == 1) return &levels_[0];
  double draw = random_.unit() * 100;
  for (Level& level : levels_) {
    draw -= level.load;
    if (draw < 0) return &level;
  }
  return levels_.empty() ? nullptr : &levels_.back();
}

HostPtr Balancer::draw() {
  Level* level = choose_level();
  if (!level) return nullptr;
  if (level->groups.size() == 1) return from(level->groups[0]);
  return from(level->groups[level->localities.next([&](uint32_t i) { return level->groups[i].weight; })]);
}

HostPtr Balancer::from(Group& group) {
  if (group.hosts.size() == 1) return group.hosts[0];
  switch (settings_.balancing) {
    case Balancing::least_request:
      return least_request(group);
    case Balancing::random:
      return group.hosts[random_.below(group.hosts.size())];
    default:
      break;
  }
  if (group.equal_weights) return group.hosts[group.next++ % group.hosts.size()];
  return group
      .hosts[group.rotation.next([&](uint32_t i) { return static_cast<double>(group.hosts[i]->endpoint().weight); })];
}

HostPtr Balancer::least_request(Group& group) {
  if (!group.equal_weights)
    return group.hosts[group.rotation.next([&](uint32_t i) {
      const Host& host = *group.hosts[i];
      return static_cast<double>(host.endpoint().weight) / (host.active_requests + 1);
    })];
  HostPtr best;
  const uint32_t choices = std::clamp(settings_.least_request_choices, 2U, static_cast<uint32_t>(group.hosts.size()));
  for (uint32_t i = 0; i < choices; ++i) {
    const HostPtr& candidate = group.hosts[random_.below(group.hosts.size())];
    if (!best || candidate->active_requests < best->active_requests) best = candidate;
  }
  return best;
}

HostPtr Balancer::pick(std::span<const Host* const> tried, uint32_t attempts) {
  HostPtr host = draw();
  for (uint32_t i = 1; i < attempts && host && std::ranges::find(tried, host.get()) != tried.end(); ++i) host = draw();
  return host;
}

}  // namespace lateen::upstream
