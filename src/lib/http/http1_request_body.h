// The body of a request on an HTTP/1 server connection. Private to lib/http.
#pragma once
#include "lib/http/http1_server.h"

namespace lateen::http {

// A view of the connection: all state is there. Whoever holds it after the exchange sees it failed.
class Http1Server::RequestBody final : public Body {
 public:
  RequestBody(Http1Server& server, http1::Framing framing)
      : server_(&server), dead_(server.transport_.loop(), true), framing_(framing) {}
  ~RequestBody() override {
    if (!server_) return;
    server_->body_ = nullptr;
    server_->attention_.set();
  }

  Pulled try_pull() override { return server_ ? server_->pull_body() : Pulled{.state = failed}; }
  io::Readiness& readable() override {
    if (!server_) return dead_;
    return server_->tunnel_pending_ ? server_->tunnel_accepted_ : server_->transport_.readable();
  }
  std::optional<uint64_t> length() const override {
    if (framing_.kind == http1::Framing::length) return framing_.bytes;
    return std::nullopt;
  }
  const Headers* trailers() const override { return server_ ? server_->decoder_.trailers() : nullptr; }
  Error last_error() const override {
    if (server_ && server_->body_error_) return *server_->body_error_;
    return {ErrorKind::cancelled, "the exchange that this request body belongs to is over"};
  }
  void detach() { server_ = nullptr; }

 private:
  Http1Server* server_;
  io::Readiness dead_;
  http1::Framing framing_;
};

}  // namespace lateen::http
