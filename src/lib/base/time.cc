#include "lib/base/time.h"

#include <cmath>
#include <ctime>

namespace lateen {
namespace {

struct Unit {
  std::string_view name;
  int64_t nanoseconds;
};
// Longer names first: "ms" must not be read as "m" followed by "s".
constexpr Unit units[] = {{"ms", 1'000'000},        {"us", 1'000},         {"µs", 1'000},       {"ns", 1},
                          {"h", 3'600'000'000'000}, {"m", 60'000'000'000}, {"s", 1'000'000'000}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Reads "12" or "12.5" from the front of text; false when there is no digit.
bool take_number(std::string_view& text, double& value) {
  size_t n = 0;
  bool digit = false, dot = false;
  while (n < text.size() && (is_digit(text[n]) || (text[n] == '.' && !dot))) {
    digit |= is_digit(text[n]);
    dot |= text[n] == '.';
    ++n;
  }
  if (!digit) return false;
  value = std::strtod(std::string(text.substr(0, n)).c_str(), nullptr);
  text.remove_prefix(n);
  return true;
}

std::string trim_zeros(std::string text) {
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  const std::string_view whole = text;
  bool negative = false;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  if (text == "0") return Duration(0);
  double total = 0;
  if (text.empty()) return fail(ErrorKind::invalid, "\"{}\" is not a duration such as 1h30m or 250ms", whole);
  while (!text.empty()) {
    double value = 0;
    if (!take_number(text, value))
      return fail(ErrorKind::invalid, "\"{}\" is not a duration such as 1h30m or 250ms", whole);
    const Unit* found = nullptr;
    for (const Unit& unit : units)
      if (text.starts_with(unit.name)) {
        found = &unit;
        break;
      }
    if (!found)
      return fail(ErrorKind::invalid, "\"{}\" is not a duration: a number needs one of the units h, m, s, ms, us, ns",
                  whole);
    text.remove_prefix(found->name.size());
    total += value * static_cast<double>(found->nanoseconds);
  }
  if (total > 9.2e18) return fail(ErrorKind::invalid, "duration \"{}\" is longer than 292 years", whole);
  const auto nanoseconds = static_cast<int64_t>(std::llround(total));
  return Duration(negative ? -nanoseconds : nanoseconds);
}

std::string format_duration(Duration duration) {
  int64_t n = duration.count();
  if (n == 0) return "0s";
  std::string out = n < 0 ? "-" : "";
  auto rest = static_cast<uint64_t>(n < 0 ? -n : n);
  if (rest < 1'000) return out + fmt::format("{}ns", rest);
  if (rest < 1'000'000) return out + trim_zeros(fmt::format("{}.{:03}", rest / 1'000, rest % 1'000)) + "us";
  if (rest < 1'000'000'000) return out + trim_zeros(fmt::format("{}.{:06}", rest / 1'000'000, rest % 1'000'000)) + "ms";
  const uint64_t hours = rest / 3'600'000'000'000, minutes = rest / 60'000'000'000 % 60;
  if (hours) out += fmt::format("{}h", hours);
  if (hours || minutes) out += fmt::format("{}m", minutes);
  rest %= 60'000'000'000;
  return out + trim_zeros(fmt::format("{}.{:09}", rest / 1'000'000'000, rest % 1'000'000'000)) + "s";
}

std::string format_duration_seconds(Duration duration) {
  const int64_t n = duration.count();
  const auto rest = static_cast<uint64_t>(n < 0 ? -n : n);
  const uint64_t seconds = rest / 1'000'000'000, nanos = rest % 1'000'000'000;
  const char* sign = n < 0 ? "-" : "";
  if (nanos == 0) return fmt::format("{}{}s", sign, seconds);
  if (nanos % 1'000'000 == 0) return fmt::format("{}{}.{:03}s", sign, seconds, nanos / 1'000'000);
  if (nanos % 1'000 == 0) return fmt::format("{}{}.{:06}s", sign, seconds, nanos / 1'000);
  return fmt::format("{}{}.{:09}s", sign, seconds, nanos);
}

WallTime wall_time(int64_t seconds_since_epoch) {
  constexpr int64_t latest = 9'000'000'000;
  return WallTime(std::chrono::seconds(std::clamp<int64_t>(seconds_since_epoch, 0, latest)));
}

std::string format_time(WallTime time) {
  const int64_t n = time.time_since_epoch().count();
  int64_t seconds = n / 1'000'000'000, rest = n % 1'000'000'000;
  if (rest < 0) rest += 1'000'000'000, --seconds;
  const auto when = static_cast<time_t>(seconds);
  tm utc{};
  gmtime_r(&when, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                     utc.tm_hour, utc.tm_min, utc.tm_sec, rest / 1'000'000);
}

Result<WallTime> parse_time(std::string_view text) {
  const std::string copy(text);
  tm utc{};
  const char* rest = strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%S", &utc);
  if (!rest) return fail(ErrorKind::invalid, "\"{}\" is not a time such as 2026-11-25T12:00:00Z", text);
  int64_t nanos = 0;
  if (*rest == '.') {
    int64_t scale = 100'000'000;
    for (++rest; is_digit(*rest); ++rest, scale /= 10) nanos += (*rest - '0') * scale;
  }
  int64_t offset = 0;
  if ((*rest == '+' || *rest == '-') && std::strlen(rest) == 6 && rest[3] == ':') {
    offset = (std::atoi(rest + 1) * 60 + std::atoi(rest + 4)) * (*rest == '-' ? -60 : 60);
    rest += 6;
  } else if (*rest == 'Z' || *rest == 'z') {
    ++rest;
  } else {
    return fail(ErrorKind::invalid, "\"{}\" has no time zone: end it with Z or +hh:mm", text);
  }
  if (*rest) return fail(ErrorKind::invalid, "\"{}\" has text after the time", text);
  return wall_time(timegm(&utc) - offset) + Duration(nanos);
}

}  // namespace lateen
