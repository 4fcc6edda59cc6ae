// Deadline: a time that may move while somebody waits for it: what every byte puts off (an idle timeout), or what only
// begins later (a timeout from the end of a request). Moving it later costs a store: the timer finds out when it fires.
#pragma once
#include "lib/io/loop.h"

namespace lateen::io {

class Deadline {
 public:
  static constexpr Time never = Time::max();

  explicit Deadline(Loop& loop) : loop_(loop), timer_(loop) {}
  Deadline(const Deadline&) = delete;

  Loop& loop() const { return loop_; }
  Time when() const { return when_; }
  bool passed() const { return loop_.now() >= when_; }
  void set(Time when) {
    when_ = when;
    if (expired_ && when < armed_) arm();
  }

 private:
  template <class T>
  friend class Before;
  // One waiter at a time; a deadline that has passed already expires with the next tick.
  void watch(void (*expired)(void*), void* context) {
    expired_ = expired;
    context_ = context;
    arm();
  }
  void unwatch() {
    timer_.cancel();
    expired_ = nullptr;
    armed_ = never;
  }
  void arm() {
    armed_ = when_;
    if (when_ != never) timer_.arm(when_, [](void* self) { static_cast<Deadline*>(self)->fire(); }, this);
  }
  void fire() {
    armed_ = never;
    if (!passed())
      arm();
    else
      std::exchange(expired_, nullptr)(context_);
  }

  Loop& loop_;
  Timer timer_;
  Time when_ = never;
  Time armed_ = never;
  void (*expired_)(void*) = nullptr;
  void* context_ = nullptr;
};

}  // namespace lateen::io
