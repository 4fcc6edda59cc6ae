// Task<T>: a coroutine that produces one T. Lazy (it starts when awaited or when a Scope starts it), awaited at most
// once, resumed by symmetric transfer, its frame taken from the thread's pool.
//
// Ownership: the Task object owns the frame. Destroying a suspended Task cancels it: its locals are destroyed in order,
// which releases descriptors, timers and child tasks. There is no detached task; `Scope` (scope.h) owns what nobody
// awaits. Rule for parameters: by value, or references to what the awaiting caller owns until the Task is done.
#pragma once
#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "lib/base/pool.h"

namespace lateen::io {

template <class T = void>
class Task;

namespace detail {

struct PromiseBase {
  std::coroutine_handle<> awaiter = std::noop_coroutine();

  static void* operator new(size_t bytes) { return Pool::take(bytes); }
  static void operator delete(void* frame, size_t bytes) { Pool::give(frame, bytes); }

  std::suspend_always initial_suspend() noexcept { return {}; }
  struct ResumeAwaiter {
    bool await_ready() noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> done) noexcept {
      return done.promise().awaiter;
    }
    void await_resume() noexcept {}
  };
  ResumeAwaiter final_suspend() noexcept { return {}; }
  // Errors are values here; an exception that reaches a task's edge is a bug, and going on would hide it.
  void unhandled_exception() noexcept { std::terminate(); }
};

template <class T>
struct Promise : PromiseBase {
  std::optional<T> value;
  Task<T> get_return_object();
  template <class U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  T take() { return std::move(*value); }
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object();
  void return_void() {}
  void take() {}
};

}  // namespace detail

template <class T>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  Task() = default;
  explicit Task(Handle frame) : frame_(frame) {}
  Task(Task&& other) noexcept : frame_(std::exchange(other.frame_, {})) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      if (frame_) frame_.destroy();
      frame_ = std::exchange(other.frame_, {});
    }
    return *this;
  }
  ~Task() {
    if (frame_) frame_.destroy();
  }

  explicit operator bool() const { return static_cast<bool>(frame_); }
  bool done() const { return frame_ && frame_.done(); }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiter) noexcept {
    frame_.promise().awaiter = awaiter;
    return frame_;
  }
  T await_resume() { return frame_.promise().take(); }

 private:
  Handle frame_;
};

template <class T>
Task<T> detail::Promise<T>::get_return_object() {
  return Task<T>(Task<T>::Handle::from_promise(*this));
}
inline Task<void> detail::Promise<void>::get_return_object() {
  return Task<void>(Task<void>::Handle::from_promise(*this));
}

}  // namespace lateen::io
