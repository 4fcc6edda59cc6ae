// What configuration asks for and translation does not give yet.
#pragma once
#include <string>
#include <vector>

#include "control_plane/translate/context.h"

namespace lateen::translate {

// "EnvoyFilter default/lua: spec: is not translated yet", each once. Only what concerns the proxy.
std::vector<std::string> unsupported(const Context& in);

}  // namespace lateen::translate
