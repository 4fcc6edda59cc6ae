// Types described at run time, so that what walks values (reader, writer, OpenAPI, reference page) is compiled once.
//
// A Type holds the shape of one C++ type and a few functions that reach into its values; type_of<T>() is the
// description of T, built at first use. Supported: bool, integers, double, std::string, Bytes, Duration, WallTime,
// IntegerOrString, Node (anything), enums with names(), records with fields(), and std::optional, std::vector, std::map
// of those.
#pragma once
#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "lib/base/time.h"
#include "lib/schema/describe.h"
#include "lib/schema/node.h"

namespace lateen::schema {

enum class Shape : uint8_t {
  boolean,
  integer,
  number,
  string,
  bytes,
  duration,
  time,
  integer_or_string,
  node,
  enumeration,
  optional,
  list,
  map,
  record
};

struct Type {
  Shape shape;
  const Type& (*element)() = nullptr;   // optional, list, map: what is inside
  const Fields& (*fields)() = nullptr;  // record
  Names (*names)() = nullptr;           // enumeration
  int64_t lowest = 0;                   // integer: what fits; map: of integer keys
  int64_t highest = 0;
  bool integer_keys = false;  // map

  // integer and enumeration
  int64_t (*get_integer)(const void*) = nullptr;
  void (*set_integer)(void*, int64_t) = nullptr;

  // optional, list: the element, made when absent (optional) or added at the end (list)
  void* (*grow)(void*) = nullptr;
  // map: the value under a key, made when absent; the key has been checked
  void* (*insert)(void*, const std::string& key) = nullptr;
  void (*clear)(void*) = nullptr;
  size_t (*size)(const void*) = nullptr;  // an optional has 0 or 1
  // optional, list: element i. map: calls back in the order of keys.
  const void* (*at)(const void*, size_t) = nullptr;
  void (*each)(const void*, void (*visit)(void* context, const std::string& key, const void* value),
               void* context) = nullptr;

  bool (*equal)(const void*, const void*) = nullptr;
  const void* (*fresh)() = nullptr;  // a default-constructed value
};

struct Field {
  std::string_view name;
  std::string_view text;
  const Type& (*type)() = nullptr;
  size_t offset = 0;  // of the member within its record

  bool required = false;                       // must be present; a text, list or map must not be empty
  std::string_view one_of = {};                // at most one member of this group may be present
  std::string_view deprecated = {};            // use instead; a warning
  std::string_view not_honoured = {};          // why it has no effect yet; a warning that names the path
  std::string_view otherwise = {};             // what absence means, for people
  std::vector<std::string_view> aliases = {};  // older names, accepted
  std::optional<double> at_least = {};         // numbers
  std::optional<double> at_most = {};
  std::optional<Duration> shortest = {};  // durations
  std::optional<size_t> fewest = {};      // characters, elements or entries, when present
  std::optional<size_t> most = {};
  bool elements_not_empty = false;  // a list of texts without ""
};

struct Fields {
  std::string_view name;  // as Istio or Kubernetes calls the message
  std::string_view text;
  std::vector<Field> all;
  std::vector<std::string_view> exactly_one = {};  // groups of which one member must be present
  bool open = false;                               // members not listed are accepted and left alone

