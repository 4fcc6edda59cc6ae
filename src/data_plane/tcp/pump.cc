#include "data_plane/tcp/pump.h"

namespace lateen::tcp {
namespace {

constexpr size_t block = 64 * 1024;

struct Direction {
  io::Transport& from;
  io::Transport& to;
  uint64_t& bytes;
  Time& active;
  bool from_failed = false, to_failed = false;
};

io::Task<void> copy(Direction& way) {
  Buffer buffer;
  for (;;) {
    const io::Moved moved = way.from.try_read(buffer.writable(block));
    if (moved.state == io::Moved::blocked) {
      buffer.release_if_empty();
      co_await way.from.readable();
      continue;
    }
    if (moved.state == io::Moved::ended) break;
    if (moved.state == io::Moved::failed) {
      way.from_failed = true;
      co_return;
    }
    buffer.commit(moved.bytes);
    way.bytes += moved.bytes;
    way.active = way.from.loop().now();
    while (!buffer.empty()) {
      const io::Moved written = way.to.try_write(buffer.view());
      if (written.state == io::Moved::failed) {
        way.to_failed = true;
        co_return;
      }
      if (written.state == io::Moved::moved) {
        buffer.consume(written.bytes);
        way.active = way.from.loop().now();  // a slow reader is not idle
      } else {
        co_await way.to.writable();
      }
    }
  }
  way.to.shutdown_write();
}

}  // namespace

io::Task<void> pump(io::Transport& first, io::Transport& second, Duration idle_timeout, Pumped& counted) {
  io::Loop& loop = first.loop();
  Time active = loop.now();
  Direction there{first, second, counted.from_first, active}, back{second, first, counted.from_second, active};
  io::Child copy_there(loop), copy_back(loop);
  io::Readiness tick(loop);
  io::Timer timer(loop);
  copy_there.start(copy(there));
  copy_back.start(copy(back));
  for (;;) {
    const bool failed = there.from_failed || back.to_failed || back.from_failed || there.to_failed;
    if (failed || (copy_there.done().is_set() && copy_back.done().is_set())) break;
    if (idle_timeout > 0s) {
      if (loop.now() - active >= idle_timeout) {
        counted.end = Pumped::idle;
        co_return;
      }
      tick.clear();
      timer.arm(active + idle_timeout, [](void* flag) { static_cast<io::Readiness*>(flag)->set(); }, &tick);
    }
    // One direction done: only the other is awaited; a timer ends both waits.
    io::Readiness& one = copy_there.done().is_set() ? tick : copy_there.done();
    io::Readiness& other = copy_back.done().is_set() ? tick : copy_back.done();
    if (&one == &tick && &other != &tick)
      co_await io::either(other, tick);
    else if (&other == &tick)
      co_await io::either(one, tick);
    else if (idle_timeout > 0s)
      co_await io::any_of(one, other, tick);
    else
      co_await io::either(one, other);
  }
  if (there.from_failed || back.to_failed)
    counted.end = Pumped::first_failed;
  else if (back.from_failed || there.to_failed)
    counted.end = Pumped::second_failed;
}

}  // namespace lateen::tcp
