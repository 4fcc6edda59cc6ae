#include "lib/schema/node.h"

#include <fmt/format.h>

#include "lib/base/strings.h"

namespace lateen::schema {

bool Node::as_number(double& out) const {
  if (const auto* number = std::get_if<double>(&value_)) {
    out = *number;
    return true;
  }
  if (const auto* integer = as_integer()) {
    out = static_cast<double>(*integer);
    return true;
  }
  return false;
}

std::string_view Node::text() const {
  const auto* string = as_string();
  return string ? std::string_view(*string) : std::string_view();
}

const Node* Node::find(std::string_view key) const {
  if (const auto* map = as_map()) {
    for (const auto& entry : *map) {
      if (entry.key == key) return &entry.value;
    }
  }
  return nullptr;
}

Node* Node::find(std::string_view key) { return const_cast<Node*>(std::as_const(*this).find(key)); }

Node& Node::operator[](std::string_view key) {
  if (Node* found = find(key)) return *found;
  return append(std::string(key), Node());
}

Node& Node::append(std::string key, Node value, Position key_position) {
  if (!is_map()) value_ = Map{};
  auto& map = std::get<Map>(value_);
  map.push_back(Entry{std::move(key), std::move(value), key_position});
  return map.back().value;
}

Node& Node::push_back(Node value) {
  if (!is_list()) value_ = List{};
  auto& list = std::get<List>(value_);
  list.push_back(std::move(value));
  return list.back();
}

bool Node::erase(std::string_view key) {
  auto* map = as_map();
  return map && std::erase_if(*map, [&](const Entry& entry) { return entry.key == key; }) > 0;
}

size_t Node::size() const {
  if (const auto* list = as_list()) return list->size();
  if (const auto* map = as_map()) return map->size();
  return 0;
}

std::string_view name_of(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::null:
      return "null";
    case Node::Kind::boolean:
      return "a boolean";
    case Node::Kind::integer:
      return "an integer";
    case Node::Kind::number:
      return "a number";
    case Node::Kind::string:
      return "a string";
    case Node::Kind::list:
      return "a list";
    case Node::Kind::map:
      return "a map";
  }
  return "nothing";
}

namespace {

bool is_identifier(std::string_view key) {
  if (key.empty() || key.size() > 120) return false;
  for (char c : key) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter && c != '_' && c != '-') return false;
  }
  return true;
}

// Takes the next step off a path: a key, or an index when `index` is set. False at the end or at nonsense.
bool next_step(std::string_view& path, std::string& key, bool& is_index) {
  if (path.starts_with('.')) path.remove_prefix(1);
  if (path.empty()) return false;
  is_index = false;
  if (path.starts_with("[\"")) {
    key.clear();
    size_t i = 2;
    for (; i < path.size() && path[i] != '"'; ++i) {
      if (path[i] == '\\' && i + 1 < path.size()) ++i;
      key += path[i];
    }
    path.remove_prefix(std::min(path.size(), i + 2));
    return true;
  }
  if (path.starts_with('[')) {
    const size_t end = std::min(path.find(']'), path.size());
    key = path.substr(1, end - 1);
    path.remove_prefix(std::min(path.size(), end + 1));
    is_index = true;
    return true;
  }
  const size_t end = std::min(path.find_first_of(".["), path.size());
  key = path.substr(0, end);
  path.remove_prefix(end);
  return true;
}

}  // namespace

Position locate(const Node& root, std::string_view path) {
  const Node* node = &root;
  std::string key;
  bool is_index = false;
  while (next_step(path, key, is_index)) {
    const Node* next = nullptr;
    if (is_index) {
      const auto* list = node->as_list();
      const auto index = parse_number<size_t>(key);
      if (list && index && *index < list->size()) next = &(*list)[*index];
    } else {
      next = node->find(key);
    }
    if (!next) break;
    node = next;
  }
  return node->position();
}

std::string child_path(std::string_view path, std::string_view key) {
  if (is_identifier(key)) return path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
  // Hostile keys can be megabytes long; a message shows their beginning.
  constexpr size_t longest = 120;
  std::string quoted;
  for (char c : key.substr(0, longest)) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
  }
  return fmt::format("{}[\"{}\"]", path, quoted);
}

std::string child_path(std::string_view path, size_t index) { return fmt::format("{}[{}]", path, index); }

}  // namespace lateen::schema
