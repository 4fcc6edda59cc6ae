#include "lib/protocol/detect.h"

namespace lateen::protocol {

namespace {

constexpr size_t method_most = 64;

bool is_token(char c) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         others.find(c) != std::string_view::npos;
}

bool is_printable(char c) { return static_cast<uint8_t>(c) > 32 && c != 127; }

DetectedHttp version_of(std::string_view line) {
  if (line.ends_with(" HTTP/1.1")) return DetectedHttp::http1_1;
  if (line.ends_with(" HTTP/1.0")) return DetectedHttp::http1_0;
  return DetectedHttp::not_http;
}

}  // namespace

DetectedHttp detect_http(std::string_view bytes, size_t limit) {
  if (bytes.starts_with(http2_preface)) return DetectedHttp::http2;
  if (http2_preface.starts_with(bytes)) return DetectedHttp::need_more;
  size_t at = 0;
  while (at < bytes.size() && is_token(bytes[at])) ++at;
  if (at > method_most) return DetectedHttp::not_http;
  if (at == bytes.size()) return DetectedHttp::need_more;
  if (at == 0 || bytes[at] != ' ') return DetectedHttp::not_http;
  // The target, a space, the version: printable bytes with one space between.
  const size_t target = ++at;
  while (at < bytes.size() && is_printable(bytes[at])) ++at;
  if (at == bytes.size()) return at > limit ? DetectedHttp::not_http : DetectedHttp::need_more;
  if (at == target || bytes[at] != ' ') return DetectedHttp::not_http;
  const size_t space = at++;
  while (at < bytes.size() && is_printable(bytes[at])) ++at;
  if (at - space > 9) return DetectedHttp::not_http;
  if (at == bytes.size()) return at > limit ? DetectedHttp::not_http : DetectedHttp::need_more;
  if (bytes[at] != '\r') return DetectedHttp::not_http;
  if (at + 1 == bytes.size()) return DetectedHttp::need_more;
  if (bytes[at + 1] != '\n' || at > limit) return DetectedHttp::not_http;
  return version_of(bytes.substr(0, at));
}

}  // namespace lateen::protocol
