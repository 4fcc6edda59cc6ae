// The awaitable behind within(); included by scope.h only.
#pragma once

namespace lateen::io {
namespace detail {

template <class T>
struct InTime {
  using Answer = Result<T>;
};
template <class T>
struct InTime<Result<T>> {
  using Answer = Result<T>;
};

}  // namespace detail

// Runs the task in the place of the awaiting one, so that an answer in time costs nothing but a timer armed and taken
// back.
template <class T>
class [[nodiscard]] Within {
 public:
  Within(Loop& loop, Duration limit, Task<T> task) : loop_(loop), timer_(loop), limit_(limit), task_(std::move(task)) {}
  Within(const Within&) = delete;

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) {
    awaiting_.frame = awaiting;
    if (limit_ > Duration(0))
      timer_.arm(loop_.now() + limit_, [](void* self) { static_cast<Within*>(self)->give_up(); }, this);
    return task_.await_suspend(awaiting);
  }
  typename detail::InTime<T>::Answer await_resume() {
    timer_.cancel();
    if (!task_) return fail(ErrorKind::timed_out, "no answer within {}", format_duration(limit_));
    return task_.await_resume();
  }

 private:
  void give_up() {
    task_ = {};
    loop_.make_ready(awaiting_);
  }

  Loop& loop_;
  Timer timer_;
  Waiter awaiting_;
  Duration limit_;
  Task<T> task_;
};

template <class T>
Within<T> within(Loop& loop, Duration limit, Task<T> task) {
  return {loop, limit, std::move(task)};
}

}  // namespace lateen::io
