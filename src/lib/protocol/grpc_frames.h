// The framing of gRPC over HTTP/2: messages with a five-byte prefix (a compressed flag, a length of 32 bits), cut into
// DATA frames anywhere. No I/O, no compression.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "lib/base/buffer.h"
#include "lib/base/result.h"

namespace lateen::protocol {

struct GrpcMessage {
  Buffer bytes;
  bool compressed = false;  // by what "grpc-encoding" names
};

// Takes the bytes of a stream as they come and gives the messages in them. Call next() after every append() until it
// has nothing; so no more than one message and one append() is held.
class GrpcDecoder {
 public:
  static constexpr size_t prefix_size = 5;
  explicit GrpcDecoder(size_t max_message_bytes = 4 * 1024 * 1024) : max_(max_message_bytes) {}

  void append(std::string_view bytes) { held_.append(bytes); }
  // The next complete message, or nothing yet. Fails with too_large as soon as a prefix announces more than the limit,
  // and with protocol on a flag that is neither 0 nor 1; the stream cannot go on after that.
  Result<std::optional<GrpcMessage>> next();
  // False at the end of a stream means that it ended inside a message.
  bool is_between_messages() const { return held_.empty(); }

 private:
  size_t max_;
  Buffer held_;
};

// Appends the prefix and the message. Messages of 4 GiB and more cannot be sent; callers limit far below.
void append_grpc_message(Buffer& out, std::string_view message, bool compressed = false);

}  // namespace lateen::protocol
