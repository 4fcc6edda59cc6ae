#include <fmt/format.h>

#include "lib/base/strings.h"
#include "lib/schema/typed.h"

namespace lateen::schema {
namespace {

Node typed(std::string_view type, std::string_view format = "") {
  Node out = Node::map();
  out.append("type", type);
  if (!format.empty()) out.append("format", format);
  return out;
}

Node integer(const Type& type) {
  Node out = typed("integer", type.highest > INT32_MAX ? "int64" : "int32");
  if (type.lowest == 0) out.append("minimum", 0);
  if (type.lowest == 0 && type.highest < INT64_MAX) out.append("maximum", type.highest);
  return out;
}

Node enumeration(const Type& type) {
  Node out = typed("string");
  Node& values = out.append("enum", Node::list());
  for (const Name& name : type.names()) values.push_back(name.text);
  return out;
}

void set_number(Node& out, std::string_view key, double value) {
  const auto whole = static_cast<int64_t>(value);
  out[key] = static_cast<double>(whole) == value ? Node(whole) : Node(value);
}

std::string description(const Field& field) {
  std::string out(field.text);
  if (!field.otherwise.empty()) out += fmt::format(" Default: {}.", field.otherwise);
  if (!field.deprecated.empty()) out += fmt::format(" Deprecated: {}.", field.deprecated);
  return out;
}

// The rules of a field, as members of its schema.
void add_rules(const Field& field, Node& out) {
  const Type& type = bare(field.type());
  if (field.at_least) set_number(out, "minimum", *field.at_least);
  if (field.at_most) set_number(out, "maximum", *field.at_most);
  const std::string_view what = type.shape == Shape::list  ? "Items"
                                : type.shape == Shape::map ? "Properties"
                                                           : "Length";
  const bool countable = type.shape == Shape::list || type.shape == Shape::map || type.shape == Shape::string;
  const size_t fewest = field.fewest.value_or(field.required ? 1 : 0);
  if (countable && fewest > 0) out[fmt::format("min{}", what)] = fewest;
  if (countable && field.most) out[fmt::format("max{}", what)] = *field.most;
  if (field.elements_not_empty) {
    if (Node* items = out.find("items")) (*items)["minLength"] = 1;
  }
  if (field.shortest) {
    Node& rule = out["x-kubernetes-validations"].push_back(Node::map());
    rule["message"] = fmt::format("must be {} or longer", format_duration(*field.shortest));
    rule["rule"] = fmt::format("duration(self) >= duration('{}')", format_duration(*field.shortest));
  }
}

// At most one member of each group, exactly one where the record says so, in the expression language of Kubernetes.
void add_groups(const Fields& fields, Node& out) {
  std::vector<std::string_view> groups;
  for (const Field& field : fields.all) {
    if (!field.one_of.empty() && std::ranges::find(groups, field.one_of) == groups.end())
      groups.push_back(field.one_of);
  }
  for (std::string_view group : groups) {
    std::vector<std::string> names, terms;
    for (const Field& field : fields.all) {
      if (field.one_of != group) continue;
      names.emplace_back(field.name);
      terms.push_back(fmt::format("(has(self.{}) ? 1 : 0)", field.name));
    }
    const bool exactly = std::ranges::find(fields.exactly_one, group) != fields.exactly_one.end();
    if (names.size() < 2) continue;
    Node& rule = out["x-kubernetes-validations"].push_back(Node::map());
    rule["message"] = fmt::format("{} one of {}", exactly ? "exactly" : "at most", joined(names, ", "));
    rule["rule"] = fmt::format("{} {} 1", joined(terms, " + "), exactly ? "==" : "<=");
  }
}

Node record_schema(const Fields& fields) {
  Node out = typed("object");
  out.append("description", fields.text);
  Node& properties = out.append("properties", Node::map());
  Node required_names = Node::list();
  for (const Field& field : fields.all) {
    Node property = open_api(field.type());
    property["description"] = description(field);
    add_rules(field, property);
    properties.append(std::string(field.name), std::move(property));
    if (field.required) required_names.push_back(field.name);
  }
  if (required_names.size() > 0) out.append("required", std::move(required_names));
  add_groups(fields, out);
  if (fields.open) out["x-kubernetes-preserve-unknown-fields"] = true;
  return out;
}

}  // namespace

Node open_api(const Type& type) {
  switch (type.shape) {
    case Shape::boolean:
      return typed("boolean");
    case Shape::integer:
      return integer(type);
    case Shape::number:
      return typed("number", "double");
    case Shape::string:
    case Shape::duration:
      return typed("string");
    case Shape::bytes:
      return typed("string", "byte");
    case Shape::time:
      return typed("string", "date-time");
    case Shape::enumeration:
      return enumeration(type);
    case Shape::optional:
      return open_api(type.element());
    case Shape::record:
      return record_schema(type.fields());
    case Shape::integer_or_string: {
      Node out = Node::map();
      out.append("x-kubernetes-int-or-string", true);
      return out;
    }
    case Shape::node: {
      Node out = Node::map();
      out.append("x-kubernetes-preserve-unknown-fields", true);
      return out;
    }
    case Shape::list: {
      Node out = typed("array");
      out.append("items", open_api(type.element()));
      return out;
    }
    case Shape::map: {
      Node out = typed("object");
      out.append("additionalProperties", open_api(type.element()));
      return out;
    }
  }
  return Node::map();
}

}  // namespace lateen::schema
