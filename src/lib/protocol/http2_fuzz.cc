// A program of calls on a codec: bytes from a peer, and everything its owner may do between them. The input is a list
// of steps; see run(). What must hold: no crash, no bytes held beyond the windows, nothing written after the end.
#include <memory>
#include <vector>

#include "lib/protocol/detect.h"
#include "lib/protocol/http2.h"

namespace lateen::protocol {
namespace {

constexpr uint32_t stream_window = 70'000, connection_window = 100'000;

Http2Options options_of_fuzzing() {
  Http2Options options;
  options.initial_stream_window = stream_window;
  options.initial_connection_window = connection_window;
  options.max_concurrent_streams = 8;
  return options;
}

class FuzzedStream final : public Http2Stream {
 public:
  void on_data(std::string_view) override { must_be_open(); }
  void on_end(Headers*) override { must_be_open(); }
  void on_head(Headers, bool) override { must_be_open(); }
  void on_informational(Headers) override { must_be_open(); }
  void on_sent() override {}
  void on_closed(const Http2Closed&) override { closed_ = true; }
  bool answered = false;

 private:
  void must_be_open() {
    if (closed_) __builtin_trap();
  }
  bool closed_ = false;
};

class Fuzzed final : public Http2Events {
 public:
  explicit Fuzzed(bool server)
      : server_(server),
        codec_(server ? make_http2_server_codec(options_of_fuzzing(), *this)
                      : make_http2_client_codec(options_of_fuzzing(), *this)) {
    for (const char* name : {":method", ":scheme", ":authority", ":path"})
      request_.add(name, name[1] == 'p' ? "/" : name[1] == 'm' ? "POST" : "http");
    response_.add(":status", "200");
    trailers_.add("grpc-status", "0");
    if (server) (void)codec_->receive(http2_preface, now_);
  }
  ~Fuzzed() override { streams_.clear(); }

  Http2Stream* on_request(Headers head, bool) override {
    if (head.method().empty() || head.size() > 100) __builtin_trap();
    if (streams_.size() >= 64) return nullptr;
    streams_.push_back(std::make_unique<FuzzedStream>());
    return streams_.back().get();
  }

  void run(std::string_view steps) {
    while (!steps.empty()) {
      const auto step = static_cast<uint8_t>(steps[0]);
      steps.remove_prefix(1);
      if (step < 128) {  // so many bytes from the peer
        const size_t size = std::min<size_t>(step * 2, steps.size());
        (void)codec_->receive(steps.substr(0, size), now_);
        steps.remove_prefix(size);
      } else {
        act(step);
      }
      check();
    }
    write();
  }

 private:
  FuzzedStream* some(uint8_t step) { return streams_.empty() ? nullptr : streams_[step / 16 % streams_.size()].get(); }

  void act(uint8_t step) {
    now_ += 10ms;
    FuzzedStream* stream = some(step);
    switch (step % 16) {
      case 0:
        return write();
      case 1:
        return open();
      case 2:
        return stream ? answer(*stream) : void();
      case 3:
        return ready(stream) ? codec_->send_data(*stream, Buffer(std::string(3000, 'd'))) : void();
      case 4:
        return ready(stream) ? codec_->send_end(*stream, nullptr) : void();
      case 5:
        return ready(stream) ? codec_->send_end(*stream, &trailers_) : void();
      case 6:
        return stream ? codec_->reset(*stream, Http2Error::cancel) : void();
      case 7:
        return stream ? codec_->consume(*stream, 5000) : void();
      case 8:
        return stream ? codec_->forget(*stream, 5000) : void();
      case 9:
        return stream ? drop(step) : void();
      case 10:
        return codec_->send_ping(1);
      case 11:
        return codec_->announce_shutdown();
      case 12:
        return codec_->refuse_new_streams();
      case 13:
        return step == 255 ? codec_->terminate(Http2Error::no_error) : write();
      case 14:
        now_ += 1s;
        return;
      default:
        return write();
    }
  }

  bool ready(const FuzzedStream* stream) const { return stream && stream->answered && stream->unsent() < 100'000; }
  void open() {
    if (server_ || streams_.size() >= 64) return;
    auto stream = std::make_unique<FuzzedStream>();
    if (!codec_->open(*stream, request_, false)) return;
    stream->answered = true;
    streams_.push_back(std::move(stream));
  }
  void answer(FuzzedStream& stream) {
    if (server_ && !std::exchange(stream.answered, true)) codec_->send_head(stream, response_, false);
  }
  void drop(uint8_t step) {
    const size_t index = step / 16 % streams_.size();
    streams_.erase(streams_.begin() + static_cast<std::ptrdiff_t>(index));
  }
  void write() {
    Buffer out;
    codec_->write(out, 20'000);
    if (codec_->finished() && codec_->wants_write()) __builtin_trap();
  }
  void check() {
    size_t held = 0;
    for (const auto& stream : streams_) {
      if (stream->unconsumed() > stream_window) __builtin_trap();
      held += stream->unconsumed();
    }
    if (held > connection_window) __builtin_trap();
  }

  const bool server_;
  Headers request_, response_, trailers_;
  Time now_{1h};
  std::unique_ptr<Http2Codec> codec_;
  std::vector<std::unique_ptr<FuzzedStream>> streams_;
};

}  // namespace
}  // namespace lateen::protocol

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size < 2) return 0;
  lateen::protocol::Fuzzed fuzzed(bytes[0] % 2 == 0);
  fuzzed.run({reinterpret_cast<const char*>(bytes) + 1, size - 1});
  return 0;
}
