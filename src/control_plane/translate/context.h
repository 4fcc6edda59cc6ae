// What every step of a translation needs, gathered once.
#pragma once
#include <set>
#include <string>

#include "control_plane/snapshot/snapshot.h"
#include "control_plane/translate/proxy.h"
#include "control_plane/translate/scope.h"

namespace lateen::translate {

struct Context {
  Context(const snapshot::Snapshot& world, const Proxy& who)
      : Context(world, who, scope_of(world, who), served_ports(who, world)) {}
  // For who knows these already.
  Context(const snapshot::Snapshot& world, const Proxy& who, Scope seen, std::vector<ServedPort> ports)
      : snapshot(world), proxy(who), scope(std::move(seen)), served(std::move(ports)), mesh(world.mesh) {}

  const snapshot::Snapshot& snapshot;
  const Proxy& proxy;
  Scope scope;
  std::vector<ServedPort> served;  // what the proxy's own workload serves
  const config::MeshConfig& mesh;

  const snapshot::DestinationRuleObject* rule_for(const registry::Service& service) const {
    return snapshot.destination_rules.find(service.hostname, service.namespace_, proxy.namespace_, proxy.labels);
  }
};

}  // namespace lateen::translate
