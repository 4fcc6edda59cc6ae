#include <cmath>

#include <fmt/format.h>

#include "lib/base/strings.h"
#include "lib/schema/document.h"
#include "lib/schema/typed.h"

namespace lateen::schema {
namespace {

constexpr double largest_exact = 9007199254740992.0;  // 2^53

std::string shown(const Node& node) {
  if (const auto* text = node.as_string()) {
    return text->size() <= 60 ? fmt::format("\"{}\"", *text) : fmt::format("a text of {} bytes", text->size());
  }
  if (node.is_list() || node.is_map() || node.is_null()) return std::string(name_of(node.kind()));
  return fmt::format("{} ({})", name_of(node.kind()), write_json(node));
}

// Walks a document and a value side by side. One instance a call of read().
class Walker {
 public:
  explicit Walker(const Reading& reading) : reading_(reading) {}

  bool value(const Type& type, const Node& node, void* out, const std::string& path) {
    switch (type.shape) {
      case Shape::boolean:
        return boolean(node, out, path);
      case Shape::integer:
        return integer(type, node, out, path);
      case Shape::number:
        return number(node, out, path);
      case Shape::string:
        return string(node, out, path);
      case Shape::bytes:
        return bytes(node, out, path);
      case Shape::duration:
        return duration(node, out, path);
      case Shape::time:
        return time(node, out, path);
      case Shape::integer_or_string:
        return integer_or_string(node, out, path);
      case Shape::node:
        *static_cast<Node*>(out) = node;
        return true;
      case Shape::enumeration:
        return enumeration(type, node, out, path);
      case Shape::optional:
        return value(type.element(), node, type.grow(out), path);
      case Shape::list:
        return list(type, node, out, path);
      case Shape::map:
        return map(type, node, out, path);
      case Shape::record:
        return record(type.fields(), node, out, path);
    }
    return false;
  }

 private:
  bool wrong(const Node& node, const std::string& path, std::string text) {
    reading_.diagnostics.error(reading_.file, node.position(), path, std::move(text));
    return false;
  }

  bool expected(std::string_view what, const Node& node, const std::string& path) {
    return wrong(node, path, fmt::format("expected {}, found {}", what, shown(node)));
  }

  bool boolean(const Node& node, void* out, const std::string& path) {
    if (const bool* value = node.as_bool()) {
      *static_cast<bool*>(out) = *value;
      return true;
    }
    return expected("true or false", node, path);
  }

  bool integer(const Type& type, const Node& node, void* out, const std::string& path) {
    double number = 0;
    if (!node.as_number(number) || std::floor(number) != number) return expected("an integer", node, path);
    const int64_t* whole = node.as_integer();
    if (!whole && std::abs(number) > largest_exact) return expected("an integer", node, path);
    const int64_t value = whole ? *whole : static_cast<int64_t>(number);
    if (value < type.lowest || value > type.highest) {
      return wrong(node, path, fmt::format("must be between {} and {}", type.lowest, type.highest));
    }
    type.set_integer(out, value);
    return true;
  }

  bool number(const Node& node, void* out, const std::string& path) {
    return node.as_number(*static_cast<double*>(out)) || expected("a number", node, path);
  }

  bool string(const Node& node, void* out, const std::string& path) {
    if (const auto* text = node.as_string()) {
      *static_cast<std::string*>(out) = *text;
      return true;
    }
    if (node.is_list() || node.is_map()) return expected("a text", node, path);
    return wrong(node, path, fmt::format("expected a text, found {}; put it in quotes", shown(node)));
  }

  bool bytes(const Node& node, void* out, const std::string& path) {
    const auto* text = node.as_string();
    if (!text) return expected("bytes in base64", node, path);
    std::string packed;
    for (char c : *text) {
      if (c != '\n' && c != '\r' && c != ' ') packed += c;
    }
    auto decoded = base64_decode(packed);
    if (!decoded) return wrong(node, path, "not valid base64");
    static_cast<Bytes*>(out)->value = std::move(*decoded);
    return true;
  }

  bool duration(const Node& node, void* out, const std::string& path) {
    const auto* text = node.as_string();
    if (!text) return expected("a duration such as \"10s\" or \"1m30s\"", node, path);
    const auto parsed = parse_duration(*text);
    if (!parsed)
      return wrong(node, path, fmt::format("expected a duration such as \"10s\" or \"1m30s\", found {}", shown(node)));
    *static_cast<Duration*>(out) = *parsed;
    return true;
  }

