#include <cstdlib>

#include "lib/base/strings.h"
#include "lib/schema/typed.h"

namespace lateen::schema {

std::string_view name_in(Names names, int value) {
  for (const Name& name : names) {
    if (name.value == value) return name.text;
  }
  return "";
}

Fields record(std::string_view name, std::string_view text, std::initializer_list<Field> fields) {
  return Fields{name, text, std::vector<Field>(fields)};
}

Fields Fields::must_have_one_of(std::string_view group) && {
  exactly_one.push_back(group);
  return std::move(*this);
}

Fields Fields::accepting_more() && {
  open = true;
  return std::move(*this);
}

namespace detail {
int64_t integer_key(const std::string& key) { return parse_number<int64_t>(key).value_or(0); }
}  // namespace detail

namespace {

Node write_record(const Type& record, const void* value) {
  Node out = Node::map();
  const void* plain = record.fresh();
  for (const Field& field : record.fields().all) {
    const Type& type = field.type();
    const void* member = static_cast<const char*>(value) + field.offset;
    if (type.shape == Shape::optional && type.size(member) == 0) continue;
    if (!field.required && type.equal(member, static_cast<const char*>(plain) + field.offset)) continue;
    out.append(std::string(field.name), write(type, member));
  }
  return out;
}

Node write_map(const Type& type, const void* value) {
  struct Context {
    const Type& element;
    Node out = Node::map();
  } context{type.element()};
  type.each(
      value,
      [](void* opaque, const std::string& key, const void* entry) {
        auto& c = *static_cast<Context*>(opaque);
        c.out.append(key, write(c.element, entry));
      },
      &context);
  return std::move(context.out);
}

}  // namespace

Node write(const Type& type, const void* value) {
  switch (type.shape) {
    case Shape::boolean:
      return Node(*static_cast<const bool*>(value));
    case Shape::integer:
      return Node(type.get_integer(value));
    case Shape::number:
      return Node(*static_cast<const double*>(value));
    case Shape::string:
      return Node(*static_cast<const std::string*>(value));
    case Shape::bytes:
      return Node(base64_encode(static_cast<const Bytes*>(value)->value));
    case Shape::duration:
      return Node(format_duration(*static_cast<const Duration*>(value)));
    case Shape::time:
      return Node(format_time(*static_cast<const WallTime*>(value)));
    case Shape::integer_or_string: {
      const auto& either = *static_cast<const IntegerOrString*>(value);
      return either.is_integer ? Node(either.integer) : Node(either.string);
    }
    case Shape::node:
      return *static_cast<const Node*>(value);
    case Shape::enumeration:
      return Node(name_in(type.names(), static_cast<int>(type.get_integer(value))));
    case Shape::optional:
      return type.size(value) == 0 ? Node() : write(type.element(), type.at(value, 0));
    case Shape::list: {
      Node out = Node::list();
      for (size_t i = 0; i < type.size(value); ++i) out.push_back(write(type.element(), type.at(value, i)));
      return out;
    }
    case Shape::map:
      return write_map(type, value);
    case Shape::record:
      return write_record(type, value);
  }
  return Node();
}

}  // namespace lateen::schema
