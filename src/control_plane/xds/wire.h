// Requests and pushes as bytes of the discovery protocol. A resource is serialised once, when it is translated; putting
// it into a response is a copy.
#pragma once
#include <string>

#include "control_plane/xds/subscription.h"

namespace envoy::service::discovery::v3 {
class DeltaDiscoveryRequest;
class DiscoveryRequest;
}  // namespace envoy::service::discovery::v3

namespace lateen::discovery {

Request read_request(const envoy::service::discovery::v3::DiscoveryRequest& request);
Request read_request(const envoy::service::discovery::v3::DeltaDiscoveryRequest& request);

// A DiscoveryResponse or DeltaDiscoveryResponse; `identifier` names this control plane.
std::string write_response(const Push& push, Mode mode, std::string_view identifier);

}  // namespace lateen::discovery
