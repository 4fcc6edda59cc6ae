// The body of within(); included by scope.h only.
#pragma once

namespace lateen::io {
namespace detail {

template <class T>
Task<void> keep_result(Task<Result<T>> task, std::optional<Result<T>>& result) {
  result.emplace(co_await task);
}

}  // namespace detail

template <class T>
Task<Result<T>> within(Loop& loop, Duration limit, Task<Result<T>> task) {
  if (limit <= Duration(0)) co_return co_await task;
  std::optional<Result<T>> result;
  Readiness late(loop);
  Timer timer(loop);
  Child child(loop);
  child.start(detail::keep_result(std::move(task), result));
  if (!result) {
    timer.arm(loop.now() + limit, [](void* flag) { static_cast<Readiness*>(flag)->set(); }, &late);
    co_await either(child.done(), late);
  }
  if (!result) co_return fail(ErrorKind::timed_out, "no answer within {}", format_duration(limit));
  co_return std::move(*result);
}

}  // namespace lateen::io
