// One exchange on an HTTP/1 server connection: its request body in, its response out.
#include "lib/http/http1_request_body.h"

namespace lateen::http {

Body::Pulled Http1Server::pull_body() {
  if (tunnel_pending_) return {.state = Body::blocked};
  if (decoder_.over()) return {.state = Body::ended};
  if (body_error_) return {.state = Body::failed};
  if (continue_pending_) {
    continue_pending_ = false;
    if (in_.empty()) out_.text.append("HTTP/1.1 100 Continue\r\n\r\n");
  }
  if (!responded_ && !out_.empty()) out_.try_flush(transport_);
  for (;;) {
    if (in_.empty()) {
      const io::Moved moved = reader_.read(transport_, in_);
      if (moved.state == io::Moved::blocked) return {.state = Body::blocked};
      if (moved.state == io::Moved::failed) return fail_body(transport_.last_error());
      if (moved.state == io::Moved::ended) {
        if (!decoder_.end_of_input())
          return fail_body({ErrorKind::closed, "the client ended the connection inside a request body"});
        attention_.set();
        return {.state = Body::ended};
      }
    }
    Buffer payload = take_payload(in_, decoder_);
    if (const http1::Refusal* refusal = decoder_.refused())
      return fail_body({ErrorKind::protocol, fmt::format("request body: {}", refusal->reason)});
    if (decoder_.over()) attention_.set();
    if (!payload.empty()) {
      received_ += payload.size();
      return {.state = Body::chunk, .bytes = std::move(payload)};
    }
    if (decoder_.over()) return {.state = Body::ended};
  }
}

// What follows on this connection cannot be understood any more.
Body::Pulled Http1Server::fail_body(Error error) {
  body_error_ = std::move(error);
  close_ = true;
  attention_.set();
  return {.state = Body::failed};
}

io::Task<Result<>> Http1Server::inform(Headers head) {
  const int status = head.status();
  if (is_http10_ || status < 100 || status >= 200 || status == 101) co_return Result<>{};
  if (responded_) co_return fail(ErrorKind::invalid, "an interim response cannot follow the response");
  if (status == 100) continue_pending_ = false;
  http1::write_response_head(out_.text, head, {});
  io::Moved::State state;
  while ((state = out_.try_flush(transport_)) == io::Moved::blocked) co_await transport_.writable();
  if (state == io::Moved::failed) co_return std::unexpected(cut(transport_.last_error()));
  co_return Result<>{};
}

// An announced short body is about to come behind its head. It is worth a moment: one segment instead of two, which
// costs the kernel, the client and us half as much. Nobody waits longer than that for a head.
static constexpr uint64_t short_body = Buffer::block_size;
static constexpr Duration moment = 1ms;

static io::Task<void> wait_a_moment(io::Readiness& flag) {
  io::Readiness late(flag.loop());
  io::Timer timer(flag.loop());
  timer.arm(flag.loop().now() + moment, [](void* set) { static_cast<io::Readiness*>(set)->set(); }, &late);
  co_await io::either(flag, late);
}

io::Task<Result<Sent>> Http1Server::respond(Response response) {
  if (responded_ || broken_) co_return fail(ErrorKind::invalid, "the exchange was answered or reset already");
  responded_ = true;
  accept_or_decline_tunnel(response.headers.status());
  // The connection must stop watching the client before somebody else waits for the tunnel's bytes.
  if (is_tunnel_) co_await transport_.loop().yield();
  if (drain_.is_started() || continue_pending_ || transport_.loop().now() >= connection_deadline_) close_ = true;
  const http1::Outgoing outgoing = plan(response);
  close_ |= outgoing.close || is_tunnel_;
  http1::write_response_head(out_.text, response.headers, outgoing);

  const bool sends_body = outgoing.framing.kind != http1::Framing::none && !is_head_;
  Body* body = sends_body ? response.body.get() : nullptr;
  std::optional<Pump> pump;
  if (body) pump.emplace(*body, outgoing.framing);
  bool may_wait = outgoing.framing.kind == http1::Framing::length && outgoing.framing.bytes <= short_body;
  for (;;) {
    const Pump::State filled = pump ? pump->fill(out_) : Pump::done;
    if (filled == Pump::waiting && pump->bytes() == 0 && std::exchange(may_wait, false)) {
      co_await wait_a_moment(body->readable());
      continue;
    }
    io::Moved::State state;
    while ((state = out_.try_flush(transport_)) == io::Moved::blocked) co_await transport_.writable();
    if (state == io::Moved::failed) co_return std::unexpected(cut(transport_.last_error()));
    body_failed_ = filled == Pump::broken;
    if (body_failed_) co_return std::unexpected(cut(pump->error()));
    if (filled == Pump::done) break;
    if (filled == Pump::waiting) co_await body->readable();
  }
  Sent sent{.body_bytes = pump ? pump->bytes() : 0, .complete = true};
  if (body && body->trailers()) sent.trailers = *body->trailers();
  co_return sent;
}

void Http1Server::accept_or_decline_tunnel(int status) {
  if (!std::exchange(tunnel_pending_, false)) return;
  is_tunnel_ = is_connect_ ? status / 100 == 2 : status == 101;
  if (is_tunnel_) decoder_ = http1::BodyDecoder({http1::Framing::until_close});
  attention_.set();
  tunnel_accepted_.set();
}

// How the response's end is shown, RFC 9112 section 6.3.
http1::Outgoing Http1Server::plan(const Response& response) const {
  using http1::Framing;
  const int status = response.headers.status();
  http1::Outgoing outgoing{.close = close_, .keep_alive = is_http10_ && !close_, .minor_version = is_http10_ ? 0 : 1};
  if (is_tunnel_) {
    outgoing.framing.kind = response.body ? Framing::until_close : Framing::none;
    outgoing.is_tunnel = !is_connect_;
    outgoing.close = false;
    return outgoing;
  }
  if (status < 200 || status == 204) return outgoing;
  if ((is_head_ || status == 304) && response.headers.has("content-length")) {
    outgoing.keep_length = true;
    return outgoing;
  }
  if (status == 304 || (is_head_ && !response.body)) return outgoing;
  outgoing.announce_none = true;
  const auto length = response.body ? response.body->length() : std::optional<uint64_t>(0);
  if (!length)
    outgoing.framing.kind = is_http10_ ? Framing::until_close : Framing::chunked;
  else if (*length > 0)
    outgoing.framing = {Framing::length, *length};
  if (outgoing.framing.kind == Framing::until_close && !is_head_) {
    outgoing.close = true;
    outgoing.keep_alive = false;
  }
  return outgoing;
}

void Http1Server::reset(uint32_t) {
  if (!broken_) cut({ErrorKind::cancelled, "reset"});
}

// The client must see that this is not the end it was promised: the connection breaks.
Error Http1Server::cut(Error error) {
  broken_ = true;
  out_.drop();
  transport_.abort_on_close();
  return error;
}

}  // namespace lateen::http
