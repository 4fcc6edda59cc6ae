#include "config/security/peer_authentication.h"

#include "lib/schema/field.h"

namespace lateen::config {

using namespace schema;  // field(), record() and the attributes

Names names(PeerAuthentication::MutualTLS::Mode) {
  static constexpr Name all[] = {{"UNSET", 0}, {"DISABLE", 1}, {"PERMISSIVE", 2}, {"STRICT", 3}};
  return all;
}

Fields PeerAuthentication::MutualTLS::fields() {
  return record("PeerAuthentication.MutualTLS", "Which connections are accepted.",
                {
                    field("mode", &PeerAuthentication::MutualTLS::mode, "Plain, both, or mTLS only.",
                          otherwise("that of the level above")),
                });
}

Fields PeerAuthentication::fields() {
  return record(
      "PeerAuthentication", "Which connections a workload accepts.",
      {
          field("selector", &PeerAuthentication::selector, "Workloads it is for.", otherwise("all of the namespace")),
          field("mtls", &PeerAuthentication::mtls, "For all ports."),
          field("portLevelMtls", &PeerAuthentication::port_level_mtls, "By port of the workload; needs a selector.",
                fewest(1)),
      });
}

}  // namespace lateen::config