  bool time(const Node& node, void* out, const std::string& path) {
    const auto parsed = parse_time(node.text());
    if (!parsed) return expected("a time such as \"2026-11-25T12:00:00Z\"", node, path);
    *static_cast<WallTime*>(out) = *parsed;
    return true;
  }

  bool integer_or_string(const Node& node, void* out, const std::string& path) {
    auto& value = *static_cast<IntegerOrString*>(out);
    if (const auto* number = node.as_integer(); number && *number >= INT32_MIN && *number <= INT32_MAX) {
      value = {true, static_cast<int>(*number), ""};
      return true;
    }
    if (const auto* text = node.as_string()) {
      value = {false, 0, *text};
      return true;
    }
    return expected("an integer or a text", node, path);
  }

  bool enumeration(const Type& type, const Node& node, void* out, const std::string& path) {
    std::vector<std::string_view> all;
    for (const Name& name : type.names()) {
      if (node.is_string() && name.text == node.text()) {
        type.set_integer(out, name.value);
        return true;
      }
      all.push_back(name.text);
    }
    const std::string_view near = node.text().size() <= 100 ? nearest(node.text(), all) : "";
    const std::string hint = near.empty() ? "" : fmt::format("; did you mean {}?", near);
    return wrong(node, path, fmt::format("expected one of {}, found {}{}", joined(all, ", "), shown(node), hint));
  }

  bool list(const Type& type, const Node& node, void* out, const std::string& path) {
    const auto* children = node.as_list();
    if (!children) return expected("a list", node, path);
    type.clear(out);
    bool good = true;
    for (size_t i = 0; i < children->size(); ++i) {
      const Node& child = (*children)[i];
      const std::string child_at = child_path(path, i);
      void* element = type.grow(out);
      if (child.is_null() && type.element().shape != Shape::node) {
        good = wrong(child, child_at, "must not be null");
      } else {
        good = value(type.element(), child, element, child_at) && good;
      }
    }
    return good;
  }

  bool map(const Type& type, const Node& node, void* out, const std::string& path) {
    const auto* entries = node.as_map();
    if (!entries) return expected("a map", node, path);
    bool good = true;
    for (const auto& entry : *entries) {
      const std::string child_at = child_path(path, entry.key);
      if (type.integer_keys) {
        const auto key = parse_number<int64_t>(entry.key);
        if (!key || *key < type.lowest || *key > type.highest) {
          reading_.diagnostics.error(
              reading_.file, entry.position, child_at,
              fmt::format("the key must be an integer between {} and {}", type.lowest, type.highest));
          good = false;
          continue;
        }
      }
      void* element = type.insert(out, entry.key);
      if (entry.value.is_null()) {
        if (type.element().shape == Shape::node || type.element().shape == Shape::record) continue;
        good = wrong(entry.value, child_at, "must not be null");
      } else {
        good = value(type.element(), entry.value, element, child_at) && good;
      }
    }
    return good;
  }

  static const Field* find_field(const Fields& fields, std::string_view name) {
    for (const Field& field : fields.all) {
      if (field.name == name) return &field;
      for (std::string_view alias : field.aliases) {
        if (alias == name) return &field;
      }
    }
    return nullptr;
  }

  bool record(const Fields& fields, const Node& node, void* out, const std::string& path) {
    const auto* entries = node.as_map();
    if (!entries) return expected("a map", node, path);
    std::vector<const Field*> present;
    bool good = true;
    for (const auto& entry : *entries) {
      const Field* field = find_field(fields, entry.key);
      if (!field) {
        good = (fields.open || unknown(fields, entry, path)) && good;
        continue;
      }
      if (entry.value.is_null()) continue;
      if (std::ranges::find(present, field) != present.end()) {
        good = wrong(entry.value, child_path(path, entry.key),
                     fmt::format("the same field as {}, given twice", field->name));
        continue;
      }
      if (!clear_group(fields, *field, present, entry, out, path)) good = false;
      present.push_back(field);
      good = member(*field, entry, out, path) && good;
    }
    return missing(fields, present, node, path) && good;
  }

  bool unknown(const Fields& fields, const Node::Entry& entry, const std::string& path) {
    std::vector<std::string_view> known;
    for (const Field& field : fields.all) known.push_back(field.name);
    const std::string_view near = entry.key.size() <= 100 ? nearest(entry.key, known) : "";
    reading_.diagnostics.error(
        reading_.file, entry.position, child_path(path, entry.key),
        near.empty() ? std::string("unknown field") : fmt::format("unknown field, did you mean \"{}\"?", near));
    return false;
  }

