#include "config/xds/check.h"

#include "config/xds/checker.h"

namespace lateen::xds {

namespace pb = google::protobuf;
using pb::FieldDescriptor;

namespace {

constexpr int depth_max = 200;

// "load_assignment" -> "LoadAssignment": the names in Envoy's messages.
std::string upper_camel(std::string_view name) {
  std::string out;
  bool upper = true;
  for (const char c : name) {
    if (c == '_') {
      upper = true;
    } else {
      out += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
      upper = false;
    }
  }
  return out;
}

// "RouteAction_RequestMirrorPolicy": nested messages carry the names of those around them.
std::string class_name(const pb::Descriptor& type) {
  return type.containing_type() ? fmt::format("{}_{}", class_name(*type.containing_type()), type.name()) : type.name();
}

bool is_wrapper(const pb::Descriptor& type) {
  const auto kind = type.well_known_type();
  return kind >= pb::Descriptor::WELLKNOWNTYPE_DOUBLEVALUE && kind <= pb::Descriptor::WELLKNOWNTYPE_BOOLVALUE;
}

}  // namespace

std::vector<Violation> check(const Message& message, const CheckOptions& options) {
  std::vector<Violation> out;
  Checker(options, out).message(message);
  return out;
}

Result<> checked(const Message& message, const CheckOptions& options) {
  CheckOptions one = options;
  one.most = 1;
  const auto violations = check(message, one);
  if (violations.empty()) return {};
  return fail(ErrorKind::invalid, "Proto constraint validation failed ({})", violations[0].chain);
}

void Checker::violation(std::string reason) {
  if (out_.size() >= options_.most) return;
  std::string path, chain;
  for (size_t i = 0; i < places_.size(); ++i) {
    const auto& place = places_[i];
    const std::string index = place.index < 0 ? "" : fmt::format("[{}]", place.index);
    if (!place.field) continue;
    path += fmt::format("{}{}{}", path.empty() ? "" : ".", original_name(*place.field), index);
    if (!chain.empty()) chain += ": embedded message failed validation | caused by ";
    chain += fmt::format("{}ValidationError.{}{}", class_name(*place.field->containing_type()),
                         upper_camel(original_name(*place.field)), index);
  }
  out_.push_back({std::move(path), reason, fmt::format("{}{}{}", chain, chain.empty() ? "" : ": ", reason)});
}

void Checker::message(const Message& message) {
  const auto& type = *message.GetDescriptor();
  if (depth_ >= depth_max || full() || type.options().GetExtension(validate::disabled) ||
      type.options().GetExtension(validate::ignored))
    return;
  ++depth_;
  if (type.well_known_type() == pb::Descriptor::WELLKNOWNTYPE_ANY) {
    inside_any(static_cast<const pb::Any&>(message));
  } else if (type.well_known_type() == pb::Descriptor::WELLKNOWNTYPE_UNSPECIFIED) {
    for (int i = 0; i < type.field_count() && !full(); ++i) field(message, *type.field(i));
    for (int i = 0; i < type.real_oneof_decl_count(); ++i) oneof(message, *type.oneof_decl(i));
  }
  --depth_;
}

void Checker::inside_any(const pb::Any& any) {
  const auto* prototype = options_.inside_any ? prototype_of(any.type_url()) : nullptr;
  if (!prototype) return;
  std::unique_ptr<Message> content(prototype->New());
  // What does not parse is refused by whoever unpacks it; here it has no fields to check.
  if (content->ParsePartialFromString(any.value())) message(*content);
}

void Checker::oneof(const Message& message, const pb::OneofDescriptor& oneof) {
  if (!oneof.options().GetExtension(validate::required) || message.GetReflection()->HasOneof(message, &oneof)) return;
  std::vector<std::string> names;
  for (int i = 0; i < oneof.field_count(); ++i) names.emplace_back(original_name(*oneof.field(i)));
  violation(fmt::format("field: {}, reason: is required", oneof.name()));
}

void Checker::field(const Message& message, const FieldDescriptor& field) {
  const auto& reflection = *message.GetReflection();
  const bool has_rules = field.options().HasExtension(validate::rules);
  const auto& rules = field.options().GetExtension(validate::rules);
  places_.push_back({&field, -1});
  if (field.is_repeated()) {
    const int size = reflection.FieldSize(message, &field);
    if (field.is_map()) {
      map(message, field, rules, size);
    } else {
      list(message, field, rules, size);
    }
  } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    const bool set = reflection.HasField(message, &field);
    // Of a oneof only the member that was chosen is judged.
    if (!set && !field.real_containing_oneof() && is_required(rules)) violation("value is required");
    if (set) embedded(reflection.GetMessage(message, &field), rules, has_rules);
  } else if (has_rules && (!field.has_presence() || reflection.HasField(message, &field))) {
    scalar(Value{message, field, -1}, rules);
  }
  places_.pop_back();
}

