// The names that a member's DNS proxy answers (NDS, spec/istio.md section 2.4): hosts of services that the proxy sees,
// with the addresses that its own cluster gives them.
#pragma once
#include <string_view>

#include "control_plane/translate/context.h"

namespace istio::networking::nds::v1 {
class NameTable;
}

namespace lateen::translate {

// The one resource of the type; the name means nothing to members.
constexpr std::string_view name_table_name = "name-table";

istio::networking::nds::v1::NameTable name_table(const Context& in);

}  // namespace lateen::translate
