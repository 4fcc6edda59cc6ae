// Fast looks at bytes for the HTTP/1 parser. Private to lib/protocol.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace lateen::protocol::http1 {

// tchar of RFC 9110 section 5.6.2.
inline constexpr auto is_token_char = [] {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[c] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[c] = table[c - 32] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<unsigned char>(c)] = true;
  return table;
}();

inline const char* skip_token(const char* at, const char* end) {
  while (at != end && is_token_char[static_cast<unsigned char>(*at)]) ++at;
  return at;
}

inline bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// The first control character (tabs included), or end.
inline const char* find_control(const char* at, const char* end) {
#ifdef __SSE2__
  const __m128i highest = _mm_set1_epi8(0x1f), del = _mm_set1_epi8(0x7f);
  for (; end - at >= 16; at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, highest), bytes);
    if (const int mask = _mm_movemask_epi8(_mm_or_si128(low, _mm_cmpeq_epi8(bytes, del))))
      return at + __builtin_ctz(static_cast<unsigned>(mask));
  }
#endif
  while (at != end && !is_control(*at)) ++at;
  return at;
}

// How many control characters there are, tabs left out. The 15 bytes behind `end` can be read.
inline size_t count_controls(const char* at, const char* end) {
#ifdef __SSE2__
  const __m128i highest = _mm_set1_epi8(0x1f), del = _mm_set1_epi8(0x7f), tab = _mm_set1_epi8('\t');
  size_t count = 0;
  for (; at < end; at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, highest), bytes);
    const __m128i found = _mm_andnot_si128(_mm_cmpeq_epi8(bytes, tab), _mm_or_si128(low, _mm_cmpeq_epi8(bytes, del)));
    auto mask = static_cast<unsigned>(_mm_movemask_epi8(found));
    if (end - at < 16) mask &= (1U << (end - at)) - 1;
    for (; mask; mask &= mask - 1) ++count;
  }
  return count;
#else
  size_t count = 0;
  for (; at != end; ++at) count += is_control(*at) && *at != '\t';
  return count;
#endif
}

}  // namespace lateen::protocol::http1
