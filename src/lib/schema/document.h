// Text to Nodes and back: YAML 1.2 (libfyaml reads it) and JSON (RFC 8259, read by our own small reader).
//
// Input is hostile until proven otherwise, so every size is bounded by Limits. A repeated key, an unknown tag, text
// that is no UTF-8 or holds NUL are errors with their place. YAML aliases are copied in and paid for from the node
// budget, therefore "billion laughs" ends with an error; `<<` merges as Kubernetes' tools do.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "lib/schema/diagnostics.h"
#include "lib/schema/node.h"

namespace lateen::schema {

struct Limits {
  size_t bytes = 50u << 20;        // text larger than this is refused unread
  size_t nodes = 4'000'000;        // values of all documents together, aliases expanded
  size_t node_bytes = 256u << 20;  // text of keys and strings of all documents together, aliases expanded
  int depth = 60;                  // lists and maps within one another
};

// The documents of a YAML text in order; empty ones are left out. On an error the documents before it are returned and
// what follows it is not read; the error goes to `diagnostics` under the name `file`.
std::vector<Node> read_yaml(std::string_view text, std::string_view file, Diagnostics& diagnostics, const Limits& = {});

// The one value of a JSON text; false with an error in `diagnostics` when it is none.
bool read_json(std::string_view text, std::string_view file, Diagnostics& diagnostics, Node& out, const Limits& = {});

// JSON when the file's name ends with .json, else YAML (which includes JSON).
std::vector<Node> read_documents(std::string_view text, std::string_view file, Diagnostics& diagnostics,
                                 const Limits& = {});

// Compact when indent is 0, else one member a line. Always valid JSON in UTF-8; infinities and NaN become strings as
// protobuf's JSON has them.
std::string write_json(const Node& node, int indent = 0);

// Block style; strings that would read as something else are quoted. Reading it gives an equal Node.
std::string write_yaml(const Node& node);

// YAML 1.2 core schema: the value that a plain scalar stands for.
Node plain_scalar(std::string_view text);

}  // namespace lateen::schema
