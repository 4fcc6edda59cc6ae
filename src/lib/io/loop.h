// The loop of one worker thread: what is ready to run, what waits for a time. Real (`Reactor`) and simulated
// (`SimulatedWorld`) loops differ only in where time and events come from; everything above takes a `Loop&`.
//
// All members but post() belong to the loop's own thread. Waiters are intrusive nodes inside the awaiting coroutine's
// frame: waiting allocates nothing, and destroying the coroutine takes it off every list.
#pragma once
#include <coroutine>
#include <functional>
#include <optional>
#include <utility>

#include "lib/base/random.h"
#include "lib/base/time.h"

namespace lateen::io {

// A node of a doubly linked ring; unlinks itself when it dies.
class Link {
 public:
  Link() = default;
  Link(const Link&) = delete;
  ~Link() { unlink(); }
  bool linked() const { return next_ != this; }
  void unlink() {
    prev_->next_ = next_;
    next_->prev_ = prev_;
    prev_ = next_ = this;
  }
  // This node as the head of a ring: adds at the end, takes from the front.
  void push_back(Link& node) {
    node.unlink();
    node.prev_ = prev_;
    node.next_ = this;
    prev_->next_ = &node;
    prev_ = &node;
  }
  Link* front() { return linked() ? next_ : nullptr; }
  Link* back() { return linked() ? prev_ : nullptr; }

 private:
  Link* prev_ = this;
  Link* next_ = this;
};

// Something that can be resumed by the loop: a suspended coroutine.
class Waiter : public Link {
 public:
  std::coroutine_handle<> frame;
};

// A callback at a time. Cancelled by destruction or cancel(); re-armed by arm() at any moment. Coarse: fires up to one
// tick (1 ms) late, never early.
class Timer : public Link {
 public:
  explicit Timer(class Loop& loop) : loop_(loop) {}
  void arm(Time when, void (*fire)(void*), void* context);
  void cancel() { unlink(); }
  bool armed() const { return linked(); }

 private:
  friend class Timers;
  Loop& loop_;
  Time when_{};
  void (*fire_)(void*) = nullptr;
  void* context_ = nullptr;
};

// A hierarchical wheel: O(1) to arm and cancel, four levels of 256 slots of 1 ms, 256 ms, 65 s, 4.7 h; later times wait
// in the last level and are filed again. Timers of one tick fire in the order in which they were armed.
class Timers {
 public:
  explicit Timers(Time start) : tick_(tick_of(start)) {}
  void insert(Timer& timer);
  void advance(Time now);            // fires all that is due
  std::optional<Time> next() const;  // when advance() has something to do at the earliest; nothing: no timer is armed

 private:
  static constexpr int levels = 4, slots = 256;
  static uint64_t tick_of(Time time) { return static_cast<uint64_t>(time.time_since_epoch() / 1ms); }
  void file(Timer& timer, uint64_t due);
  void cascade(int level);
  mutable Link wheel_[levels][slots];
  uint64_t tick_;
};

namespace detail {
struct Sleep;
struct Yield;
}  // namespace detail

class Loop {
 public:
  explicit Loop(Time start, uint64_t seed) : random_(seed), now_(start), timers_(start) {}
  Loop(const Loop&) = delete;
  virtual ~Loop() = default;

  // The time at which the current turn began: cheap, and the same for everything that happens in one turn.
  Time now() const { return now_; }
  virtual WallTime wall_now() const = 0;
  Random& random() { return random_; }

  // Puts a waiter at the end of the ready queue; it is resumed in this turn.
  void make_ready(Waiter& waiter) { ready_.push_back(waiter); }

  // Runs a function on this loop's thread soon. The only member that other threads may call.
  virtual void post(std::function<void()> function) = 0;

  // co_await loop.sleep(10ms)
  detail::Sleep sleep(Duration duration);
  detail::Sleep sleep_until(Time when);
  // co_await loop.yield(): lets everything else that is ready run first.
  detail::Yield yield();

 protected:
  friend class Timer;
  void set_now(Time now) { now_ = now; }
  // Resumes what is ready, also what becomes ready meanwhile. Returns after `budget` resumptions at the latest, so that
  // sockets and timers are looked at even when tasks keep one another busy.
  void run_ready(size_t budget = 10'000);
  bool has_ready() const { return ready_.linked(); }
  Timers& timers() { return timers_; }

 private:
  Random random_;
  Time now_;
  Timers timers_;
  Link ready_;
};

namespace detail {

struct Sleep : Waiter {
  Sleep(Loop& loop, Time when) : loop(loop), timer(loop), when(when) {}
  bool await_ready() const { return when <= loop.now(); }
  void await_suspend(std::coroutine_handle<> awaiting) {
    frame = awaiting;
    timer.arm(when, [](void* self) { static_cast<Sleep*>(self)->wake(); }, this);
  }
  void await_resume() {}
  void wake() { loop.make_ready(*this); }
  Loop& loop;
  Timer timer;
  Time when;
};

struct Yield : Waiter {
  explicit Yield(Loop& loop) : loop(loop) {}
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> awaiting) {
    frame = awaiting;
    loop.make_ready(*this);
  }
  void await_resume() {}
  Loop& loop;
};

}  // namespace detail

inline detail::Sleep Loop::sleep(Duration duration) { return detail::Sleep(*this, now_ + duration); }
inline detail::Sleep Loop::sleep_until(Time when) { return detail::Sleep(*this, when); }
inline detail::Yield Loop::yield() { return detail::Yield(*this); }

}  // namespace lateen::io
