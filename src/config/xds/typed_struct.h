// What lies inside an Any. istiod sends the configuration of its own filters (and may send any other) as TypedStruct: a
// type URL with the fields as a JSON tree. These functions take that wrapping off, so that readers see one form only.
#pragma once
#include <memory>
#include <string>

#include "config/xds/message.h"
#include "lib/schema/node.h"

namespace google::protobuf {
class Any;
}

namespace lateen::xds {

// The content of an Any. Exactly one of `message` and `value` holds it.
struct TypedConfig {
  std::string type_url;              // of the content; never TypedStruct's own
  std::unique_ptr<Message> message;  // when this program has the type, whichever way it came
  schema::Node value;                // else the tree from a TypedStruct; a map, maybe empty
};

// Opens an Any. Fails with `unsupported`, naming the type, when it is unknown here and did not come as TypedStruct;
// with `invalid` when the bytes or the tree do not fit their type (unknown fields in a tree are ignored, as in wire
// form).
Result<TypedConfig> open_any(const google::protobuf::Any& any);

// The content as a tree, whichever form it came in: for types that are read from trees. A message becomes what its JSON
// says (camelCase names, enums by name, defaults left out).
schema::Node tree_of(const TypedConfig& config);

// The same for a reader that knows which type it wants; fails with `invalid` when the Any holds another one.
Result<> unpack(const google::protobuf::Any& any, Message& out);

// An Any that carries a tree under a type that has no descriptor here, in the form istiod uses (udpa.type.v1).
google::protobuf::Any pack_typed_struct(std::string_view type_url, const schema::Node& value);

}  // namespace lateen::xds
