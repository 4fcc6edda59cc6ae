// Requests and responses, the same for both versions and both sides.
//
// Bodies are pulled: nobody reads from a connection before somebody asks for the next chunk, so back-pressure needs no
// code. Dropping a body is how its reader says "no more": the stream is reset or the connection closed.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>

#include "lib/base/buffer.h"
#include "lib/io/readiness.h"
#include "lib/io/task.h"
#include "lib/io/transport.h"
#include "lib/protocol/headers.h"

namespace lateen::http {

using protocol::Headers;

// The bytes of one message after its head. The calls never wait, as with io::Transport.
class Body {
 public:
  enum State : uint8_t {
    chunk,    // `Pulled::bytes` holds at least one byte
    blocked,  // nothing now: await readable()
    ended,    // complete; trailers() is final
    failed,   // cut off; last_error() says by whom
  };
  struct Pulled {
    State state = blocked;
    Buffer bytes;
  };
  virtual ~Body() = default;

  virtual Pulled try_pull() = 0;
  virtual io::Readiness& readable() = 0;
  // The length that the head announced and that the codec enforces; nothing when it is not known before the end.
  virtual std::optional<uint64_t> length() const { return std::nullopt; }
  // True when everything is here already: try_pull() will neither say `blocked` nor `failed`.
  virtual bool is_at_hand() const { return false; }
  // The fields after the body; null when there are none. Valid once try_pull() said `ended`.
  virtual const Headers* trailers() const { return nullptr; }
  virtual Error last_error() const = 0;

  // Bodies come and go with every request; they live in the thread's pool.
  static void* operator new(size_t bytes) { return Pool::take(bytes); }
  static void operator delete(void* body, size_t bytes) { Pool::give(body, bytes); }
};

// The next chunk, an empty buffer at the end, or the error.
io::Task<Result<Buffer>> pull(Body& body);
// The whole body, at most `limit` bytes (else too_large).
io::Task<Result<std::string>> read_all(Body& body, size_t limit);
// A body that is already there. Needs a loop only for the interface's sake: it is never blocked.
std::unique_ptr<Body> buffer_body(io::Loop& loop, Buffer bytes);
inline std::unique_ptr<Body> text_body(io::Loop& loop, std::string_view text) {
  return buffer_body(loop, Buffer(text));
}

enum class Version : uint8_t { http1_0, http1_1, http2 };

// A request. `body` is null when the message has none. For CONNECT and upgrades (`is_tunnel`), body is the stream of
// raw bytes in that direction; it begins to flow once the answer has accepted the tunnel.
struct Request {
  Headers headers;
  std::unique_ptr<Body> body;
  Version version = Version::http1_1;  // as it arrived; a client connection speaks its own
  bool is_tunnel = false;  // CONNECT, or "connection: upgrade" with an upgrade field, or extended CONNECT (RFC 8441)
};

// A final response (1xx are passed on beside it, see Progress). For an accepted tunnel, status is 101 (HTTP/1
// upgrade) or 200 (CONNECT) and body is the stream of raw bytes from the other side.
struct Response {
  Headers headers;
  std::unique_ptr<Body> body;
  Version version = Version::http1_1;
  int status() const { return headers.status(); }
};

// Who wants to hear how a request gets on before its response comes.
class Progress {
 public:
  virtual ~Progress() = default;
  // A pool sends the request on this connection; again when it has to take another one.
  virtual void on_connection(const io::Transport& transport) {}
  // An interim response (100 Continue, 103 Early Hints).
  virtual io::Task<void> inform(Headers head) = 0;
};

}  // namespace lateen::http
