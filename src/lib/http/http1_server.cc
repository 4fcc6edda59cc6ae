#include "lib/http/http1_server.h"

#include <cstring>

#include "lib/http/http1_request_body.h"

namespace lateen::http {

// How much of an unwanted body is read so that the connection can go on, or so that the client reads its answer before
// it learns that we are gone; and for how long.
static constexpr uint64_t discarded_bytes_max = 256 * 1024;
static constexpr Duration linger_time = 1s;

// Requests that are served without waiting before other tasks of the loop have their turn.
static constexpr uint32_t requests_in_a_row = 64;

Http1Server::Http1Server(io::Transport& transport, Service& service, const ServerOptions& options, Buffer first,
                         std::shared_ptr<Drain> drain)
    : transport_(transport),
      service_(service),
      options_(options),
      in_(std::move(first)),
      attention_(transport.loop()),
      tunnel_accepted_(transport.loop()),
      timer_(transport.loop()),
      drain_(std::move(drain), attention_),
      serving_(transport.loop()) {
  if (options_.max_connection_duration > 0s)
    connection_deadline_ = transport_.loop().now() + options_.max_connection_duration;
}

Http1Server::~Http1Server() {
  serving_.cancel();
  if (body_) body_->detach();
}

io::Task<void> Http1Server::run() {
  for (;;) {
    const Time now = transport_.loop().now();
    const Time idle_end = options_.idle_timeout > 0s ? now + options_.idle_timeout : Time::max();
    set_deadline(std::min(idle_end, connection_deadline_));
    Next next;
    while ((next = next_head()) == Next::wait) {
      co_await either(transport_.readable(), attention_);
      if ((next = woken()) == Next::end) break;
    }
    if (refusal_.status) co_return co_await refuse();
    if (next == Next::end) co_return transport_.shutdown_write();

    set_deadline(Time::max());
    serving_.start(service_.serve(*this));
    while (serving_.running()) {
      if (body_ && !decoder_.over() && !body_error_) {
        co_await either(serving_.done(), attention_);
        attention_.clear();
      } else if (in_.size() < Buffer::block_size && discarded_ < discarded_bytes_max && !continue_pending_) {
        co_await io::any_of(serving_.done(), transport_.readable(), attention_);
        attention_.clear();
        if (serving_.running() && transport_.readable().is_set() && !watch_client()) co_return;
      } else {
        co_await serving_.done();
      }
    }
    if (!responded_ || broken_) co_return transport_.abort_on_close();
    if (!decoder_.over() && !co_await discard_body()) co_return co_await end_in_order();
    if (close_) co_return co_await end_in_order();
    leave_exchange();
    if (requests_ % requests_in_a_row == 0) co_await transport_.loop().yield();
  }
}

// A head from what is there and what can be read at once.
Http1Server::Next Http1Server::next_head() {
  const http1::Limits limits{options_.max_head_bytes, options_.max_head_fields, options_.accept_http10};
  for (;;) {
    // A head that comes in drops is parsed again for each new line only, not for each byte.
    const std::string_view bytes = in_.view();
    if (!bytes.empty() && (scanned_ == 0 || bytes.size() >= limits.max_head_bytes ||
                           std::memchr(bytes.data() + scanned_, '\n', bytes.size() - scanned_))) {
      const auto head = http1::parse_request_head(bytes, request_.headers, limits, options_.scheme);
      if (!head) {
        refusal_ = head.error();
        return Next::end;
      }
      if (*head) return take_head(**head);
    }
    if (scanned_ == 0 && !bytes.empty() && options_.request_headers_timeout > 0s)
      set_deadline(transport_.loop().now() + options_.request_headers_timeout);
    scanned_ = bytes.size();
    const io::Moved moved = transport_.try_read(in_.writable());
    if (moved.state == io::Moved::moved) {
      in_.commit(moved.bytes);
      continue;
    }
    in_.release_if_empty();
    return moved.state == io::Moved::blocked ? Next::wait : Next::end;
  }
}

Http1Server::Next Http1Server::take_head(const http1::RequestHead& head) {
  in_.consume(head.size);
  in_.release_if_empty();
  scanned_ = 0;
  ++requests_;
  const std::string_view method = request_.headers.method();
  is_head_ = method == "HEAD";
  is_connect_ = method == "CONNECT";
  is_http10_ = head.minor_version == 0;
  close_ =
      !head.keep_alive || (options_.max_requests_per_connection && requests_ >= options_.max_requests_per_connection);
  continue_pending_ = head.expects_continue;
  tunnel_pending_ = head.is_tunnel;
  request_.version = is_http10_ ? Version::http1_0 : Version::http1_1;
  request_.is_tunnel = head.is_tunnel;
  const bool has_body = head.framing.kind != http1::Framing::none;
  if (has_body) decoder_ = http1::BodyDecoder(head.framing, {options_.max_head_bytes, options_.max_head_fields});
  if (has_body || head.is_tunnel) {
    auto body = std::make_unique<RequestBody>(*this, head.framing);
    body_ = body.get();
    request_.body = std::move(body);
  }
  return Next::got;
}

// The flag or bytes woke us between requests.
Http1Server::Next Http1Server::woken() {
  if (!attention_.is_set()) return Next::wait;
  attention_.clear();
  const Time now = transport_.loop().now();
  if (in_.empty() && drain_.is_started()) return Next::end;
  if (now < deadline_) return Next::wait;
  if (!in_.empty() && options_.request_headers_timeout > 0s)
    refusal_ = {408, "the request's head did not come in time"};
  return Next::end;
}

// Timers are armed late and seldom: a busy connection moves only the deadline.
void Http1Server::set_deadline(Time when) {
  deadline_ = when;
  if (when >= timer_at_) return;
  timer_at_ = when;
  timer_.arm(when, [](void* self) { static_cast<Http1Server*>(self)->timer_fired(); }, this);
}

void Http1Server::timer_fired() {
  timer_at_ = Time::max();
  if (transport_.loop().now() >= deadline_)
    attention_.set();
  else
    set_deadline(deadline_);
}

// Something arrived while a service works and nobody reads a body. False when the client is gone.
bool Http1Server::watch_client() {
  if (!decoder_.over() && !body_error_) {
    const Body::Pulled pulled = pull_body();  // nobody wants it any more
    discarded_ += pulled.bytes.size();
    return pulled.state != Body::failed || body_error_->kind == ErrorKind::protocol;
  }
  const io::Moved moved = transport_.try_read(in_.writable());
  if (moved.state == io::Moved::moved) in_.commit(moved.bytes);
  in_.release_if_empty();
  return moved.state == io::Moved::moved || moved.state == io::Moved::blocked;
}

void Http1Server::leave_exchange() {
  if (body_) body_->detach();
  body_ = nullptr;
  request_ = Request();
  decoder_ = http1::BodyDecoder();
  body_error_.reset();
  received_ = discarded_ = 0;
  responded_ = is_tunnel_ = tunnel_pending_ = continue_pending_ = false;
  tunnel_accepted_.clear();
  if (drain_.is_started()) attention_.set();
}

// Reads what is left of a body that the service did not want; false when that is not worth it.
io::Task<bool> Http1Server::discard_body() {
  if (continue_pending_ || is_tunnel_ || close_) co_return false;
  set_deadline(transport_.loop().now() + linger_time);
  for (;;) {
    const Body::Pulled pulled = pull_body();
    discarded_ += pulled.bytes.size();
    if (pulled.state == Body::ended) co_return true;
    if (pulled.state == Body::failed || discarded_ > discarded_bytes_max) co_return false;
    if (pulled.state == Body::chunk) continue;
    co_await either(transport_.readable(), attention_);
    if (attention_.is_set() && transport_.loop().now() >= deadline_) co_return false;
    attention_.clear();
  }
}

io::Task<void> Http1Server::refuse() {
  close_ = true;
  const bool low_version = refusal_.status == 426;
  Headers headers;
  headers.set_status(refusal_.status);
  headers.add("content-type", "text/plain");
  if (!options_.server_name.empty()) headers.add("server", options_.server_name);
  if (low_version) headers.add("upgrade", "HTTP/1.1");
  const std::string_view text = refusal_.reason;
  http1::write_response_head(
      out_.text, headers, {.framing = {http1::Framing::length, text.size()}, .close = true, .is_tunnel = low_version});
  out_.text.append(text);
  service_.refused(transport_, refusal_.status, refusal_.reason);
  set_deadline(transport_.loop().now() + linger_time);
  while (out_.try_flush(transport_) == io::Moved::blocked) {
    co_await either(transport_.writable(), attention_);
    if (transport_.loop().now() >= deadline_) co_return transport_.abort_on_close();
    attention_.clear();
  }
  decoder_ = http1::BodyDecoder({http1::Framing::until_close});  // whatever follows is unread
  co_await end_in_order();
}

// Ends our side, then waits a little for the client to end its own: a close with bytes unread would be a reset, which
// can overtake the answer.
io::Task<void> Http1Server::end_in_order() {
  transport_.shutdown_write();
  if (decoder_.over() && in_.empty()) co_return;
  set_deadline(transport_.loop().now() + linger_time);
  for (uint64_t bytes = 0; bytes < discarded_bytes_max;) {
    in_.clear();
    const io::Moved moved = transport_.try_read(in_.writable());
    if (moved.state == io::Moved::ended || moved.state == io::Moved::failed) co_return;
    bytes += moved.bytes;
    if (moved.state == io::Moved::moved) continue;
    co_await either(transport_.readable(), attention_);
    if (transport_.loop().now() >= deadline_) co_return;
    attention_.clear();
  }
}

}  // namespace lateen::http
