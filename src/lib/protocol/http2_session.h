// The HTTP/2 codec on nghttp2. Private to lib/protocol: everybody else sees http2.h.
#pragma once
#include <string>
#include <vector>

#include <nghttp2/nghttp2.h>

#include "lib/protocol/http2_floods.h"

namespace lateen::protocol {

class Http2Session final : public Http2Codec {
 public:
  enum class Side : uint8_t { server, client };
  Http2Session(Side side, const Http2Options& options, Http2Events& events);
  ~Http2Session() override;

  Result<> receive(std::string_view bytes, Time now) override;
  void write(Buffer& out, size_t most) override;
  bool wants_write() const override { return nghttp2_session_want_write(session_); }
  bool finished() const override;
  bool in_head() const override { return in_head_; }
  std::string_view violation() const override { return violation_; }

  Result<> open(Http2Stream& stream, const Headers& head, bool end) override;
  void send_informational(Http2Stream& stream, const Headers& head) override;
  void send_head(Http2Stream& stream, const Headers& head, bool end) override;
  void send_data(Http2Stream& stream, Buffer bytes) override;
  void send_end(Http2Stream& stream, const Headers* trailers) override;
  void reset(Http2Stream& stream, Http2Error code) override;
  void consume(Http2Stream& stream, size_t bytes) override;
  void forget(Http2Stream& stream, size_t bytes) override;

  void send_ping(uint64_t payload) override;
  void announce_shutdown() override;
  void refuse_new_streams() override;
  void terminate(Http2Error code) override;

  uint32_t open_streams() const override { return open_streams_; }
  uint32_t peer_max_concurrent_streams() const override;
  bool peer_allows_extended_connect() const override;

 protected:
  void abandon(Http2Stream& stream) override;

 private:
  struct Callbacks;  // what nghttp2 calls, in http2_receive.cc
  friend struct Callbacks;

  // A head or trailers while their fields arrive; one at a time on a connection.
  struct Incoming {
    Headers fields;
    std::string cookie, host;
    size_t bytes = 0, count = 0;
    bool request = false, has_cookie = false, has_authority = false, over_limit = false;
  };

  nghttp2_session* make_session();
  static nghttp2_data_provider data_of_streams();
  void send_settings();
  void attach(Http2Stream& stream, uint32_t id);
  void detach(Http2Stream& stream);
  void close(Http2Stream& stream, const Http2Closed& closed);
  Http2Stream* owner_of(int32_t id) const;
  const std::vector<nghttp2_nv>& encoded(const Headers& head);
  void resume(Http2Stream& stream);

  // Each returns what nghttp2 wants to hear: 0, or a code that resets the stream or ends the connection.
  int on_frame_header(const nghttp2_frame_hd& header);
  int begin_head(const nghttp2_frame& frame);
  int add_field(std::string_view name, std::string_view value);
  int refuse_field(int32_t id);
  int on_frame(const nghttp2_frame& frame);
  int on_malformed(int32_t id);
  int on_reset_frame(int32_t id);
  int end_head(const nghttp2_frame& frame);
  int give_up(const char* why);

  void finish_fields();
  void take_request(int32_t id, bool ended);
  void take_answer(Http2Stream& stream, bool ended);
  void take_data(int32_t id, std::string_view bytes);
  void end_stream(Http2Stream& stream, Headers* trailers);
  void answer_too_large(int32_t id);
  void violate(Http2Stream& stream, Http2Error code);
  void stream_closed(int32_t id, Http2Error code);

  long read_data(int32_t id, size_t most, uint32_t& flags);
  int write_data(const nghttp2_frame& frame, std::string_view frame_header, size_t length);
  void frame_sent(const nghttp2_frame& frame);
  void end_sent(int32_t id);
  void reset_sent(int32_t id);
  void goaway_sent(const nghttp2_goaway& goaway);
  void frame_not_sent(const nghttp2_frame& frame);

  const Side side_;
  const Http2Options options_;
  Http2Events& events_;
  nghttp2_session* session_;
  Http2Floods floods_;
  Http2Stream* streams_ = nullptr;
  Incoming incoming_;
  std::vector<nghttp2_nv> fields_;  // of the head being sent; kept for its memory
  std::string violation_;
  Buffer* out_ = nullptr;  // during write()
  size_t most_ = 0;
  Time now_{};
  uint32_t open_streams_ = 0;
  bool in_head_ = false, failed_ = false, going_away_ = false;
};

}  // namespace lateen::protocol
