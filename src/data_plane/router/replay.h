// A request body that can be sent more than once: what was read is kept, up to a limit, so that another attempt (or a
// mirrored request) begins with the same bytes.
#pragma once
#include <functional>
#include <memory>

#include "lib/http/message.h"

namespace lateen::router {

class ReplayableBody : public std::enable_shared_from_this<ReplayableBody> {
 public:
  ReplayableBody(std::unique_ptr<http::Body> source, size_t limit) : source_(std::move(source)), limit_(limit) {}

  // A body that starts from the first byte. One at a time: the former one must be gone, or must not be read any more.
  std::unique_ptr<http::Body> view();
  // False once more than the limit has passed: only the view that reads now sees everything.
  bool replayable() const { return replayable_; }
  // Called once, when the whole body was read and is still replayable: with all of its bytes.
  void when_complete(std::function<void(std::string_view)> function) { when_complete_ = std::move(function); }

 private:
  class View;
  std::unique_ptr<http::Body> source_;
  size_t limit_;
  std::string kept_;
  bool replayable_ = true, ended_ = false;
  std::function<void(std::string_view)> when_complete_;
};

}  // namespace lateen::router
