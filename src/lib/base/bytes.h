// Copying and comparing few bytes in place of calls to memcpy and memcmp: a message's head is moved in dozens of
// pieces, most of them shorter than a cache line.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace lateen {

// As memcpy: the ranges do not overlap, and nothing beyond `size` is read or written.
inline void copy_short(char* to, const char* from, size_t size) {
  if (size > 64) {
    std::memcpy(to, from, size);
  } else if (size >= 16) {
    // The last piece overlaps the one before.
    for (size_t at = 0; at + 16 < size; at += 16) std::memcpy(to + at, from + at, 16);
    std::memcpy(to + size - 16, from + size - 16, 16);
  } else if (size >= 8) {
    std::memcpy(to, from, 8);
    std::memcpy(to + size - 8, from + size - 8, 8);
  } else if (size >= 4) {
    std::memcpy(to, from, 4);
    std::memcpy(to + size - 4, from + size - 4, 4);
  } else if (size > 0) {
    to[0] = from[0];
    to[size / 2] = from[size / 2];
    to[size - 1] = from[size - 1];
  }
}

namespace detail {
template <class Word>
Word word_at(const char* at) {
  Word word;
  std::memcpy(&word, at, sizeof word);
  return word;
}
}  // namespace detail

// Whether `size` bytes are the same.
inline bool equal_short(const char* a, const char* b, size_t size) {
  using detail::word_at;
  if (size >= 8) {
    for (size_t at = 0; at + 8 < size; at += 8)
      if (word_at<uint64_t>(a + at) != word_at<uint64_t>(b + at)) return false;
    return word_at<uint64_t>(a + size - 8) == word_at<uint64_t>(b + size - 8);
  }
  if (size >= 4)
    return word_at<uint32_t>(a) == word_at<uint32_t>(b) &&
           word_at<uint32_t>(a + size - 4) == word_at<uint32_t>(b + size - 4);
  return size == 0 || (a[0] == b[0] && a[size / 2] == b[size / 2] && a[size - 1] == b[size - 1]);
}

}  // namespace lateen
