#include "lib/http/http2_link.h"

#include "lib/base/strings.h"

namespace lateen::http {

using protocol::Http2Error;
using protocol::Http2Stream;

namespace {
constexpr size_t bytes_per_write = 64 * 1024;   // framed at a time; more waits in the streams
constexpr size_t unsent_high_mark = 64 * 1024;  // of one stream: then its body is not pulled for a while
constexpr Duration last_words = std::chrono::seconds(1);
}  // namespace

Http2Link::Http2Link(io::Transport& transport, std::unique_ptr<protocol::Http2Codec> codec)
    : transport_(transport),
      codec_(std::move(codec)),
      dirty_(transport.loop(), true),
      attention_(transport.loop()),
      pulse_(transport.loop()),
      writing_(transport.loop()) {
  writing_.start(keep_writing());
}

Http2Link::Step Http2Link::read_some() {
  const io::Moved moved = transport_.try_read(in_.writable());
  switch (moved.state) {
    case io::Moved::blocked:
      in_.release_if_empty();
      return Step::nothing;
    case io::Moved::ended:
      return Step::ended;
    case io::Moved::failed:
      error_ = transport_.last_error();
      return Step::broken;
    case io::Moved::moved:
      break;
  }
  in_.commit(moved.bytes);
  const Step step = feed(in_.view());
  in_.clear();
  return step;
}

Http2Link::Step Http2Link::feed(std::string_view bytes) {
  heard_ = loop().now();
  auto received = codec_->receive(bytes, heard_);
  if (codec_->wants_write()) flush_soon();
  if (received) return Step::read;
  error_ = std::move(received.error());
  return Step::broken;
}

void Http2Link::keep_alive(Duration interval, Duration timeout) {
  if (interval <= 0s) return;
  pulse_interval_ = interval;
  pulse_timeout_ = timeout;
  heard_ = loop().now();
  feel_pulse();
}

void Http2Link::feel_pulse() {
  const Time now = loop().now();
  if (asked_ && heard_ < *asked_) {
    const auto silence = std::chrono::floor<std::chrono::seconds>(now - heard_);
    error_ = {ErrorKind::timed_out,
              fmt::format("{} gave no sign of life for {}", transport_.remote().text(), format_duration(silence))};
    write_failed_ = true;
    attention_.set();
    return;
  }
  asked_.reset();
  Time next = heard_ + pulse_interval_;
  if (next <= now) {
    codec_->send_ping(pulse_ping);
    flush_soon();
    asked_ = now;
    next = now + pulse_timeout_;
  }
  pulse_.arm(next, [](void* self) { static_cast<Http2Link*>(self)->feel_pulse(); }, this);
}

io::Task<void> Http2Link::keep_writing() {
  for (;;) {
    co_await dirty_;
    co_await loop().yield();
    dirty_.clear();
    for (;;) {
      if (out_.empty()) codec_->write(out_, bytes_per_write);
      if (out_.empty()) break;
      const io::Moved moved = transport_.try_write(out_.view());
      if (moved.state == io::Moved::moved) {
        out_.consume(moved.bytes);
      } else if (moved.state == io::Moved::blocked) {
        co_await transport_.writable();
      } else {
        error_ = transport_.last_error();
        write_failed_ = true;
        attention_.set();
        co_return;
      }
    }
    out_.release_if_empty();
    if (codec_->finished()) attention_.set();
  }
}

io::Task<void> Http2Link::close_in_order() {
  flush_soon();
  io::Readiness late(loop());
  io::Timer timer(loop());
  timer.arm(loop().now() + last_words, [](void* flag) { static_cast<io::Readiness*>(flag)->set(); }, &late);
  while (!is_done() && !write_failed_ && !late.is_set()) {
    attention_.clear();
    co_await io::either(attention_, late);
  }
  if (write_failed_ || late.is_set()) co_return;
  transport_.shutdown_write();
  for (int reads = 0; reads < 64 && !late.is_set(); ++reads) {
    const io::Moved moved = transport_.try_read(in_.writable());
    if (moved.state == io::Moved::blocked)
      co_await io::either(transport_.readable(), late);
    else if (moved.state != io::Moved::moved)
      break;
  }
}

io::Task<bool> wait_for_end(Http2Stream& stream, io::Readiness& sent) {
  while (stream.is_open() && !stream.has_sent_end()) {
    sent.clear();
    co_await sent;
  }
  co_return stream.has_sent_end();
}

io::Task<Result<uint64_t>> send_body(Http2Link& link, Http2Stream& stream, Body& body, io::Readiness& sent) {
  uint64_t bytes = 0;
  while (stream.is_open()) {
    Body::Pulled pulled = body.try_pull();
    if (pulled.state == Body::blocked) {
      co_await body.readable();
    } else if (pulled.state == Body::chunk) {
      bytes += pulled.bytes.size();
      link.codec().send_data(stream, std::move(pulled.bytes));
      link.flush_soon();
      if (stream.unsent() < unsent_high_mark) continue;
      while (stream.is_open() && stream.unsent() > Http2Stream::low_mark) {
        sent.clear();
        co_await sent;
      }
    } else if (pulled.state == Body::failed) {
      link.codec().reset(stream, Http2Error::internal_error);
      link.flush_soon();
      co_return std::unexpected(body.last_error());
    } else {
      link.codec().send_end(stream, body.trailers());
      link.flush_soon();
      if (co_await wait_for_end(stream, sent)) co_return bytes;
    }
  }
  co_return fail(ErrorKind::reset, "the stream was reset after {} bytes were sent", bytes);
}

void Http2Inbound::end(Headers* last_fields) {
  ended = true;
  if (last_fields) {
    has_trailers = true;
    trailers = std::move(*last_fields);
  }
  readable.set();
}

void Http2Inbound::fail_with(Error cause) {
  if (ended || failed) return;
  failed = true;
  error = std::move(cause);
  readable.set();
}

Body::Pulled Http2Inbound::pull() {
  Body::Pulled result;
  if (!bytes.empty()) {
    result.state = Body::chunk;
    result.bytes = std::move(bytes);
    pulled += result.bytes.size();
  } else if (ended || failed) {
    result.state = ended ? Body::ended : Body::failed;
  } else {
    readable.clear();
  }
  return result;
}

std::optional<uint64_t> announced_length(const Headers& head) {
  const auto value = head.get("content-length");
  return value ? parse_number<uint64_t>(*value) : std::nullopt;
}

}  // namespace lateen::http
