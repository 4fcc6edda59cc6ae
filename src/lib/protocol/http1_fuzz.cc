// Any bytes as a request and as a response: nothing may crash, pieces must give what the whole gives, and what was
// accepted must be accepted again after being written.
#include <cstdlib>

#include "lib/protocol/http1.h"

using namespace lateen;
using namespace lateen::protocol;
using namespace lateen::protocol::http1;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

std::string decode(std::string_view bytes, Framing framing, size_t step, std::string& end) {
  BodyDecoder decoder(framing);
  std::string payload;
  while (!bytes.empty() && !decoder.over() && !decoder.refused()) {
    std::string_view piece = bytes.substr(0, step);
    while (!piece.empty() && !decoder.over() && !decoder.refused()) {
      const auto [consumed, slice] = decoder.feed(piece);
      require(consumed <= piece.size());
      require(consumed > 0 || decoder.over() || decoder.refused());
      payload += slice;
      piece.remove_prefix(consumed);
      bytes.remove_prefix(consumed);
    }
  }
  end = decoder.refused() ? decoder.refused()->reason
        : decoder.over()  ? "over " + std::to_string(bytes.size())
                          : "more";
  return payload;
}

void check_body(std::string_view bytes, Framing framing, size_t step) {
  std::string whole_end, piece_end;
  const std::string whole = decode(bytes, framing, bytes.size() + 1, whole_end);
  require(whole == decode(bytes, framing, step, piece_end) && whole_end == piece_end);
}

void check_request(std::string_view bytes, size_t step) {
  Headers headers;
  const auto head = parse_request_head(bytes, headers);
  if (!head || !*head) return;
  for (size_t n = 0; n < (*head)->size; n += step) {
    Headers part;
    const auto early = parse_request_head(bytes.substr(0, n), part);
    require(early && !*early);
  }
  Buffer out;
  const bool upgrades = (*head)->is_tunnel && headers.method() != "CONNECT";
  require(write_request_head(out, headers, {.framing = (*head)->framing, .is_tunnel = upgrades}));
  Headers again;
  const auto second = parse_request_head(out.view(), again, {.max_head_bytes = 1 << 20, .max_fields = 1000});
  if (!headers.authority().empty()) {
    require(second && *second && (*second)->size == out.size());
    require((*second)->framing.kind == (*head)->framing.kind && (*second)->is_tunnel == (*head)->is_tunnel);
    require(again.path() == headers.path() && again.authority() == headers.authority());
  }
  check_body(bytes.substr((*head)->size), (*head)->framing, step);
}

void check_response(std::string_view bytes, Asked asked, size_t step) {
  Headers headers;
  const auto head = parse_response_head(bytes, headers, asked);
  if (!head || !*head) return;
  for (size_t n = 0; n < (*head)->size; n += step) {
    Headers part;
    const auto early = parse_response_head(bytes.substr(0, n), part, asked);
    require(early && !*early);
  }
  Buffer out;
  write_response_head(out, headers, {.framing = (*head)->framing, .announce_none = true});
  check_body(bytes.substr((*head)->size), (*head)->framing, step);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const size_t step = 1 + data[0] % 7;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  check_request(bytes, step);
  check_response(bytes, static_cast<Asked>(data[0] / 7 % 4), step);
  check_body(bytes, {Framing::chunked}, step);
  return 0;
}
