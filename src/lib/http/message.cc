#include "lib/http/message.h"

namespace lateen::http {

io::Task<Result<Buffer>> pull(Body& body) {
  for (;;) {
    Body::Pulled pulled = body.try_pull();
    switch (pulled.state) {
      case Body::chunk:
        co_return std::move(pulled.bytes);
      case Body::ended:
        co_return Buffer();
      case Body::failed:
        co_return std::unexpected(body.last_error());
      case Body::blocked:
        break;
    }
    co_await body.readable();
  }
}

io::Task<Result<std::string>> read_all(Body& body, size_t limit) {
  std::string all;
  for (;;) {
    const auto next = co_await pull(body);
    if (!next) co_return failed(next);
    if (next->empty()) co_return all;
    if (next->size() > limit - all.size())
      co_return fail(ErrorKind::too_large, "the body is longer than {} bytes", limit);
    all += next->view();
  }
}

namespace {

class BufferBody final : public Body {
 public:
  BufferBody(io::Loop& loop, Buffer bytes) : readable_(loop, true), length_(bytes.size()), bytes_(std::move(bytes)) {}

  Pulled try_pull() override {
    if (bytes_.empty()) return {.state = ended};
    return {.state = chunk, .bytes = std::exchange(bytes_, {})};
  }
  io::Readiness& readable() override { return readable_; }
  std::optional<uint64_t> length() const override { return length_; }
  bool is_at_hand() const override { return true; }
  Error last_error() const override { return {ErrorKind::internal, "a body that is there cannot fail"}; }

 private:
  io::Readiness readable_;
  uint64_t length_;
  Buffer bytes_;
};

}  // namespace

std::unique_ptr<Body> buffer_body(io::Loop& loop, Buffer bytes) {
  return std::make_unique<BufferBody>(loop, std::move(bytes));
}

}  // namespace lateen::http
