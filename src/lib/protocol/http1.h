// HTTP/1.0 and 1.1 messages (RFC 9112): heads from bytes and to bytes, where a body ends, chunks. No I/O and no memory
// of its own beyond one message.
//
// Reading is strict. What two readers could understand differently is refused, never repaired: length together with
// chunked, a repeated Content-Length or Host, space before a colon, bare LF or CR, folded lines, codings other than one
// final "chunked", control characters anywhere. So nothing can be smuggled through to the next hop.
//
// Heads become what HTTP/2 carries: the request line and Host turn into pseudo-headers, fields that speak of one
// connection only (connection and what it names, keep-alive, proxy-connection, transfer-encoding, te but for
// "trailers", "expect: 100-continue") are taken out and reported beside the fields. An upgrade that is_tunnel reports
// keeps "connection: upgrade" and its `upgrade` field.
#pragma once
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/buffer.h"
#include "lib/protocol/headers.h"

namespace lateen::protocol::http1 {

struct Limits {
  size_t max_head_bytes = 60 * 1024;  // of a head, and of all trailers together
  size_t max_fields = 100;
  bool accept_http10 = true;
};

// Why a message is not accepted, and what a server answers then (a proxy's client side answers 502 for all).
struct Refusal {
  int status = 400;
  const char* reason = "";
};

// How the end of a body is known (RFC 9112 section 6.3).
struct Framing {
  enum Kind : uint8_t {
    none,         // there is no body
    length,       // `bytes` bytes, more than 0
    chunked,      // chunks, then trailers
    until_close,  // all bytes to the end of the connection: old responses, and both directions of a tunnel
  };
  Kind kind = none;
  uint64_t bytes = 0;
};

// What a head says beside its fields.
struct RequestHead {
  size_t size = 0;  // bytes of the head
  int minor_version = 1;
  bool keep_alive = true;
  bool expects_continue = false;
  bool is_tunnel = false;   // CONNECT, or an upgrade to anything but h2c; framing is then none
  bool has_scheme = false;  // the target named it (absolute form)
  Framing framing;
};

struct ResponseHead {
  size_t size = 0;
  int minor_version = 1;
  int status = 0;
  bool keep_alive = true;
  bool is_tunnel = false;  // 101, or 2xx to CONNECT: raw bytes follow; framing is then until_close
  Framing framing;
};

// What a response's framing depends on: the request it answers.
enum class Asked : uint8_t { other, head, connect, upgrade };

// A parsed head, or nothing when `bytes` end before the head does.
template <class Head>
using Parsed = std::expected<std::optional<Head>, Refusal>;

// Both read a head from the front of `bytes` into `headers`, which are valid only when a head comes back. Every prefix
// of a valid head is "not yet"; an invalid one is refused as soon as the bytes show it. For a request, :scheme is
// `scheme` unless the target says otherwise; CONNECT has neither :scheme nor :path.
Parsed<RequestHead> parse_request_head(std::string_view bytes, Headers& headers, const Limits& limits = {},
                                       std::string_view scheme = "http");
Parsed<ResponseHead> parse_response_head(std::string_view bytes, Headers& headers, Asked asked,
                                         const Limits& limits = {});

// Takes a body apart. Feed it what follows the head, in pieces of any size.
class BodyDecoder {
 public:
  BodyDecoder() = default;  // of a message without body
  explicit BodyDecoder(Framing framing, const Limits& limits = {});

  struct Step {
    size_t consumed = 0;       // bytes that belong to this message; what follows them was not looked at
    std::string_view payload;  // a slice of the input, possibly empty
  };
  // Goes on to the end of the next piece of payload. To be called again with the rest until it consumes nothing or
  // over() or refused().
  Step feed(std::string_view bytes);
  // The connection has ended in order. False when the body was cut off by that.
  bool end_of_input();

  bool over() const { return state_ == over_; }
  const Refusal* refused() const { return state_ == refused_ ? &refusal_ : nullptr; }
  // The fields after a chunked body, without those that only belong into heads; null when there are none.
  const Headers* trailers() const { return trailers_.get(); }
  std::unique_ptr<Headers> take_trailers() { return std::move(trailers_); }
  uint64_t remaining() const { return left_; }  // of the length, or of the chunk
  Framing::Kind kind() const { return kind_; }

 private:
  enum State : uint8_t {
    size_,
    extension_,
    size_lf_,
    data_,
    data_cr_,
    data_lf_,
    trailers_state_,
    raw_,
    over_,
    refused_
  };
  void feed_size(char c);
  void feed_extension(char c);
  void feed_trailers(char c);
  void refuse(Refusal refusal);
  void finish_trailers();

  Framing::Kind kind_ = Framing::none;
  State state_ = over_;
  uint8_t digits_ = 0;
  bool extension_named_ = false;
  uint64_t left_ = 0;
  size_t extension_bytes_ = 0;
  Limits limits_;
  Refusal refusal_;
  std::string trailer_text_;
  std::unique_ptr<Headers> trailers_;
};

// What a written head says about its message beside the fields.
struct Outgoing {
  Framing framing;  // the fields about it are written by this, not from the headers
  bool announce_none =
      false;  // framing none is written as "content-length: 0" (unless the headers have a length to keep)
  bool keep_length = false;  // the headers' own content-length describes a body that is not sent (HEAD, 304)
  bool close = false;        // "connection: close"
  bool keep_alive = false;   // "connection: keep-alive", for HTTP/1.0 clients
  bool is_tunnel = false;    // the headers' `upgrade` and "connection: upgrade" are written
  int minor_version = 1;     // of a response's status line
};

// Append a head to `out`. Control characters in values become spaces. False, with nothing appended, when the method,
// :path or :authority cannot stand in a request line.
[[nodiscard]] bool write_request_head(Buffer& out, const Headers& headers, const Outgoing& outgoing);
void write_response_head(Buffer& out, const Headers& headers, const Outgoing& outgoing);

// Chunked framing: a size line before each piece (never of 0 bytes), CRLF behind it, and the end.
void write_chunk_size(Buffer& out, uint64_t bytes);
void write_last_chunk(Buffer& out, const Headers* trailers);

// "Not Found" for 404; "" for what has no registered phrase.
std::string_view reason_phrase(int status);

// Whether a comma-separated field value contains that lower-case token, capitals ignored.
bool has_token(std::string_view list, std::string_view token);

}  // namespace lateen::protocol::http1
