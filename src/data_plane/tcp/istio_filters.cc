#include "data_plane/tcp/istio_filters.h"

namespace lateen::tcp {
namespace {

// Exactly `count` bytes, or fewer at the end of the stream. Nothing beyond them is taken.
io::Task<Result<std::string>> read_exactly(io::Transport& transport, size_t count) {
  std::string out(count, '\0');
  size_t got = 0;
  while (got < count) {
    const io::Moved moved = transport.try_read(std::span(out).subspan(got));
    if (moved.state == io::Moved::failed) co_return std::unexpected(transport.last_error());
    if (moved.state == io::Moved::ended) break;
    if (moved.state == io::Moved::moved)
      got += moved.bytes;
    else
      co_await transport.readable();
  }
  out.resize(got);
  co_return out;
}

uint32_t word_at(std::string_view bytes, size_t at) {
  uint32_t word = 0;
  for (size_t i = 0; i < 4; ++i) word = word << 8 | static_cast<uint8_t>(bytes[at + i]);
  return word;
}

}  // namespace

io::Task<Result<std::shared_ptr<const telemetry::Peer>>> exchange_metadata(io::Transport& transport,
                                                                           std::string_view own) {
  if (auto written = co_await io::write_all(transport, own); !written) co_return failed(written);
  const auto head = co_await read_exactly(transport, 8);
  if (!head) co_return failed(head);
  // A peer that announced the exchange and then does not speak it cannot be served: its bytes would be lost in between.
  if (head->size() < 8 || word_at(*head, 0) != telemetry::exchange_magic)
    co_return fail(ErrorKind::protocol, "metadata_exchange_header_not_found");
  constexpr uint32_t limit = 64 * 1024;
  const uint32_t size = word_at(*head, 4);
  if (size > limit) co_return fail(ErrorKind::too_large, "metadata_exchange_too_large");
  const auto body = co_await read_exactly(transport, size);
  if (!body) co_return failed(body);
  if (body->size() < size) co_return fail(ErrorKind::closed, "metadata_exchange_cut_off");
  co_return telemetry::decode_exchange(*body);
}

io::Task<bool> MetadataExchange::open(Connection& connection) {
  if (connection.about.application_protocol != protocol_) co_return true;
  const auto peer = co_await exchange_metadata(connection.transport, own_);
  if (!peer) {
    connection.about.termination_details = peer.error().message;
    co_return false;
  }
  connection.about.peer = *peer;
  connection.record().downstream_peer = *peer;
  co_return true;
}

}  // namespace lateen::tcp
