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
      : snapshot(world), proxy(who), scope(scope_of(world, who)), mesh(world.mesh) {}

  const snapshot::Snapshot& snapshot;
  const Proxy& proxy;
  Scope scope;
  const config::MeshConfig& mesh;

  const snapshot::DestinationRuleObject* rule_for(const registry::Service& service) const {
    return snapshot.destination_rules.find(service.hostname, service.namespace_, proxy.namespace_, proxy.labels);
  }
};

}  // namespace lateen::translate
