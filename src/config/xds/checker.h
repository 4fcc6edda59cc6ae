// The class behind check.h. Private to this folder.
#pragma once
#include "config/xds/check.h"
#include "config/xds/protos.h"
#include "validate/validate.pb.h"

namespace lateen::xds {

class Checker {
 public:
  using FieldDescriptor = google::protobuf::FieldDescriptor;

  Checker(const CheckOptions& options, std::vector<Violation>& out) : options_(options), out_(out) {}

  void message(const Message& message);

 private:
  // A scalar field of a message, or one element of a list.
  struct Value {
    const Message& message;
    const FieldDescriptor& field;
    int index;  // -1: the field itself

    bool as_bool() const;
    double as_double() const;
    int64_t as_signed() const;
    uint64_t as_unsigned() const;
    std::string as_string() const;
    std::string as_text() const;  // any kind, for comparison
  };
  struct Place {
    const FieldDescriptor* field;
    int index;
  };

  void field(const Message& message, const FieldDescriptor& field);
  void oneof(const Message& message, const google::protobuf::OneofDescriptor& oneof);
  void list(const Message& message, const FieldDescriptor& field, const validate::FieldRules& rules, int size);
  void map(const Message& message, const FieldDescriptor& field, const validate::FieldRules& rules, int size);
  void embedded(const Message& content, const validate::FieldRules& rules, bool has_rules);
  void inside_any(const google::protobuf::Any& any);
  static bool is_required(const validate::FieldRules& rules);
  static bool has_repeated(const Message& message, const FieldDescriptor& field, int size);

  // The leaves (check_values.cc).
  void scalar(const Value& value, const validate::FieldRules& rules);
  template <class T, class Rules>
  void number(T value, const Rules& rules);
  template <class T, class Rules>
  void range(T value, const Rules& rules);
  void text(const std::string& value, const validate::StringRules& rules);
  void text_length(const std::string& value, const validate::StringRules& rules);
  void text_form(const std::string& value, const validate::StringRules& rules);
  void bytes(const std::string& value, const validate::BytesRules& rules);
  template <class Rules>
  void affixes(const std::string& value, const Rules& rules);
  void enumeration(const Value& value, const validate::EnumRules& rules);
  void duration(const google::protobuf::Duration& value, const validate::DurationRules& rules);
  void any(const google::protobuf::Any& value, const validate::AnyRules& rules);

  void violation(std::string reason);
  bool full() const { return out_.size() >= options_.most; }

  const CheckOptions& options_;
  std::vector<Violation>& out_;
  std::vector<Place> places_;
  int depth_ = 0;
};

}  // namespace lateen::xds
