#include "lib/grpc/message_stream.h"

namespace lateen::grpc {

Incoming::State Incoming::fail(Code code, std::string message) {
  failure_ = {code, std::move(message)};
  return failed;
}

Incoming::State Incoming::next(Buffer& message) {
  if (!failure_.ok()) return failed;
  for (;;) {
    auto found = decoder_.next();
    if (!found && found.error().kind == ErrorKind::too_large)
      return fail(Code::resource_exhausted,
                  fmt::format("a message is larger than the limit of {} bytes", message_max_));
    if (!found) return fail(Code::internal, found.error().message);
    if (*found) {
      if ((*found)->compressed) return fail(Code::unimplemented, "compressed messages are not supported");
      message = std::move((*found)->bytes);
      return State::message;
    }
    if (ended_)
      return decoder_.is_between_messages() ? ended : fail(Code::internal, "the stream ended inside a message");
    const auto pulled = body_.try_pull();
    switch (pulled.state) {
      case http::Body::blocked:
        return blocked;
      case http::Body::ended:
        ended_ = true;
        break;
      case http::Body::failed:
        failure_ = to_status(body_.last_error());
        return failed;
      case http::Body::chunk:
        decoder_.append(pulled.bytes.view());
    }
  }
}

Incoming::State Incoming::try_read(MessageLite& out) {
  Buffer bytes;
  const State state = next(bytes);
  if (state != message) return state;
  const bool parsed = out.ParseFromArray(bytes.view().data(), static_cast<int>(bytes.size()));
  return parsed ? message : fail(Code::internal, fmt::format("a message does not parse as {}", out.GetTypeName()));
}

Incoming::State Incoming::try_read(std::string& out) {
  Buffer bytes;
  const State state = next(bytes);
  if (state == message) out.assign(bytes.view());
  return state;
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
  std::string bytes;
  return message.SerializeToString(&bytes) && add(bytes);
}

bool Outgoing::add(std::string_view serialised) {
  if (queue_->gone || queue_->finished || serialised.size() > INT32_MAX) return false;
  protocol::append_grpc_message(queue_->buffer, serialised);
  if (pending() > window) queue_->drained.clear();
  queue_->readable.set();
  return true;
}

size_t Outgoing::pending() const { return queue_->buffer.size(); }

io::Task<void> Outgoing::drained() {
  const auto queue = queue_;
  co_await queue->drained;
}

io::Readiness& Outgoing::has_room() { return queue_->drained; }

void Outgoing::finish(std::optional<Headers> trailers) {
  if (queue_->finished) return;
  queue_->finished = true;
  queue_->trailers = std::move(trailers);
  queue_->readable.set();
}

bool Outgoing::gone() const { return queue_->gone; }

}  // namespace lateen::grpc
