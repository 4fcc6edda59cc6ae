// HTTP/2 (RFC 9113) as a state machine without I/O: bytes in, events out; calls in, bytes out. One codec is one
// connection, server or client side.
//
// Whoever owns the connection feeds receive() and empties write(); once a turn of the loop is enough, since every call
// in between only queues. Each open stream belongs to an object derived from Http2Stream, which the codec tells what
// happens. Events are called from inside receive() and write(): they may call the codec's sending functions, but must
// neither call receive() or write() nor destroy a stream.
//
// Flow control: received bytes count as held until the stream's owner gives them back by consume(), so what a stream
// and a connection can make their owner hold is limited by the windows in Http2Options. In the other direction
// send_data() takes any amount; a careful sender looks at unsent() first and waits for on_sent().
//
// What is checked here, so that nobody above must: framing and stream states; field names and values, pseudo-fields,
// connection-specific fields, content-length against the bytes (sections 8.1 to 8.3); the size and number of fields;
// floods. A malformed message resets its stream, a broken connection is told why by GOAWAY. Fields that HTTP/2 forbids
// (connection, keep-alive, proxy-connection, transfer-encoding, upgrade, te but "trailers") are left out when sending;
// "cookie" fields that came in pieces are joined; "host" becomes ":authority" where that is missing and is dropped
// where it is not.
#pragma once
#include <cstdint>
#include <memory>
#include <string_view>

#include "lib/base/buffer.h"
#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/protocol/headers.h"

namespace lateen::protocol {

// RFC 9113 section 7.
enum class Http2Error : uint32_t {
  no_error,
  protocol_error,
  internal_error,
  flow_control_error,
  settings_timeout,
  stream_closed,
  frame_size_error,
  refused_stream,
  cancel,
  compression_error,
  connect_error,
  enhance_your_calm,
  inadequate_security,
  http_1_1_required,
};
const char* name_of(Http2Error code);  // "REFUSED_STREAM"; "UNKNOWN" for codes that the RFC does not have

// The limits' names and values are Envoy's.
struct Http2Options {
  uint32_t max_concurrent_streams = 100;  // that the peer may open; a client allows none (no server push)
  uint32_t initial_stream_window = 256 * 1024;
  uint32_t initial_connection_window = 1024 * 1024;
  uint32_t hpack_table_size = 4096;
  size_t max_head_bytes = 60 * 1024;  // names and values of one head or of its trailers
  size_t max_head_fields = 100;
  bool extended_connect = true;  // a server offers RFC 8441

  size_t max_outbound_frames = 10'000;        // waiting to be written
  size_t max_outbound_control_frames = 1000;  // answers to PING and SETTINGS, waiting to be written
  size_t max_settings_per_frame = 32;
  size_t max_continuations = 8;  // frames after one HEADERS
  uint32_t max_consecutive_empty_frames = 1;
  uint32_t max_priority_frames_per_stream = 100;
  uint32_t max_window_updates_per_data_frame_sent = 10;
  // Streams that the peer reset or made us reset by an error of its own: a bucket of `burst`, filled at `rate` a
  // second. Server only (CVE-2023-44487 and its kin).
  uint32_t stream_reset_burst = 1000;
  uint32_t stream_reset_rate = 33;
};

class Http2Codec;

// How a stream ended before its time, or in order (no_error, not by_peer).
struct Http2Closed {
  Http2Error code = Http2Error::no_error;
  bool by_peer = false;    // it sent RST_STREAM, or a GOAWAY that excludes the stream
  bool violation = false;  // the codec reset the stream because the peer's message was malformed
};

// One open stream, as its owner sees it. Destroying it resets the stream if it is still open, and gives back what was
// not consumed.
class Http2Stream {
 public:
  Http2Stream(const Http2Stream&) = delete;
  uint32_t id() const { return id_; }                // 0 before the codec knows it
  size_t unsent() const { return unsent_.size(); }   // bytes of send_data() that are not in a frame yet
  size_t unconsumed() const { return unconsumed_; }  // received bytes that were not given back yet
  bool is_open() const { return open_; }             // neither closed nor reset
  bool has_sent_end() const { return sent_end_; }    // our last frame has gone to write()'s buffer
  bool has_received_end() const { return received_end_; }

 protected:
  Http2Stream() = default;
  virtual ~Http2Stream();

