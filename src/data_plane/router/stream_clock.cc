#include "data_plane/router/stream_clock.h"

#include <algorithm>

namespace lateen::router {

// A body that tells the clock of every chunk, and of its end when it is the request's. The reader of a request may stop
// at the announced length, without asking for the end behind it.
class StreamClock::WatchedBody final : public http::Body {
 public:
  WatchedBody(StreamClock& clock, std::unique_ptr<http::Body> body, bool is_request)
      : clock_(clock), body_(std::move(body)), left_(body_->length()), is_request_(is_request) {}

  Pulled try_pull() override {
    Pulled pulled = body_->try_pull();
    if (pulled.state == chunk) {
      clock_.moved();
      if (left_) *left_ -= std::min<uint64_t>(*left_, pulled.bytes.size());
    }
    if (is_request_ && (pulled.state == ended || left_ == 0)) clock_.end_request();
    return pulled;
  }
  io::Readiness& readable() override { return body_->readable(); }
  std::optional<uint64_t> length() const override { return body_->length(); }
  bool is_at_hand() const override { return body_->is_at_hand(); }
  const http::Headers* trailers() const override { return body_->trailers(); }
  Error last_error() const override { return body_->last_error(); }

 private:
  StreamClock& clock_;
  std::unique_ptr<http::Body> body_;
  std::optional<uint64_t> left_;
  bool is_request_;
};

std::unique_ptr<http::Body> StreamClock::start(const Limits& limits, std::unique_ptr<http::Body> body) {
  limits_ = limits;
  began_ = moved_ = loop_.now();
  if (!body)
    request_ended_ = began_;
  else
    body = std::make_unique<WatchedBody>(*this, std::move(body), true);
  update_stream();
  return body;
}

void StreamClock::limit(std::optional<Duration> idle, std::optional<Duration> whole) {
  if (!idle && !whole) return;
  limits_.idle = idle.value_or(limits_.idle);
  limits_.whole = whole.value_or(limits_.whole);
  update_stream();
}

void StreamClock::limit_response(Duration timeout, Duration per_try) {
  timeout_ = timeout;
  per_try_ = timeout > 0s && per_try >= timeout ? 0s : per_try;
}

void StreamClock::start_attempt() {
  attempt_began_ = loop_.now();
  update_attempt();
}

Duration StreamClock::expected() const {
  const Duration left = request_ended() && timeout_ > 0s ? response_due() - loop_.now() : timeout_;
  if (per_try_ <= 0s) return left;
  return left > 0s ? std::min(left, per_try_) : per_try_;
}

std::unique_ptr<http::Body> StreamClock::start_response(std::unique_ptr<http::Body> body) {
  in_response_ = true;
  moved();
  update_stream();
  if (!body || body->is_at_hand() || limits_.idle <= 0s) return body;
  return std::make_unique<WatchedBody>(*this, std::move(body), false);
}

StreamClock::Limit StreamClock::passed() const {
  const Time now = loop_.now();
  if (now >= after(moved_, limits_.idle)) return Limit::idle;
  if (!request_ended() && now >= after(began_, limits_.request)) return Limit::request;
  return now >= after(began_, limits_.whole) ? Limit::whole : Limit::response;
}

void StreamClock::moved() {
  moved_ = loop_.now();
  if (limits_.idle > 0s) update_stream();
}

void StreamClock::end_request() {
  if (request_ended()) return;
  request_ended_ = loop_.now();
  update_stream();
  update_attempt();
}

void StreamClock::update_stream() {
  Time due = std::min(after(moved_, limits_.idle), after(began_, limits_.whole));
  if (!request_ended()) due = std::min(due, after(began_, limits_.request));
  if (in_response_) due = std::min(due, response_due());
  stream_.set(due);
}

void StreamClock::update_attempt() {
  attempt_.set(request_ended() ? std::min(response_due(), after(std::max(request_ended_, attempt_began_), per_try_))
                               : io::Deadline::never);
}

}  // namespace lateen::router
