// The rules that the API states about its own fields (the `validate.rules` options: required, ranges, lengths,
// patterns, known values), checked by reflection. The generated code of other languages does the same from the same
// options.
#pragma once
#include <string>
#include <vector>

#include "config/xds/message.h"

namespace lateen::xds {

// One broken rule.
struct Violation {
  std::string path;    // `static_resources.clusters[0].name`, original field names; inside an Any too
  std::string reason;  // "value length must be at least 1 characters"
  std::string chain;   // the same place as Envoy writes it, outermost message first
};

struct CheckOptions {
  // Also the messages inside Any fields whose type this program has. Envoy checks those when it unpacks them.
  bool inside_any = true;
  size_t most = 100;  // violations gathered before it stops looking
};

// Everything in the message that breaks a rule; empty when it is valid.
std::vector<Violation> check(const Message& message, const CheckOptions& options = {});

// The first violation as an error, worded as Envoy's NACKs are: "Proto constraint validation failed
// (ClusterValidationError.Name: value length must be at least 1 characters)".
Result<> checked(const Message& message, const CheckOptions& options = {});

}  // namespace lateen::xds
