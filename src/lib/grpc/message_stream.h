// The two halves of a gRPC call as streams of messages over HTTP bodies: five bytes (flag and length), then the
// message. Used by server.h and client.h; both halves may be used by different tasks of one loop.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include <google/protobuf/message_lite.h>

#include "lib/grpc/status.h"
#include "lib/http/message.h"
#include "lib/protocol/grpc_frames.h"

namespace lateen::grpc {

using google::protobuf::MessageLite;

// Messages that arrive, pulled from a body. Compressed messages are refused (Code::unimplemented), larger ones than the
// limit too (resource_exhausted); after an error nothing more is read.
class Incoming {
 public:
  enum State : uint8_t {
    message,  // `out` holds one
    blocked,  // nothing complete now: await readable()
    ended,    // the peer has said all it had to say
    failed,   // cut off or refused; failure() says how
  };

  // The body is owned by the caller and outlives this.
  Incoming(http::Body& body, size_t message_max) : body_(body), message_max_(message_max), decoder_(message_max) {}

  State try_read(MessageLite& out);
  State try_read(std::string& out);  // the bytes of the message
  io::Readiness& readable() { return body_.readable(); }
  const Status& failure() const { return failure_; }
  // The fields after the body; valid after `ended`, null when there are none.
  const Headers* trailers() const { return body_.trailers(); }

 private:
  State next(Buffer& message);
  State fail(Code code, std::string message);

  http::Body& body_;
  size_t message_max_;
  protocol::GrpcDecoder decoder_;
  bool ended_ = false;
  Status failure_;
};

// Messages that leave. Those written are kept until the connection pulls them; write() waits while more than
// `window` bytes are kept, so a slow peer slows its writer.
class Outgoing {
 public:
  static constexpr size_t window = 64 * 1024;

  explicit Outgoing(io::Loop& loop);
  ~Outgoing();

  // The body that the connection pulls; to be taken once. It may outlive this object or die before it.
  std::unique_ptr<http::Body> take_body();

  // Adds a message. False when the stream is gone: nobody will pull any more.
  bool add(const MessageLite& message);
  bool add(std::string_view serialised);
  // Bytes added and not pulled yet.
  size_t pending() const;
  // Waits until at most `window` bytes are pending (or the stream is gone).
  io::Task<void> drained();
  // The same as a flag, for tasks that wait for several things.
  io::Readiness& has_room();

  // Nothing more will be added; what is pending is still sent, then these trailers.
  void finish(std::optional<Headers> trailers);
  bool gone() const;

 private:
  struct Queue;
  class PulledBody;
  std::shared_ptr<Queue> queue_;
};

}  // namespace lateen::grpc
