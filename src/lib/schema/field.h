// How a record lists its members: name, member, one sentence, rules. Reading, printing, checks, OpenAPI and the
// reference page all come from this list, so no field is named twice.
//
//   Fields HTTPRetry::fields() {
//     return record("HTTPRetry", "When and how often a request is tried again.", {
//         field("attempts", &HTTPRetry::attempts, "Retries after the first try.", at_least(0)),
//         field("retryOn", &HTTPRetry::retry_on, "Conditions, as Envoy names them."),
//     });
//   }
#pragma once
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/schema/type.h"

namespace lateen::schema {

// Attributes, given behind the text of a field.
inline constexpr auto required = [](Field& f) { f.required = true; };
inline constexpr auto no_empty_elements = [](Field& f) { f.elements_not_empty = true; };
inline auto one_of(std::string_view group) {
  return [=](Field& f) { f.one_of = group; };
}
inline auto deprecated(std::string_view instead) {
  return [=](Field& f) { f.deprecated = instead; };
}
// The field is read and checked, but nothing acts on it yet: using it is a warning that names its path.
inline auto not_honoured(std::string_view why = "accepted, but nothing acts on it yet") {
  return [=](Field& f) { f.not_honoured = why; };
}
inline auto otherwise(std::string_view meaning) {
  return [=](Field& f) { f.otherwise = meaning; };
}
inline auto alias(std::string_view older_name) {
  return [=](Field& f) { f.aliases.push_back(older_name); };
}
inline auto at_least(double number) {
  return [=](Field& f) { f.at_least = number; };
}
inline auto at_most(double number) {
  return [=](Field& f) { f.at_most = number; };
}
inline auto at_least_long(Duration duration) {
  return [=](Field& f) { f.shortest = duration; };
}
inline auto fewest(size_t count) {
  return [=](Field& f) { f.fewest = count; };
}
inline auto most(size_t count) {
  return [=](Field& f) { f.most = count; };
}

template <class Record, class Member, class... Attributes>
Field field(std::string_view name, Member Record::* member, std::string_view text, const Attributes&... attributes) {
  static const Record sample{};
  Field out;
  out.name = name;
  out.text = text;
  out.type = &type_of<Member>;
  out.offset =
      static_cast<size_t>(reinterpret_cast<const char*>(&(sample.*member)) - reinterpret_cast<const char*>(&sample));
  (attributes(out), ...);
  return out;
}

Fields record(std::string_view name, std::string_view text, std::initializer_list<Field> fields);

}  // namespace lateen::schema
