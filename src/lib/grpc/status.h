// How a gRPC call ended: a code and a sentence (the protocol's own list), and its ways over HTTP.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/protocol/headers.h"

namespace lateen::grpc {

using protocol::Headers;

enum class Code : uint8_t {
  ok = 0,
  cancelled = 1,
  unknown = 2,
  invalid_argument = 3,
  deadline_exceeded = 4,
  not_found = 5,
  already_exists = 6,
  permission_denied = 7,
  resource_exhausted = 8,
  failed_precondition = 9,
  aborted = 10,
  out_of_range = 11,
  unimplemented = 12,
  internal = 13,
  unavailable = 14,
  data_loss = 15,
  unauthenticated = 16,
};

// "UNAVAILABLE", as logs and other implementations write it.
std::string_view name_of(Code code);

struct Status {
  Code code = Code::ok;
  std::string message;
  bool ok() const { return code == Code::ok; }
  bool operator==(const Status&) const = default;
};

// "UNAVAILABLE: no endpoint".
std::string text_of(const Status& status);

Status to_status(const Error& error);
Error to_error(const Status& status);

// The code for an answer that is no gRPC at all (by the protocol's table: 401 unauthenticated, 503 unavailable, ...).
Code code_of_http(int http_status);

// Adds grpc-status and, when there is one, grpc-message (percent-encoded) to trailers.
void put_status(const Status& status, Headers& trailers);
// The status in trailers, or in the head of an answer that is nothing but trailers; `unknown` when there is none.
Status take_status(const Headers& trailers);

// "250m" (milliseconds) and so on: at most eight digits and a unit of H M S m u n.
std::string format_timeout(Duration timeout);
// A grpc-timeout header: at most eight digits and one of H M S m u n.
Result<Duration> parse_timeout(std::string_view text);

}  // namespace lateen::grpc
