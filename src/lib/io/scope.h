// Scope: the owner of tasks that run beside their starter. Nothing runs without an owner.
//
// The starter must end the scope before the Scope dies: `co_await scope.join()` (all done) or `scope.cancel()`
// (destroys what is left). A Scope that dies with living tasks aborts: that is a lifetime bug, caught where it is made.
// Where being cancelled from outside is normal (a connection's task), write `CancelOnExit guard(scope);` behind the
// Scope.
#pragma once
#include "lib/io/deadline.h"
#include "lib/io/readiness.h"
#include "lib/io/task.h"

namespace lateen::io {

class Scope {
 public:
  explicit Scope(Loop& loop) : loop_(loop), idle_(loop, true) {}
  Scope(const Scope&) = delete;
  ~Scope();

  // Starts the task: it runs until its first wait before start() returns. The scope owns it until it is done.
  void start(Task<void> task);

  // Waits until no task is left. One task may wait at a time.
  Readiness::Wait join() { return idle_.operator co_await(); }

  // Destroys every task that still runs, the youngest first. Must not be called from inside one of them.
  void cancel();

  size_t size() const { return size_; }
  Loop& loop() const { return loop_; }

 private:
  struct Child;
  static Task<void> supervise(Scope& scope, Child& child);
  void finished(Child& child);
  void reap();
  Loop& loop_;
  Readiness idle_;
  Link children_;  // living tasks in the order of their start
  Link finished_;  // done, to be freed once their frame is no longer on the stack
  size_t size_ = 0;
};

class CancelOnExit {
 public:
  explicit CancelOnExit(Scope& scope) : scope_(scope) {}
  CancelOnExit(const CancelOnExit&) = delete;
  ~CancelOnExit() { scope_.cancel(); }

 private:
  Scope& scope_;
};

// Child: one task beside its owner, cheaper than a Scope. Destroying it cancels the task. Not to be destroyed from
// inside the task itself.
class Child {
 public:
  explicit Child(Loop& loop) : done_(loop) {}
  Child(const Child&) = delete;

  // Runs the task until its first wait. A child runs one task at a time; the former one must be done or cancelled.
  void start(Task<void> task) {
    done_.clear();
    running_ = run(std::move(task), done_);
    running_.await_suspend(std::noop_coroutine()).resume();
  }
  void cancel() { running_ = {}; }
  bool running() const { return running_ && !done_.is_set(); }
  // Set when the task is done; await it.
  Readiness& done() { return done_; }

 private:
  static Task<void> run(Task<void> task, Readiness& done) {
    co_await task;
    task = {};  // what its parameters own goes now
    done.set();
  }
  Readiness done_;
  Task<void> running_;
};

// co_await any_of(a, b, ...): resumes when one of the flags is set (or several). `either` is the usual case of two.
template <size_t N>
struct AnyOf {
  bool await_ready() const {
    for (const auto& wait : waits)
      if (wait.await_ready()) return true;
    return false;
  }
  void await_suspend(std::coroutine_handle<> awaiting) {
    for (auto& wait : waits) wait.await_suspend(awaiting);
  }
  // The flags that did not fire forget this waiter when the awaitable dies, at the end of the co_await expression.
  void await_resume() {}
  Readiness::Wait waits[N];
};
template <class... Flags>
AnyOf<sizeof...(Flags)> any_of(Flags&... flags) {
  return {{Readiness::Wait(flags)...}};
}
inline AnyOf<2> either(Readiness& a, Readiness& b) { return {{Readiness::Wait(a), Readiness::Wait(b)}}; }

// co_await before(deadline, task): the task's result, or ErrorKind::timed_out once the deadline, which may move
// meanwhile, has passed (the task is destroyed). For a Task<T> that is a Result<T>; a Task<Result<T>> keeps its type.
template <class T>
class Before;
template <class T>
Before<T> before(Deadline& deadline, Task<T> task);

// co_await within(loop, 5s, task): the same with a fixed time from now on. Zero or negative durations mean no limit.
template <class T>
class Within;
template <class T>
Within<T> within(Loop& loop, Duration limit, Task<T> task);

}  // namespace lateen::io

#include "lib/io/within.inc.h"
