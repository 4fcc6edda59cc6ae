// The times that limit one exchange, counted as Envoy does: what stands still for too long, what takes too long, and
// from when a route's timeouts run. Durations of 0 are no limit.
#pragma once
#include <memory>

#include "lib/http/message.h"
#include "lib/io/deadline.h"

namespace lateen::router {

class StreamClock {
 public:
  struct Limits {
    Duration idle = 0s;     // nothing moved in either direction (stream_idle_timeout)
    Duration request = 0s;  // from the head to the end of the request (request_timeout)
    Duration whole = 0s;    // from the head to the end of the response (max_stream_duration)
  };
  enum class Limit : uint8_t { idle, request, whole, response };

  explicit StreamClock(io::Loop& loop) : loop_(loop), stream_(loop), attempt_(loop) {}

  // The request is here; `body` is the rest of it as it is to be read from now on: its chunks count as movement, and
  // its end begins the route's timeouts. Bodies must not outlive the clock. Null where the request has none.
  std::unique_ptr<http::Body> start(const Limits& limits, std::unique_ptr<http::Body> body);
  // The limits that the route has of its own.
  void limit(std::optional<Duration> idle, std::optional<Duration> whole);
  bool request_ended() const { return request_ended_ != io::Deadline::never; }
  // How long the request took to come; nothing while it has not ended.
  std::optional<Duration> request_took() const {
    return request_ended() ? std::optional(request_ended_ - began_) : std::nullopt;
  }

  // The route's timeout (all attempts, from the end of the request to the end of the response) and that of one attempt
  // up to its response's head, from the end of the request or from the attempt's start.
  void limit_response(Duration timeout, Duration per_try);
  void start_attempt();
  // Until when the attempt may take; it begins to run as soon as the request has ended.
  io::Deadline& attempt() { return attempt_; }
  // When the route's timeout ends; never: it has none, or the request has not ended.
  Time response_due() const {
    return timeout_ > 0s && request_ended() ? request_ended_ + timeout_ : io::Deadline::never;
  }
  // How long the peer may take for this attempt, as it is told; 0: no limit.
  Duration expected() const;

  // The response's head is here; the body as it is to be read.
  std::unique_ptr<http::Body> start_response(std::unique_ptr<http::Body> body);
  // Until when the exchange may go on: idle, request and whole; once a response has started also the route's timeout.
  io::Deadline& stream() { return stream_; }
  // Which limit it was, once stream() has passed.
  Limit passed() const;

 private:
  class WatchedBody;
  void moved();
  void end_request();
  Time after(Time from, Duration limit) const { return limit > 0s ? from + limit : io::Deadline::never; }
  void update_stream();
  void update_attempt();

  io::Loop& loop_;
  Limits limits_;
  Time began_{}, moved_{}, attempt_began_{};
  Time request_ended_ = io::Deadline::never;
  Duration timeout_ = 0s, per_try_ = 0s;
  bool in_response_ = false;
  io::Deadline stream_, attempt_;
};

}  // namespace lateen::router
