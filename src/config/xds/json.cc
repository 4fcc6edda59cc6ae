#include "config/xds/json.h"

#include <cmath>

#include "config/xds/names.h"
#include "config/xds/protos.h"
#include "lib/base/strings.h"
#include "udpa/annotations/sensitive.pb.h"

namespace lateen::xds {
namespace {

namespace pb = google::protobuf;
using pb::FieldDescriptor;

constexpr int any_depth_max = 32;
constexpr std::string_view redacted = "[redacted]";

class Writer {
 public:
  Writer(const JsonOptions& options, std::string& out, int level) : options_(options), out_(out), level_(level) {}

  void message(const Message& message);

 private:
  void members(const Message& message);
  void field(const Message& message, const FieldDescriptor& field);
  void map(const Message& message, const FieldDescriptor& field);
  void list(const Message& message, const FieldDescriptor& field);
  void value(const Message& message, const FieldDescriptor& field, int index);
  void scalar(const Message& message, const FieldDescriptor& field, int index);
  bool well_known(const Message& message);
  void any(const Message& message);
  void struct_value(const Message& message);
  void duration(const Message& message);
  void timestamp(const Message& message);
  void field_mask(const Message& message);
  void number(double number);

  void open(char bracket) {
    out_ += bracket;
    ++level_;
    first_ = true;
  }
  void close(char bracket) {
    --level_;
    if (!first_) new_line();
    out_ += bracket;
    first_ = false;
  }
  void next() {
    if (!first_) out_ += ',';
    first_ = false;
    new_line();
  }
  void new_line() {
    if (options_.indent == 0) return;
    out_ += '\n';
    out_.append(static_cast<size_t>(options_.indent * level_), ' ');
  }
  void key(std::string_view name) {
    next();
    append_json_text(out_, name);
    out_ += options_.indent ? ": " : ":";
  }
  void text(std::string_view text) { append_json_text(out_, hidden_ ? redacted : text); }

  const JsonOptions& options_;
  std::string& out_;
  int level_;
  int any_depth_ = 0;
  bool first_ = true;
  bool hidden_ = false;  // inside something sensitive
};

bool is_sensitive(const FieldDescriptor& field) { return field.options().GetExtension(udpa::annotations::sensitive); }

bool is_text(const FieldDescriptor& field) { return field.cpp_type() == FieldDescriptor::CPPTYPE_STRING; }

bool is_message(const FieldDescriptor& field) { return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE; }

const FieldDescriptor& numbered(const Message& message, int number) {
  return *message.GetDescriptor()->FindFieldByNumber(number);
}

void Writer::message(const Message& message) {
  if (message.GetDescriptor()->well_known_type() != pb::Descriptor::WELLKNOWNTYPE_UNSPECIFIED && well_known(message))
    return;
  open('{');
  members(message);
  close('}');
}

void Writer::members(const Message& message) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const auto* each : fields) {
    const bool was_hidden = hidden_;
    hidden_ = hidden_ || (options_.redact && is_sensitive(*each));
    // Numbers cannot show that they are hidden: they are left out.
    const bool vanishes = hidden_ && !is_text(*each) && !is_message(*each);
    if (!vanishes && !each->is_extension()) {
      key(options_.names == JsonOptions::Names::original ? original_name(*each) : std::string_view(each->json_name()));
      field(message, *each);
    }
    hidden_ = was_hidden;
  }
}

void Writer::field(const Message& message, const FieldDescriptor& field) {
  if (field.is_map()) {
    map(message, field);
  } else if (field.is_repeated()) {
    list(message, field);
  } else {
    value(message, field, -1);
  }
}

void Writer::list(const Message& message, const FieldDescriptor& field) {
  open('[');
  const int size = message.GetReflection()->FieldSize(message, &field);
  for (int i = 0; i < size; ++i) {
    next();
    value(message, field, i);
  }
  close(']');
}

std::string map_key(const Message& entry) {
  const auto& key = numbered(entry, 1);
  const auto& reflection = *entry.GetReflection();
  switch (key.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.GetBool(entry, &key) ? "true" : "false";
    case FieldDescriptor::CPPTYPE_INT32:
      return fmt::to_string(reflection.GetInt32(entry, &key));
    case FieldDescriptor::CPPTYPE_INT64:
      return fmt::to_string(reflection.GetInt64(entry, &key));
    case FieldDescriptor::CPPTYPE_UINT32:
      return fmt::to_string(reflection.GetUInt32(entry, &key));
    case FieldDescriptor::CPPTYPE_UINT64:
      return fmt::to_string(reflection.GetUInt64(entry, &key));
    default:
      return reflection.GetString(entry, &key);
  }
}

