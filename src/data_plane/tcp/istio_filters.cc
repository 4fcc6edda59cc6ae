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

io::Task<bool> MetadataExchange::open(Connection& connection) {
  if (connection.about.application_protocol != protocol_) co_return true;
  if (!co_await io::write_all(connection.transport, own_)) co_return false;
  const auto head = co_await read_exactly(connection.transport, 8);
  // A peer that announced the exchange and then does not speak it cannot be served: its bytes would be lost in between.
  if (!head || head->size() < 8 || word_at(*head, 0) != telemetry::exchange_magic) {
    connection.about.termination_details = "metadata_exchange_header_not_found";
    co_return false;
  }
  constexpr uint32_t limit = 64 * 1024;
  const uint32_t size = word_at(*head, 4);
  if (size > limit) {
    connection.about.termination_details = "metadata_exchange_too_large";
    co_return false;
  }
  const auto body = co_await read_exactly(connection.transport, size);
  if (!body || body->size() < size) co_return false;
  connection.about.peer = telemetry::decode_exchange(*body);
  connection.record.downstream_peer = connection.about.peer;
  co_return true;
}

}  // namespace lateen::tcp
