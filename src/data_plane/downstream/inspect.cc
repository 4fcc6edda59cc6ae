#include "data_plane/downstream/inspect.h"

#include "lib/protocol/client_hello.h"
#include "lib/protocol/detect.h"

namespace lateen::downstream {
namespace {

constexpr size_t peek_limit = 16 * 1024;

// Peeks until `judge` is content (returns true): with all bytes that are there, up to the limit. A client that ends
// with bytes that leave it open has said all it will say: that is no failure either.
template <class Judge>
io::Task<Result<>> peek_until(io::Transport& transport, Judge judge) {
  Buffer buffer;
  size_t seen = 0;
  for (;;) {
    buffer.clear();
    // Not more than the usual hello at first: most connections are told apart by a few hundred bytes.
    const io::Moved moved = transport.try_peek(buffer.writable(peek_limit).first(peek_limit));
    if (moved.state == io::Moved::failed) co_return std::unexpected(transport.last_error());
    const bool ended = moved.state == io::Moved::ended;
    if (ended && moved.bytes == 0) co_return fail(ErrorKind::closed, "the client ended before it said what it speaks");
    if (ended || moved.bytes > seen) {
      buffer.commit(moved.bytes);
      seen = moved.bytes;
      const Result<bool> content = judge(buffer.view());
      if (!content) co_return failed(content);
      if (*content || ended) co_return Result<>{};
      if (seen >= peek_limit)
        co_return fail(ErrorKind::too_large, "no protocol could be told from the first {} bytes", seen);
    }
    buffer.clear();
    buffer.release_if_empty();
    transport.readable().clear();
    co_await transport.readable();
  }
}

}  // namespace

io::Task<Result<>> inspect_tls(io::Transport& transport, ConnectionFacts& facts) {
  protocol::ClientHello hello;
  protocol::ClientHelloPeek peek = protocol::ClientHelloPeek::need_more;
  const auto judge = [&](std::string_view bytes) -> Result<bool> {
    peek = protocol::peek_client_hello(bytes, hello, peek_limit);
    if (peek == protocol::ClientHelloPeek::too_large) return fail(ErrorKind::too_large, "client_hello_too_large");
    return peek != protocol::ClientHelloPeek::need_more;
  };
  auto peeked = co_await peek_until(transport, judge);
  if (!peeked) co_return peeked;
  if (peek == protocol::ClientHelloPeek::found) {
    facts.transport_protocol = "tls";
    facts.server_name = std::move(hello.server_name);
    facts.application_protocols = std::move(hello.alpn);
  }
  transport.readable().set();
  co_return Result<>{};
}

io::Task<Result<>> inspect_http(io::Transport& transport, ConnectionFacts& facts) {
  protocol::DetectedHttp detected = protocol::DetectedHttp::need_more;
  const auto judge = [&](std::string_view bytes) -> Result<bool> {
    detected = protocol::detect_http(bytes);
    return detected != protocol::DetectedHttp::need_more;
  };
  auto peeked = co_await peek_until(transport, judge);
  // A request line longer than what can be peeked is no reason to refuse: it is not detected, that is all.
  if (!peeked && peeked.error().kind != ErrorKind::too_large) co_return peeked;
  switch (detected) {
    case protocol::DetectedHttp::http1_0:
      facts.application_protocols = {"http/1.0"};
      break;
    case protocol::DetectedHttp::http1_1:
      facts.application_protocols = {"http/1.1"};
      break;
    case protocol::DetectedHttp::http2:
      facts.application_protocols = {"h2c"};
      break;
    default:
      break;
  }
  transport.readable().set();
  co_return Result<>{};
}

}  // namespace lateen::downstream
