// Counts what a peer sends that costs it little and us much, and says when it is too much. Private to the HTTP/2 codec.
#pragma once
#include "lib/protocol/http2.h"

namespace lateen::protocol {

class Http2Floods {
 public:
  explicit Http2Floods(const Http2Options& options) : options_(options), resets_left_(options.stream_reset_burst) {}

  // Each returns what is wrong, or null while all is well.

  // HEADERS, CONTINUATION or DATA without a payload that do not end a stream (CVE-2019-9518).
  const char* on_payload_frame(bool empty) {
    empty_frames_ = empty ? empty_frames_ + 1 : 0;
    return empty_frames_ > options_.max_consecutive_empty_frames ? "too many empty frames" : nullptr;
  }
  const char* on_priority() {
    const uint64_t most = uint64_t{options_.max_priority_frames_per_stream} * (1 + streams_);
    return ++priorities_ > most ? "too many PRIORITY frames" : nullptr;
  }
  const char* on_window_update() {
    const uint64_t most = 5 + 2 * (streams_ + options_.max_window_updates_per_data_frame_sent * data_frames_sent_);
    return ++window_updates_ > most ? "too many WINDOW_UPDATE frames" : nullptr;
  }
  // A stream that the peer reset, or that its own mistake made us reset (CVE-2023-44487, CVE-2025-8671).
  const char* on_reset(Time now) {
    if (filled_at_ == Time{}) filled_at_ = now;
    const double gained = std::chrono::duration<double>(now - filled_at_).count() * options_.stream_reset_rate;
    resets_left_ = std::min<double>(options_.stream_reset_burst, resets_left_ + std::max(gained, 0.0));
    filled_at_ = now;
    if (resets_left_ < 1) return "too many stream resets";
    resets_left_ -= 1;
    return nullptr;
  }

  void on_stream_opened() { ++streams_; }
  void on_data_sent() { ++data_frames_sent_; }

 private:
  const Http2Options& options_;
  uint64_t streams_ = 0, data_frames_sent_ = 0, priorities_ = 0, window_updates_ = 0;
  uint32_t empty_frames_ = 0;
  double resets_left_;
  Time filled_at_{};
};

}  // namespace lateen::protocol
