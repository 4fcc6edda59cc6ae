// What every user of generated messages needs besides the messages: types by name, stable bytes, unpacking of Any.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include <google/protobuf/message.h>

#include "lib/base/result.h"

namespace google::protobuf {
class Any;
}

namespace lateen::xds {

using google::protobuf::Message;

// The empty message of that type ("a.b.C" or a type URL), or nullptr when this program has no such type. Lives for
// ever.
const Message* prototype_of(std::string_view type);

// The same bytes for equal messages, maps included: fit for versions and comparisons.
std::string serialize(const Message& message);

// A short text that is equal for equal bytes (64-bit hash, hex): resource versions.
std::string version_of(std::string_view bytes);

// Packs with the type.googleapis.com prefix and stable bytes.
google::protobuf::Any pack(const Message& message);

// The type URL of a message.
std::string type_url_of(const Message& message);

// The name of a field as it stands in Envoy's .proto files: `requires`, also where C++ had to call it `requires_`.
std::string_view original_name(const google::protobuf::FieldDescriptor& field);

}  // namespace lateen::xds
