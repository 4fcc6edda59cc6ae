#include "config/xds/typed_struct.h"

#include "config/xds/json.h"
#include "config/xds/names.h"
#include "config/xds/protos.h"
#include "config/xds/read.h"
#include "lib/schema/document.h"

namespace lateen::xds {

namespace pb = google::protobuf;

namespace {

constexpr int wrappings_max = 4;

// The type URL and tree of a TypedStruct in either of its two packages; false when it is none.
bool take_typed_struct(const pb::Any& any, std::string& type_url, pb::Struct& value) {
  const auto name = type_name_of(any.type_url());
  const auto take = [&](auto wrapped) {
    if (!wrapped.ParseFromString(any.value())) return false;
    type_url = wrapped.type_url();
    value = std::move(*wrapped.mutable_value());
    return true;
  };
  if (name == type_name_of(typed_struct_udpa)) return take(udpa::type::v1::TypedStruct());
  if (name == type_name_of(typed_struct_xds)) return take(::xds::type::v3::TypedStruct());
  return false;
}

bool is_typed_struct(std::string_view type_url) {
  return type_name_of(type_url) == type_name_of(typed_struct_udpa) ||
         type_name_of(type_url) == type_name_of(typed_struct_xds);
}

Result<std::unique_ptr<Message>> parse_tree(const Message& prototype, const schema::Node& tree) {
  std::unique_ptr<Message> message(prototype.New());
  schema::Diagnostics diagnostics;
  if (!read_message(tree, "", "", diagnostics, *message, {.allow_unknown_fields = true}))
    return fail(ErrorKind::invalid, "{}: {}", prototype.GetDescriptor()->full_name(), diagnostics.first_error());
  return message;
}

Result<TypedConfig> open_tree(std::string type_url, const pb::Struct& value, int wrappings) {
  TypedConfig out;
  out.value = to_node(value);
  // A TypedStruct may carry another one as its tree (Istio's bootstrap does so for typed_config in typed_config).
  if (is_typed_struct(type_url) && wrappings < wrappings_max) {
    udpa::type::v1::TypedStruct inner;
    schema::Diagnostics diagnostics;
    if (!read_message(out.value, "", "", diagnostics, inner))
      return fail(ErrorKind::invalid, "TypedStruct: {}", diagnostics.first_error());
    return open_tree(inner.type_url(), inner.value(), wrappings + 1);
  }
  if (const auto* prototype = prototype_of(type_url)) {
    auto message = parse_tree(*prototype, out.value);
    if (!message) return failed(message);
    out.message = std::move(*message);
    out.value = {};
  }
  out.type_url = std::move(type_url);
  return out;
}

}  // namespace

Result<TypedConfig> open_any(const pb::Any& any) {
  if (is_typed_struct(any.type_url())) {
    std::string type_url;
    pb::Struct value;
    if (!take_typed_struct(any, type_url, value))
      return fail(ErrorKind::invalid, "the bytes of a TypedStruct do not parse");
    if (type_url.empty()) return fail(ErrorKind::invalid, "a TypedStruct without type_url");
    return open_tree(std::move(type_url), value, 0);
  }
  const auto* prototype = prototype_of(any.type_url());
  if (!prototype) return fail(ErrorKind::unsupported, "the type {} is not supported", type_name_of(any.type_url()));
  TypedConfig out{any.type_url(), std::unique_ptr<Message>(prototype->New()), {}};
  if (!out.message->ParseFromString(any.value()))
    return fail(ErrorKind::invalid, "the bytes of a {} do not parse", type_name_of(any.type_url()));
  return out;
}

schema::Node tree_of(const TypedConfig& config) {
  if (!config.message) return config.value;
  schema::Diagnostics diagnostics;
  schema::Node tree;
  schema::read_json(to_json(*config.message), config.type_url, diagnostics, tree);
  return tree;
}

Result<> unpack(const pb::Any& any, Message& out) {
  if (type_name_of(any.type_url()) == out.GetDescriptor()->full_name()) {
    if (!out.ParseFromString(any.value()))
      return fail(ErrorKind::invalid, "the bytes of a {} do not parse", out.GetDescriptor()->full_name());
    return {};
  }
  auto opened = open_any(any);
  if (!opened) return failed(opened);
  if (!opened->message || opened->message->GetDescriptor() != out.GetDescriptor())
    return fail(ErrorKind::invalid, "expected a {}, not a {}", out.GetDescriptor()->full_name(),
                type_name_of(opened->type_url));
  out.GetReflection()->Swap(&out, opened->message.get());
  return {};
}

pb::Any pack_typed_struct(std::string_view type_url, const schema::Node& value) {
  udpa::type::v1::TypedStruct wrapped;
  wrapped.set_type_url(std::string(type_url));
  to_struct(value, *wrapped.mutable_value());
  return pack(wrapped);
}

}  // namespace lateen::xds
