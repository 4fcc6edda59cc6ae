#include <cmath>

#include <fmt/format.h>

#include "lib/schema/document.h"

namespace lateen::schema {
namespace {

// Whether a plain scalar reads back as this very string, in YAML 1.2 and in the 1.1 that Kubernetes' tools speak.
bool plain_is_safe(std::string_view text) {
  if (text.empty() || !plain_scalar(text).is_string()) return false;
  for (std::string_view word : {"y",  "Y",  "n",  "N",   "yes", "Yes", "YES", "no", "No",  "NO",
                                "on", "On", "ON", "off", "Off", "OFF", "<<",  "=",  "---", "..."}) {
    if (text == word) return false;
  }
  if (std::string_view("-?:,[]{}#&*!|>'\"%@`~=<. ").find(text.front()) != std::string_view::npos) return false;
  const bool may_be_number = text.front() >= '0' && text.front() <= '9';
  if (may_be_number && text.find_first_of(":_eExX+-") != std::string_view::npos) return false;
  if (text.back() == ' ' || text.back() == ':') return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 || c >= 0x7f) return false;
    if (c == ':' && text[i + 1] == ' ') return false;
    if (c == '#' && text[i - 1] == ' ') return false;
    if (std::string_view(",[]{}").find(text[i]) != std::string_view::npos) return false;
  }
  return true;
}

std::string scalar(const Node& node) {
  if (const auto* string = node.as_string()) return plain_is_safe(*string) ? *string : write_json(node);
  if (node.kind() == Node::Kind::number) {
    double number = 0;
    node.as_number(number);
    if (std::isnan(number)) return ".nan";
    if (std::isinf(number)) return number > 0 ? ".inf" : "-.inf";
    std::string text = write_json(node);
    if (text.find_first_of(".eE") == std::string::npos) text += ".0";
    return text;
  }
  return write_json(node);
}

void write(std::string& out, const Node& node, int indent, bool in_list);

void write_map(std::string& out, const Node::Map& map, int indent, bool in_list) {
  bool first = true;
  for (const auto& entry : map) {
    if (!first || !in_list) out.append(static_cast<size_t>(indent), ' ');
    first = false;
    out += scalar(Node(entry.key));
    out += ':';
    const bool block = entry.value.size() > 0;
    out += block ? "\n" : " ";
    write(out, entry.value, entry.value.is_list() ? indent : indent + 2, false);
  }
}

// Writes a value that ends its line; in_list: the first line already stands behind "- ".
void write(std::string& out, const Node& node, int indent, bool in_list) {
  if (node.size() == 0) {
    out += node.is_list() ? "[]" : node.is_map() ? "{}" : scalar(node);
    out += '\n';
  } else if (const auto* map = node.as_map()) {
    write_map(out, *map, indent, in_list);
  } else if (const auto* list = node.as_list()) {
    for (size_t i = 0; i < list->size(); ++i) {
      if (i > 0 || !in_list) out.append(static_cast<size_t>(indent), ' ');
      out += "- ";
      write(out, (*list)[i], indent + 2, true);
    }
  }
}

}  // namespace

std::string write_yaml(const Node& node) {
  std::string out;
  write(out, node, 0, false);
  return out;
}

}  // namespace lateen::schema
