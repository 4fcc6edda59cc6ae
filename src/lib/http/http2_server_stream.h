// One request on an HTTP/2 server connection: the codec's stream, the service's view of it, and its task. Private to
// lib/http.
#pragma once
#include "lib/http/http2_server.h"

namespace lateen::http {

class Http2RequestBody;

class Http2ServerStream final : public protocol::Http2Stream, public ServerStream, public io::Link {
 public:
  Http2ServerStream(Http2ServerConnection& connection, Headers head, bool ended);
  ~Http2ServerStream() override;
  static void* operator new(size_t bytes) { return lateen::Pool::take(bytes); }
  static void operator delete(void* stream, size_t bytes) { lateen::Pool::give(stream, bytes); }

  void start() { serving_.start(serve()); }
  Time began() const { return began_; }

  Request& request() override { return request_; }
  uint64_t received_bytes() const override { return received_; }
  io::Transport& transport() override;
  io::Task<Result<>> inform(Headers head) override;
  io::Task<Result<Sent>> respond(Response response) override;
  void reset(uint32_t code) override;
  void drain_connection() override;

 private:
  friend class Http2RequestBody;
  void on_data(std::string_view bytes) override;
  void on_end(Headers* trailers) override;
  void on_sent() override { sent_.set(); }
  void on_closed(const protocol::Http2Closed& closed) override;

  io::Task<void> serve();
  Http2Link& link();

  Http2ServerConnection& connection_;
  Request request_;
  Http2RequestBody* body_ = nullptr;  // while somebody holds it
  uint64_t received_ = 0;
  Time began_;
  io::Readiness sent_;
  bool extended_connect_ = false, head_only_ = false;
  io::Child serving_;
};

// Owned by the service (Request::body); may outlive the stream, and fails from then on.
class Http2RequestBody final : public Body {
 public:
  Http2RequestBody(Http2ServerStream& stream, io::Loop& loop, std::optional<uint64_t> length)
      : stream_(&stream), inbound_(loop), length_(length) {}
  ~Http2RequestBody() override;

  Pulled try_pull() override;
  io::Readiness& readable() override { return inbound_.readable; }
  std::optional<uint64_t> length() const override { return length_; }
  const Headers* trailers() const override { return inbound_.has_trailers ? &inbound_.trailers : nullptr; }
  Error last_error() const override { return inbound_.error; }

 private:
  friend class Http2ServerStream;
  Http2ServerStream* stream_;
  Http2Inbound inbound_;
  std::optional<uint64_t> length_;
};

}  // namespace lateen::http
