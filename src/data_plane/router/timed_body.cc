#include "data_plane/router/timed_body.h"

#include "lib/io/scope.h"

namespace lateen::router {
namespace {

class TimedBody final : public http::Body {
 public:
  TimedBody(io::Loop& loop, std::unique_ptr<http::Body> body, Time deadline)
      : body_(std::move(body)), timer_(loop), deadline_(deadline), readable_(loop), relay_(loop) {
    timer_.arm(deadline, [](void* self) { static_cast<TimedBody*>(self)->readable_.set(); }, this);
  }

  Pulled try_pull() override {
    if (readable_.loop().now() >= deadline_) {
      late_ = true;
      return {failed, {}};
    }
    Pulled pulled = body_->try_pull();
    if (pulled.state == blocked) {
      readable_.clear();
      if (!relay_.running()) relay_.start(pass_on(body_->readable(), readable_));
    }
    if (pulled.state == ended || pulled.state == failed) timer_.cancel();
    return pulled;
  }
  io::Readiness& readable() override { return readable_; }
  std::optional<uint64_t> length() const override { return body_->length(); }
  const http::Headers* trailers() const override { return body_->trailers(); }
  Error last_error() const override {
    return late_ ? Error{ErrorKind::timed_out, "the response was not complete in time"} : body_->last_error();
  }

 private:
  static io::Task<void> pass_on(io::Readiness& from, io::Readiness& to) {
    co_await from;
    to.set();
  }
  std::unique_ptr<http::Body> body_;
  io::Timer timer_;
  Time deadline_;
  io::Readiness readable_;
  io::Child relay_;
  bool late_ = false;
};

}  // namespace

std::unique_ptr<http::Body> timed_body(io::Loop& loop, std::unique_ptr<http::Body> body, Time deadline) {
  return std::make_unique<TimedBody>(loop, std::move(body), deadline);
}

}  // namespace lateen::router
