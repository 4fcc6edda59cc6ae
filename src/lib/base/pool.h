// Memory that is given back and taken again a million times a second: coroutine frames, buffer blocks, header heads.
// Size classes of 64 bytes up to 64 KiB, one free list each, per thread: no locks, and a block may be freed on another
// thread than it came from (it then simply changes sides).
#pragma once
#include <cstddef>
#include <cstdlib>
#include <utility>

namespace lateen {

class Pool {
 public:
  static void* take(size_t bytes) {
    const size_t index = (bytes + step - 1) / step;
    if (index >= classes) return std::malloc(bytes);
    Lists& lists = mine();
    Node* node = lists.head[index];
    if (!node) return std::malloc(index * step);
    lists.head[index] = node->next;
    --lists.held[index];
    return node;
  }

  static void give(void* block, size_t bytes) {
    const size_t index = (bytes + step - 1) / step;
    Lists& lists = mine();
    // A burst must not keep its memory for ever: beyond the limit blocks go back to the system.
    if (index >= classes || lists.held[index] * index * step >= bytes_kept_per_class) return std::free(block);
    auto* node = static_cast<Node*>(block);
    node->next = lists.head[index];
    lists.head[index] = node;
    ++lists.held[index];
  }

 private:
  static constexpr size_t step = 64, classes = 64 * 1024 / step + 1;
  static constexpr size_t bytes_kept_per_class = 1024 * 1024;
  struct Node {
    Node* next;
  };
  struct Lists {
    Node* head[classes] = {};
    size_t held[classes] = {};
    ~Lists() {
      for (Node* node : head)
        while (node) std::free(std::exchange(node, node->next));
    }
  };
  static Lists& mine() {
    static thread_local Lists lists;
    return lists;
  }
};

}  // namespace lateen