void Writer::map(const Message& message, const FieldDescriptor& field) {
  const auto& reflection = *message.GetReflection();
  std::map<std::string, const Message*> sorted;
  const int size = reflection.FieldSize(message, &field);
  for (int i = 0; i < size; ++i) {
    const Message& entry = reflection.GetRepeatedMessage(message, &field, i);
    sorted[map_key(entry)] = &entry;
  }
  open('{');
  for (const auto& [name, entry] : sorted) {
    key(name);
    value(*entry, numbered(*entry, 2), -1);
  }
  close('}');
}

void Writer::value(const Message& message, const FieldDescriptor& field, int index) {
  if (!is_message(field)) return scalar(message, field, index);
  const auto& reflection = *message.GetReflection();
  const bool was_first = first_;
  this->message(index < 0 ? reflection.GetMessage(message, &field)
                          : reflection.GetRepeatedMessage(message, &field, index));
  first_ = was_first;
}

void Writer::scalar(const Message& message, const FieldDescriptor& field, int index) {
  const auto& r = *message.GetReflection();
  const bool one = index < 0;
  auto out = std::back_inserter(out_);
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      out_ += (one ? r.GetBool(message, &field) : r.GetRepeatedBool(message, &field, index)) ? "true" : "false";
      return;
    case FieldDescriptor::CPPTYPE_INT32:
      fmt::format_to(out, "{}", one ? r.GetInt32(message, &field) : r.GetRepeatedInt32(message, &field, index));
      return;
    case FieldDescriptor::CPPTYPE_UINT32:
      fmt::format_to(out, "{}", one ? r.GetUInt32(message, &field) : r.GetRepeatedUInt32(message, &field, index));
      return;
    case FieldDescriptor::CPPTYPE_INT64:
      fmt::format_to(out, "\"{}\"", one ? r.GetInt64(message, &field) : r.GetRepeatedInt64(message, &field, index));
      return;
    case FieldDescriptor::CPPTYPE_UINT64:
      fmt::format_to(out, "\"{}\"", one ? r.GetUInt64(message, &field) : r.GetRepeatedUInt64(message, &field, index));
      return;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return number(one ? r.GetDouble(message, &field) : r.GetRepeatedDouble(message, &field, index));
    case FieldDescriptor::CPPTYPE_FLOAT: {
      const float value = one ? r.GetFloat(message, &field) : r.GetRepeatedFloat(message, &field, index);
      if (std::isfinite(value)) {
        fmt::format_to(out, "{}", value);
      } else {
        number(value);
      }
      return;
    }
    case FieldDescriptor::CPPTYPE_ENUM: {
      const int number = one ? r.GetEnumValue(message, &field) : r.GetRepeatedEnumValue(message, &field, index);
      if (field.enum_type()->full_name() == "google.protobuf.NullValue") {
        out_ += "null";
      } else if (const auto* known = field.enum_type()->FindValueByNumber(number)) {
        append_json_text(out_, known->name());
      } else {
        fmt::format_to(out, "{}", number);
      }
      return;
    }
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string scratch;
      const auto& value = one ? r.GetStringReference(message, &field, &scratch)
                              : r.GetRepeatedStringReference(message, &field, index, &scratch);
      if (field.type() != FieldDescriptor::TYPE_BYTES) return text(value);
      return append_json_text(out_, base64_encode(hidden_ ? redacted : std::string_view(value)));
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return;
  }
}

void Writer::number(double number) {
  if (std::isnan(number)) {
    out_ += "\"NaN\"";
  } else if (std::isinf(number)) {
    out_ += number > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  } else if (number == std::floor(number) && std::abs(number) < 1e15) {
    fmt::format_to(std::back_inserter(out_), "{}", static_cast<int64_t>(number));
  } else {
    fmt::format_to(std::back_inserter(out_), "{}", number);
  }
}

bool Writer::well_known(const Message& message) {
  switch (message.GetDescriptor()->well_known_type()) {
    case pb::Descriptor::WELLKNOWNTYPE_ANY:
      any(message);
      return true;
    case pb::Descriptor::WELLKNOWNTYPE_DURATION:
      duration(message);
      return true;
    case pb::Descriptor::WELLKNOWNTYPE_TIMESTAMP:
      timestamp(message);
      return true;
    case pb::Descriptor::WELLKNOWNTYPE_FIELDMASK:
      field_mask(message);
      return true;
    case pb::Descriptor::WELLKNOWNTYPE_STRUCT:
      map(message, numbered(message, 1));
      return true;
    case pb::Descriptor::WELLKNOWNTYPE_LISTVALUE:
      list(message, numbered(message, 1));
      return true;
    case pb::Descriptor::WELLKNOWNTYPE_VALUE:
      struct_value(message);
      return true;
    case pb::Descriptor::WELLKNOWNTYPE_UNSPECIFIED:
      return false;
    default:
      scalar(message, numbered(message, 1), -1);
      return true;  // the wrappers, whose field 1 is the value
  }
}

