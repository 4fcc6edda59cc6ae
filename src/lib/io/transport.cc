#include "lib/io/transport.h"

namespace lateen::io {

Task<Result<size_t>> read_some(Transport& transport, Buffer& buffer) {
  for (;;) {
    const Moved moved = transport.try_read(buffer.writable());
    switch (moved.state) {
      case Moved::moved:
        buffer.commit(moved.bytes);
        co_return moved.bytes;
      case Moved::ended:
        co_return size_t{0};
      case Moved::failed:
        co_return std::unexpected(transport.last_error());
      case Moved::blocked:
        break;
    }
    buffer.release_if_empty();
    co_await transport.readable();
  }
}

Task<Result<>> write_all(Transport& transport, Buffer& buffer) {
  while (!buffer.empty()) {
    const Moved moved = transport.try_write(buffer.view());
    if (moved.state == Moved::failed) co_return std::unexpected(transport.last_error());
    if (moved.state == Moved::moved)
      buffer.consume(moved.bytes);
    else
      co_await transport.writable();
  }
  co_return Result<>{};
}

Task<Result<>> write_all(Transport& transport, std::string_view text) {
  while (!text.empty()) {
    const Moved moved = transport.try_write(text);
    if (moved.state == Moved::failed) co_return std::unexpected(transport.last_error());
    if (moved.state == Moved::moved)
      text.remove_prefix(moved.bytes);
    else
      co_await transport.writable();
  }
  co_return Result<>{};
}

}  // namespace lateen::io