bool Checker::is_required(const validate::FieldRules& rules) {
  return rules.message().required() || rules.any().required() || rules.duration().required() ||
         rules.timestamp().required();
}

void Checker::embedded(const Message& content, const validate::FieldRules& rules, bool has_rules) {
  const auto& type = *content.GetDescriptor();
  if (is_wrapper(type)) {
    if (has_rules) scalar(Value{content, *type.FindFieldByNumber(1), -1}, rules);
    return;
  }
  if (has_rules) {
    if (type.well_known_type() == pb::Descriptor::WELLKNOWNTYPE_DURATION)
      duration(static_cast<const pb::Duration&>(content), rules.duration());
    if (type.well_known_type() == pb::Descriptor::WELLKNOWNTYPE_ANY)
      any(static_cast<const pb::Any&>(content), rules.any());
    if (rules.message().skip()) return;
  }
  message(content);
}

void Checker::list(const Message& message, const FieldDescriptor& field, const validate::FieldRules& rules, int size) {
  const auto& wanted = rules.repeated();
  if (!(wanted.ignore_empty() && size == 0)) {
    const auto count = static_cast<uint64_t>(size);
    if (wanted.has_min_items() && count < wanted.min_items())
      violation(fmt::format("value must contain at least {} item(s)", wanted.min_items()));
    if (wanted.has_max_items() && count > wanted.max_items())
      violation(fmt::format("value must contain no more than {} item(s)", wanted.max_items()));
    if (wanted.unique() && has_repeated(message, field, size)) violation("repeated value must contain unique items");
  }
  const bool is_message = field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
  if (!is_message && !wanted.has_items()) return;
  for (int i = 0; i < size && !full(); ++i) {
    places_.back().index = i;
    if (is_message) {
      embedded(message.GetReflection()->GetRepeatedMessage(message, &field, i), wanted.items(), wanted.has_items());
    } else {
      scalar(Value{message, field, i}, wanted.items());
    }
  }
}

bool Checker::has_repeated(const Message& message, const FieldDescriptor& field, int size) {
  std::set<std::string> seen;
  for (int i = 0; i < size; ++i) {
    const auto& reflection = *message.GetReflection();
    std::string key;
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        key = serialize(reflection.GetRepeatedMessage(message, &field, i));
        break;
      case FieldDescriptor::CPPTYPE_STRING:
        key = reflection.GetRepeatedString(message, &field, i);
        break;
      case FieldDescriptor::CPPTYPE_BOOL:
        key = reflection.GetRepeatedBool(message, &field, i) ? "1" : "0";
        break;
      default:
        key = Value{message, field, i}.as_text();
        break;
    }
    if (!seen.insert(std::move(key)).second) return true;
  }
  return false;
}

void Checker::map(const Message& message, const FieldDescriptor& field, const validate::FieldRules& rules, int size) {
  const auto& wanted = rules.map();
  if (wanted.ignore_empty() && size == 0) return;
  const auto count = static_cast<uint64_t>(size);
  if (wanted.has_min_pairs() && count < wanted.min_pairs())
    violation(fmt::format("value must contain at least {} pair(s)", wanted.min_pairs()));
  if (wanted.has_max_pairs() && count > wanted.max_pairs())
    violation(fmt::format("value must contain no more than {} pair(s)", wanted.max_pairs()));
  const auto& value_field = *field.message_type()->map_value();
  for (int i = 0; i < size && !full(); ++i) {
    const Message& entry = message.GetReflection()->GetRepeatedMessage(message, &field, i);
    places_.back().index = i;
    if (wanted.has_keys()) scalar(Value{entry, *field.message_type()->map_key(), -1}, wanted.keys());
    if (value_field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      embedded(entry.GetReflection()->GetMessage(entry, &value_field), wanted.values(), wanted.has_values());
    } else if (wanted.has_values()) {
      scalar(Value{entry, value_field, -1}, wanted.values());
    }
  }
}

}  // namespace lateen::xds
