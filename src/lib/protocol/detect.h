// Which HTTP a plain-text connection speaks, from its first bytes; the rules of Envoy's http_inspector.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lateen::protocol {

enum class DetectedHttp : uint8_t {
  need_more,  // may still become HTTP
  http1_0,
  http1_1,
  http2,  // the 24 bytes of the preface (RFC 9113 section 3.4)
  not_http,
};

inline constexpr std::string_view http2_preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// To be called with all bytes again whenever more have come. HTTP/1 is known by a whole request line; a line longer
// than `limit`, or a byte that no request line holds, means that it is something else.
DetectedHttp detect_http(std::string_view bytes, size_t limit = 64 * 1024);

}  // namespace lateen::protocol
