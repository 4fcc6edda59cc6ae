// Time has units in its types. Two clocks, never mixed: Time runs steadily (deadlines, latencies), WallTime is the
// calendar (certificates, logs). Both are read from an io::Loop, so a simulation can set them; nothing else asks the
// system.
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace lateen {

using Duration = std::chrono::nanoseconds;
using Time = std::chrono::time_point<std::chrono::steady_clock, Duration>;
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

using namespace std::chrono_literals;

// A hundred years: what people write for "never" and more than anything waits. Added to a Time or a WallTime of this
// century it cannot overflow.
inline constexpr Duration longest_duration = 876'000h;

// A length that came from outside in a coarser unit, which can count further than nanoseconds do: cut to
// longest_duration in either direction.
template <class Count, class Period>
constexpr Duration bounded(std::chrono::duration<Count, Period> length) {
  const auto most = std::chrono::duration_cast<std::chrono::duration<Count, Period>>(longest_duration);
  return std::clamp(length, -most, most);
}

// Seconds since 1970, from outside, cut to the years 1970 to 2255: of any two such times the difference is a Duration,
// and "never expires" (certificates write 9999) is later than any other time.
WallTime wall_time(int64_t seconds_since_epoch);

// "1h30m", "250ms", "1.5s": the syntax of Go and Istio; units h m s ms us ns, a sign and fractions allowed. "0" is
// valid.
Result<Duration> parse_duration(std::string_view text);

// The shortest Go form: "1h30m0s", "250ms", "1.5s", "0s".
std::string format_duration(Duration duration);

// protobuf's JSON form: "1.500s", "3600s"; three, six or nine decimals or none.
std::string format_duration_seconds(Duration duration);

// RFC 3339 in UTC with milliseconds: "2026-11-25T12:00:00.000Z".
std::string format_time(WallTime time);

// RFC 3339, with any number of decimals and any offset; years outside 1970 to 2255 as wall_time() says.
Result<WallTime> parse_time(std::string_view text);

}  // namespace lateen
