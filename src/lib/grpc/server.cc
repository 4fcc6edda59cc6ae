#include "lib/grpc/server.h"

namespace lateen::grpc {
namespace {

// "application/grpc", "application/grpc+proto"; not "application/grpc-web".
bool is_grpc(std::string_view content_type) {
  constexpr std::string_view name = "application/grpc";
  if (!content_type.starts_with(name)) return false;
  const auto rest = content_type.substr(name.size());
  return rest.empty() || rest.starts_with(';') || rest == "+proto" || rest.starts_with("+proto;");
}

http::Response answer_of(int status) {
  http::Response response;
  response.headers.add(":status", fmt::to_string(status));
  if (status == 200) response.headers.add("content-type", "application/grpc");
  return response;
}

io::Task<void> end_at_once(http::ServerStream& stream, Status status) {
  auto response = answer_of(200);
  put_status(status, response.headers);
  (void)co_await stream.respond(std::move(response));
}

http::Body& body_of(http::Request& request, std::unique_ptr<http::Body>& instead, io::Loop& loop) {
  if (request.body) return *request.body;
  instead = http::text_body(loop, "");
  return *instead;
}

}  // namespace

ServerCall::ServerCall(http::ServerStream& stream, size_t message_max)
    : stream_(stream), incoming_(body_of(stream.request(), no_body_, loop()), message_max), outgoing_(loop()) {}

io::Task<Reply<bool>> ServerCall::read(MessageLite& out) {
  for (;;) {
    switch (incoming_.try_read(out)) {
      case Incoming::message:
        co_return true;
      case Incoming::ended:
        co_return false;
      case Incoming::failed:
        co_return std::unexpected(incoming_.failure());
      case Incoming::blocked:
        co_await incoming_.readable();
    }
  }
}

io::Task<bool> ServerCall::write(const MessageLite& message) {
  const bool added = outgoing_.add(message);
  if (added) co_await outgoing_.drained();
  co_return added && !outgoing_.gone();
}

io::Task<bool> ServerCall::write(std::string serialised) {
  const bool added = outgoing_.add(serialised);
  if (added) co_await outgoing_.drained();
  co_return added && !outgoing_.gone();
}

void Server::add(std::string path, std::unique_ptr<Method> method) { methods_[std::move(path)] = std::move(method); }

io::Task<void> Server::serve(http::ServerStream& stream) {
  const auto& headers = stream.request().headers;
  if (headers.method() != "POST" || !is_grpc(headers.value("content-type"))) {
    if (otherwise_) co_return co_await otherwise_->serve(stream);
    (void)co_await stream.respond(answer_of(415));
    co_return;
  }
  const auto method = methods_.find(headers.path());
  if (method == methods_.end()) {
    Status status{Code::unimplemented, fmt::format("unknown method {}", headers.path())};
    co_return co_await end_at_once(stream, std::move(status));
  }
  co_await serve_call(stream, *method->second);
}

io::Task<void> Server::serve_call(http::ServerStream& stream, Method& method) {
  Duration limit(0);
  if (const auto timeout = stream.request().headers.get("grpc-timeout")) {
    const auto parsed = parse_timeout(*timeout);
    if (!parsed) co_return co_await end_at_once(stream, {Code::internal, parsed.error().message});
    limit = std::max(*parsed, Duration(1));
  }
  ServerCall call(stream, options_.message_max);
  Status status;
  io::Child running(call.loop());
  auto body = call.outgoing().take_body();
  running.start(run(method, call, limit, status));
  // The head leaves with the first message; when there is none, head and trailers are one.
  if (call.outgoing().pending() == 0 && running.running()) co_await io::either(body->readable(), running.done());
  if (call.outgoing().pending() == 0 && !running.running()) {
    auto response = answer_of(200);
    for (const auto field : call.trailers()) response.headers.add(field.name, field.value);
    (void)co_await stream.respond(std::move(response));
    co_return;
  }
  auto response = answer_of(200);
  response.body = std::move(body);
  (void)co_await stream.respond(std::move(response));
}

io::Task<void> Server::run(Method& method, ServerCall& call, Duration limit, Status& status) {
  auto result = co_await io::within(call.loop(), limit, method.serve(call));
  status = result ? std::move(*result) : Status{Code::deadline_exceeded, "the call's time was over before it was done"};
  put_status(status, call.trailers());
  call.outgoing().finish(call.trailers());
}

}  // namespace lateen::grpc
