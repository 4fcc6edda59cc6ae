#include "data_plane/upstream/balancer.h"

#include <algorithm>
#include <map>

namespace lateen::upstream {
namespace {

struct Availability {
  std::vector<HostPtr> healthy, degraded;
  double healthy_share = 0;  // percent
};

Availability availability_of(const std::vector<HostPtr>& hosts) {
  Availability out;
  for (const HostPtr& host : hosts) {
    if (host->health() == Health::healthy) out.healthy.push_back(host);
    if (host->health() == Health::degraded) out.degraded.push_back(host);
  }
  if (!hosts.empty())
    out.healthy_share = 100.0 * static_cast<double>(out.healthy.size()) / static_cast<double>(hosts.size());
  return out;
}

}  // namespace

void Balancer::rebuild(std::span<const HostPtr> hosts, const EndpointSet& set) {
  std::map<uint32_t, std::vector<HostPtr>> by_priority;
  for (const HostPtr& host : hosts) by_priority[host->endpoint().priority].push_back(host);
  levels_.clear();
  loads_.clear();
  double left = 100;
  for (auto& [priority, members] : by_priority) {
    Level level;
    build_level(level, std::move(members), priority, set);
    const double load = std::min(left, level.health);
    left -= load;
    loads_.push_back(load);
    levels_.push_back(std::move(level));
  }
  const double total = 100 - left;
  if (total <= 0 && !loads_.empty())
    loads_[0] = 100;  // nothing is healthy: the first level, in panic
  else if (total > 0)
    for (double& load : loads_) load *= 100 / total;
}

void Balancer::build_level(Level& level, std::vector<HostPtr> hosts, uint32_t priority, const EndpointSet& set) {
  Availability available = availability_of(hosts);
  level.health = std::min(100.0, available.healthy_share * set.overprovisioning_percent / 100.0);
  std::vector<HostPtr> usable = std::move(available.healthy);
  if (usable.empty()) usable = std::move(available.degraded);
  // Panic: too few healthy hosts to carry the load, so all get some of it.
  if (available.healthy_share < settings_.panic_threshold_percent && settings_.panic_threshold_percent > 0)
    usable = std::move(hosts);
  if (usable.empty()) return;

  if (!settings_.locality_weighted || set.locality_weights.empty()) {
    add_group(level, std::move(usable), 1);
    return;
  }
  std::map<Locality, std::vector<HostPtr>> by_locality;
  for (HostPtr& host : usable) by_locality[host->endpoint().locality].push_back(std::move(host));
  for (auto& [locality, members] : by_locality) {
    const auto weight = set.locality_weights.find({priority, locality});
    if (weight == set.locality_weights.end() || weight->second == 0) continue;  // no weight: no traffic
    add_group(level, std::move(members), weight->second);
  }
}

void Balancer::add_group(Level& level, std::vector<HostPtr> hosts, double weight) {
  Group group{.hosts = std::move(hosts), .weight = weight};
  for (uint32_t i = 0; i < group.hosts.size(); ++i) {
    const uint32_t own = group.hosts[i]->endpoint().weight;
    group.equal_weights &= own == group.hosts[0]->endpoint().weight;
    group.rotation.add(i, own);
  }
  group.next = static_cast<uint32_t>(random_.below(group.hosts.size()));
  level.localities.add(static_cast<uint32_t>(level.groups.size()), weight);
  level.groups.push_back(std::move(group));
}

Balancer::Level* Balancer::choose_level() {
  if (levels_.size() == 1) return &levels_[0];
  double draw = random_.unit() * 100;
  for (size_t i = 0; i < levels_.size(); ++i) {
    draw -= loads_[i];
    if (draw < 0) return &levels_[i];
  }
  return levels_.empty() ? nullptr : &levels_.back();
}

HostPtr Balancer::draw() {
  Level* level = choose_level();
  if (!level || level->groups.empty()) return nullptr;
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
  for (uint32_t i = 0; i < settings_.least_request_choices; ++i) {
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
