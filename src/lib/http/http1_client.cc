#include "lib/http/http1_client.h"

#include "lib/http/http2_connection.h"
#include "lib/tls/connection.h"

namespace lateen::http {

std::unique_ptr<ClientConnection> make_client(std::unique_ptr<io::Transport> transport, const ClientOptions& options) {
  const tls::Session* session = tls::session_of(*transport);
  const bool agreed = session && !session->alpn.empty();
  const bool is_http2 = agreed ? session->alpn == "h2" : options.version == Version::http2;
  if (is_http2) return make_http2_client(std::move(transport), options);
  return std::make_unique<Http1Client>(std::move(transport), options);
}

Http1Client::Http1Client(std::unique_ptr<io::Transport> transport, const ClientOptions& options)
    : wire_(new Http1Wire(std::move(transport), options, *this)) {}

Http1Client::~Http1Client() {
  wire_->owner = nullptr;
  if (wire_->busy) wire_->abandon({ErrorKind::cancelled, "the connection was closed on this side"});
}

void Http1Client::drain() {
  wire_->draining = true;
  if (!wire_->busy) tell_observer();
}

namespace {

// Breaks the exchange when the task is destroyed before the response's head came.
struct SendGuard {
  WireRef wire;
  bool armed = true;
  ~SendGuard() {
    if (armed) wire->abandon({ErrorKind::cancelled, "the request was given up"});
  }
};

}  // namespace

io::Task<SendResult> Http1Client::send(Request request, Progress* progress) {
  // This object may die while we wait: from here on only the wire is looked at.
  const WireRef wire = wire_;
  const bool has_body = request.body != nullptr;
  if (!wire->is_idle_and_open()) {
    SendError error{SendError::refused, wire->requests > 0, {ErrorKind::unavailable, "the connection is not usable"}};
    error.request = std::make_unique<Request>(std::move(request));
    co_return std::unexpected(std::move(error));
  }
  SendGuard guard{wire};
  Response response;
  if (!wire->begin(request))
    wire->fail(SendError::protocol, {ErrorKind::invalid, "the request's head cannot be said in HTTP/1"});
  for (;;) {
    const Http1Wire::Head got = wire->next_head(response.headers);
    if (got == Http1Wire::Head::wait) {
      co_await wire->transport->readable();
      continue;
    }
    if (got == Http1Wire::Head::failed) {
      SendError error = wire->failure();
      if (!has_body) error.request = std::make_unique<Request>(std::move(request));
      co_return std::unexpected(std::move(error));
    }
    if (wire->head.status >= 200 || wire->head.is_tunnel) break;
    if (progress) co_await progress->inform(std::move(response.headers));
  }
  response.version = wire->head.minor_version == 0 ? Version::http1_0 : Version::http1_1;
  guard.armed = false;
  response.body = wire->take_response_body();
  co_return response;
}

Http1ResponseBody::Http1ResponseBody(WireRef wire, http1::Framing framing)
    : wire_(std::move(wire)),
      dead_(wire_->transport->loop(), true),
      framing_(framing),
      error_{ErrorKind::cancelled, "the response was given up"} {}

Http1ResponseBody::~Http1ResponseBody() {
  if (!wire_) return;
  wire_->body = nullptr;
  wire_->abandon({ErrorKind::cancelled, "the response was not read to its end"});
}

Body::Pulled Http1ResponseBody::try_pull() {
  if (!wire_) return {.state = ended};
  const WireRef wire = wire_;
  Pulled pulled = wire->pull();
  if (pulled.state == failed) error_ = *wire->error;
  return pulled;
}

std::optional<uint64_t> Http1ResponseBody::length() const {
  if (framing_.kind == http1::Framing::length) return framing_.bytes;
  return std::nullopt;
}

void Http1ResponseBody::leave(std::unique_ptr<Headers> trailers) {
  trailers_ = std::move(trailers);
  wire_ = {};
}

}  // namespace lateen::http
