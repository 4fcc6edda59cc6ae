// The client side of HTTP: connections, and pools of them for one destination.
#pragma once
#include <functional>
#include <memory>

#include "lib/http/message.h"
#include "lib/io/transport.h"

namespace lateen::http {

struct ClientOptions {
  Version version = Version::http1_1;  // http1_1 or http2 (prior knowledge, or ALPN chosen by the connector)
  size_t max_head_bytes = 60 * 1024;
  size_t max_head_fields = 100;
  uint32_t max_concurrent_streams = 1024;  // HTTP/2: ours; the peer's limit counts as well
  uint32_t initial_stream_window = 256 * 1024;
  uint32_t initial_connection_window = 1024 * 1024;
  uint32_t max_requests_per_connection = 0;  // 0: no limit
  Duration idle_timeout = 1h;                // an unused connection is closed after that
  Duration max_connection_duration = 0s;
  // HTTP/2: when nothing came from the peer for `ping_interval`, a PING asks for a sign of life; when none comes within
  // `ping_timeout`, the connection is lost. Zero: never. Finds peers that vanished without a word (a partition, a
  // forgotten NAT entry) behind streams on which nothing is under way.
  Duration ping_interval = 0s, ping_timeout = 10s;
};

// What went wrong with a request, and whether the peer can have seen it. Envoy's retry conditions are made of this.
struct SendError {
  enum Where : uint8_t {
    connect,   // no connection: the request was not sent ("connect-failure")
    overflow,  // the pool's limits: not sent
    refused,   // the peer said it did not process the stream (REFUSED_STREAM, GOAWAY below our id): safe to repeat
    reset,     // the connection broke or the stream was reset before a response head came
    protocol,  // the peer's answer broke the protocol
    body,      // the request's own body failed before a response head came: nothing that the peer did
  };
  Where where = reset;
  bool reused_connection = false;  // and nothing was answered on it: probably a stale keep-alive connection
  Error error;
  // The request, handed back for another attempt, when nothing of its body was taken (or it has none).
  std::unique_ptr<Request> request;
};
using SendResult = std::expected<Response, SendError>;

// One connection to a server. The pool below uses it; so do health checks and tests.
// It may be destroyed at any time, but not from inside its observer: streams under way then fail with `cancelled`, and
// what they need of the connection lives until they are gone.
class ClientConnection {
 public:
  virtual ~ClientConnection() = default;

  // Who wants to know that usable(), finished() or active_streams() may have changed: a stream ended, the peer raised
  // its limit, the connection closed. Called from inside the connection.
  class Observer {
   public:
    virtual void changed(ClientConnection& connection) = 0;

   protected:
    ~Observer() = default;
  };
  void observe(Observer* observer) { observer_ = observer; }

  // Sends the request and returns when the response's head is there. The request's body is uploaded meanwhile and goes
  // on being uploaded while the response's body is read; both stop when the response's body is destroyed.
  // If the task is destroyed before it is done, the stream is reset.
  virtual io::Task<SendResult> send(Request request, Progress* progress) = 0;
  virtual size_t active_streams() const = 0;
  virtual bool usable() const = 0;    // accepts another stream now
  virtual bool finished() const = 0;  // closed, or draining with no stream left
  virtual void drain() = 0;           // no new streams; closes when the last one ends
  virtual io::Transport& transport() = 0;
  virtual Version version() const { return Version::http1_1; }

 protected:
  void tell_observer() {
    if (observer_) observer_->changed(*this);
  }

 private:
  Observer* observer_ = nullptr;
};
// The version is what TLS agreed on by ALPN ("h2" or anything else), else what the options say.
std::unique_ptr<ClientConnection> make_client(std::unique_ptr<io::Transport> transport, const ClientOptions& options);

// Limits of one destination, Envoy's circuit breakers. Shared by all pools of a cluster on this worker (null: no
// limits).
struct PoolLimits {
  uint32_t max_connections = UINT32_MAX, max_pending_requests = UINT32_MAX, max_requests = UINT32_MAX;
  uint32_t connections = 0, pending_requests = 0, requests = 0;
  std::function<void(int)>
      on_connections;  // told of each that begins (1; it may still fail) and ends (-1); may be null

  void count_connections(int change) {
    connections += static_cast<uint32_t>(change);
    if (on_connections) on_connections(change);
  }
};

// Counters of a pool, for metrics; plain numbers of one worker.
struct PoolCounts {
  uint64_t connections_opened = 0, connections_closed = 0, connect_failures = 0, requests = 0, overflows = 0;
};

// Connections to one destination on one worker. HTTP/1: the most recently used idle connection, else a new one. HTTP/2:
// the first connection with room for a stream, else a new one. Requests wait in order while limits forbid a connection.
class Pool {
 public:
  // Makes a ready connection (TCP, then TLS where wanted). The transport's ALPN may have chosen the version.
  using Connect = std::function<io::Task<Result<std::unique_ptr<io::Transport>>>()>;

  Pool(io::Loop& loop, Connect connect, ClientOptions options, PoolLimits* limits);
  // Breaks all connections; responses still being read fail with `cancelled`. Use drain() first for an orderly end.
  ~Pool();

  // As ClientConnection::send, on a connection of the pool. A reused HTTP/1 connection that turns out to be stale
  // before any byte of an answer is replaced once, silently, when the request has no body.
  io::Task<SendResult> send(Request request, Progress* progress = nullptr);

  void drain();  // idle connections close now, others after their last stream
  size_t connections() const;
  size_t active_requests() const;
  bool unused() const;  // no connection is open or being made, and no request waits for one
  const PoolCounts& counts() const;

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace lateen::http
