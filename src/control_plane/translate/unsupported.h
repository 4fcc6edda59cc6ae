// What configuration asks for and translation does not give yet.
#pragma once
#include <string>
#include <vector>

#include "control_plane/translate/context.h"

namespace lateen::translate {

// "EnvoyFilter default/lua: spec: is not translated yet", each once. Only what concerns the proxy.
// Proxies that are alike (place.h) have the same.
std::vector<std::string> unsupported(const Context& in);

// What a proxy asks for in its own metadata: "proxy web-1.shop: AUTO_REGISTER_GROUP ...".
std::vector<std::string> unsupported(const Proxy& proxy);

}  // namespace lateen::translate
