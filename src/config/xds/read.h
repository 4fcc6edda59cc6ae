// Documents to messages: a YAML or JSON tree (lib/schema) becomes any message of the API, by reflection, as proto3 JSON
// says. Used for bootstrap files, file-based discovery and TypedStruct.
//
// - Fields by either name (`statPrefix`, `stat_prefix`); both at once, or two members of a oneof, are errors.
// - Unknown fields, wrong types, values out of range, unknown enum values: errors with file, line, column and path,
//   all of them in one pass, with a "did you mean" where a name is near.
// - An Any needs "@type"; a type this program does not have is an error that names it in full.
// - Bare values for wrappers, "1.5s" for durations, RFC 3339 for timestamps, base64 for bytes, "a,b" for field masks.
#pragma once
#include <string_view>

#include "config/xds/message.h"
#include "lib/schema/diagnostics.h"
#include "lib/schema/node.h"

namespace google::protobuf {
class Struct;
}

namespace lateen::xds {

struct ReadOptions {
  // Unknown fields become warnings (Envoy's --allow-unknown-static-fields).
  bool allow_unknown_fields = false;
};

// Fills `out`, adding to what it holds (scalars are replaced, lists grow). False when something was wrong: what was
// readable is in `out`, everything wrong is in `diagnostics`. `path` is that of the node in its document.
bool read_message(const schema::Node& node, std::string_view file, std::string path, schema::Diagnostics& diagnostics,
                  Message& out, const ReadOptions& options = {});

// YAML or JSON text that holds one document. `file` names it in diagnostics and tells JSON from YAML by its extension.
bool read_message_text(std::string_view text, std::string_view file, schema::Diagnostics& diagnostics, Message& out,
                       const ReadOptions& options = {});

// protobuf's own tree of values, to and from ours. Deeper than 100 levels is cut (null).
schema::Node to_node(const google::protobuf::Struct& value);
void to_struct(const schema::Node& node, google::protobuf::Struct& out);

}  // namespace lateen::xds
