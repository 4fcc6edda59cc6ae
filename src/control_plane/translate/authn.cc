#include "control_plane/translate/authn.h"

namespace lateen::translate {
namespace {

using config::PeerAuthentication;
using Mode = PeerAuthentication::MutualTLS::Mode;
using Policy = config::Object<PeerAuthentication>;

bool has_selector(const Policy& policy) { return policy.spec.selector && !policy.spec.selector->match_labels.empty(); }

Mode mode_of(const std::optional<PeerAuthentication::MutualTLS>& mtls) { return mtls ? mtls->mode : Mode::UNSET; }

// The oldest policy for a whole namespace; the lists of a snapshot are oldest first.
const Policy* policy_of(const snapshot::Snapshot& snapshot, const std::string& namespace_) {
  for (const auto& each : snapshot.peer_authentications)
    if (each.metadata.namespace_ == namespace_ && !has_selector(each)) return &each;
  return nullptr;
}

MtlsMode resolved(Mode mode, MtlsMode otherwise) {
  switch (mode) {
    case Mode::UNSET:
      return otherwise;
    case Mode::DISABLE:
      return MtlsMode::disable;
    case Mode::PERMISSIVE:
      return MtlsMode::permissive;
    case Mode::STRICT:
      return MtlsMode::strict;
  }
  return otherwise;
}

}  // namespace

MtlsMode namespace_mtls(const snapshot::Snapshot& snapshot, const std::string& namespace_) {
  MtlsMode mode = MtlsMode::permissive;
  const auto& root = snapshot.mesh.root_namespace;
  if (const auto* mesh = policy_of(snapshot, root)) mode = resolved(mode_of(mesh->spec.mtls), mode);
  if (namespace_ == root) return mode;
  if (const auto* own = policy_of(snapshot, namespace_)) mode = resolved(mode_of(own->spec.mtls), mode);
  return mode;
}

MtlsMode workload_mtls(const snapshot::Snapshot& snapshot, const std::string& namespace_,
                       const registry::Labels& labels, uint32_t port) {
  MtlsMode mode = namespace_mtls(snapshot, namespace_);
  for (const auto& each : snapshot.peer_authentications) {
    if (each.metadata.namespace_ != namespace_ || !has_selector(each) ||
        !registry::contains(labels, each.spec.selector->match_labels))
      continue;
    mode = resolved(mode_of(each.spec.mtls), mode);
    const auto at_port = each.spec.port_level_mtls.find(port);
    return at_port == each.spec.port_level_mtls.end() ? mode : resolved(at_port->second.mode, mode);
  }
  return mode;
}

}  // namespace lateen::translate
