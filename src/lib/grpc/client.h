// The client side of gRPC: calls over HTTP/2 connections to one destination.
//
//     grpc::Channel channel(loop, grpc::over(pool), {.authority = "istiod.istio-system.svc"});
//     auto reply = co_await channel.unary<Response>("/package.Service/Method", request, {.timeout = 5s});
//
//     auto call = channel.open("/package.Service/Stream");
//     call->write(first);
//     while (auto more = co_await call->read(response)) { if (!*more) break; ... }
#pragma once
#include <memory>
#include <string>

#include "lib/grpc/message_stream.h"
#include "lib/grpc/server.h"
#include "lib/http/client.h"
#include "lib/io/scope.h"

namespace lateen::grpc {

// How a request finds its connection: a pool, one connection, a cluster of the data plane.
using Send = std::function<io::Task<http::SendResult>(http::Request)>;
// The pool outlives the function.
inline Send over(http::Pool& pool) {
  return [&pool](http::Request request) { return pool.send(std::move(request)); };
}

struct ChannelOptions {
  std::string authority;                 // what :authority says
  std::string scheme = "http";           // "https" when the pool's connections are TLS
  size_t message_max = 4 * 1024 * 1024;  // of one received message
};

struct CallOptions {
  Duration timeout = 0s;  // of the whole call, told to the server too; 0: none
  Headers metadata;       // further request fields: "authorization", ...
};

// One call. Destroying it cancels: the stream is reset unless it had ended. Belongs to its loop's thread.
class ClientCall {
 public:
  ClientCall(io::Loop& loop, const Send& send, http::Request request, const ChannelOptions& options, Duration timeout);
  ~ClientCall();

  // Queues a message; false when the call is over. Await drained() to not run ahead of a slow server.
  bool write(const MessageLite& message) { return outgoing_.add(message); }
  io::Task<void> drained() { return outgoing_.drained(); }
  size_t pending() const { return outgoing_.pending(); }
  // Nothing more will be written.
  void finish_writing() { outgoing_.finish(std::nullopt); }

  // As Incoming. After `ended` or `failed`, status() is the call's.
  Incoming::State try_read(MessageLite& out);
  io::Readiness& readable();
  // The next message: true; false when the server ended the call with OK; or its status.
  io::Task<Reply<bool>> read(MessageLite& out);

  const Status& status() const { return status_; }
  // Of the response, once its head is there; else null.
  const Headers* head() const { return response_ ? &response_->headers : nullptr; }

 private:
  io::Task<void> send(io::Task<http::SendResult> sending);
  void accept_head(http::SendResult result);
  Incoming::State end(Status status);

  size_t message_max_;
  Outgoing outgoing_;
  io::Readiness answered_;
  std::optional<http::Response> response_;
  std::optional<Incoming> incoming_;
  io::Timer deadline_;
  bool expired_ = false, over_ = false;
  Status status_;
  io::Child sending_;
};

class Channel {
 public:
  // What `send` uses outlives the channel and its calls.
  Channel(io::Loop& loop, Send send, ChannelOptions options)
      : loop_(loop), send_(std::move(send)), options_(std::move(options)) {}

  std::unique_ptr<ClientCall> open(std::string_view path, CallOptions options = {});

  // One request, one answer.
  template <class Response>
  io::Task<Reply<Response>> unary(std::string path, const MessageLite& request, CallOptions options = {}) {
    auto call = open(path, std::move(options));
    call->write(request);
    call->finish_writing();
    return take_one<Response>(std::move(call));
  }

 private:
  template <class Response>
  static io::Task<Reply<Response>> take_one(std::unique_ptr<ClientCall> call) {
    Response response;
    auto first = co_await call->read(response);
    if (!first) co_return std::unexpected(first.error());
    if (!*first) co_return refuse(Code::internal, "the answer carries no message");
    Response second;
    const auto end = co_await call->read(second);
    if (!end) co_return std::unexpected(end.error());
    if (*end) co_return refuse(Code::internal, "the answer carries more than one message");
    co_return response;
  }

  io::Loop& loop_;
  Send send_;
  ChannelOptions options_;
};

}  // namespace lateen::grpc
