// Any message as proto3 JSON, written through reflection straight into a string. Unlike protobuf's own printer it never
// fails, is some ten times faster, and can hide secrets, so config dumps, command line and tests all use it.
//
// - Fields at their default are left out; maps are sorted by key; the same message gives the same text.
// - Durations ("1.500s"), timestamps, wrappers, Struct, FieldMask and Any ({"@type": ..., ...}) in their JSON forms.
// - An Any whose type this program does not have, or whose bytes do not parse, keeps "@type" and gets its bytes as
//   base64 in "value"; so does an Any nested deeper than 32 of its kind.
// - Enums by name, or as a number when the value has none. 64-bit integers are strings, as the standard asks.
#pragma once
#include <string>

#include "config/xds/message.h"

namespace lateen::xds {

struct JsonOptions {
  enum class Names { camel_case, original };  // "statPrefix" or "stat_prefix" (as Envoy's config dump writes)
  Names names = Names::camel_case;
  // Hides fields marked sensitive in the API: texts and bytes become "[redacted]", other scalars vanish.
  bool redact = false;
  int indent = 0;  // blanks a level; 0 puts all on one line
};

std::string to_json(const Message& message, const JsonOptions& options = {});

// Appends to `out`; `level` is the depth of the value in the surrounding document, for the indentation.
void write_json(const Message& message, const JsonOptions& options, std::string& out, int level = 0);

}  // namespace lateen::xds
