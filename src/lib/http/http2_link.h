// What both sides of an HTTP/2 connection share: the transport, the codec between it and the streams, and the task
// that writes. Private to lib/http.
#pragma once
#include "lib/http/message.h"
#include "lib/io/scope.h"
#include "lib/io/transport.h"
#include "lib/protocol/http2.h"

namespace lateen::http {

class Http2Link {
 public:
  // The transport and the codec's events outlive the link.
  Http2Link(io::Transport& transport, std::unique_ptr<protocol::Http2Codec> codec);

  protocol::Http2Codec& codec() { return *codec_; }
  io::Transport& transport() { return transport_; }
  io::Loop& loop() { return transport_.loop(); }

  // Has what the codec holds written at the end of this turn: everything that happens in one turn of the loop leaves
  // in one write.
  void flush_soon() { dirty_.set(); }
  // Set when the connection's reading task has something to look at besides bytes.
  io::Readiness& attention() { return attention_; }

  enum class Step : uint8_t {
    read,     // some bytes went through the codec
    nothing,  // none were there: wait for readable() or attention()
    ended,    // the peer closed
    broken,   // the transport failed, or the peer broke the protocol; error() says how
  };
  Step read_some();
  const Error& error() const { return error_; }
  void set_error(Error error) { error_ = std::move(error); }
  bool write_failed() const { return write_failed_; }
  // The codec has said all and it was written.
  bool is_done() const { return codec_->finished() && out_.empty(); }

  // Asks for a sign of life (PING) when nothing came for `interval`; when none comes within `timeout`, the connection
  // counts as one whose writes fail, with `timed_out`. Zero: never.
  void keep_alive(Duration interval, Duration timeout);
  static constexpr uint64_t pulse_ping = 1;  // the payload of these PINGs

  Step feed(std::string_view bytes);  // as read_some(), with bytes that are here already

  // Says good-bye: writes what is left (GOAWAY), ends our side, and reads until the peer ends its own, for at most a
  // second, so that the last words are not lost to a TCP reset.
  io::Task<void> close_in_order();

 private:
  io::Task<void> keep_writing();
  io::Task<void> linger();
  void feel_pulse();

  io::Transport& transport_;
  std::unique_ptr<protocol::Http2Codec> codec_;
  io::Readiness dirty_, attention_;
  Buffer in_, out_;
  Error error_{ErrorKind::closed, "the connection was closed"};
  bool write_failed_ = false;
  Duration pulse_interval_{}, pulse_timeout_{};
  Time heard_{};               // when bytes came last
  std::optional<Time> asked_;  // when the PING went out that nothing came after
  io::Timer pulse_;
  io::Child writing_;
};

// Sends a body into a stream, waiting for the peer's windows, to its end and trailers: the bytes sent, or why not
// (then the stream was reset). `sent` is set by the stream's on_sent() and on_closed(). Stream, body and flag outlive
// the task.
io::Task<Result<uint64_t>> send_body(Http2Link& link, protocol::Http2Stream& stream, Body& body, io::Readiness& sent);

// Waits until the stream's last frame was written; false when it was closed before.
io::Task<bool> wait_for_end(protocol::Http2Stream& stream, io::Readiness& sent);

// What a stream has received and nobody has pulled yet.
struct Http2Inbound {
  explicit Http2Inbound(io::Loop& loop) : readable(loop) {}
  void end(Headers* last_fields);
  void fail_with(Error cause);
  // The next piece; its bytes must be given back to the codec by the caller.
  Body::Pulled pull();

  Buffer bytes;
  io::Readiness readable;
  Headers trailers;
  Error error;
  uint64_t pulled = 0;
  bool has_trailers = false, ended = false, failed = false;
};

// The value of content-length, when there is one.
std::optional<uint64_t> announced_length(const Headers& head);

}  // namespace lateen::http
