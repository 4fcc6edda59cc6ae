// What a Pool is made of. Private to lib/http.
#pragma once
#include <vector>

#include "lib/http/client.h"
#include "lib/io/scope.h"

namespace lateen::http {

class Pool::State {
 public:
  State(io::Loop& loop, Connect connect, ClientOptions options, PoolLimits* limits);
  ~State();

  struct Entry;

  // A request that waits for a connection; lives in its task. Destroying it gives back what it was handed.
  struct Waiting : io::Link {
    explicit Waiting(State& state) : state(state), ready(state.loop_) {}
    ~Waiting();
    State& state;
    io::Readiness ready;
    Entry* entry = nullptr;
    std::optional<SendError> error;
  };

  // A connection that has room for a stream now; null when there is none. To be used before anything else runs.
  Entry* take_available();
  // Puts a request into the queue and sees to it that a connection comes. False when the limits forbid waiting.
  bool enqueue(Waiting& waiting);
  // The request of `waiting` goes out on its connection now.
  Entry* claim(Waiting& waiting);
  // Keeps the limits' count of requests right; before and after a send.
  void count_request(Entry& entry);
  void request_failed(const Entry* entry);

  void drain();
  void close();
  size_t connections() const { return entries_.size(); }
  size_t active_requests() const;
  bool unused() const { return entries_.empty() && connecting_count_ == 0 && waiting_count_ == 0; }

  bool closed() const { return closed_; }
  PoolLimits* limits() const { return limits_; }
  PoolCounts counts;

 private:
  bool may_connect() const;
  size_t streams_per_connection() const;
  void connect_for_waiting();
  io::Task<void> connect_one();
  void connected(std::unique_ptr<io::Transport> transport);
  void serve_waiting(Entry& entry);
  void fail_waiting(SendError::Where where, const Error& error);
  void update(Entry& entry);
  void remove(Entry& entry);
  io::Task<void> clean_up();
  void sweep();
  void arm_sweep();

  io::Loop& loop_;
  Connect connect_;
  ClientOptions options_;
  PoolLimits* limits_;
  std::vector<std::unique_ptr<Entry>> entries_;
  io::Link available_;  // entries with room; the most recently used last
  io::Link waiting_;
  size_t waiting_count_ = 0, connecting_count_ = 0;
  bool closed_ = false;
  io::Timer sweep_;
  io::Readiness untidy_;  // finished connections are to be removed
  io::Scope connecting_;
  io::Child cleaning_;
};

// One connection of the pool.
struct Pool::State::Entry final : io::Link, ClientConnection::Observer {
  Entry(State& state, std::unique_ptr<ClientConnection> connection, bool is_http2)
      : state(state), connection(std::move(connection)), is_http2(is_http2) {}
  void changed(ClientConnection&) override { state.update(*this); }
  State& state;
  std::unique_ptr<ClientConnection> connection;
  bool is_http2;
  uint32_t counted = 0;   // requests of this connection in the limits' count
  uint32_t promised = 0;  // waiting requests that were handed this connection and have not begun
  Time idle_since{}, opened{};
};

}  // namespace lateen::http
