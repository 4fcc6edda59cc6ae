// The operators of a Format, by name. Private to data_plane/telemetry.
#pragma once
#include "data_plane/telemetry/format.h"

namespace lateen::telemetry {

// The part for %NAME(ARGUMENTS)%; fails when there is no operator of that name or the arguments are wrong.
Result<FormatPart> make_part(std::string_view name, std::string_view arguments);

// Formats a time by strftime with Envoy's additions: %s seconds, %3f %6f %9f %f fractions. Empty: ISO 8601 with
// milliseconds.
std::string format_start_time(WallTime time, const std::string& format);

}  // namespace lateen::telemetry
