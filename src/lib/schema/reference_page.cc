#include <deque>

#include <fmt/format.h>

#include "lib/base/strings.h"
#include "lib/schema/typed.h"

namespace lateen::schema {
namespace {

std::string cell(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '|') out += '\\';
    if (c == '<') {
      out += "&lt;";
    } else {
      out += c == '\n' ? ' ' : c;
    }
  }
  return out;
}

std::string anchor(std::string_view name) {
  std::string out;
  for (char c : lowered(name)) {
    if (c != '.') out += c;
  }
  return out;
}

std::string type_text(const Type& type) {
  switch (type.shape) {
    case Shape::boolean:
      return "boolean";
    case Shape::integer:
      return "integer";
    case Shape::number:
      return "number";
    case Shape::string:
      return "text";
    case Shape::bytes:
      return "base64";
    case Shape::duration:
      return "duration";
    case Shape::time:
      return "time";
    case Shape::integer_or_string:
      return "integer or text";
    case Shape::node:
      return "anything";
    case Shape::optional:
      return type_text(type.element());
    case Shape::list:
      return "list of " + type_text(type.element());
    case Shape::map:
      return "map of " + type_text(type.element());
    case Shape::record:
      return fmt::format("[{}](#{})", type.fields().name, anchor(type.fields().name));
    case Shape::enumeration: {
      std::vector<std::string> names;
      for (const Name& name : type.names()) names.push_back(fmt::format("`{}`", name.text));
      return joined(names, ", ");
    }
  }
  return "";
}

// What a reader must know beyond the sentence.
std::string notes(const Field& field) {
  std::string out;
  const auto add = [&](std::string text) { out += " " + std::move(text) + "."; };
  if (field.required) add("**Required**");
  if (!field.one_of.empty()) add("One of its group");
  if (field.at_least && field.at_most) {
    add(fmt::format("{} to {}", *field.at_least, *field.at_most));
  } else if (field.at_least) {
    add(fmt::format("{} or more", *field.at_least));
  } else if (field.at_most) {
    add(fmt::format("{} or less", *field.at_most));
  }
  if (field.shortest) add(fmt::format("{} or longer", format_duration(*field.shortest)));
  if (field.most) add(fmt::format("At most {} long", *field.most));
  if (!field.otherwise.empty()) add(fmt::format("Default: {}", field.otherwise));
  if (!field.deprecated.empty()) add(fmt::format("*Deprecated: {}*", field.deprecated));
  if (!field.not_honoured.empty()) add(fmt::format("*{}*", field.not_honoured));
  return out;
}

const Type* record_inside(const Type& type) {
  switch (type.shape) {
    case Shape::optional:
    case Shape::list:
    case Shape::map:
      return record_inside(type.element());
    case Shape::record:
      return &type;
    default:
      return nullptr;
  }
}

}  // namespace

std::string reference_page(std::string_view title, const Type& type) {
  std::string out = fmt::format("# {}\n", title);
  std::vector<const Fields*> seen;
  std::deque<const Type*> waiting = {&type};
  while (!waiting.empty()) {
    const Fields& fields = waiting.front()->fields();
    waiting.pop_front();
    if (std::ranges::find(seen, &fields) != seen.end()) continue;
    seen.push_back(&fields);
    out += fmt::format("\n## {}\n\n{}\n", fields.name, fields.text);
    if (fields.all.empty()) continue;
    out += "\n| Field | Type | Meaning |\n|---|---|---|\n";
    for (const Field& field : fields.all) {
      out += fmt::format("| `{}` | {} | {} |\n", field.name, type_text(field.type()),
                         cell(std::string(field.text) + notes(field)));
      if (const Type* record = record_inside(field.type())) waiting.push_back(record);
    }
    if (fields.open) out += "\nOther members are accepted and left alone.\n";
  }
  return out;
}

}  // namespace lateen::schema