void Writer::any(const Message& message) {
  const auto& reflection = *message.GetReflection();
  std::string scratch_url, scratch_bytes;
  const auto& url = reflection.GetStringReference(message, &numbered(message, 1), &scratch_url);
  const auto& bytes = reflection.GetStringReference(message, &numbered(message, 2), &scratch_bytes);
  open('{');
  if (!url.empty()) {
    key("@type");
    append_json_text(out_, url);
  }
  const Message* prototype = any_depth_ < any_depth_max ? prototype_of(url) : nullptr;
  std::unique_ptr<Message> content(prototype ? prototype->New() : nullptr);
  if (content && content->ParsePartialFromString(bytes)) {
    ++any_depth_;
    if (content->GetDescriptor()->well_known_type() == pb::Descriptor::WELLKNOWNTYPE_UNSPECIFIED) {
      members(*content);
    } else {
      key("value");
      this->message(*content);
      first_ = false;
    }
    --any_depth_;
  } else if (!bytes.empty()) {
    key("value");
    append_json_text(out_, base64_encode(hidden_ ? redacted : std::string_view(bytes)));
  }
  close('}');
}

void Writer::struct_value(const Message& message) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  if (fields.empty()) {
    out_ += "null";
  } else if (hidden_ && !is_message(*fields[0])) {
    append_json_text(out_, redacted);
  } else {
    value(message, *fields[0], -1);
  }
}

void Writer::duration(const Message& message) {
  const auto& r = *message.GetReflection();
  const int64_t seconds = r.GetInt64(message, &numbered(message, 1));
  const int32_t nanos = r.GetInt32(message, &numbered(message, 2));
  const bool negative = seconds < 0 || nanos < 0;
  const uint64_t whole = seconds < 0 ? 0 - static_cast<uint64_t>(seconds) : static_cast<uint64_t>(seconds);
  const uint32_t part = nanos < 0 ? 0 - static_cast<uint32_t>(nanos) : static_cast<uint32_t>(nanos);
  auto out = std::back_inserter(out_);
  fmt::format_to(out, "\"{}{}", negative ? "-" : "", whole);
  if (part % 1'000'000 != 0) {
    part % 1000 != 0 ? fmt::format_to(out, ".{:09}", part) : fmt::format_to(out, ".{:06}", part / 1000);
  } else if (part != 0) {
    fmt::format_to(out, ".{:03}", part / 1'000'000);
  }
  out_ += "s\"";
}

void Writer::timestamp(const Message& message) {
  const auto& r = *message.GetReflection();
  // The calendar ends in the year 9999 (RFC 3339), far inside what WallTime's 64-bit nanoseconds cannot hold; the text
  // is made from days here so that every valid timestamp has one.
  const int64_t seconds = std::clamp<int64_t>(r.GetInt64(message, &numbered(message, 1)), -62135596800, 253402300799);
  const int32_t nanos = std::clamp(r.GetInt32(message, &numbered(message, 2)), 0, 999'999'999);
  const auto instant = std::chrono::sys_seconds(std::chrono::seconds(seconds));
  const auto day = std::chrono::floor<std::chrono::days>(instant);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(instant - day);
  auto out = std::back_inserter(out_);
  fmt::format_to(out, "\"{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                 clock.minutes().count(), clock.seconds().count());
  if (nanos % 1'000'000 != 0) {
    nanos % 1000 != 0 ? fmt::format_to(out, ".{:09}", nanos) : fmt::format_to(out, ".{:06}", nanos / 1000);
  } else if (nanos != 0) {
    fmt::format_to(out, ".{:03}", nanos / 1'000'000);
  }
  out_ += "Z\"";
}

void Writer::field_mask(const Message& message) {
  const auto& r = *message.GetReflection();
  const auto& paths = numbered(message, 1);
  std::vector<std::string> parts;
  for (int i = 0; i < r.FieldSize(message, &paths); ++i) {
    std::string camel;
    bool upper = false;
    for (const char c : r.GetRepeatedString(message, &paths, i)) {
      if (c == '_') {
        upper = true;
      } else {
        camel += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
        upper = false;
      }
    }
    parts.push_back(std::move(camel));
  }
  append_json_text(out_, joined(parts, ","));
}

}  // namespace

std::string to_json(const Message& message, const JsonOptions& options) {
  std::string out;
  write_json(message, options, out);
  return out;
}

void write_json(const Message& message, const JsonOptions& options, std::string& out, int level) {
  Writer(options, out, level).message(message);
}

}  // namespace lateen::xds
