// Memory that is given back and taken again a million times a second: coroutine frames, buffer blocks, header heads.
// Size classes of 64 bytes up to 64 KiB, one free list each, per thread: no locks, and a block may be freed on another
// thread than it came from (it then simply changes sides).
#pragma once
#include <cstddef>
#include <cstdlib>
#include <utility>

namespace lateen {

#if defined(__SANITIZE_ADDRESS__)
#define LATEEN_POOL_OFF 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LATEEN_POOL_OFF 1
#endif
#endif

#ifdef LATEEN_POOL_OFF
// The sanitizer is to see every block come and go.
class Pool {
 public:
  static void* take(size_t bytes) { return std::malloc(bytes); }
  static void give(void* block, size_t) { std::free(block); }
};
#else
class Pool {
 public:
  static void* take(size_t bytes) {
    const size_t index = (bytes + step - 1) / step;
    if (index >= classes) return std::malloc(bytes);
    Node* node = lists_.head[index];
    if (!node) {
      reap_at_end();
      return std::malloc(index * step);
    }
    lists_.head[index] = node->next;
    --lists_.held[index];
    return node;
  }

  static void give(void* block, size_t bytes) {
    const size_t index = (bytes + step - 1) / step;
    // A burst must not keep its memory for ever: beyond the limit blocks go back to the system.
    if (index >= classes || lists_.held[index] * index * step >= bytes_kept_per_class) return std::free(block);
    if (lists_.held[index] == 0) reap_at_end();
    auto* node = static_cast<Node*>(block);
    node->next = lists_.head[index];
    lists_.head[index] = node;
    ++lists_.held[index];
  }

 private:
  static constexpr size_t step = 64, classes = 64 * 1024 / step + 1;
  static constexpr size_t bytes_kept_per_class = 1024 * 1024;
  struct Node {
    Node* next;
  };
  struct Lists {
    Node* head[classes];
    size_t held[classes];
  };
  // Frees a thread's lists at its end; what is given back later goes to the system at once.
  struct Reaper {
    ~Reaper() {
      for (size_t index = 0; index < classes; ++index) {
        while (Node* node = lists_.head[index]) std::free(std::exchange(lists_.head[index], node->next));
        lists_.held[index] = bytes_kept_per_class;
      }
    }
  };
  static void reap_at_end() {
    static thread_local Reaper reaper;
    [[maybe_unused]] const Reaper* const made = &reaper;
  }
  // Plain data, so that reaching it is one instruction.
  static constinit thread_local Lists lists_;
};

inline constinit thread_local Pool::Lists Pool::lists_{};
#endif

}  // namespace lateen
