#include "lib/protocol/grpc_frames.h"

namespace lateen::protocol {

Result<std::optional<GrpcMessage>> GrpcDecoder::next() {
  const std::string_view held = held_.view();
  if (held.size() < prefix_size) return std::nullopt;
  const auto byte = [held](size_t at) { return static_cast<uint32_t>(static_cast<uint8_t>(held[at])); };
  if (byte(0) > 1)
    return fail(ErrorKind::protocol, "a gRPC message begins with the flag {} instead of 0 or 1", byte(0));
  const size_t size = byte(1) << 24 | byte(2) << 16 | byte(3) << 8 | byte(4);
  if (size > max_) return fail(ErrorKind::too_large, "a gRPC message of {} bytes; the limit is {}", size, max_);
  if (held.size() - prefix_size < size) return std::nullopt;
  GrpcMessage message;
  message.compressed = byte(0) == 1;
  if (held.size() == prefix_size + size) {
    message.bytes = std::move(held_);  // the common case: nothing else came with it
    message.bytes.consume(prefix_size);
  } else {
    message.bytes.append(held.substr(prefix_size, size));
    held_.consume(prefix_size + size);
  }
  return message;
}

void append_grpc_message(Buffer& out, std::string_view message, bool compressed) {
  const auto size = static_cast<uint32_t>(message.size());
  const char prefix[GrpcDecoder::prefix_size] = {static_cast<char>(compressed), static_cast<char>(size >> 24),
                                                 static_cast<char>(size >> 16), static_cast<char>(size >> 8),
                                                 static_cast<char>(size)};
  out.append({prefix, sizeof prefix});
  out.append(message);
}

}  // namespace lateen::protocol
