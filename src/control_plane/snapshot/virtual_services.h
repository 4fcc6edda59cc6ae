// VirtualServices ready for use: hosts, gateways and destinations completed, delegates merged in, oldest first.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "config/kubernetes/meta.h"
#include "config/networking/virtual_service.h"

namespace lateen::snapshot {

using VirtualServiceObject = config::Object<config::VirtualService>;

// What a gateway or the mesh is called in `gateways` and in matches: "mesh", or "NAMESPACE/NAME".
constexpr std::string_view mesh_gateway = "mesh";

// Roots only; a delegate that is missing, or that conflicts with its root's match, adds no route.
std::vector<VirtualServiceObject> resolve(const std::vector<VirtualServiceObject>& objects, std::string_view domain);

// Whether the VirtualService is bound to that gateway (as above).
bool is_bound_to(const VirtualServiceObject& object, std::string_view gateway);

// --- for resolve() and its tests -------------------------------------------------------------------------------------

// The delegate's route as seen through one route of its root: matches combined, fields of the delegate first. Empty
// when no pair of matches can hold together.
std::vector<config::HTTPRoute> merge_delegate(const config::HTTPRoute& root,
                                              const std::vector<config::HTTPRoute>& delegate);

}  // namespace lateen::snapshot
