// The real loop: one epoll instance, edge triggered, every descriptor registered once for both directions.
//
// A turn: collect events (only marking flags and queueing waiters, no task runs), resume what is ready, fire timers.
// So no task can destroy an object whose event is still in the batch.
#pragma once
#include <atomic>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "lib/io/workers.h"

namespace lateen::io {

class Reactor final : public Loop {
 public:
  Reactor();
  ~Reactor() override;

  // Runs until stop(). Both may be called again afterwards.
  void run();
  // Runs until the task is done; what others scheduled runs beside it.
  void run_until_done(Task<void> task);
  // May be called from any thread.
  void stop();

  WallTime wall_now() const override;
  void post(std::function<void()> function) override;

  // A descriptor and its two flags as epoll sets them. Takes the descriptor over: its destructor unregisters it first
  // and closes it then. Closing alone would not do: while a child is being forked it holds the same open file, and
  // events for it would go on coming to an object that is gone.
  class Source {
   public:
    Source(Reactor& reactor, int descriptor);
    Source(const Source&) = delete;
    ~Source();
    Readiness readable, writable;
    bool hung_up = false;  // the peer has ended or broken the connection: reads go on until they say so themselves

   private:
    friend class Reactor;
    Reactor& reactor_;
    int descriptor_;
  };

 private:
  void turn();
  void wait_for_events(int timeout_ms);
  void run_posted();
  int epoll_;
  int wake_;  // an eventfd: post() and stop() write to it
  std::atomic<bool> stopping_{false};
  std::mutex posted_mutex_;
  std::vector<std::function<void()>> posted_;
  mutable Time wall_taken_at_{};
  mutable WallTime wall_now_{};
};

// The sockets of this machine, for one reactor.
class RealNetwork final : public Network {
 public:
  explicit RealNetwork(Reactor& reactor) : reactor_(reactor) {}
  Loop& loop() override { return reactor_; }
  Task<Result<std::unique_ptr<Transport>>> connect(SocketAddress to, ConnectOptions options) override;
  Result<std::unique_ptr<Acceptor>> listen(const SocketAddress& on, const ListenOptions& options) override;
  Result<std::unique_ptr<Datagrams>> bind_datagrams(const SocketAddress& on) override;

 private:
  Reactor& reactor_;
};

// Takes over a connected stream socket (inherited or made by socketpair).
std::unique_ptr<Transport> adopt_socket(Reactor& reactor, int descriptor);

// A set of worker threads, each with its own reactor. Posting to a worker is the only way in; stop() ends and joins
// all.
class ThreadWorkers final : public Workers {
 public:
  explicit ThreadWorkers(size_t count);
  ~ThreadWorkers() override { stop(); }
  size_t size() const override { return threads_.size(); }
  Network& network(size_t index) override { return *networks_[index]; }
  void on_each(const std::function<void(size_t)>& function) override;
  Reactor& reactor(size_t index) { return *reactors_[index]; }
  void stop();

 private:
  std::vector<std::unique_ptr<Reactor>> reactors_;
  std::vector<std::unique_ptr<RealNetwork>> networks_;
  std::vector<std::thread> threads_;
};

}  // namespace lateen::io
