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

class TextBody final : public Body {
 public:
  TextBody(io::Loop& loop, std::string text) : readable_(loop, true), text_(std::move(text)) {}

  Pulled try_pull() override {
    if (at_ == text_.size()) return {.state = ended};
    const std::string_view next = std::string_view(text_).substr(at_, Buffer::block_size);
    at_ += next.size();
    return {.state = chunk, .bytes = Buffer(next)};
  }
  io::Readiness& readable() override { return readable_; }
  std::optional<uint64_t> length() const override { return text_.size(); }
  Error last_error() const override { return {ErrorKind::internal, "a body of text cannot fail"}; }

 private:
  io::Readiness readable_;
  std::string text_;
  size_t at_ = 0;
};

}  // namespace

std::unique_ptr<Body> text_body(io::Loop& loop, std::string text) {
  return std::make_unique<TextBody>(loop, std::move(text));
}

}  // namespace lateen::http
