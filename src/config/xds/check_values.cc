// Rules about numbers, texts, bytes, enums and durations.
#include <re2/re2.h>

#include "config/xds/checker.h"
#include "lib/base/ip.h"
#include "lib/base/strings.h"
#include "lib/base/time.h"

namespace lateen::xds {

namespace pb = google::protobuf;
using pb::FieldDescriptor;

namespace {

size_t characters_in(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

template <class List, class T>
bool contains(const List& list, const T& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

bool is_hostname(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  for (const auto part : split(text.ends_with('.') ? text.substr(0, text.size() - 1) : text, '.')) {
    if (part.empty() || part.size() > 63 || part.starts_with('-') || part.ends_with('-')) return false;
    for (const char c : part)
      if (!std::isalnum(static_cast<unsigned char>(c)) && c != '-') return false;
  }
  return true;
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !std::isxdigit(static_cast<unsigned char>(text[i]))) return false;
  }
  return true;
}

bool is_header_name(std::string_view text, bool strict) {
  if (!strict) return text.find_first_of(std::string_view("\0\r\n", 3)) == std::string_view::npos;
  if (text.starts_with(':')) text.remove_prefix(1);
  if (text.empty()) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) ||
           std::string_view("!#$%&'*+-.^_|~`").find(c) != std::string_view::npos;
  });
}

bool is_header_value(std::string_view text, bool strict) {
  return std::none_of(text.begin(), text.end(), [strict](char c) {
    const auto u = static_cast<unsigned char>(c);
    return strict ? (u < 0x20 && u != '\t') || u == 0x7f : u == 0 || u == '\n' || u == '\r';
  });
}

Duration to_duration(const pb::Duration& value) {
  return bounded(std::chrono::seconds(value.seconds())) + Duration(value.nanos());
}

std::string text_of(const Duration& value) { return format_duration(value); }
template <class T>
std::string text_of(const T& value) {
  return fmt::to_string(value);
}

}  // namespace

bool Checker::Value::as_bool() const {
  const auto& r = *message.GetReflection();
  return index < 0 ? r.GetBool(message, &field) : r.GetRepeatedBool(message, &field, index);
}

double Checker::Value::as_double() const {
  const auto& r = *message.GetReflection();
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_FLOAT)
    return index < 0 ? r.GetFloat(message, &field) : r.GetRepeatedFloat(message, &field, index);
  return index < 0 ? r.GetDouble(message, &field) : r.GetRepeatedDouble(message, &field, index);
}

int64_t Checker::Value::as_signed() const {
  const auto& r = *message.GetReflection();
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM)
    return index < 0 ? r.GetEnumValue(message, &field) : r.GetRepeatedEnumValue(message, &field, index);
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_INT32)
    return index < 0 ? r.GetInt32(message, &field) : r.GetRepeatedInt32(message, &field, index);
  return index < 0 ? r.GetInt64(message, &field) : r.GetRepeatedInt64(message, &field, index);
}

uint64_t Checker::Value::as_unsigned() const {
  const auto& r = *message.GetReflection();
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_UINT32)
    return index < 0 ? r.GetUInt32(message, &field) : r.GetRepeatedUInt32(message, &field, index);
  return index < 0 ? r.GetUInt64(message, &field) : r.GetRepeatedUInt64(message, &field, index);
}

std::string Checker::Value::as_string() const {
  const auto& r = *message.GetReflection();
  return index < 0 ? r.GetString(message, &field) : r.GetRepeatedString(message, &field, index);
}

std::string Checker::Value::as_text() const {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
      return fmt::to_string(as_unsigned());
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT:
      return fmt::to_string(as_double());
    default:
      return fmt::to_string(as_signed());
  }
}

void Checker::scalar(const Value& value, const validate::FieldRules& rules) {
  using Rules = validate::FieldRules;
  const auto narrow = [&] { return static_cast<float>(value.as_double()); };
  switch (rules.type_case()) {
    case Rules::kFloat:
      return number(narrow(), rules.float_());
    case Rules::kDouble:
      return number(value.as_double(), rules.double_());
    case Rules::kInt32:
      return number(static_cast<int32_t>(value.as_signed()), rules.int32());
    case Rules::kInt64:
      return number(value.as_signed(), rules.int64());
    case Rules::kUint32:
      return number(static_cast<uint32_t>(value.as_unsigned()), rules.uint32());
    case Rules::kUint64:
      return number(value.as_unsigned(), rules.uint64());
    case Rules::kSint32:
      return number(static_cast<int32_t>(value.as_signed()), rules.sint32());
    case Rules::kSint64:
      return number(value.as_signed(), rules.sint64());
    case Rules::kFixed32:
      return number(static_cast<uint32_t>(value.as_unsigned()), rules.fixed32());
    case Rules::kFixed64:
      return number(value.as_unsigned(), rules.fixed64());
    case Rules::kSfixed32:
      return number(static_cast<int32_t>(value.as_signed()), rules.sfixed32());
    case Rules::kSfixed64:
      return number(value.as_signed(), rules.sfixed64());
    case Rules::kString:
      return text(value.as_string(), rules.string());
    case Rules::kBytes:
      return bytes(value.as_string(), rules.bytes());
    case Rules::kEnum:
      return enumeration(value, rules.enum_());
    case Rules::kBool:
      if (rules.bool_().has_const_() && value.as_bool() != rules.bool_().const_())
        violation(fmt::format("value must equal {}", rules.bool_().const_()));
      return;
    default:
      return;
  }
}

