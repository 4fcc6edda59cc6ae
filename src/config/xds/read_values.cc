// The leaves of documents: numbers, texts, enums and the messages that JSON writes in a form of their own.
#include <cmath>

#include "config/xds/reader.h"
#include "lib/base/strings.h"
#include "lib/base/time.h"

namespace lateen::xds {

namespace pb = google::protobuf;
using pb::FieldDescriptor;

namespace {

// Integers as documents carry them: 5, 5.0, "5".
template <class T>
std::optional<T> integer_of(const schema::Node& node) {
  if (const auto* value = node.as_integer()) return std::in_range<T>(*value) ? std::optional<T>(*value) : std::nullopt;
  if (const auto* text = node.as_string()) return parse_number<T>(*text);
  double number;
  if (!node.as_number(number) || number != std::floor(number)) return std::nullopt;
  // 2^digits is the first number above the range, and exact in a double.
  const double above = std::ldexp(1.0, std::numeric_limits<T>::digits);
  if (number >= above || number < (std::is_signed_v<T> ? -above : 0.0)) return std::nullopt;
  return static_cast<T>(number);
}

std::optional<double> number_of(const schema::Node& node) {
  double number;
  if (node.as_number(number)) return number;
  const auto text = node.text();
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  double parsed;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parsed);
  return error == std::errc() && end == text.data() + text.size() && !text.empty() ? std::optional(parsed)
                                                                                   : std::nullopt;
}

std::optional<std::string> bytes_of(std::string_view text) {
  if (auto bytes = base64_decode(text)) return bytes;
  while (text.ends_with('=')) text.remove_suffix(1);
  return base64url_decode(text);
}

// "round-robin" -> "ROUND_ROBIN": old files spell enums so, and protobuf's own reader takes it.
std::string shouted(std::string_view name) {
  std::string out(name);
  for (char& c : out) c = c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return out;
}

// "-1.5s" (google.protobuf.Duration in JSON): seconds with up to nine decimals.
bool parse_seconds(std::string_view text, int64_t& seconds, int32_t& nanos) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (!text.ends_with('s')) return false;
  text.remove_suffix(1);
  const size_t dot = text.find('.');
  const auto whole = parse_number<uint64_t>(text.substr(0, dot));
  if (!whole || *whole > 315'576'000'000) return false;
  uint32_t part = 0;
  if (dot != std::string_view::npos) {
    std::string decimals(text.substr(dot + 1));
    if (decimals.empty() || decimals.size() > 9) return false;
    decimals.resize(9, '0');
    const auto parsed = parse_number<uint32_t>(decimals);
    if (!parsed) return false;
    part = *parsed;
  }
  seconds = negative ? -static_cast<int64_t>(*whole) : static_cast<int64_t>(*whole);
  nanos = negative ? -static_cast<int32_t>(part) : static_cast<int32_t>(part);
  return true;
}

void to_value(const schema::Node& node, pb::Value& out, int depth);

void to_map(const schema::Node::Map& map, pb::Struct& out, int depth) {
  for (const auto& entry : map) to_value(entry.value, (*out.mutable_fields())[entry.key], depth);
}

void to_value(const schema::Node& node, pb::Value& out, int depth) {
  double number;
  if (depth > 100) {
    out.set_null_value(pb::NULL_VALUE);
  } else if (const auto* flag = node.as_bool()) {
    out.set_bool_value(*flag);
  } else if (const auto* text = node.as_string()) {
    out.set_string_value(*text);
  } else if (node.as_number(number)) {
    out.set_number_value(number);
  } else if (const auto* list = node.as_list()) {
    auto& values = *out.mutable_list_value();
    for (const auto& each : *list) to_value(each, *values.add_values(), depth + 1);
  } else if (const auto* map = node.as_map()) {
    to_map(*map, *out.mutable_struct_value(), depth + 1);
  } else {
    out.set_null_value(pb::NULL_VALUE);
  }
}

schema::Node from_map(const pb::Struct& value, int depth);

schema::Node from_value(const pb::Value& value, int depth) {
  if (depth > 100) return nullptr;
  switch (value.kind_case()) {
    case pb::Value::kBoolValue:
      return value.bool_value();
    case pb::Value::kStringValue:
      return value.string_value();
    case pb::Value::kNumberValue: {
      const double number = value.number_value();
      if (number == std::floor(number) && std::abs(number) < 9e15) return static_cast<int64_t>(number);
      return number;
    }
    case pb::Value::kListValue: {
      auto list = schema::Node::list();
      for (const auto& each : value.list_value().values()) list.push_back(from_value(each, depth + 1));
      return list;
    }
    case pb::Value::kStructValue:
      return from_map(value.struct_value(), depth + 1);
    default:
      return nullptr;
  }
}

schema::Node from_map(const pb::Struct& value, int depth) {
  const std::map<std::string_view, const pb::Value*> sorted = [&] {
    std::map<std::string_view, const pb::Value*> out;
    for (const auto& [key, each] : value.fields()) out[key] = &each;
    return out;
  }();
  auto map = schema::Node::map();
  for (const auto& [key, each] : sorted) map.append(std::string(key), from_value(*each, depth));
  return map;
}

}  // namespace

