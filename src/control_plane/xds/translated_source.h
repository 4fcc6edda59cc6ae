// The source of resources that the control plane is about: the snapshot, translated for each proxy.
//
// A proxy's resources of a type are translated when its stream asks for them, once a snapshot; streams of equal proxies
// share them. A resource whose bytes are those of the snapshot before stays the same object, so an unchanged resource
// costs a comparison of pointers from there on.
#pragma once
#include <map>
#include <memory>
#include <vector>

#include "control_plane/snapshot/snapshot.h"
#include "control_plane/translate/proxy.h"
#include "control_plane/xds/discovery.h"

namespace lateen::discovery {

// What translate needs to know of a proxy, from what it said. Fails with `unsupported` for types of proxies that this
// control plane has nothing for.
Result<translate::Proxy> proxy_of(const Node& node);

class TranslatedSource final : public Source {
 public:
  explicit TranslatedSource(std::shared_ptr<const snapshot::Snapshot> snapshot) : snapshot_(std::move(snapshot)) {}
  ~TranslatedSource() override;

  // The world from now on; tell the Discovery that it changed.
  void set_snapshot(std::shared_ptr<const snapshot::Snapshot> snapshot);
  const std::shared_ptr<const snapshot::Snapshot>& snapshot() const { return snapshot_; }

  Result<std::unique_ptr<View>> view(const Node& node) override;

 private:
  class Translation;
  class ProxyView;
  std::shared_ptr<Translation> translation_for(translate::Proxy proxy);

  std::shared_ptr<const snapshot::Snapshot> snapshot_;
  uint64_t version_ = 1;                                  // of the snapshot
  std::vector<std::weak_ptr<Translation>> translations_;  // one for each different proxy that is connected
};

}  // namespace lateen::discovery
