// What both sides of HTTP/1 do with bytes. Private to lib/http.
#pragma once
#include "lib/http/message.h"
#include "lib/io/transport.h"
#include "lib/protocol/http1.h"

namespace lateen::http {

namespace http1 = protocol::http1;

// Takes decoded payload out of `in` without copying what is contiguous: chunk framing is squeezed out in place, and the
// block itself is handed over. What follows the message stays in `in`. Empty when `in` held only framing, or when the
// decoder refused.
Buffer take_payload(Buffer& in, http1::BodyDecoder& decoder);

// Reads parts of a body into a buffer that is empty: ordinary blocks, and large ones while the sender is faster than
// we.
class BodyReader {
 public:
  io::Moved read(io::Transport& transport, Buffer& in);

 private:
  size_t wanted_ = Buffer::block_size;
};

// One outgoing message on its way into a transport: text first (head, chunk size), then a chunk as it is, then what
// ends it. Written in one call to the system where that is possible.
struct Outbox {
  Buffer text, chunk, tail;

  bool empty() const { return text.empty() && chunk.empty() && tail.empty(); }
  // moved: all is written and the blocks are given back. Else blocked or failed.
  io::Moved::State try_flush(io::Transport& transport);
  void drop();
};

// Cuts a body into an outbox, with one piece of looking ahead so that the end of a body leaves with its last piece.
class Pump {
 public:
  enum State : uint8_t {
    ready,    // the outbox has something (or nothing is left at all): flush it
    waiting,  // flush, then await body.readable()
    done,     // everything was put into the outbox: flush it for the last time
    broken,   // the body failed or broke its announced length: error()
  };
  Pump(Body& body, http1::Framing framing) : body_(body), framing_(framing), left_(framing.bytes) {}

  // Puts the next piece into the outbox, which must be empty but for its text.
  State fill(Outbox& outbox);
  uint64_t bytes() const { return bytes_; }
  const Error& error() const { return error_; }

 private:
  State finish(Outbox& outbox);
  State fail_with(Error error);
  Body& body_;
  http1::Framing framing_;
  uint64_t left_ = 0, bytes_ = 0;
  bool looked_ahead_ = false;
  Body::Pulled next_;
  Error error_;
};

}  // namespace lateen::http
