#include "lib/io/loop.h"

#include "lib/io/readiness.h"
#include "lib/io/scope.h"

namespace lateen::io {

void Timer::arm(Time when, void (*fire)(void*), void* context) {
  when_ = when;
  fire_ = fire;
  context_ = context;
  loop_.timers().insert(*this);
}

void Timers::insert(Timer& timer) {
  // Rounded up: a timer never fires early. What is due already fires with the next tick.
  const uint64_t due = tick_of(timer.when_ + 999'999ns);
  file(timer, std::max(due, tick_ + 1));
}

void Timers::file(Timer& timer, uint64_t due) {
  const uint64_t distance = due - tick_;
  for (int level = 0; level < levels; ++level)
    if (distance < uint64_t{1} << (8 * (level + 1)))
      return wheel_[level][due >> (8 * level) & (slots - 1)].push_back(timer);
  // Beyond 49 days: parked in the farthest slot, and filed again when the wheel gets there.
  wheel_[levels - 1][(tick_ >> 24) + slots - 1 & (slots - 1)].push_back(timer);
}

void Timers::cascade(int level) {
  Link& slot = wheel_[level][tick_ >> (8 * level) & (slots - 1)];
  Link moved;
  while (Link* node = slot.front()) moved.push_back(*node);
  while (Link* node = moved.front()) {
    auto& timer = static_cast<Timer&>(*node);
    node->unlink();
    file(timer, std::max(tick_of(timer.when_ + 999'999ns), tick_));
  }
}

void Timers::advance(Time now) {
  const uint64_t target = tick_of(now);
  while (tick_ < target) {
    // Empty stretches are skipped, so a long sleep costs nothing.
    const auto soonest = next();
    if (!soonest || tick_of(*soonest) > target) {
      tick_ = target;
      return;
    }
    tick_ = tick_of(*soonest);
    for (int level = levels - 1; level > 0; --level)
      if ((tick_ & ((uint64_t{1} << (8 * level)) - 1)) == 0) cascade(level);
    Link& slot = wheel_[0][tick_ & (slots - 1)];
    Link due;
    while (Link* node = slot.front()) due.push_back(*node);
    while (Link* node = due.front()) {
      auto& timer = static_cast<Timer&>(*node);
      node->unlink();
      timer.fire_(timer.context_);
    }
  }
}

std::optional<Time> Timers::next() const {
  for (int level = 0; level < levels; ++level) {
    const uint64_t unit = tick_ >> (8 * level);
    for (uint64_t step = 1; step <= slots; ++step) {
      if (!wheel_[level][unit + step & (slots - 1)].linked()) continue;
      // A coarser slot may hold earlier timers than a finer one when its boundary comes first: take the boundary.
      uint64_t tick = (unit + step) << (8 * level);
      for (int above = level + 1; above < levels; ++above) {
        const uint64_t boundary = ((tick_ >> (8 * above)) + 1) << (8 * above);
        if (boundary < tick && wheel_[above][boundary >> (8 * above) & (slots - 1)].linked()) tick = boundary;
      }
      return Time(std::chrono::milliseconds(tick));
    }
  }
  return std::nullopt;
}

void Loop::run_ready(size_t budget) {
  while (Link* node = ready_.front()) {
    if (budget-- == 0) return;
    node->unlink();
    static_cast<Waiter*>(node)->frame.resume();
  }
}

struct Scope::Child : Link {
  Task<void> work;
  Task<void> supervisor;
};

Task<void> Scope::supervise(Scope& scope, Child& child) {
  co_await child.work;
  child.work = {};  // what its parameters own goes now, not when the scope gets to it
  scope.finished(child);
}

void Scope::start(Task<void> task) {
  reap();
  auto* child = new Child;
  child->work = std::move(task);
  child->supervisor = supervise(*this, *child);
  children_.push_back(*child);
  ++size_;
  idle_.clear();
  child->supervisor.await_suspend(std::noop_coroutine()).resume();
}

void Scope::finished(Child& child) {
  // The frame of the supervisor is still on the stack: free it later.
  finished_.push_back(child);
  if (--size_ == 0) idle_.set();
}

void Scope::reap() {
  Link kept;
  while (Link* node = finished_.front()) {
    auto* child = static_cast<Child*>(node);
    if (child->supervisor.done())
      delete child;
    else
      kept.push_back(*node);
  }
  while (Link* node = kept.front()) finished_.push_back(*node);
}

Scope::~Scope() {
  if (size_ > 0) std::terminate();
  cancel();
}

void Scope::cancel() {
  while (Link* node = children_.back()) {
    --size_;
    delete static_cast<Child*>(node);
  }
  while (Link* node = finished_.front()) delete static_cast<Child*>(node);
  idle_.set();
}

}  // namespace lateen::io
