// A queue of bytes in one contiguous block: written at the end, read from the front. The block comes from the pool when
// the first byte is written and goes back when the last one is read, so an idle connection holds none.
#pragma once
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

#include "lib/base/pool.h"

namespace lateen {

class Buffer {
 public:
  static constexpr size_t block_size = 16 * 1024;

  Buffer() = default;
  explicit Buffer(std::string_view bytes) { append(bytes); }
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    if (this != &other) {
      release();
      swap(other);
    }
    return *this;
  }
  ~Buffer() { release(); }

  std::string_view view() const { return {block_ + begin_, end_ - begin_}; }
  char* data() { return block_ + begin_; }
  size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }

  // At least `least` writable bytes after the content (more when the block has them); commit() makes them content.
  // Existing content may move: views taken before are void.
  std::span<char> writable(size_t least = 1) {
    if (capacity_ - end_ < least) make_room(least);
    return {block_ + end_, capacity_ - end_};
  }
  void commit(size_t bytes) { end_ += bytes; }

  void append(std::string_view bytes) {
    if (bytes.empty()) return;
    std::memcpy(writable(bytes.size()).data(), bytes.data(), bytes.size());
    end_ += bytes.size();
  }

  // Drops bytes from the front; the block stays until release_if_empty() or the end of the buffer.
  void consume(size_t bytes) {
    begin_ += bytes;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  // Keeps only the first `bytes` (at most size()).
  void truncate(size_t bytes) {
    end_ = begin_ + bytes;
    if (bytes == 0) begin_ = end_ = 0;
  }
  void clear() { begin_ = end_ = 0; }
  void release_if_empty() {
    if (empty()) release();
  }
  size_t capacity() const { return capacity_; }

 private:
  void swap(Buffer& other) noexcept {
    std::swap(block_, other.block_);
    std::swap(begin_, other.begin_);
    std::swap(end_, other.end_);
    std::swap(capacity_, other.capacity_);
  }
  void release() {
    if (block_) Pool::give(block_, capacity_);
    block_ = nullptr;
    begin_ = end_ = capacity_ = 0;
  }
  void make_room(size_t least) {
    if (!block_ && least <= block_size) {
      block_ = static_cast<char*>(Pool::take(block_size));
      capacity_ = block_size;
      return;
    }
    const size_t held = size();
    if (block_ && capacity_ - held >= least && begin_ >= capacity_ / 2) {
      std::memmove(block_, block_ + begin_, held);
    } else {
      size_t wanted = block_size;
      while (wanted < held + least) wanted *= 2;
      auto* block = static_cast<char*>(Pool::take(wanted));
      if (held) std::memcpy(block, block_ + begin_, held);
      if (block_) Pool::give(block_, capacity_);
      block_ = block;
      capacity_ = wanted;
    }
    begin_ = 0;
    end_ = held;
  }

  char* block_ = nullptr;
  size_t begin_ = 0, end_ = 0, capacity_ = 0;
};

}  // namespace lateen
