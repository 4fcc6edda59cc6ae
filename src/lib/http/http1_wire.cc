#include <cstring>

#include "lib/http/http1_client.h"

namespace lateen::http {

Http1Wire::Http1Wire(std::unique_ptr<io::Transport> transport, const ClientOptions& options, Http1Client& owner)
    : transport(std::move(transport)), options(options), owner(&owner), uploading_(this->transport->loop()) {}

bool Http1Wire::is_idle_and_open() {
  if (busy || closed || draining) return false;
  if (options.max_requests_per_connection && requests >= options.max_requests_per_connection) return false;
  if (!transport->readable().is_set()) return true;
  // Nothing should come on an idle connection: what does is its end, or an answer that nobody asked for.
  char byte;
  if (transport->try_read({&byte, 1}).state != io::Moved::blocked) closed = true;
  return !closed;
}

bool Http1Wire::begin(Request& request) {
  busy = true;
  ++requests;
  answer_begun_ = response_over_ = uploaded_ = false;
  error.reset();
  scanned_ = 0;
  const std::string_view method = request.headers.method();
  asked_ = method == "HEAD"      ? http1::Asked::head
           : method == "CONNECT" ? http1::Asked::connect
           : request.is_tunnel   ? http1::Asked::upgrade
                                 : http1::Asked::other;
  http1::Outgoing outgoing;
  request_body_ = std::move(request.body);
  if (asked_ == http1::Asked::connect || asked_ == http1::Asked::upgrade) {
    outgoing.is_tunnel = asked_ == http1::Asked::upgrade;
  } else {
    const auto length = request_body_ ? request_body_->length() : std::optional<uint64_t>(0);
    if (!length)
      outgoing.framing.kind = http1::Framing::chunked;
    else if (*length > 0)
      outgoing.framing = {http1::Framing::length, *length};
    else
      outgoing.announce_none =
          request.headers.has("content-length") || method == "POST" || method == "PUT" || method == "PATCH";
  }
  if (!http1::write_request_head(out_.text, request.headers, outgoing)) return false;
  start_upload(outgoing.framing);
  return true;
}

// Writes what can be written at once; a task goes on with the rest.
void Http1Wire::start_upload(http1::Framing framing) {
  Pump::State filled = Pump::done;
  if (framing.kind != http1::Framing::none) {
    pump_.emplace(*request_body_, framing);
    filled = pump_->fill(out_);
  }
  const io::Moved::State state = out_.try_flush(*transport);
  if (state == io::Moved::moved && filled == Pump::done) return upload_ended();
  uploading_.start(upload(filled));
}

io::Task<void> Http1Wire::upload(Pump::State filled) {
  for (;;) {
    io::Moved::State state;
    while ((state = out_.try_flush(*transport)) == io::Moved::blocked) co_await transport->writable();
    // A server may answer and close without reading everything: the reader finds out.
    if (state == io::Moved::failed) co_return out_.drop();
    if (filled == Pump::broken) co_return fail(SendError::body, Error(pump_->error()).in("the request's body"));
    if (filled == Pump::done) break;
    if (filled == Pump::waiting) co_await request_body_->readable();
    filled = pump_->fill(out_);
  }
  upload_ended();
}

void Http1Wire::upload_ended() {
  uploaded_ = true;
  if (head.is_tunnel) transport->shutdown_write();
  release_when_over();
}

Http1Wire::Head Http1Wire::next_head(Headers& headers) {
  const http1::Limits limits{options.max_head_bytes, options.max_head_fields};
  for (;;) {
    if (error) return Head::failed;
    const std::string_view bytes = in_.view();
    if (!bytes.empty() && (scanned_ == 0 || bytes.size() >= limits.max_head_bytes ||
                           std::memchr(bytes.data() + scanned_, '\n', bytes.size() - scanned_))) {
      const auto parsed = http1::parse_response_head(bytes, headers, asked_, limits);
      if (!parsed) {
        fail(SendError::protocol, {ErrorKind::protocol, fmt::format("response head: {}", parsed.error().reason)});
        return Head::failed;
      }
      if (*parsed) {
        head = **parsed;
        in_.consume(head.size);
        scanned_ = 0;
        return Head::got;
      }
    }
    scanned_ = bytes.size();
    const io::Moved moved = transport->try_read(in_.writable());
    switch (moved.state) {
      case io::Moved::moved:
        in_.commit(moved.bytes);
        answer_begun_ = true;
        break;
      case io::Moved::blocked:
        in_.release_if_empty();
        return Head::wait;
      case io::Moved::ended:
        fail(SendError::reset, {ErrorKind::closed, "the server closed the connection before it answered"});
        return Head::failed;
      case io::Moved::failed:
        fail(SendError::reset, transport->last_error());
        return Head::failed;
    }
  }
}

std::unique_ptr<Body> Http1Wire::take_response_body() {
  if (head.framing.kind == http1::Framing::length && head.framing.bytes == in_.size() && uploaded_) {
    // It came with the head, as short ones do: the connection is free before the body is read.
    auto whole = buffer_body(transport->loop(), std::exchange(in_, {}));
    response_over_ = true;
    release_when_over();
    return whole;
  }
  decoder_ = http1::BodyDecoder(head.framing, {options.max_head_bytes, options.max_head_fields});
  in_.release_if_empty();
  if (decoder_.over()) {
    response_over_ = true;
    // Nothing of the response remains to hold the upload: it ends here.
    if (!uploaded_) {
      abandon({ErrorKind::closed, "the server answered before it had the whole request"});
      return nullptr;
    }
    release_when_over();
    return nullptr;
  }
  auto response_body = std::make_unique<Http1ResponseBody>(WireRef(this), head.framing);
  body = response_body.get();
  if (head.is_tunnel && request_body_) {
    uploaded_ = false;
    start_upload({http1::Framing::until_close});
  }
  return response_body;
}

Body::Pulled Http1Wire::pull() {
  for (;;) {
    if (error) return {.state = Body::failed};
    if (decoder_.over()) return {.state = Body::ended};
    if (in_.empty()) {
      const io::Moved moved = reader_.read(*transport, in_);
      if (moved.state == io::Moved::blocked) return {.state = Body::blocked};
      if (moved.state == io::Moved::failed) fail(SendError::reset, transport->last_error());
      if (moved.state == io::Moved::ended) {
        closed = true;
        if (decoder_.end_of_input())
          response_is_over();
        else
          fail(SendError::reset, {ErrorKind::closed, "the server ended the connection inside a response body"});
      }
      if (moved.state != io::Moved::moved) continue;
    }
    Buffer payload = take_payload(in_, decoder_);
    if (const http1::Refusal* refusal = decoder_.refused())
      fail(SendError::protocol, {ErrorKind::protocol, fmt::format("response body: {}", refusal->reason)});
    if (decoder_.over()) response_is_over();
    if (!payload.empty()) return {.state = Body::chunk, .bytes = std::move(payload)};
  }
}

void Http1Wire::response_is_over() {
  response_over_ = true;
  release_when_over();
}

// The connection is free, or of no more use, when both directions are through.
void Http1Wire::release_when_over() {
  if (!busy || !response_over_ || !uploaded_) return;
  if (body) std::exchange(body, nullptr)->leave(decoder_.take_trailers());
  pump_.reset();
  request_body_.reset();
  busy = false;
  if (!head.keep_alive || !in_.empty() || error) closed = true;
  if (owner) owner->wire_changed();
}

void Http1Wire::fail(SendError::Where at, Error why) {
  if (error) return;
  error = std::move(why);
  where = at;
  closed = true;
  // Whoever reads must look up, whatever the socket says.
  transport->readable().set();
}

void Http1Wire::abandon(Error why) {
  fail(SendError::reset, std::move(why));
  uploading_.cancel();
  out_.drop();
  pump_.reset();
  request_body_.reset();
  busy = false;
  transport->abort_on_close();
  if (owner) owner->wire_changed();
}

SendError Http1Wire::failure() const {
  return {.where = where,
          .reused_connection = requests > 1 && !answer_begun_ && where == SendError::reset,
          .error = *error};
}

}  // namespace lateen::http
