#include <algorithm>

#include "control_plane/translate/world_tables.h"

namespace lateen::translate {
namespace {

using registry::Endpoint;
using registry::Service;
using snapshot::Snapshot;

// A service without those endpoints that only load assignments read: of the watched endpoints of an ordinary service
// clusters read who they are and whether they do mutual TLS.
Service outline_of(const Service& service) {
  Service out = service;
  if (service.resolution != registry::Resolution::client_side || service.headless) return out;
  std::set<std::pair<std::string, bool>> known;
  std::vector<Endpoint> kept;
  for (auto& each : out.endpoints) {
    if (each.health == registry::Health::unknown) {
      kept.push_back(std::move(each));
    } else if (known.emplace(each.service_account, each.mutual_tls).second) {
      Endpoint fact;
      fact.service_account = each.service_account;
      fact.mutual_tls = each.mutual_tls;
      fact.health = registry::Health::healthy;
      kept.push_back(std::move(fact));
    }
  }
  std::ranges::sort(kept, {}, [](const auto& each) {
    return std::tuple(each.health, each.service_account, each.mutual_tls, each.address, each.port, each.port_name);
  });
  out.endpoints = std::move(kept);
  return out;
}

// What `ground` consists of.
bool same_ground(const Snapshot& a, const Snapshot& b) {
  return a.domain == b.domain && a.mesh == b.mesh && a.networks == b.networks &&
         a.destination_rules == b.destination_rules && a.sidecars == b.sidecars &&
         a.peer_authentications == b.peer_authentications && a.authorization_policies == b.authorization_policies &&
         a.request_authentications == b.request_authentications && a.telemetries == b.telemetries &&
         a.envoy_filters == b.envoy_filters;
}

void copy_ground(const Snapshot& from, Snapshot& to) {
  to.domain = from.domain;
  to.mesh = from.mesh;
  to.networks = from.networks;
  to.destination_rules = from.destination_rules;
  to.sidecars = from.sidecars;
  to.peer_authentications = from.peer_authentications;
  to.authorization_policies = from.authorization_policies;
  to.request_authentications = from.request_authentications;
  to.telemetries = from.telemetries;
  to.envoy_filters = from.envoy_filters;
}

// What `shape` has besides ground and services; workloads are left out, since a proxy brings its own along.
bool same_rest(const Snapshot& a, const Snapshot& b) {
  return a.virtual_services == b.virtual_services && a.gateways == b.gateways;
}

}  // namespace

bool World::Tables::set(const Snapshot* before, const Snapshot& next) {
  locator = std::make_unique<Locator>(next);
  const bool services_differ = set_services(next);
  const bool parts_differ = set_parts(before, next);
  return services_differ || parts_differ || !before || before->workloads != next.workloads;
}

bool World::Tables::set_services(const Snapshot& next) {
  collections::Input<std::string, Service>::Values whole, outline;
  for (const auto& [host, indexes] : next.services_by_host)
    for (size_t i = 0; i < indexes.size(); ++i) {
      const auto& service = next.services[indexes[i]];
      const auto key = service_key(service, i);
      const auto held = services.get(key);
      if (held && *held == service) {
        whole[key] = held;
        outline[key] = outlines.get(key);
        continue;
      }
      whole[key] = std::make_shared<const Service>(service);
      auto next_outline = std::make_shared<const Service>(outline_of(service));
      const auto held_outline = outlines.get(key);
      outline[key] = held_outline && *held_outline == *next_outline ? held_outline : std::move(next_outline);
    }
  for (const auto& [key, held] : services.all()) services_gone += !whole.contains(key);
  outlines.assign(outline);
  return services.assign(whole);
}

bool World::Tables::set_parts(const Snapshot* before, const Snapshot& next) {
  std::vector<ServicePointer> fresh(next.services.size());
  for (const auto& [host, indexes] : next.services_by_host)
    for (size_t i = 0; i < indexes.size(); ++i)
      fresh[indexes[i]] = outlines.get(service_key(next.services[indexes[i]], i));
  const bool same_order = before && fresh == order;
  order = std::move(fresh);
  const bool ground_stays = before && same_ground(*before, next);
  if (!ground_stays) {
    auto made = std::make_shared<Snapshot>();
    copy_ground(next, *made);
    ground.set({}, {std::move(made)});
  }
  if (same_order && ground_stays && same_rest(*before, next)) return false;
  auto made = std::make_shared<Snapshot>();
  copy_ground(next, *made);
  made->virtual_services = next.virtual_services;
  made->gateways = next.gateways;
  made->services_by_host = next.services_by_host;
  made->services.reserve(order.size());
  for (const auto& each : order) made->services.push_back(*each);
  shape.set({}, {std::move(made)});
  return true;
}

}  // namespace lateen::translate
