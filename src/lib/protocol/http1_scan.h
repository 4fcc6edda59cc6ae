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
#ifdef __SSE2__
  // Letters and hyphens, which most names are made of, sixteen at a time; the table below decides about the rest.
  const __m128i small = _mm_set1_epi8(0x20), from_a = _mm_set1_epi8(static_cast<char>(0x80 - 'a')),
                letters = _mm_set1_epi8(static_cast<char>(0x80 + 26)), hyphen = _mm_set1_epi8('-');
  for (; end - at >= 16; at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i shifted = _mm_add_epi8(_mm_or_si128(bytes, small), from_a);  // 'a' becomes the lowest signed number
    const __m128i good = _mm_or_si128(_mm_cmplt_epi8(shifted, letters), _mm_cmpeq_epi8(bytes, hyphen));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(good));
    if (mask == 0xffff) continue;
    at += __builtin_ctz(~mask);
    break;
  }
#endif
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
  const auto found_in = [&](const char* place) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(place));
    const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, highest), bytes);
    return _mm_andnot_si128(_mm_cmpeq_epi8(bytes, tab), _mm_or_si128(low, _mm_cmpeq_epi8(bytes, del)));
  };
  size_t count = 0;
  while (end - at >= 16) {
    // Sixteen counters of a byte each, which 255 steps cannot overflow.
    __m128i counters = _mm_setzero_si128();
    for (int step = 0; step < 255 && end - at >= 16; ++step, at += 16) counters = _mm_sub_epi8(counters, found_in(at));
    const __m128i sums = _mm_sad_epu8(counters, _mm_setzero_si128());
    count += static_cast<size_t>(_mm_cvtsi128_si64(sums) + _mm_cvtsi128_si64(_mm_unpackhi_epi64(sums, sums)));
  }
  if (at < end) {
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(found_in(at)));
    count += static_cast<size_t>(__builtin_popcount(mask & ((1U << (end - at)) - 1)));
  }
  return count;
#else
  size_t count = 0;
  for (; at != end; ++at) count += is_control(*at) && *at != '\t';
  return count;
#endif
}

}  // namespace lateen::protocol::http1
