// Transport: an ordered stream of bytes both ways; a TCP connection, a Unix socket, TLS over either, or a simulated
// one.
//
// The calls never wait: they move what can be moved and say how it stands. Who must wait awaits readable() or
// writable(), and only after a call said `blocked`. So the common case runs without a coroutine, and an idle reader
// holds no buffer:
//
//     for (;;) {
//       Moved moved = transport.try_read(buffer.writable());
//       if (moved.state != Moved::blocked) break;
//       buffer.release_if_empty();
//       co_await transport.readable();
//     }
//
// One task reads and one writes; they may be different tasks. A Transport belongs to its loop's thread and closes its
// connection when it dies, at once and without lingering.
#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "lib/base/buffer.h"
#include "lib/base/ip.h"
#include "lib/io/readiness.h"
#include "lib/io/task.h"

namespace lateen::io {

// How a non-blocking call ended.
struct Moved {
  enum State : uint8_t {
    moved,    // `bytes` > 0 were moved; call again for more
    blocked,  // nothing to move now: await readable() or writable()
    ended,    // reading only: the peer has ended its side in order; nothing will come any more
    failed,   // the connection is broken; last_error() says how
  };
  State state = blocked;
  size_t bytes = 0;
};

class Transport {
 public:
  virtual ~Transport() = default;

  virtual Moved try_read(std::span<char> into) = 0;
  // As try_read, but the bytes stay to be read: for telling protocols apart. Who needs more than there is clears
  // readable(), awaits it and peeks again; readable() must be set when peeking is over. `ended` with bytes: these are
  // all, nothing will come behind them. Unsupported (failed) over TLS.
  virtual Moved try_peek(std::span<char> into) { return {Moved::failed}; }
  // Writes the parts in order, as one call to the system where it can; `bytes` may end inside a part.
  virtual Moved try_write(std::span<const std::string_view> parts) = 0;
  Moved try_write(std::string_view bytes) { return try_write(std::span(&bytes, 1)); }

  virtual Readiness& readable() = 0;
  virtual Readiness& writable() = 0;

  // Ends our side in order (FIN, close_notify) once what was written has left; reading goes on.
  virtual void shutdown_write() = 0;
  // The destructor will break the connection (RST) instead of closing it in order.
  virtual void abort_on_close() {}

  virtual const SocketAddress& local() const = 0;
  virtual const SocketAddress& remote() const = 0;
  // Where the peer wanted to go before a redirect rule of this host caught the connection (SO_ORIGINAL_DST).
  virtual std::optional<SocketAddress> original_destination() const { return std::nullopt; }
  // The descriptor for calls that only a real socket knows (splice); -1 where there is none or bytes are transformed.
  virtual int descriptor() const { return -1; }
  virtual Error last_error() const = 0;

  Loop& loop() { return readable().loop(); }
};

// Reads at least one byte into the end of the buffer: the number read, 0 at the orderly end, or the error.
Task<Result<size_t>> read_some(Transport& transport, Buffer& buffer);

// Writes all bytes of the buffer and consumes them.
Task<Result<>> write_all(Transport& transport, Buffer& buffer);
// Writes all of text; the text must live until the task is done.
Task<Result<>> write_all(Transport& transport, std::string_view text);

}  // namespace lateen::io
