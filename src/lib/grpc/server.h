// The server side of gRPC: methods by their path, served over any HTTP/2 connection of lib/http.
//
//     grpc::Server server;
//     server.add("/istio.v1.auth.IstioCertificateService/CreateCertificate", grpc::unary<Request, Response>(sign));
//     co_await http::serve_connection(*transport, server, options, http::Protocol::http2);
//
// What is no gRPC is answered 415; an unknown method gets UNIMPLEMENTED, a call past its grpc-timeout
// DEADLINE_EXCEEDED. Compression is not offered.
#pragma once
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "lib/base/strings.h"
#include "lib/grpc/message_stream.h"
#include "lib/http/server.h"
#include "lib/io/scope.h"

namespace lateen::grpc {

template <class T>
using Reply = std::expected<T, Status>;
inline std::unexpected<Status> refuse(Code code, std::string message) {
  return std::unexpected(Status{code, std::move(message)});
}

// One call, valid while Method::serve() runs. When the client goes away, the method's task is destroyed where it waits.
class ServerCall {
 public:
  ServerCall(http::ServerStream& stream, size_t message_max);

  // The request's fields, pseudo-headers included.
  const Headers& metadata() const { return stream_.request().headers; }
  io::Transport& transport() { return stream_.transport(); }  // addresses, TLS: who the client is
  io::Loop& loop() { return stream_.transport().loop(); }

  // The next message: true; false when the client has finished sending; or why it cannot be had.
  io::Task<Reply<bool>> read(MessageLite& out);
  // Sends a message, waiting while too much is under way. False when the client is gone.
  io::Task<bool> write(const MessageLite& message);
  io::Task<bool> write(std::string serialised);

  // The two halves themselves, for methods that wait for several things at once.
  Incoming& incoming() { return incoming_; }
  Outgoing& outgoing() { return outgoing_; }

  // Fields to send behind the status.
  Headers& trailers() { return trailers_; }

 private:
  http::ServerStream& stream_;
  std::unique_ptr<http::Body> no_body_;  // for a request without one
  Incoming incoming_;
  Outgoing outgoing_;
  Headers trailers_;
};

// One method. Its task returns the call's status; messages written before are delivered first.
class Method {
 public:
  virtual ~Method() = default;
  virtual io::Task<Status> serve(ServerCall& call) = 0;
};

struct ServerOptions {
  size_t message_max = 4 * 1024 * 1024;  // of one received message
};

class Server final : public http::Service {
 public:
  explicit Server(ServerOptions options = {}) : options_(options) {}

  // "/package.Service/Method". To be called before the first request.
  void add(std::string path, std::unique_ptr<Method> method);
  // Requests that are no gRPC go there instead of being answered 415. Owned by the caller.
  void set_otherwise(http::Service& service) { otherwise_ = &service; }

  io::Task<void> serve(http::ServerStream& stream) override;

 private:
  io::Task<void> serve_call(http::ServerStream& stream, Method& method);
  static io::Task<void> run(Method& method, ServerCall& call, Duration limit, Status& status);

  ServerOptions options_;
  std::unordered_map<std::string, std::unique_ptr<Method>, StringHash, std::equal_to<>> methods_;
  http::Service* otherwise_ = nullptr;
};

// One request, one answer.
template <class Request, class Response>
class Unary final : public Method {
 public:
  using Function = std::function<io::Task<Reply<Response>>(ServerCall&, Request)>;
  explicit Unary(Function function) : function_(std::move(function)) {}

  io::Task<Status> serve(ServerCall& call) override {
    Request request;
    auto read = co_await call.read(request);
    if (!read) co_return read.error();
    if (!*read) co_return Status{Code::internal, "the call carries no message"};
    auto reply = co_await function_(call, std::move(request));
    if (!reply) co_return reply.error();
    const bool written = co_await call.write(*reply);
    co_return written ? Status{} : Status{Code::cancelled, "the client is gone"};
  }

 private:
  Function function_;
};
template <class Request, class Response>
std::unique_ptr<Method> unary(typename Unary<Request, Response>::Function function) {
  return std::make_unique<Unary<Request, Response>>(std::move(function));
}

// Both sides send as they like: the function reads and writes through the call.
class Streaming final : public Method {
 public:
  using Function = std::function<io::Task<Status>(ServerCall&)>;
  explicit Streaming(Function function) : function_(std::move(function)) {}
  io::Task<Status> serve(ServerCall& call) override { return function_(call); }

 private:
  Function function_;
};
inline std::unique_ptr<Method> streaming(Streaming::Function function) {
  return std::make_unique<Streaming>(std::move(function));
}

}  // namespace lateen::grpc
