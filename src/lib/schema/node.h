// A document as a tree, with the place of every value and every key: what YAML and JSON readers produce, what typed
// readers (lib/schema/record.h, config/xds) take apart, and what writers print.
//
// Values follow YAML 1.2's core schema: plain `true`, `12`, `0x1f`, `1.5`, `~` are typed, quoted text is always a
// string. A Node owns everything below it; copying copies the tree. Equality compares values, never places. Map keys
// are strings, unique, and keep their order.
#pragma once
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace lateen::schema {

// Line and column from 1, columns counted in bytes of UTF-8 text as editors of ASCII show them. {0, 0}: made by a
// program.
struct Position {
  int line = 0;
  int column = 0;
  bool operator==(const Position&) const = default;
};

class Node {
 public:
  enum class Kind : uint8_t { null, boolean, integer, number, string, list, map };
  struct Entry;
  using List = std::vector<Node>;
  using Map = std::vector<Entry>;

  Node();
  Node(std::nullptr_t);
  Node(bool value);
  Node(int64_t value);
  Node(double value);
  Node(std::string value);
  Node(List value);
  Node(Map value);
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  Node(T value) : Node(static_cast<int64_t>(value)) {}
  Node(std::string_view value) : Node(std::string(value)) {}
  Node(const char* value) : Node(std::string(value)) {}
  Node(const Node&);
  Node(Node&&) noexcept;
  Node& operator=(const Node&);
  Node& operator=(Node&&) noexcept;
  ~Node();
  static Node list();
  static Node map();

  Kind kind() const { return static_cast<Kind>(value_.index()); }
  bool is_null() const { return kind() == Kind::null; }
  bool is_string() const { return kind() == Kind::string; }
  bool is_list() const { return kind() == Kind::list; }
  bool is_map() const { return kind() == Kind::map; }

  // The value when it is of that kind, else null. An integer also answers as_number() by conversion.
  const bool* as_bool() const;
  const int64_t* as_integer() const;
  bool as_number(double& out) const;
  const std::string* as_string() const;
  const List* as_list() const;
  const Map* as_map() const;
  List* as_list();
  Map* as_map();

  // The string, or "" when it is something else: for optional texts such as apiVersion.
  std::string_view text() const;

  // The value under a key; null when this is no map or has no such key. Linear in the size of the map.
  const Node* find(std::string_view key) const;
  Node* find(std::string_view key);

  // The value under a key of a map (a null Node becomes a map), added at the end when missing.
  Node& operator[](std::string_view key);
  // Adds without looking for the key: for writers that know it is new.
  Node& append(std::string key, Node value, Position key_position = {});
  // Adds to a list (a null Node becomes a list).
  Node& push_back(Node value);
  bool erase(std::string_view key);

  // Elements of a list or map, 0 for the rest.
  size_t size() const;

  Position position() const { return position_; }
  void set_position(Position position) { position_ = position; }

  friend bool operator==(const Node& a, const Node& b);

 private:
  std::variant<std::monostate, bool, int64_t, double, std::string, List, Map> value_;
  Position position_;
};

struct Node::Entry {
  std::string key;
  Node value;
  Position position;  // of the key; that of the value is in the value
  friend bool operator==(const Entry& a, const Entry& b) { return a.key == b.key && a.value == b.value; }
};

inline Node::Node() = default;
inline Node::Node(const Node&) = default;
inline Node::Node(Node&&) noexcept = default;
inline Node& Node::operator=(const Node&) = default;
inline Node& Node::operator=(Node&&) noexcept = default;
inline Node::~Node() = default;
inline Node::Node(std::nullptr_t) {}
inline Node::Node(bool value) : value_(value) {}
inline Node::Node(int64_t value) : value_(value) {}
inline Node::Node(double value) : value_(value) {}
inline Node::Node(std::string value) : value_(std::move(value)) {}
inline Node::Node(List value) : value_(std::move(value)) {}
inline Node::Node(Map value) : value_(std::move(value)) {}
inline Node Node::list() { return Node(List{}); }
inline Node Node::map() { return Node(Map{}); }
inline const bool* Node::as_bool() const { return std::get_if<bool>(&value_); }
inline const int64_t* Node::as_integer() const { return std::get_if<int64_t>(&value_); }
inline const std::string* Node::as_string() const { return std::get_if<std::string>(&value_); }
inline const Node::List* Node::as_list() const { return std::get_if<List>(&value_); }
inline const Node::Map* Node::as_map() const { return std::get_if<Map>(&value_); }
inline Node::List* Node::as_list() { return std::get_if<List>(&value_); }
inline Node::Map* Node::as_map() { return std::get_if<Map>(&value_); }
inline bool operator==(const Node& a, const Node& b) { return a.value_ == b.value_; }

// "a string", "an integer", ...: for messages.
std::string_view name_of(Node::Kind kind);

// The node at a path as diagnostics write it (`spec.http[0].match`, `metadata.labels["a.b"]`), or the deepest existing
// one above it. Returns its place: of the value, or of the nearest parent when the field is missing.
Position locate(const Node& root, std::string_view path);

// Extends a path: child("spec", "http") is "spec.http"; keys that are no identifiers are quoted in brackets.
std::string child_path(std::string_view path, std::string_view key);
std::string child_path(std::string_view path, size_t index);

}  // namespace lateen::schema
