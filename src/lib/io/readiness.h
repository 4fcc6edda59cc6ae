// Readiness: a flag that one coroutine can wait for. The bridge between "something happened" (a socket event, a chunk
// in a queue, a change of configuration) and a task that goes on because of it.
#pragma once
#include "lib/io/loop.h"

namespace lateen::io {

// Level, not edge: once set it stays set until clear(). At most one task waits at a time (a second one is a bug and
// aborts). Waiting costs nothing while the flag is set. Must outlive whoever waits, or the waiter is destroyed first.
class Readiness {
 public:
  explicit Readiness(Loop& loop, bool set = false) : loop_(loop), set_(set) {}
  Readiness(const Readiness&) = delete;

  bool is_set() const { return set_; }
  void clear() { set_ = false; }
  void set() {
    set_ = true;
    if (waiter_) loop_.make_ready(*std::exchange(waiter_, nullptr));
  }
  Loop& loop() const { return loop_; }

  // co_await readiness: returns at once when set, else when set() is called. Does not clear the flag.
  struct Wait : Waiter {
    explicit Wait(Readiness& readiness) : readiness(&readiness) {}
    ~Wait() {
      if (waiting && readiness->waiter_ == this) readiness->waiter_ = nullptr;
    }
    bool await_ready() const { return readiness->set_; }
    void await_suspend(std::coroutine_handle<> awaiting) {
      if (readiness->waiter_) std::terminate();  // two tasks wait for one flag
      frame = awaiting;
      readiness->waiter_ = this;
      waiting = true;
    }
    // Whoever was waited for may be gone by now: it was set, so nothing of it is looked at any more.
    void await_resume() { waiting = false; }
    Readiness* readiness;
    bool waiting = false;
  };
  Wait operator co_await() { return Wait(*this); }

 private:
  Loop& loop_;
  Waiter* waiter_ = nullptr;
  bool set_;
};

}  // namespace lateen::io