schema::Node to_node(const pb::Struct& value) { return from_map(value, 0); }

void to_struct(const schema::Node& node, pb::Struct& out) {
  if (const auto* map = node.as_map()) to_map(*map, out, 0);
}

template <class T>
void Reader::integer(const Node& node, const std::string& path, Message& out, const FieldDescriptor& field,
                     void (pb::Reflection::*set)(Message*, const FieldDescriptor*, T) const,
                     void (pb::Reflection::*add)(Message*, const FieldDescriptor*, T) const) {
  const auto value = integer_of<T>(node);
  if (!value) {
    double number;
    if (!node.is_string() && !node.as_number(number)) return wrong(node, path, "an integer");
    return error(
        node, path,
        fmt::format("expected an integer from {} to {}", std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
  }
  (out.GetReflection()->*(field.is_repeated() ? add : set))(&out, &field, *value);
}

void Reader::scalar(const Node& node, const std::string& path, Message& out, const FieldDescriptor& field) {
  using R = pb::Reflection;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return integer<int32_t>(node, path, out, field, &R::SetInt32, &R::AddInt32);
    case FieldDescriptor::CPPTYPE_INT64:
      return integer<int64_t>(node, path, out, field, &R::SetInt64, &R::AddInt64);
    case FieldDescriptor::CPPTYPE_UINT32:
      return integer<uint32_t>(node, path, out, field, &R::SetUInt32, &R::AddUInt32);
    case FieldDescriptor::CPPTYPE_UINT64:
      return integer<uint64_t>(node, path, out, field, &R::SetUInt64, &R::AddUInt64);
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT:
      return number(node, path, out, field);
    case FieldDescriptor::CPPTYPE_ENUM:
      return enumeration(node, path, out, field);
    case FieldDescriptor::CPPTYPE_STRING:
      return text(node, path, out, field);
    case FieldDescriptor::CPPTYPE_BOOL: {
      const auto* plain = node.as_bool();
      if (!plain && node.text() != "true" && node.text() != "false") return wrong(node, path, "true or false");
      const bool value = plain ? *plain : node.text() == "true";
      const auto& reflection = *out.GetReflection();
      field.is_repeated() ? reflection.AddBool(&out, &field, value) : reflection.SetBool(&out, &field, value);
      return;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return;
  }
}

void Reader::number(const Node& node, const std::string& path, Message& out, const FieldDescriptor& field) {
  const auto value = number_of(node);
  if (!value) return wrong(node, path, "a number");
  const auto& r = *out.GetReflection();
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_FLOAT) {
    const double edge = std::numeric_limits<float>::max();
    if (std::isfinite(*value) && std::abs(*value) > edge) return error(node, path, "the number is too large");
    const auto narrow = static_cast<float>(*value);
    field.is_repeated() ? r.AddFloat(&out, &field, narrow) : r.SetFloat(&out, &field, narrow);
  } else {
    field.is_repeated() ? r.AddDouble(&out, &field, *value) : r.SetDouble(&out, &field, *value);
  }
}

void Reader::enumeration(const Node& node, const std::string& path, Message& out, const FieldDescriptor& field) {
  const auto& type = *field.enum_type();
  std::optional<int> number;
  if (const auto* name = node.as_string()) {
    const auto* value = type.FindValueByName(*name);
    if (!value) value = type.FindValueByName(shouted(*name));
    if (!value) {
      std::vector<std::string_view> names;
      for (int i = 0; i < type.value_count(); ++i) names.push_back(type.value(i)->name());
      return error(node, path, fmt::format("\"{}\" is none of {}", *name, joined(names, ", ")));
    }
    number = value->number();
  } else if (number = integer_of<int32_t>(node); !number) {
    return wrong(node, path, fmt::format("a value of {}", type.full_name()));
  }
  const auto& r = *out.GetReflection();
  field.is_repeated() ? r.AddEnumValue(&out, &field, *number) : r.SetEnumValue(&out, &field, *number);
}

void Reader::text(const Node& node, const std::string& path, Message& out, const FieldDescriptor& field) {
  const auto* text = node.as_string();
  if (!text) return wrong(node, path, "a string (put it in quotes)");
  std::string value = *text;
  if (field.type() == FieldDescriptor::TYPE_BYTES) {
    auto bytes = bytes_of(*text);
    if (!bytes) return error(node, path, "expected base64");
    value = std::move(*bytes);
  }
  const auto& r = *out.GetReflection();
  field.is_repeated() ? r.AddString(&out, &field, std::move(value)) : r.SetString(&out, &field, std::move(value));
}

bool Reader::well_known(const Node& node, const std::string& path, Message& out) {
  switch (out.GetDescriptor()->well_known_type()) {
    case pb::Descriptor::WELLKNOWNTYPE_UNSPECIFIED:
      return false;
    case pb::Descriptor::WELLKNOWNTYPE_ANY:
      any(node, path, out);
      return true;
    case pb::Descriptor::WELLKNOWNTYPE_DURATION:
      duration(node, path, static_cast<pb::Duration&>(out));
      return true;
    case pb::Descriptor::WELLKNOWNTYPE_TIMESTAMP:
      timestamp(node, path, static_cast<pb::Timestamp&>(out));
      return true;
    case pb::Descriptor::WELLKNOWNTYPE_VALUE:
      to_value(node, static_cast<pb::Value&>(out), depth_);
      return true;
    case pb::Descriptor::WELLKNOWNTYPE_STRUCT:
      node.is_map() ? to_map(*node.as_map(), static_cast<pb::Struct&>(out), depth_) : wrong(node, path, "a map");
      return true;
    case pb::Descriptor::WELLKNOWNTYPE_LISTVALUE:
      if (!node.is_list()) wrong(node, path, "a list");
      for (size_t i = 0; node.is_list() && i < node.size(); ++i)
        to_value((*node.as_list())[i], *static_cast<pb::ListValue&>(out).add_values(), depth_);
      return true;
    case pb::Descriptor::WELLKNOWNTYPE_FIELDMASK: {
      const auto& paths = *out.GetDescriptor()->FindFieldByNumber(1);
      if (!node.is_string()) wrong(node, path, "field names, separated by commas");
      for (const auto part : split(node.text(), ','))
        if (!part.empty()) out.GetReflection()->AddString(&out, &paths, std::string(part));
      return true;
    }
    default:
      scalar(node, path, out, *out.GetDescriptor()->FindFieldByNumber(1));
      return true;
  }
}

void Reader::duration(const Node& node, const std::string& path, pb::Duration& out) {
  int64_t seconds;
  int32_t nanos;
  if (!parse_seconds(node.text(), seconds, nanos))
    return error(node, path, "expected a duration in seconds such as \"1.5s\"");
  out.set_seconds(seconds);
  out.set_nanos(nanos);
}

void Reader::timestamp(const Node& node, const std::string& path, pb::Timestamp& out) {
  const auto time = parse_time(node.text());
  if (!time) return error(node, path, "expected a time such as \"2026-11-25T12:00:00Z\"");
  const auto since = time->time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  out.set_seconds(seconds.count());
  out.set_nanos(static_cast<int32_t>((since - seconds).count()));
}

}  // namespace lateen::xds
