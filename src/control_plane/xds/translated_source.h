// The source of resources that the control plane is about: the snapshot, translated for each proxy by a
// translate::World, which remembers. Proxies that are alike share their sets; a set in which nothing changed stays the
// same object, so an unchanged type costs a stream a comparison of pointers. What configuration asks for and
// translation does not give is logged, each finding once.
#pragma once
#include <memory>
#include <set>
#include <string>

#include "control_plane/snapshot/snapshot.h"
#include "control_plane/translate/proxy.h"
#include "control_plane/translate/world.h"
#include "control_plane/xds/discovery.h"

namespace lateen::discovery {

// What translate needs to know of a proxy, from what it said. Fails with `unsupported` for types of proxies that this
// control plane has nothing for.
Result<translate::Proxy> proxy_of(const Node& node);

class TranslatedSource final : public Source {
 public:
  explicit TranslatedSource(std::shared_ptr<const snapshot::Snapshot> snapshot) : world_(std::move(snapshot)) {}

  // The world from now on; tell the Discovery that it changed.
  void set_snapshot(std::shared_ptr<const snapshot::Snapshot> snapshot);
  const std::shared_ptr<const snapshot::Snapshot>& snapshot() const { return world_.snapshot(); }

  // For one stream each; they end before this object does.
  Result<std::unique_ptr<View>> view(const Node& node) override;

  translate::World& world() { return world_; }

 private:
  class ProxyView;
  void tell(const std::vector<std::string>& findings);

  translate::World world_;
  std::set<std::string> told_;  // findings that were logged
};

}  // namespace lateen::discovery