  // Client only: an interim response (1xx), then the final one.
  virtual void on_informational(Headers head) {}
  virtual void on_head(Headers head, bool ended) {}
  virtual void on_data(std::string_view bytes) = 0;
  // The peer's side is complete. Trailers are null when there are none; they may be moved from.
  virtual void on_end(Headers* trailers) = 0;
  // unsent() fell to `low_mark` or below, or our last frame has left.
  virtual void on_sent() = 0;
  // The last event of a stream that was not reset by this side.
  virtual void on_closed(const Http2Closed& closed) = 0;

 public:
  static constexpr size_t low_mark = 16 * 1024;

 private:
  friend class Http2Codec;
  friend class Http2Session;
  Http2Codec* codec_ = nullptr;
  Http2Stream *previous_ = nullptr, *next_ = nullptr;  // all streams of the codec
  Buffer unsent_;
  std::unique_ptr<Headers> trailers_;  // to be sent after unsent_
  size_t unconsumed_ = 0;
  uint32_t id_ = 0;
  bool open_ = false, end_queued_ = false, sent_end_ = false, received_end_ = false, received_head_ = false;
  bool reset_by_peer_ = false, violated_ = false, deferred_ = false;
};

// Events of a connection. Owned by the codec's owner, outlives the codec.
class Http2Events {
 public:
  virtual ~Http2Events() = default;
  // Server only: a request's head. Returns the stream's owner, which lives as long as it likes, or null to refuse the
  // stream (REFUSED_STREAM: the client may repeat it elsewhere).
  virtual Http2Stream* on_request(Headers head, bool ended) { return nullptr; }
  // Server only: a request's head was over the limits; the codec has answered it with that status.
  virtual void on_rejected(int status, std::string_view reason) {}
  // The peer will take (client) or open (server) no further streams.
  virtual void on_goaway(Http2Error code, std::string_view debug) {}
  virtual void on_settings() {}
  virtual void on_pong(uint64_t payload) {}
};

class Http2Codec {
 public:
  virtual ~Http2Codec() = default;

  // Reads what came from the peer, all of it. An error means that the connection is lost: write() may still give a
  // GOAWAY that says why.
  virtual Result<> receive(std::string_view bytes, Time now) = 0;
  // Appends waiting frames to `out` until it holds `most` bytes or more, or nothing waits that may be sent now.
  virtual void write(Buffer& out, size_t most) = 0;
  virtual bool wants_write() const = 0;
  // Nothing will be read or written any more: close the transport.
  virtual bool finished() const = 0;
  // A head has begun and not ended.
  virtual bool in_head() const = 0;
  // Why the codec ended the connection; "" when it did not.
  virtual std::string_view violation() const = 0;

  // Client only: opens a stream. Fails when the connection takes no further streams (GOAWAY, ids used up).
  virtual Result<> open(Http2Stream& stream, const Headers& head, bool end) = 0;
  // Server only: an interim response, and the response.
  virtual void send_informational(Http2Stream& stream, const Headers& head) = 0;
  virtual void send_head(Http2Stream& stream, const Headers& head, bool end) = 0;
  virtual void send_data(Http2Stream& stream, Buffer bytes) = 0;
  virtual void send_end(Http2Stream& stream, const Headers* trailers) = 0;
  // Ends the stream at once; no further event comes. Does nothing on a stream that is not open.
  virtual void reset(Http2Stream& stream, Http2Error code) = 0;
  // Gives back window for bytes that on_data() delivered; works after the end of the stream, too.
  virtual void consume(Http2Stream& stream, size_t bytes) = 0;
  // Gives back the connection's part of the window only: the bytes are dropped, and the stream shall send no more.
  virtual void forget(Http2Stream& stream, size_t bytes) = 0;

  virtual void send_ping(uint64_t payload) = 0;
  // The first step of an orderly end: GOAWAY with the highest id. New streams are still taken.
  virtual void announce_shutdown() = 0;
  // The second step: GOAWAY with the last stream taken; later ones are ignored.
  virtual void refuse_new_streams() = 0;
  // GOAWAY with that code, then finished().
  virtual void terminate(Http2Error code) = 0;

  virtual uint32_t open_streams() const = 0;
  // Client only: how many streams the peer allows at once, and whether it takes extended CONNECT.
  virtual uint32_t peer_max_concurrent_streams() const = 0;
  virtual bool peer_allows_extended_connect() const = 0;

 protected:
  friend class Http2Stream;
  virtual void abandon(Http2Stream& stream) = 0;
};

std::unique_ptr<Http2Codec> make_http2_server_codec(const Http2Options& options, Http2Events& events);
std::unique_ptr<Http2Codec> make_http2_client_codec(const Http2Options& options, Http2Events& events);

}  // namespace lateen::protocol
