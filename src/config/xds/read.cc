#include "config/xds/read.h"

#include "config/xds/names.h"
#include "config/xds/reader.h"
#include "lib/base/strings.h"
#include "lib/schema/document.h"

namespace lateen::xds {

namespace pb = google::protobuf;
using pb::FieldDescriptor;

namespace {

constexpr int depth_max = 100;

bool is_value(const FieldDescriptor& field) {
  return field.message_type() && field.message_type()->well_known_type() == pb::Descriptor::WELLKNOWNTYPE_VALUE;
}

std::string unknown_field(const pb::Descriptor& type, std::string_view key) {
  std::vector<std::string_view> names;
  for (int i = 0; i < type.field_count(); ++i) {
    names.push_back(original_name(*type.field(i)));
    names.push_back(type.field(i)->json_name());
  }
  const auto near = nearest(key, names);
  return near.empty() ? fmt::format("unknown field of {}", type.full_name())
                      : fmt::format("unknown field of {}; did you mean \"{}\"?", type.full_name(), near);
}

}  // namespace

bool read_message(const schema::Node& node, std::string_view file, std::string path, schema::Diagnostics& diagnostics,
                  Message& out, const ReadOptions& options) {
  const size_t before = diagnostics.errors();
  Reader(file, diagnostics, options).message(node, path, out);
  return diagnostics.errors() == before;
}

bool read_message_text(std::string_view text, std::string_view file, schema::Diagnostics& diagnostics, Message& out,
                       const ReadOptions& options) {
  const size_t before = diagnostics.errors();
  const auto documents = schema::read_documents(text, file, diagnostics);
  if (diagnostics.errors() != before) return false;
  if (documents.size() > 1) {
    diagnostics.error(file, documents[1].position(), "", "one document is expected here, this is the second");
    return false;
  }
  return documents.empty() || read_message(documents[0], file, "", diagnostics, out, options);
}

void Reader::wrong(const Node& node, const std::string& path, std::string_view wanted) {
  error(node, path, fmt::format("expected {}, not {}", wanted, schema::name_of(node.kind())));
}

void Reader::message(const Node& node, const std::string& path, Message& out) {
  if (depth_ >= depth_max) return error(node, path, fmt::format("nested deeper than {} levels", depth_max));
  ++depth_;
  if (!well_known(node, path, out)) {
    if (const auto* map = node.as_map()) {
      members(*map, path, out);
    } else if (!node.is_null()) {
      wrong(node, path, fmt::format("the fields of a {}", out.GetDescriptor()->full_name()));
    }
  }
  --depth_;
}

void Reader::members(const Node::Map& map, const std::string& path, Message& out) {
  std::vector<const FieldDescriptor*> seen;
  for (const auto& entry : map) member(entry, path, out, seen);
}

void Reader::member(const Node::Entry& entry, const std::string& path, Message& out,
                    std::vector<const FieldDescriptor*>& seen) {
  const auto& type = *out.GetDescriptor();
  const std::string field_path = schema::child_path(path, entry.key);
  const auto* found = find(type, entry.key);
  if (!found) {
    auto text = unknown_field(type, entry.key);
    if (options_.allow_unknown_fields) return diagnostics_.warning(file_, entry.position, field_path, std::move(text));
    return diagnostics_.error(file_, entry.position, field_path, std::move(text));
  }
  if (entry.value.is_null() && !is_value(*found)) return;
  for (const auto* other : seen) {
    if (other == found) {
      return diagnostics_.error(file_, entry.position, field_path,
                                fmt::format("given twice, as {} and {}", original_name(*found), found->json_name()));
    }
    if (found->real_containing_oneof() && other->real_containing_oneof() == found->real_containing_oneof()) {
      return diagnostics_.error(
          file_, entry.position, field_path,
          fmt::format("only one of {} and {} can be set", original_name(*other), original_name(*found)));
    }
  }
  seen.push_back(found);
  field(entry.value, field_path, out, *found);
}

const FieldDescriptor* Reader::find(const pb::Descriptor& type, std::string_view key) {
  if (const auto* field = type.FindFieldByName(std::string(key))) return field;
  for (int i = 0; i < type.field_count(); ++i)
    if (type.field(i)->json_name() == key) return type.field(i);
  return nullptr;
}

void Reader::field(const Node& node, const std::string& path, Message& out, const FieldDescriptor& field) {
  if (field.is_map()) return map(node, path, out, field);
  if (!field.is_repeated()) return one(node, path, out, field);
  const auto* list = node.as_list();
  if (!list) return wrong(node, path, "a list");
  for (size_t i = 0; i < list->size(); ++i) one((*list)[i], schema::child_path(path, i), out, field);
}

void Reader::one(const Node& node, const std::string& path, Message& out, const FieldDescriptor& field) {
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return scalar(node, path, out, field);
  const auto& reflection = *out.GetReflection();
  message(node, path,
          field.is_repeated() ? *reflection.AddMessage(&out, &field) : *reflection.MutableMessage(&out, &field));
}

void Reader::map(const Node& node, const std::string& path, Message& out, const FieldDescriptor& field) {
  const auto* map = node.as_map();
  if (!map) return wrong(node, path, "a map");
  const auto& reflection = *out.GetReflection();
  const auto& value_field = *field.message_type()->map_value();
  for (const auto& entry : *map) {
    const auto entry_path = schema::child_path(path, entry.key);
    Message* added = reflection.AddMessage(&out, &field);
    map_key(entry, entry_path, *added);
    if (!entry.value.is_null() || is_value(value_field)) one(entry.value, entry_path, *added, value_field);
  }
}

void Reader::map_key(const Node::Entry& entry, const std::string& path, Message& out) {
  const auto& key = *out.GetDescriptor()->map_key();
  if (key.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
    out.GetReflection()->SetString(&out, &key, entry.key);
  } else if (key.cpp_type() == FieldDescriptor::CPPTYPE_BOOL) {
    if (entry.key != "true" && entry.key != "false") error(entry.value, path, "the key must be true or false");
    out.GetReflection()->SetBool(&out, &key, entry.key == "true");
  } else {
    Node text(entry.key);
    text.set_position(entry.position);
    scalar(text, path, out, key);
  }
}

void Reader::any(const Node& node, const std::string& path, Message& out) {
  const auto* map = node.as_map();
  if (!map) return wrong(node, path, "a map with \"@type\"");
  if (map->empty()) return;
  auto& any = static_cast<pb::Any&>(out);
  const Node* type = node.find("@type");
  if (!type) return error(node, path, "\"@type\" is missing: it names the type of this value");
  if (!type->is_string()) return wrong(*type, schema::child_path(path, "@type"), "a type name");
  const auto* prototype = prototype_of(type->text());
  if (!prototype) {
    return error(*type, schema::child_path(path, "@type"),
                 fmt::format("the type {} is not supported", type_name_of(type->text())));
  }
  std::unique_ptr<Message> content(prototype->New());
  if (content->GetDescriptor()->well_known_type() != pb::Descriptor::WELLKNOWNTYPE_UNSPECIFIED) {
    if (const Node* value = node.find("value")) message(*value, schema::child_path(path, "value"), *content);
  } else {
    std::vector<const FieldDescriptor*> seen;
    for (const auto& entry : *map)
      if (entry.key != "@type") member(entry, path, *content, seen);
  }
  any.set_type_url(fmt::format("{}{}", type_url_prefix, content->GetDescriptor()->full_name()));
  any.set_value(serialize(*content));
}

}  // namespace lateen::xds
