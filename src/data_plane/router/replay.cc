#include "data_plane/router/replay.h"

namespace lateen::router {

class ReplayableBody::View final : public http::Body {
 public:
  explicit View(std::shared_ptr<ReplayableBody> whole) : whole_(std::move(whole)) {}

  Pulled try_pull() override {
    if (at_ < whole_->kept_.size()) {
      Buffer bytes(std::string_view(whole_->kept_).substr(at_, Buffer::block_size));
      at_ += bytes.size();
      return {chunk, std::move(bytes)};
    }
    if (whole_->ended_) return {ended, {}};
    Pulled pulled = whole_->source_->try_pull();
    if (pulled.state == chunk) keep(pulled.bytes.view());
    if (pulled.state == ended) end();
    return pulled;
  }
  io::Readiness& readable() override { return whole_->source_->readable(); }
  std::optional<uint64_t> length() const override { return whole_->source_->length(); }
  const http::Headers* trailers() const override { return whole_->source_->trailers(); }
  Error last_error() const override { return whole_->source_->last_error(); }

 private:
  void keep(std::string_view bytes) {
    if (!whole_->replayable_) return;
    if (whole_->kept_.size() + bytes.size() > whole_->limit_) {
      whole_->replayable_ = false;
      whole_->kept_.clear();
      whole_->kept_.shrink_to_fit();
      at_ = 0;
      return;
    }
    whole_->kept_ += bytes;
    at_ = whole_->kept_.size();
  }
  void end() {
    if (std::exchange(whole_->ended_, true) || !whole_->replayable_ || !whole_->when_complete_) return;
    std::exchange(whole_->when_complete_, nullptr)(whole_->kept_);
  }
  std::shared_ptr<ReplayableBody> whole_;
  size_t at_ = 0;
};

std::unique_ptr<http::Body> ReplayableBody::view() { return std::make_unique<View>(shared_from_this()); }

}  // namespace lateen::router
