#include <algorithm>
#include <array>
#include <cstring>

#include "lib/protocol/http1_fields.h"
#include "lib/protocol/http1_scan.h"

namespace lateen::protocol::http1 {

// Extensions say nothing to us; who sends more of them than of payload is playing games.
static constexpr size_t extension_bytes_max = 4096;

BodyDecoder::BodyDecoder(Framing framing, const Limits& limits)
    : kind_(framing.kind), left_(framing.bytes), limits_(limits) {
  switch (kind_) {
    case Framing::none:
      break;
    case Framing::length:
      state_ = left_ > 0 ? raw_ : over_;
      break;
    case Framing::chunked:
      state_ = size_;
      left_ = 0;
      break;
    case Framing::until_close:
      state_ = raw_;
      break;
  }
}

BodyDecoder::Step BodyDecoder::feed(std::string_view bytes) {
  Step step;
  if (state_ == raw_) {
    size_t n = bytes.size();
    if (kind_ == Framing::length) {
      n = static_cast<size_t>(std::min<uint64_t>(n, left_));
      left_ -= n;
      if (left_ == 0) state_ = over_;
    }
    return {n, bytes.substr(0, n)};
  }
  while (step.consumed < bytes.size() && state_ != over_ && state_ != refused_) {
    const char c = bytes[step.consumed];
    switch (state_) {
      case size_:
        feed_size(c);
        break;
      case extension_:
        feed_extension(c);
        break;
      case size_lf_:
        if (c != '\n') return refuse({400, "CR without LF"}), step;
        digits_ = 0;
        state_ = left_ > 0 ? data_ : trailers_state_;
        break;
      case data_: {
        const auto n = static_cast<size_t>(std::min<uint64_t>(bytes.size() - step.consumed, left_));
        step.payload = bytes.substr(step.consumed, n);
        step.consumed += n;
        left_ -= n;
        if (left_ == 0) state_ = data_cr_;
        return step;
      }
      case data_cr_:
        if (c != '\r') return refuse({400, "chunk longer than its size"}), step;
        state_ = data_lf_;
        break;
      case data_lf_:
        if (c != '\n') return refuse({400, "CR without LF"}), step;
        state_ = size_;
        break;
      default:
        feed_trailers(c);
        break;
    }
    if (state_ == refused_) return step;
    ++step.consumed;
  }
  return step;
}

void BodyDecoder::feed_size(char c) {
  int digit = -1;
  if (c >= '0' && c <= '9')
    digit = c - '0';
  else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
    digit = (c | 0x20) - 'a' + 10;
  if (digit >= 0) {
    // 15 digits are 2^60: more than will ever come, and no overflow.
    if (++digits_ > 15) return refuse({400, "chunk size too large"});
    left_ = left_ * 16 + static_cast<uint64_t>(digit);
    return;
  }
  if (digits_ == 0) return refuse({400, "invalid chunk size"});
  if (c == '\r') {
    state_ = size_lf_;
  } else if (c == ';') {
    state_ = extension_;
    extension_named_ = false;
  } else {
    refuse({400, "invalid chunk size"});
  }
}

void BodyDecoder::feed_extension(char c) {
  if (++extension_bytes_ > extension_bytes_max) return refuse({400, "chunk extensions too long"});
  if (c == '\r') {
    if (!extension_named_) return refuse({400, "chunk extension without a name"});
    state_ = size_lf_;
  } else if (is_control(c) && c != '\t') {
    refuse({400, "control character in a chunk extension"});
  } else if (c == ';') {
    if (!extension_named_) return refuse({400, "chunk extension without a name"});
    extension_named_ = false;
  } else if (c != ' ' && c != '\t') {
    extension_named_ = true;
  }
}

void BodyDecoder::feed_trailers(char c) {
  if (trailer_text_.size() >= limits_.max_head_bytes) return refuse({431, "trailers too large"});
  const bool after_cr = trailer_text_.ends_with('\r');
  if (after_cr != (c == '\n')) return refuse({400, after_cr ? "CR without LF" : "line ends with LF alone"});
  trailer_text_ += c;
  if (c != '\n') return;
  if (trailer_text_.size() == 2 || trailer_text_.ends_with("\r\n\r\n")) finish_trailers();
}

void BodyDecoder::finish_trailers() {
  state_ = over_;
  if (trailer_text_.size() == 2) return;
  auto fields = std::make_unique<Headers>();
  FieldFacts facts;
  const char* at = trailer_text_.data();
  const auto rest = parse_fields(at, at + trailer_text_.size(), *fields, facts, limits_, false);
  if (!rest) return refuse(rest.error());
  remove_hop_fields(*fields, facts, false);
  // What frames or routes a message has no meaning behind it (RFC 9110 section 6.5.1).
  for (const char* name : {"content-length", "host", "te", "trailer"}) fields->remove(name);
  if (!fields->empty()) trailers_ = std::move(fields);
}

bool BodyDecoder::end_of_input() {
  if (kind_ == Framing::until_close && state_ == raw_) state_ = over_;
  return over();
}

void BodyDecoder::refuse(Refusal refusal) {
  refusal_ = refusal;
  state_ = refused_;
}

}  // namespace lateen::protocol::http1
