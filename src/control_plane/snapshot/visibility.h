// exportTo: which namespaces see an object (spec/istio.md section 3.10).
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace lateen::snapshot {

// `export_to` as written (".", "*", "~", names); when it is empty, `otherwise` of the mesh configuration counts.
// `owner` is the namespace of the object, `viewer` the one that looks.
bool is_visible(const std::vector<std::string>& export_to, const std::vector<std::string>& otherwise,
                std::string_view owner, std::string_view viewer);

// Whether only its own namespace sees it.
bool is_private(const std::vector<std::string>& export_to, const std::vector<std::string>& otherwise,
                std::string_view owner);

}  // namespace lateen::snapshot
