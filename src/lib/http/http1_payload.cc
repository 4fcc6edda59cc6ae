#include "lib/http/http1_payload.h"

#include <cstring>

namespace lateen::http {

Buffer take_payload(Buffer& in, http1::BodyDecoder& decoder) {
  const std::string_view bytes = in.view();
  char* const base = in.data();
  size_t used = 0, begin = 0, end = 0;
  while (used < bytes.size() && !decoder.over() && !decoder.refused()) {
    const auto [consumed, slice] = decoder.feed(bytes.substr(used));
    used += consumed;
    if (slice.empty()) continue;
    const auto at = static_cast<size_t>(slice.data() - bytes.data());
    if (end == 0) {
      begin = at;
      end = at + slice.size();
    } else {
      std::memmove(base + end, slice.data(), slice.size());
      end += slice.size();
    }
  }
  if (begin == end) {
    in.consume(used);
    return {};
  }
  Buffer behind(bytes.substr(used));
  Buffer payload = std::exchange(in, std::move(behind));
  payload.truncate(end);
  payload.consume(begin);
  return payload;
}

io::Moved BodyReader::read(io::Transport& transport, Buffer& in) {
  constexpr size_t large = 4 * Buffer::block_size;
  const auto room = in.writable(wanted_);
  const io::Moved moved = transport.try_read(room);
  if (moved.state == io::Moved::moved) {
    in.commit(moved.bytes);
    wanted_ = moved.bytes == room.size() ? large : Buffer::block_size;
  } else {
    in.release_if_empty();
  }
  return moved;
}

io::Moved::State Outbox::try_flush(io::Transport& transport) {
  // Copying a short chunk costs less than describing it to the system.
  constexpr size_t short_chunk = 2048;
  if (!text.empty() && !chunk.empty() && chunk.size() <= short_chunk) {
    text.append(chunk.view());
    text.append(tail.view());
    chunk = Buffer();
    tail = Buffer();
  }
  while (!empty()) {
    std::string_view parts[3];
    size_t count = 0;
    for (const Buffer* part : {&text, &chunk, &tail})
      if (!part->empty()) parts[count++] = part->view();
    const io::Moved moved = transport.try_write(std::span<const std::string_view>(parts, count));
    if (moved.state != io::Moved::moved) return moved.state;
    size_t left = moved.bytes;
    for (Buffer* part : {&text, &chunk, &tail}) {
      const size_t n = std::min(left, part->size());
      if (n > 0) part->consume(n);
      left -= n;
    }
  }
  drop();
  return io::Moved::moved;
}

void Outbox::drop() {
  text = Buffer();
  chunk = Buffer();
  tail = Buffer();
}

Pump::State Pump::fill(Outbox& outbox) {
  if (framing_.kind == http1::Framing::none) return done;
  if (!looked_ahead_) next_ = body_.try_pull();
  looked_ahead_ = false;
  switch (next_.state) {
    case Body::blocked:
      return waiting;
    case Body::failed:
      return fail_with(body_.last_error());
    case Body::ended:
      return finish(outbox);
    case Body::chunk:
      break;
  }
  const size_t size = next_.bytes.size();
  if (framing_.kind == http1::Framing::length) {
    if (size > left_) return fail_with({ErrorKind::protocol, "a body is longer than its announced length"});
    left_ -= size;
  }
  bytes_ += size;
  outbox.chunk = std::move(next_.bytes);
  if (framing_.kind == http1::Framing::chunked) {
    http1::write_chunk_size(outbox.text, size);
    outbox.tail.append("\r\n");
  }
  next_ = body_.try_pull();
  if (next_.state == Body::ended) return finish(outbox);
  looked_ahead_ = next_.state != Body::blocked;
  return next_.state == Body::blocked ? waiting : ready;
}

Pump::State Pump::finish(Outbox& outbox) {
  if (framing_.kind == http1::Framing::length && left_ > 0)
    return fail_with({ErrorKind::protocol, "a body is shorter than its announced length"});
  if (framing_.kind == http1::Framing::chunked) http1::write_last_chunk(outbox.tail, body_.trailers());
  return done;
}

Pump::State Pump::fail_with(Error error) {
  error_ = std::move(error);
  return broken;
}

}  // namespace lateen::http
