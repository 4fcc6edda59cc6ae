#include "lib/http/http2_server_stream.h"

#include "lib/http/http2_upgrade.h"

namespace lateen::http {

using protocol::Http2Error;

Http2ServerStream::Http2ServerStream(Http2ServerConnection& connection, Headers head, bool ended)
    : connection_(connection),
      began_(connection.link().loop().now()),
      sent_(connection.link().loop()),
      serving_(connection.link().loop()) {
  request_.version = Version::http2;
  extended_connect_ = upgrade_from_connect(head);
  request_.is_tunnel = extended_connect_ || head.method() == "CONNECT";
  head_only_ = head.method() == "HEAD";
  request_.headers = std::move(head);
  if (ended) return;
  auto body = std::make_unique<Http2RequestBody>(*this, link().loop(), announced_length(request_.headers));
  body_ = body.get();
  request_.body = std::move(body);
}

Http2ServerStream::~Http2ServerStream() {
  serving_.cancel();
  request_.body.reset();
  if (!body_) return;
  body_->stream_ = nullptr;
  body_->inbound_.fail_with({ErrorKind::cancelled, "the request was over before its body was read"});
}

Http2Link& Http2ServerStream::link() { return connection_.link(); }
io::Transport& Http2ServerStream::transport() { return link().transport(); }
void Http2ServerStream::drain_connection() { connection_.begin_drain(); }

io::Task<void> Http2ServerStream::serve() {
  co_await connection_.service().serve(*this);
  if (is_open() && !has_sent_end()) reset(static_cast<uint32_t>(Http2Error::internal_error));
  connection_.retire(*this);
}

io::Task<Result<>> Http2ServerStream::inform(Headers head) {
  if (!is_open()) co_return fail(ErrorKind::reset, "the client reset the stream");
  link().codec().send_informational(*this, head);
  link().flush_soon();
  co_return Result<>();
}

io::Task<Result<Sent>> Http2ServerStream::respond(Response response) {
  if (extended_connect_) connect_answer_from_upgrade(response.headers);
  const bool has_body = response.body && !head_only_;
  link().codec().send_head(*this, response.headers, !has_body);
  link().flush_soon();
  Sent sent;
  if (has_body) {
    auto bytes = co_await send_body(link(), *this, *response.body, sent_);
    body_failed_ = !bytes;  // a client that leaves ends this task instead
    if (!bytes) co_return failed(bytes);
    sent.body_bytes = *bytes;
    if (const Headers* trailers = response.body->trailers()) sent.trailers = *trailers;
  } else if (!co_await wait_for_end(*this, sent_)) {
    co_return fail(ErrorKind::reset, "the client reset the stream");
  }
  sent.complete = true;
  co_return sent;
}

void Http2ServerStream::reset(uint32_t code) {
  link().codec().reset(*this, static_cast<Http2Error>(code));
  link().flush_soon();
}

void Http2ServerStream::on_data(std::string_view bytes) {
  if (body_)
    body_->inbound_.bytes.append(bytes);
  else
    return link().codec().forget(*this, bytes.size());  // nobody wants it: the client's window for it stays shut
  body_->inbound_.readable.set();
}

void Http2ServerStream::on_end(Headers* trailers) {
  if (body_) body_->inbound_.end(trailers);
}

void Http2ServerStream::on_closed(const protocol::Http2Closed& closed) {
  sent_.set();
  if (has_sent_end() && has_received_end()) return;
  if (body_)
    body_->inbound_.fail_with({ErrorKind::reset, fmt::format("the client's stream ended: {}", name_of(closed.code))});
  if (closed.by_peer) connection_.stream_broken(*this);
  // A client that says "enough" after the whole answer breaks nothing.
  if (!has_sent_end()) connection_.retire(*this);
}

Http2RequestBody::~Http2RequestBody() {
  if (!stream_) return;
  stream_->body_ = nullptr;
  stream_->link().codec().forget(*stream_, stream_->unconsumed());
  stream_->link().flush_soon();
}

Body::Pulled Http2RequestBody::try_pull() {
  Pulled pulled = inbound_.pull();
  if (stream_ && pulled.state == chunk) {
    stream_->received_ = inbound_.pulled;
    stream_->link().codec().consume(*stream_, pulled.bytes.size());
    stream_->link().flush_soon();
  }
  return pulled;
}

}  // namespace lateen::http
