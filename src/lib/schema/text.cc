#include "lib/schema/text.h"

#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "lib/base/strings.h"

namespace lateen::schema {
namespace {

// The length of the UTF-8 sequence at the beginning of text, 0 when it is none.
size_t sequence_length(std::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto tail = [&](size_t i) { return (byte(i) & 0xc0u) == 0x80u; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return tail(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    if (!tail(1) || !tail(2)) return 0;
    if (first == 0xe0 && byte(1) < 0xa0) return 0;
    if (first == 0xed && byte(1) > 0x9f) return 0;
    return 3;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    if (!tail(1) || !tail(2) || !tail(3)) return 0;
    if (first == 0xf0 && byte(1) < 0x90) return 0;
    if (first == 0xf4 && byte(1) > 0x8f) return 0;
    return 4;
  }
  return 0;
}

}  // namespace

bool readable(std::string_view text, std::string_view file, Diagnostics& diagnostics, const Limits& limits) {
  if (text.size() > limits.bytes) {
    diagnostics.error(
        file, {1, 1}, "",
        fmt::format("{} bytes are more than the limit of {} for one file; split it", text.size(), limits.bytes));
    return false;
  }
  Position position{1, 1};
  for (size_t i = 0; i < text.size();) {
    const size_t length = sequence_length(text.substr(i, 4));
    if (length == 0 || text[i] == 0) {
      diagnostics.error(file, position, "", length == 0 ? "not valid UTF-8" : "NUL is not allowed in text");
      return false;
    }
    position = text[i] == '\n' ? Position{position.line + 1, 1}
                               : Position{position.line, position.column + static_cast<int>(length)};
    i += length;
  }
  return true;
}

Node number_of(std::string_view text, bool whole) {
  if (text.starts_with('+')) text.remove_prefix(1);
  if (whole) {
    if (const auto integer = parse_number<int64_t>(text)) return Node(*integer);
  }
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem == std::errc::result_out_of_range) value = text.starts_with('-') ? -HUGE_VAL : HUGE_VAL;
  return Node(value);
}

void append_utf8(std::string& out, uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | (code >> 18));
    out += static_cast<char>(0x80 | ((code >> 12) & 0x3f));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

}  // namespace lateen::schema
