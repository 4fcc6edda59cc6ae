// Envoy's substitution formats: "%REQ(X?Y):10% %RESPONSE_CODE%" compiled once, written per exchange. Used by access
// logs, header values and local replies. (https://www.envoyproxy.io/docs: "substitution formatter")
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "data_plane/telemetry/record.h"
#include "lib/protocol/headers.h"

namespace lateen::telemetry {

// What a format may speak of. Headers may be null: operators that need them give nothing then.
struct FormatInput {
  const Record& record;
  const protocol::Headers* request = nullptr;
  const protocol::Headers* response = nullptr;
  const protocol::Headers* trailers = nullptr;
};

// One operator: appends its value; false when there is none.
struct FormatPart;
using FormatValue = bool (*)(std::string& out, const FormatInput& input, const FormatPart& part);

struct FormatPart {
  std::string literal;  // when value is null
  FormatValue value = nullptr;
  std::string first, second;  // arguments: header names, keys, time format
  size_t limit = std::string::npos;
  bool is_number = false;  // its value is written without quotes in JSON
};

// Whether a message speaks gRPC by its content-type; application/grpc-web is another protocol.
bool is_grpc(const protocol::Headers& headers);

class Format {
 public:
  // Fails on an unknown operator or a broken one, naming it.
  static Result<Format> compile(std::string_view text);
  Format() = default;

  // Appends the result. A missing value becomes `missing` ("-" in logs, "" in headers).
  void write(std::string& out, const FormatInput& input, std::string_view missing = "-") const;
  // Appends the result as a JSON value. A format that is one operator gives a number where the operator counts, and
  // null where it has no value; all others give a text.
  void write_json(std::string& out, const FormatInput& input) const;
  bool is_literal() const { return parts_.empty() || (parts_.size() == 1 && !parts_[0].value); }

 private:
  std::vector<FormatPart> parts_;
};

}  // namespace lateen::telemetry