template <class T, class Rules>
void Checker::number(T value, const Rules& rules) {
  if (rules.ignore_empty() && value == T{}) return;
  if (rules.has_const_() && value != rules.const_()) violation(fmt::format("value must equal {}", rules.const_()));
  range(value, rules);
  if (rules.in_size() > 0 && !contains(rules.in(), value))
    violation(fmt::format("value must be in list [{}]", fmt::join(rules.in(), ", ")));
  if (contains(rules.not_in(), value))
    violation(fmt::format("value must not be in list [{}]", fmt::join(rules.not_in(), ", ")));
}

// Bounds below and above; when the upper one lies below the lower one, the value must be outside of them.
template <class T, class Rules>
void Checker::range(T value, const Rules& rules) {
  const bool has_above = rules.has_lt() || rules.has_lte(), has_below = rules.has_gt() || rules.has_gte();
  if (!has_above && !has_below) return;
  const auto bound = [](const auto& bound) {
    if constexpr (std::is_same_v<T, Duration>) {
      return to_duration(bound);
    } else {
      return static_cast<T>(bound);
    }
  };
  const T above = rules.has_lt() ? bound(rules.lt()) : bound(rules.lte());
  const T below = rules.has_gt() ? bound(rules.gt()) : bound(rules.gte());
  const bool low_enough = !has_above || (rules.has_lt() ? value < above : value <= above);
  const bool high_enough = !has_below || (rules.has_gt() ? value > below : value >= below);
  if (!has_below) {
    if (!low_enough)
      violation(fmt::format("value must be less than {}{}", rules.has_lt() ? "" : "or equal to ", text_of(above)));
  } else if (!has_above) {
    if (!high_enough)
      violation(fmt::format("value must be greater than {}{}", rules.has_gt() ? "" : "or equal to ", text_of(below)));
  } else if (above > below ? !(low_enough && high_enough) : !(low_enough || high_enough)) {
    violation(fmt::format("value must be {} range {}{}, {}{}", above > below ? "inside" : "outside",
                          rules.has_gt() ? '(' : '[', text_of(below), text_of(above), rules.has_lt() ? ')' : ']'));
  }
}

void Checker::text(const std::string& value, const validate::StringRules& rules) {
  if (rules.ignore_empty() && value.empty()) return;
  if (rules.has_const_() && value != rules.const_()) violation(fmt::format("value must equal {}", rules.const_()));
  text_length(value, rules);
  affixes(value, rules);
  if (rules.has_not_contains() && value.find(rules.not_contains()) != std::string::npos)
    violation(fmt::format("value contains substring \"{}\"", rules.not_contains()));
  text_form(value, rules);
}

void Checker::text_length(const std::string& value, const validate::StringRules& rules) {
  const size_t length = characters_in(value);
  if (rules.has_len() && length != rules.len())
    violation(fmt::format("value length must be {} characters", rules.len()));
  if (rules.has_min_len() && length < rules.min_len())
    violation(fmt::format("value length must be at least {} characters", rules.min_len()));
  if (rules.has_max_len() && length > rules.max_len())
    violation(fmt::format("value length must be at most {} characters", rules.max_len()));
  if (rules.has_len_bytes() && value.size() != rules.len_bytes())
    violation(fmt::format("value length must be {} bytes", rules.len_bytes()));
  if (rules.has_min_bytes() && value.size() < rules.min_bytes())
    violation(fmt::format("value length must be at least {} bytes", rules.min_bytes()));
  if (rules.has_max_bytes() && value.size() > rules.max_bytes())
    violation(fmt::format("value length must be at most {} bytes", rules.max_bytes()));
}

