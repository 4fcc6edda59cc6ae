#include "control_plane/snapshot/visibility.h"

#include <algorithm>

namespace lateen::snapshot {

bool is_visible(const std::vector<std::string>& export_to, const std::vector<std::string>& otherwise,
                std::string_view owner, std::string_view viewer) {
  const auto& list = export_to.empty() ? otherwise : export_to;
  if (list.empty()) return true;
  return std::ranges::any_of(
      list, [&](std::string_view each) { return each == "*" || (each == "." ? owner == viewer : each == viewer); });
}

bool is_private(const std::vector<std::string>& export_to, const std::vector<std::string>& otherwise,
                std::string_view owner) {
  const auto& list = export_to.empty() ? otherwise : export_to;
  return !list.empty() &&
         std::ranges::all_of(list, [&](std::string_view each) { return each == "." || each == owner; });
}

}  // namespace lateen::snapshot
