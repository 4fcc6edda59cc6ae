// The server side of HTTP: a connection is served request by request through one virtual function.
#pragma once
#include "lib/http/message.h"
#include "lib/io/transport.h"

namespace lateen::http {

// Limits and timeouts of a server connection; the names are Envoy's. Zero durations mean no limit.
struct ServerOptions {
  size_t max_head_bytes = 60 * 1024;  // request line and fields together; more is answered 431
  size_t max_head_fields = 100;
  Duration idle_timeout = 1h;                   // no stream on the connection for that long: it is closed in order
  Duration request_headers_timeout = 0s;        // from the first byte of a head to its end: 408
  Duration max_connection_duration = 0s;        // then the connection drains
  uint32_t max_requests_per_connection = 0;     // 0: no limit
  uint32_t max_concurrent_streams = 100;        // HTTP/2
  uint32_t initial_stream_window = 256 * 1024;  // HTTP/2
  uint32_t initial_connection_window = 1024 * 1024;
  Duration ping_interval = 0s, ping_timeout = 10s;  // HTTP/2, as in ClientOptions
  bool accept_http10 = false;                       // else HTTP/1.0 is answered 426
  std::string_view scheme = "http";  // :scheme of requests that do not name one; "https" where the listener has TLS
  std::string_view server_name;      // for errors that are answered before a service sees the request
};

// What became of a response once respond() is done.
struct Sent {
  uint64_t body_bytes = 0;          // of the body, decoded (without chunk framing)
  bool complete = false;            // everything incl. trailers was handed to the transport
  std::optional<Headers> trailers;  // that the body ended with
};

// One request on a connection, from its head until the response is written. Lives in the connection; valid during
// Service::serve() only.
class ServerStream {
 public:
  virtual ~ServerStream() = default;

  virtual Request& request() = 0;
  // Bytes of the request's body that were pulled so far, decoded.
  virtual uint64_t received_bytes() const = 0;
  virtual io::Transport& transport() = 0;  // of the connection: addresses, TLS

  // Sends an interim response. Ignored (with success) for HTTP/1.0 clients.
  virtual io::Task<Result<>> inform(Headers head) = 0;

  // Sends the response, pulling its body to the end. To be called once. Fails when the client went away or the body
  // failed; in the latter case the stream is reset (HTTP/2) or the connection cut (HTTP/1), so that the client sees it.
  virtual io::Task<Result<Sent>> respond(Response response) = 0;

  // Ends the stream without an answer: RST_STREAM with that HTTP/2 code, or the connection is closed.
  virtual void reset(uint32_t code) = 0;

  // After this response the connection ends in order (connection: close, GOAWAY).
  virtual void drain_connection() = 0;

  // Once respond() has failed: because of the response's body, not of the client.
  bool body_failed() const { return body_failed_; }

 protected:
  bool body_failed_ = false;
};

// The whole contract of a server. One call is one request, top to bottom; it ends with respond() or reset(). When the
// client goes away, the task is destroyed where it waits: its locals' destructors are the place for what must happen
// anyway.
class Service {
 public:
  virtual ~Service() = default;
  virtual io::Task<void> serve(ServerStream& stream) = 0;
  // A request that could not be read (400, 431, 408, ...) was answered by the connection itself.
  virtual void refused(io::Transport& transport, int status, std::string_view reason) {}
};

// Tells connections to end after the streams under way: what a listener's drain calls. One Drain is shared by a
// listener and any number of its connections, all on one loop.
class Drain {
 public:
  explicit Drain(io::Loop&) {}
  void start();
  bool is_started() const { return started_; }

 private:
  friend class DrainWatch;
  io::Link watches_;
  bool started_ = false;
};

// A connection's view of a Drain: sets a flag of the connection when the drain starts (at once when it has already).
// The drain may be null.
class DrainWatch : io::Link {
 public:
  DrainWatch(std::shared_ptr<Drain> drain, io::Readiness& flag);
  bool is_started() const { return drain_ && drain_->is_started(); }

 private:
  friend class Drain;
  std::shared_ptr<Drain> drain_;
  io::Readiness& flag_;
};

enum class Protocol : uint8_t { http1, http2, detect };  // detect: by the HTTP/2 preface

// Serves a connection until it ends. `transport`, `service` and `drain` are owned by the caller and outlive the task;
// destroying the task ends all streams. `first` holds bytes that were read before (a peeked head).
io::Task<void> serve_connection(io::Transport& transport, Service& service, const ServerOptions& options,
                                Protocol protocol, Buffer first = {}, std::shared_ptr<Drain> drain = nullptr);

}  // namespace lateen::http
