// The little that a header of configuration types needs to say about itself; lib/schema/field.h has the rest.
//
// A configuration type is a plain struct with value equality and one static function that describes its members:
//
//   struct Delegate {
//     std::string name;
//     std::string namespace_;
//     bool operator==(const Delegate&) const = default;
//     static schema::Fields fields();  // defined in the .cc by record("Delegate", "...", {field("name", ...), ...})
//   };
//
// An enum class is described by a free function beside it: `schema::Names names(Location);`, found by argument.
#pragma once
#include <span>
#include <string>
#include <string_view>

namespace lateen::schema {

struct Fields;

struct Name {
  std::string_view text;  // as documents write it
  int value = 0;
};
using Names = std::span<const Name>;

// The text of an enum's value, "" when it has none.
std::string_view name_in(Names names, int value);

template <class Enum>
std::string_view name_of(Enum value) {
  return name_in(names(Enum{}), static_cast<int>(value));
}

// Decoded bytes that documents carry as base64.
struct Bytes {
  std::string value;
  bool operator==(const Bytes&) const = default;
};

// Kubernetes' IntOrString: a number, or the name of a port.
struct IntegerOrString {
  bool is_integer = true;
  int integer = 0;
  std::string string;
  bool operator==(const IntegerOrString&) const = default;
};

}  // namespace lateen::schema