  // Of a group only one member may stand in the document; it replaces the group's default.
  bool clear_group(const Fields& fields, const Field& field, const std::vector<const Field*>& present,
                   const Node::Entry& entry, void* out, const std::string& path) {
    if (field.one_of.empty()) return true;
    for (const Field* other : present) {
      if (other->one_of == field.one_of) {
        return wrong(entry.value, child_path(path, entry.key),
                     fmt::format("only one of {} and {} may be set", other->name, field.name));
      }
    }
    for (const Field& other : fields.all) {
      if (other.one_of == field.one_of && &other != &field && other.type().clear) {
        other.type().clear(static_cast<char*>(out) + other.offset);
      }
    }
    return true;
  }

  bool member(const Field& field, const Node::Entry& entry, void* out, const std::string& path) {
    const std::string at = child_path(path, entry.key);
    void* target = static_cast<char*>(out) + field.offset;
    if (!field.not_honoured.empty()) {
      reading_.diagnostics.warning(reading_.file, entry.value.position(), at, std::string(field.not_honoured));
    }
    if (!field.deprecated.empty()) {
      reading_.diagnostics.warning(reading_.file, entry.value.position(), at,
                                   fmt::format("deprecated: {}", field.deprecated));
    }
    return value(field.type(), entry.value, target, at) && rules(field, entry.value, at);
  }

  bool rules(const Field& field, const Node& node, const std::string& path) {
    double number = 0;
    if ((field.at_least || field.at_most) && node.as_number(number)) {
      if (!(number >= field.at_least.value_or(number)) || !(number <= field.at_most.value_or(number))) {
        return wrong(node, path, range_text(field));
      }
    }
    if (field.shortest) {
      const auto duration = parse_duration(node.text());
      if (duration && *duration < *field.shortest) {
        return wrong(node, path, fmt::format("must be {} or longer", format_duration(*field.shortest)));
      }
    }
    const size_t length = node.is_string() ? node.text().size() : node.size();
    const size_t fewest = field.fewest.value_or(field.required ? 1 : 0);
    const bool countable =
        node.is_string() || node.is_list() || (node.is_map() && bare(field.type()).shape == Shape::map);
    if (countable && length < fewest) {
      return wrong(node, path,
                   fewest == 1 ? "must not be empty" : fmt::format("must have at least {} {}", fewest, unit(node)));
    }
    if (countable && field.most && length > *field.most) {
      return wrong(node, path, fmt::format("must have at most {} {}", *field.most, unit(node)));
    }
    return elements(field, node, path);
  }

  bool elements(const Field& field, const Node& node, const std::string& path) {
    const auto* list = node.as_list();
    if (!field.elements_not_empty || !list) return true;
    bool good = true;
    for (size_t i = 0; i < list->size(); ++i) {
      if ((*list)[i].is_string() && (*list)[i].text().empty()) {
        good = wrong((*list)[i], child_path(path, i), "must not be empty");
      }
    }
    return good;
  }

  static std::string_view unit(const Node& node) {
    return node.is_string() ? "characters" : node.is_list() ? "elements" : "entries";
  }

  static std::string range_text(const Field& field) {
    if (field.at_least && field.at_most)
      return fmt::format("must be between {} and {}", *field.at_least, *field.at_most);
    if (field.at_least) return fmt::format("must be {} or more", *field.at_least);
    return fmt::format("must be {} or less", *field.at_most);
  }

  bool missing(const Fields& fields, const std::vector<const Field*>& present, const Node& node,
               const std::string& path) {
    bool good = true;
    for (const Field& field : fields.all) {
      if (field.required && std::ranges::find(present, &field) == present.end()) {
        good = wrong(node, child_path(path, field.name), "required");
      }
    }
    for (std::string_view group : fields.exactly_one) {
      std::vector<std::string_view> names;
      bool found = false;
      for (const Field& field : fields.all) {
        if (field.one_of != group) continue;
        names.push_back(field.name);
        found = found || std::ranges::find(present, &field) != present.end();
      }
      if (!found) good = wrong(node, path, fmt::format("one of {} is required", joined(names, ", ")));
    }
    return good;
  }

  const Reading& reading_;
};

}  // namespace

bool read(const Type& type, const Node& node, void* out, const Reading& reading) {
  return Walker(reading).value(type, node, out, reading.path);
}

}  // namespace lateen::schema
