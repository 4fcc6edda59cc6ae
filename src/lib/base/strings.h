// Small text tools that the standard library of Debian 12 lacks. All work on ASCII; none depends on the locale.
#pragma once
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lateen {

constexpr char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::string lowered(std::string_view text);
bool equal_ignoring_case(std::string_view a, std::string_view b);

// The text without spaces and tabs (and CR, LF) at both ends.
std::string_view trimmed(std::string_view text);

// "a,b,,c" by ',' gives a, b, "", c. An empty text gives one empty part.
std::vector<std::string_view> split(std::string_view text, char separator);

// Joins any range of strings: joined(hosts, ", ").
template <class Range>
std::string joined(const Range& parts, std::string_view separator) {
  std::string out;
  bool first = true;
  for (const auto& part : parts) {
    if (!first) out += separator;
    out += part;
    first = false;
  }
  return out;
}

// The whole text as a number of type T in that base, or nothing: no sign for unsigned types, no spaces, no rest.
template <class T>
std::optional<T> parse_number(std::string_view text, int base = 10) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

// How many single-character edits turn a into b (Levenshtein); used for "did you mean".
size_t edit_distance(std::string_view a, std::string_view b);

// The candidate nearest to word when it is near enough to be a typing mistake, else "".
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates);

std::string base64_encode(std::string_view bytes);
std::optional<std::string> base64_decode(std::string_view text);  // standard alphabet, padding required
std::string base64url_encode(std::string_view bytes);             // without padding (RFC 7515)
std::optional<std::string> base64url_decode(std::string_view text);
std::string hex_encode(std::string_view bytes);  // lower case

// Appends the text as a JSON string with its quotes (RFC 8259). Bytes that are no UTF-8 become U+FFFD.
void append_json_text(std::string& out, std::string_view text);

// Heterogeneous lookup in unordered_map<std::string, ...> without building a string.
struct StringHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

}  // namespace lateen
