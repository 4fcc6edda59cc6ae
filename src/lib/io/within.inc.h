// The awaitables behind before() and within(); included by scope.h only.
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
class [[nodiscard]] Before {
 public:
  Before(Deadline& deadline, Task<T> task) : deadline_(deadline), task_(std::move(task)) {}
  Before(const Before&) = delete;
  ~Before() { deadline_.unwatch(); }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) {
    awaiting_.frame = awaiting;
    deadline_.watch([](void* self) { static_cast<Before*>(self)->give_up(); }, this);
    return task_.await_suspend(awaiting);
  }
  bool gave_up() const { return !task_; }
  typename detail::InTime<T>::Answer await_resume() {
    deadline_.unwatch();
    if (gave_up()) return fail(ErrorKind::timed_out, "not done in time");
    return task_.await_resume();
  }

 private:
  void give_up() {
    task_ = {};
    deadline_.loop().make_ready(awaiting_);
  }

  Deadline& deadline_;
  Waiter awaiting_;
  Task<T> task_;
};

template <class T>
class [[nodiscard]] Within {
 public:
  Within(Loop& loop, Duration limit, Task<T> task)
      : limit_(limit), deadline_(loop), before_(deadline_, std::move(task)) {
    if (limit > Duration(0)) deadline_.set(loop.now() + limit);
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) { return before_.await_suspend(awaiting); }
  typename detail::InTime<T>::Answer await_resume() {
    if (before_.gave_up()) return fail(ErrorKind::timed_out, "no answer within {}", format_duration(limit_));
    return before_.await_resume();
  }

 private:
  Duration limit_;
  Deadline deadline_;
  Before<T> before_;
};

template <class T>
Before<T> before(Deadline& deadline, Task<T> task) {
  return {deadline, std::move(task)};
}
template <class T>
Within<T> within(Loop& loop, Duration limit, Task<T> task) {
  return {loop, limit, std::move(task)};
}

}  // namespace lateen::io