void Checker::text_form(const std::string& value, const validate::StringRules& rules) {
  const auto ip = rules.ip() || rules.ipv4() || rules.ipv6() || rules.address() ? Ip::parse(value)
                                                                                : Result<Ip>(std::unexpected(Error{}));
  if (rules.hostname() && !is_hostname(value)) violation("value must be a valid hostname");
  if (rules.address() && !ip && !is_hostname(value)) violation("value must be a valid hostname, or ip address");
  if (rules.ip() && !ip) violation("value must be a valid IP address");
  if (rules.ipv4() && !(ip && ip->is_v4())) violation("value must be a valid IPv4 address");
  if (rules.ipv6() && !(ip && ip->is_v6())) violation("value must be a valid IPv6 address");
  if (rules.uuid() && !is_uuid(value)) violation("value must be a valid UUID");
  if (rules.uri() && value.find(':') == std::string::npos) violation("value must be absolute");
  const bool strict = rules.strict();
  if (rules.well_known_regex() == validate::HTTP_HEADER_NAME && !is_header_name(value, strict))
    violation("value is no valid HTTP header name");
  if (rules.well_known_regex() == validate::HTTP_HEADER_VALUE && !is_header_value(value, strict))
    violation("value is no valid HTTP header value");
}

template <class Rules>
void Checker::affixes(const std::string& value, const Rules& rules) {
  if (rules.has_prefix() && !value.starts_with(rules.prefix()))
    violation(fmt::format("value does not have prefix \"{}\"", rules.prefix()));
  if (rules.has_suffix() && !value.ends_with(rules.suffix()))
    violation(fmt::format("value does not have suffix \"{}\"", rules.suffix()));
  if (rules.has_contains() && value.find(rules.contains()) == std::string::npos)
    violation(fmt::format("value does not contain substring \"{}\"", rules.contains()));
  // The pattern is the API's own text, never a user's.
  if (rules.has_pattern() && !RE2::PartialMatch(value, RE2(rules.pattern(), RE2::Quiet)))
    violation(fmt::format("value does not match regex pattern \"{}\"", rules.pattern()));
  if (rules.in_size() > 0 && !contains(rules.in(), value))
    violation(fmt::format("value must be in list [{}]", joined(rules.in(), ", ")));
  if (contains(rules.not_in(), value))
    violation(fmt::format("value must not be in list [{}]", joined(rules.not_in(), ", ")));
}

void Checker::bytes(const std::string& value, const validate::BytesRules& rules) {
  if (rules.ignore_empty() && value.empty()) return;
  if (rules.has_const_() && value != rules.const_()) violation("value must equal the one that the API states");
  if (rules.has_len() && value.size() != rules.len())
    violation(fmt::format("value length must be {} bytes", rules.len()));
  if (rules.has_min_len() && value.size() < rules.min_len())
    violation(fmt::format("value length must be at least {} bytes", rules.min_len()));
  if (rules.has_max_len() && value.size() > rules.max_len())
    violation(fmt::format("value length must be at most {} bytes", rules.max_len()));
  affixes(value, rules);
  if (rules.ip() && value.size() != 4 && value.size() != 16) violation("value must be a valid IP address");
  if (rules.ipv4() && value.size() != 4) violation("value must be a valid IPv4 address");
  if (rules.ipv6() && value.size() != 16) violation("value must be a valid IPv6 address");
}

void Checker::enumeration(const Value& value, const validate::EnumRules& rules) {
  const auto number = static_cast<int>(value.as_signed());
  if (rules.has_const_() && number != rules.const_()) violation(fmt::format("value must equal {}", rules.const_()));
  if (rules.defined_only() && !value.field.enum_type()->FindValueByNumber(number))
    violation("value must be one of the defined enum values");
  if (rules.in_size() > 0 && !contains(rules.in(), number))
    violation(fmt::format("value must be in list [{}]", fmt::join(rules.in(), ", ")));
  if (contains(rules.not_in(), number))
    violation(fmt::format("value must not be in list [{}]", fmt::join(rules.not_in(), ", ")));
}

void Checker::duration(const pb::Duration& value, const validate::DurationRules& rules) {
  const Duration given = to_duration(value);
  if (rules.has_const_() && given != to_duration(rules.const_()))
    violation(fmt::format("value must equal {}", format_duration(to_duration(rules.const_()))));
  range(given, rules);
  const auto is_given = [given](const pb::Duration& other) { return to_duration(other) == given; };
  if (rules.in_size() > 0 && std::none_of(rules.in().begin(), rules.in().end(), is_given))
    violation("value must be in the list that the API states");
  if (std::any_of(rules.not_in().begin(), rules.not_in().end(), is_given))
    violation("value must not be in the list that the API states");
}

void Checker::any(const pb::Any& value, const validate::AnyRules& rules) {
  if (rules.in_size() > 0 && !contains(rules.in(), value.type_url()))
    violation(fmt::format("type URL must be in list [{}]", joined(rules.in(), ", ")));
  if (contains(rules.not_in(), value.type_url()))
    violation(fmt::format("type URL must not be in list [{}]", joined(rules.not_in(), ", ")));
}

}  // namespace lateen::xds
