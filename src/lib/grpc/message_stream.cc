#include "lib/grpc/message_stream.h"

namespace lateen::grpc {

namespace {

constexpr size_t prefix_size = 5;

uint32_t read_length(std::string_view bytes) {
  const auto at = [&](size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(bytes[i])); };
  return at(1) << 24 | at(2) << 16 | at(3) << 8 | at(4);
}

void write_prefix(size_t length, char* out) {
  out[0] = 0;
  for (int i = 0; i < 4; ++i) out[1 + i] = static_cast<char>(length >> (24 - 8 * i));
}

}  // namespace

Incoming::State Incoming::fail(Code code, std::string message) {
  failure_ = {code, std::move(message)};
  return failed;
}

Incoming::State Incoming::next(std::string_view& bytes, size_t& taken) {
  if (!failure_.ok()) return failed;
  for (;;) {
    const auto view = buffer_.view();
    if (view.size() >= prefix_size) {
      const size_t length = read_length(view);
      if (view[0] != 0) return fail(Code::unimplemented, "compressed messages are not supported");
      if (length > message_max_)
        return fail(Code::resource_exhausted,
                    fmt::format("a message of {} bytes is larger than the limit of {}", length, message_max_));
      if (view.size() - prefix_size >= length) {
        bytes = view.substr(prefix_size, length);
        taken = prefix_size + length;
        return message;
      }
    }
    if (ended_) return view.empty() ? ended : fail(Code::internal, "the stream ended inside a message");
    auto pulled = body_.try_pull();
    switch (pulled.state) {
      case http::Body::blocked:
        buffer_.release_if_empty();
        return blocked;
      case http::Body::ended:
        ended_ = true;
        break;
      case http::Body::failed:
        failure_ = to_status(body_.last_error());
        return failed;
      case http::Body::chunk:
        if (buffer_.empty()) {
          buffer_ = std::move(pulled.bytes);
        } else {
          buffer_.append(pulled.bytes.view());
        }
    }
  }
}

Incoming::State Incoming::try_read(MessageLite& out) {
  std::string_view bytes;
  size_t taken = 0;
  const State state = next(bytes, taken);
  if (state != message) return state;
  const bool parsed = out.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  buffer_.consume(taken);
  return parsed ? message : fail(Code::internal, fmt::format("a message does not parse as {}", out.GetTypeName()));
}

Incoming::State Incoming::try_read(std::string& out) {
  std::string_view bytes;
  size_t taken = 0;
  const State state = next(bytes, taken);
  if (state != message) return state;
  out.assign(bytes);
  buffer_.consume(taken);
  return message;
}

// Shared by the writer and the body, whichever lives longer.
struct Outgoing::Queue {
  explicit Queue(io::Loop& loop) : loop(loop), readable(loop), drained(loop, true) {}
  io::Loop& loop;
  Buffer buffer;
  io::Readiness readable, drained;
  std::optional<Headers> trailers;
  bool finished = false;     // by the writer
  bool writer_gone = false;  // without finish(): the body fails
  bool gone = false;         // the body has died
};

class Outgoing::PulledBody final : public http::Body {
 public:
  explicit PulledBody(std::shared_ptr<Queue> queue) : queue_(std::move(queue)) {}
  ~PulledBody() override {
    queue_->gone = true;
    queue_->buffer = Buffer();
    queue_->drained.set();
  }

  Pulled try_pull() override {
    if (!queue_->buffer.empty()) {
      queue_->drained.set();
      return {chunk, std::exchange(queue_->buffer, Buffer())};
    }
    if (queue_->finished) return {ended, {}};
    if (queue_->writer_gone) return {failed, {}};
    queue_->readable.clear();
    return {blocked, {}};
  }
  io::Readiness& readable() override { return queue_->readable; }
  const Headers* trailers() const override { return queue_->trailers ? &*queue_->trailers : nullptr; }
  Error last_error() const override { return {ErrorKind::cancelled, "the call was given up"}; }

 private:
  std::shared_ptr<Queue> queue_;
};

Outgoing::Outgoing(io::Loop& loop) : queue_(std::make_shared<Queue>(loop)) {}

Outgoing::~Outgoing() {
  queue_->writer_gone = true;
  queue_->readable.set();
}

std::unique_ptr<http::Body> Outgoing::take_body() { return std::make_unique<PulledBody>(queue_); }

bool Outgoing::add(const MessageLite& message) {
  if (queue_->gone || queue_->finished) return false;
  const size_t length = message.ByteSizeLong();
  if (length > INT32_MAX) return false;
  const auto space = queue_->buffer.writable(prefix_size + length);
  write_prefix(length, space.data());
  message.SerializeWithCachedSizesToArray(reinterpret_cast<uint8_t*>(space.data() + prefix_size));
  queue_->buffer.commit(prefix_size + length);
  if (pending() > window) queue_->drained.clear();
  queue_->readable.set();
  return true;
}

bool Outgoing::add(std::string_view serialised) {
  if (queue_->gone || queue_->finished || serialised.size() > INT32_MAX) return false;
  const auto space = queue_->buffer.writable(prefix_size + serialised.size());
  write_prefix(serialised.size(), space.data());
  if (!serialised.empty()) std::memcpy(space.data() + prefix_size, serialised.data(), serialised.size());
  queue_->buffer.commit(prefix_size + serialised.size());
  if (pending() > window) queue_->drained.clear();
  queue_->readable.set();
  return true;
}

size_t Outgoing::pending() const { return queue_->buffer.size(); }

io::Task<void> Outgoing::drained() {
  const auto queue = queue_;
  co_await queue->drained;
}

void Outgoing::finish(std::optional<Headers> trailers) {
  if (queue_->finished) return;
  queue_->finished = true;
  queue_->trailers = std::move(trailers);
  queue_->readable.set();
}

bool Outgoing::gone() const { return queue_->gone; }

}  // namespace lateen::grpc