  Fields must_have_one_of(std::string_view group) &&;
  Fields accepting_more() &&;
};

// The type under one that may be absent: of optional<T> that of T.
inline const Type& bare(const Type& type) { return type.shape == Shape::optional ? type.element() : type; }

template <class T>
const Type& type_of();

namespace detail {

template <class T>
struct Container : std::false_type {};
template <class T>
struct Container<std::optional<T>> : std::true_type {
  using Element = T;
  static constexpr Shape shape = Shape::optional;
};
template <class T>
struct Container<std::vector<T>> : std::true_type {
  using Element = T;
  static constexpr Shape shape = Shape::list;
};
template <class K, class T>
struct Container<std::map<K, T>> : std::true_type {
  using Element = T;
  using Key = K;
  static constexpr Shape shape = Shape::map;
};

template <class T>
void describe_list(Type& type) {
  using Element = typename Container<T>::Element;
  type.element = [] -> const Type& { return type_of<Element>(); };
  type.clear = [](void* list) { *static_cast<T*>(list) = T(); };
  if constexpr (Container<T>::shape == Shape::optional) {
    type.grow = [](void* value) -> void* {
      auto& optional = *static_cast<T*>(value);
      // Not emplace(): is_default_constructible of a struct nested in its user is asked too early and remembered.
      return optional ? &*optional : &optional.emplace(Element{});
    };
    type.size = [](const void* value) -> size_t { return static_cast<const T*>(value)->has_value() ? 1 : 0; };
    type.at = [](const void* value, size_t) -> const void* { return &**static_cast<const T*>(value); };
  } else {
    type.grow = [](void* list) -> void* { return &static_cast<T*>(list)->emplace_back(); };
    type.size = [](const void* list) { return static_cast<const T*>(list)->size(); };
    type.at = [](const void* list, size_t i) -> const void* { return &(*static_cast<const T*>(list))[i]; };
  }
}

int64_t integer_key(const std::string& key);

template <class T>
void describe_map(Type& type) {
  using Element = typename Container<T>::Element;
  using Key = typename Container<T>::Key;
  type.element = [] -> const Type& { return type_of<Element>(); };
  type.clear = [](void* map) { static_cast<T*>(map)->clear(); };
  type.size = [](const void* map) { return static_cast<const T*>(map)->size(); };
  if constexpr (std::integral<Key>) {
    type.integer_keys = true;
    type.lowest = static_cast<int64_t>(std::numeric_limits<Key>::min());
    type.highest = static_cast<int64_t>(std::numeric_limits<Key>::max());
    type.insert = [](void* map, const std::string& key) -> void* {
      return &(*static_cast<T*>(map))[static_cast<Key>(integer_key(key))];
    };
    type.each = [](const void* map, void (*visit)(void*, const std::string&, const void*), void* context) {
      for (const auto& [key, value] : *static_cast<const T*>(map)) visit(context, std::to_string(key), &value);
    };
  } else {
    type.insert = [](void* map, const std::string& key) -> void* { return &(*static_cast<T*>(map))[key]; };
    type.each = [](const void* map, void (*visit)(void*, const std::string&, const void*), void* context) {
      for (const auto& [key, value] : *static_cast<const T*>(map)) visit(context, key, &value);
    };
  }
}

template <class T>
void describe_integer(Type& type) {
  type.get_integer = [](const void* value) { return static_cast<int64_t>(*static_cast<const T*>(value)); };
  type.set_integer = [](void* value, int64_t integer) { *static_cast<T*>(value) = static_cast<T>(integer); };
}

template <class T>
Type describe() {
  Type type{};
  type.equal = [](const void* a, const void* b) { return *static_cast<const T*>(a) == *static_cast<const T*>(b); };
  type.fresh = [] -> const void* {
    static const T value{};
    return &value;
  };
  if constexpr (std::same_as<T, bool>) {
    type.shape = Shape::boolean;
  } else if constexpr (std::integral<T>) {
    type.shape = Shape::integer;
    type.lowest = std::is_signed_v<T> ? static_cast<int64_t>(std::numeric_limits<T>::min()) : 0;
    type.highest = sizeof(T) == 8 ? INT64_MAX : static_cast<int64_t>(std::numeric_limits<T>::max());
    describe_integer<T>(type);
  } else if constexpr (std::same_as<T, double>) {
    type.shape = Shape::number;
  } else if constexpr (std::same_as<T, std::string>) {
    type.shape = Shape::string;
  } else if constexpr (std::same_as<T, Bytes>) {
    type.shape = Shape::bytes;
  } else if constexpr (std::same_as<T, Duration>) {
    type.shape = Shape::duration;
  } else if constexpr (std::same_as<T, WallTime>) {
    type.shape = Shape::time;
  } else if constexpr (std::same_as<T, IntegerOrString>) {
    type.shape = Shape::integer_or_string;
  } else if constexpr (std::same_as<T, Node>) {
    type.shape = Shape::node;
  } else if constexpr (std::is_enum_v<T>) {
    type.shape = Shape::enumeration;
    type.names = [] { return names(T{}); };
    describe_integer<T>(type);
  } else if constexpr (Container<T>::value) {
    type.shape = Container<T>::shape;
    if constexpr (Container<T>::shape == Shape::map) {
      describe_map<T>(type);
    } else {
      describe_list<T>(type);
    }
  } else {
    type.shape = Shape::record;
    type.fields = [] -> const Fields& {
      static const Fields fields = T::fields();
      return fields;
    };
  }
  return type;
}

}  // namespace detail

template <class T>
const Type& type_of() {
  static const Type type = detail::describe<T>();
  return type;
}

}  // namespace lateen::schema
