#include "lib/http/server.h"

namespace lateen::http {

void Drain::start() {
  started_ = true;
  while (io::Link* node = watches_.front()) {
    node->unlink();
    static_cast<DrainWatch*>(node)->flag_.set();
  }
}

DrainWatch::DrainWatch(std::shared_ptr<Drain> drain, io::Readiness& flag) : drain_(std::move(drain)), flag_(flag) {
  if (!drain_) return;
  if (drain_->is_started())
    flag_.set();
  else
    drain_->watches_.push_back(*this);
}

}  // namespace lateen::http
