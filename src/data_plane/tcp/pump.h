// Copies bytes between two transports in both directions until both have ended: the body of every TCP proxy and tunnel.
#pragma once
#include "lib/io/scope.h"
#include "lib/io/transport.h"

namespace lateen::tcp {

struct Pumped {
  uint64_t from_first = 0, from_second = 0;  // bytes
  enum End : uint8_t { both_ended, first_failed, second_failed, idle } end = both_ended;
};

// An end on one side is passed on as an end of writing on the other (half-close). Stops when a side fails or nothing
// has moved for `idle_timeout` (0: no limit). `counted` is kept up to date, so that it is right also after a
// cancellation.
io::Task<void> pump(io::Transport& first, io::Transport& second, Duration idle_timeout, Pumped& counted);

}  // namespace lateen::tcp
