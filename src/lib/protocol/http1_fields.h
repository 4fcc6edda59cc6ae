// Field lines as heads and trailers share them. Private to lib/protocol.
#pragma once
#include "lib/protocol/http1.h"

namespace lateen::protocol::http1 {

// What the fields of a head say about its connection and its body.
struct FieldFacts {
  bool has_host = false, has_length = false, chunked = false;
  bool close = false, keep_alive = false, upgrade = false;
  bool names_others = false;  // `connection` names fields to be taken out
  bool has_hop_fields = false;
  bool expects_continue = false;
  uint64_t length = 0;
};

// Reads field lines from `at` to the empty line behind them: where the rest begins, or null when the bytes end before.
// Host goes to :authority when `host_is_authority`, which must exist already with an empty value.
std::expected<const char*, Refusal> parse_fields(const char* at, const char* end, Headers& headers, FieldFacts& facts,
                                                 const Limits& limits, bool host_is_authority);

// Takes out what speaks of one connection only (see http1.h). With `keep_upgrade`, "connection: upgrade" and `upgrade`
// remain.
void remove_hop_fields(Headers& headers, const FieldFacts& facts, bool keep_upgrade);

// Whether text can be an authority: a host name, address or bracketed IPv6 address, with an optional port.
bool is_authority(std::string_view text, bool port_required);

}  // namespace lateen::protocol::http1
