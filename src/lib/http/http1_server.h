// One HTTP/1 connection of a server (RFC 9112): requests one after the other, in order. Private to lib/http.
//
// Who reads: while a request's body is under way, whoever pulls it; otherwise the connection itself, so that a client
// that goes away is noticed while a service works. Who writes: the exchange's own task.
#pragma once
#include "lib/http/http1_payload.h"
#include "lib/http/server.h"
#include "lib/io/scope.h"

namespace lateen::http {

class Http1Server final : public ServerStream {
 public:
  Http1Server(io::Transport& transport, Service& service, const ServerOptions& options, Buffer first,
              std::shared_ptr<Drain> drain);
  Http1Server(const Http1Server&) = delete;
  ~Http1Server() override;

  io::Task<void> run();

  Request& request() override { return request_; }
  uint64_t received_bytes() const override { return received_; }
  io::Transport& transport() override { return transport_; }
  io::Task<Result<>> inform(Headers head) override;
  io::Task<Result<Sent>> respond(Response response) override;
  void reset(uint32_t code) override;
  void drain_connection() override { close_ = true; }

 private:
  class RequestBody;
  enum class Next : uint8_t { got, wait, end };

  // Between requests (http1_server.cc).
  Next next_head();
  Next take_head(const http1::RequestHead& head);
  Next woken();
  void set_deadline(Time when);
  void timer_fired();
  bool watch_client();
  void leave_exchange();
  io::Task<bool> discard_body();
  io::Task<void> refuse();
  io::Task<void> end_in_order();

  // The exchange (http1_exchange.cc).
  Body::Pulled pull_body();
  Body::Pulled fail_body(Error error);
  void accept_or_decline_tunnel(int status);
  http1::Outgoing plan(const Response& response) const;
  Error cut(Error error);

  io::Transport& transport_;
  Service& service_;
  const ServerOptions& options_;
  Buffer in_;
  Outbox out_;
  Request request_;
  http1::BodyDecoder decoder_;
  BodyReader reader_;
  std::optional<Error> body_error_;
  RequestBody* body_ = nullptr;  // while its owner keeps it
  uint64_t received_ = 0, discarded_ = 0;
  uint32_t requests_ = 0;
  http1::Refusal refusal_{.status = 0};  // of the head, when its status is not 0
  size_t scanned_ = 0;                   // bytes of an incomplete head that were parsed already
  // Facts of the present request.
  bool is_head_ = false, is_connect_ = false, is_http10_ = false;
  bool continue_pending_ = false;  // the client waits for 100 before it sends its body
  bool tunnel_pending_ = false;    // raw bytes flow once the answer has accepted the tunnel
  bool is_tunnel_ = false;         // it has
  bool responded_ = false, broken_ = false;
  bool close_ = false;           // no request after this one
  Time deadline_ = Time::max();  // of the present phase
  Time timer_at_ = Time::max();  // what the timer is armed for: never later than the deadline
  Time connection_deadline_ = Time::max();
  io::Readiness attention_;  // the deadline passed, a drain began, or the body is over
  io::Readiness tunnel_accepted_;
  io::Timer timer_;
  DrainWatch drain_;
  io::Child serving_;  // last: what it holds may refer to all of the above
};

}  // namespace lateen::http
