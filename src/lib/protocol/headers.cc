#include "lib/protocol/headers.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "lib/base/bytes.h"
#include "lib/base/strings.h"
#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace lateen::protocol {

Headers::Headers(const Headers& other) {
  if (!other.block_) return;
  const uint32_t capacity = other.block_->capacity;
  block_ = new (Pool::take(capacity)) Block(*other.block_);
  copy_contents(*other.block_, *block_);
}

// Makes capital letters small, also in up to 15 bytes behind the text.
static void lower_in_place(char* at, size_t size) {
#ifdef __SSE2__
  const __m128i before_a = _mm_set1_epi8('A' - 1), after_z = _mm_set1_epi8('Z' + 1), distance = _mm_set1_epi8(0x20);
  for (char* end = at + size; at < end; at += 16) {
    auto* place = reinterpret_cast<__m128i*>(at);
    const __m128i bytes = _mm_loadu_si128(place);
    const __m128i capital = _mm_and_si128(_mm_cmpgt_epi8(bytes, before_a), _mm_cmplt_epi8(bytes, after_z));
    _mm_storeu_si128(place, _mm_add_epi8(bytes, _mm_and_si128(capital, distance)));
  }
#else
  std::transform(at, at + size, at, to_lower);
#endif
}

// The old block is given back only after the copy: name or value may lie in it.
void Headers::append(std::string_view name, std::string_view value, uint8_t tag, Pseudo which) {
  if (name.size() > max_name_bytes) {
    name = name.substr(0, max_name_bytes);
    tag = tag_of(name);
  }
  Block* old = make_room(1, name.size() + value.size());
  char* at = block_->text() + block_->text_used;
  copy_short(at, name.data(), name.size());
  copy_short(at + name.size(), value.data(), value.size());
  enter(name.size(), value.size(), tag, which);
  if (old) Pool::give(old, old->capacity);
}

std::string_view Headers::add_lowering(std::string_view name, std::string_view value) {
  name = name.substr(0, max_name_bytes);
  Block* old = make_room(1, name.size() + value.size());
  char* at = block_->text() + block_->text_used;
  copy_short(at, name.data(), name.size());
  lower_in_place(at, name.size());
  copy_short(at + name.size(), value.data(), value.size());
  const std::string_view kept(at, name.size());
  enter(name.size(), value.size(), tag_of(kept), pseudo_of(kept));
  if (old) Pool::give(old, old->capacity);
  return kept;
}

// The entry of a name and value that stand at the end of the text already.
inline void Headers::enter(size_t name_size, size_t value_size, uint8_t tag, Pseudo which) {
  Block& block = *block_;
  if (which != pseudo_count) {
    uint32_t& at = block.pseudo[which];
    if (at == 0 || block.entry(at - 1).is_removed()) at = block.used + 1;
  }
  block.entry(block.used++) = Entry{.name_at = block.text_used,
                                    .value_at = static_cast<uint32_t>(block.text_used + name_size),
                                    .value_size = static_cast<uint32_t>(value_size),
                                    .name_size = static_cast<uint16_t>(name_size),
                                    .key = tag};
  block.tags |= uint64_t{1} << tag % 64;
  block.text_used += static_cast<uint32_t>(name_size + value_size);
  block.bytes += static_cast<uint32_t>(name_size + value_size);
  ++block.live;
}

// The one that was noted is gone; another may have been there beside it.
std::string_view Headers::pseudo_again(Pseudo which) const { return value(pseudo_names[which]); }

void Headers::replace(Entry& first, std::string_view value) {
  const std::string_view name = block_->field(first).name;
  for (Entry* entry = &first - 1; entry >= &block_->entry(block_->used - 1); --entry)
    if (entry->key == first.key && block_->field(*entry).name == name) block_->drop(*entry);

  block_->bytes += static_cast<uint32_t>(value.size()) - first.value_size;
  if (value.size() <= first.value_size) {
    if (!value.empty()) std::memmove(block_->text() + first.value_at, value.data(), value.size());
    first.value_size = static_cast<uint32_t>(value.size());
    return;
  }
  const auto index = static_cast<size_t>(&block_->entry(0) - &first);
  Block* old = make_room(0, value.size());
  Entry& entry = block_->entry(index);
  copy_short(block_->text() + block_->text_used, value.data(), value.size());
  entry.value_at = block_->text_used;
  entry.value_size = static_cast<uint32_t>(value.size());
  block_->text_used += entry.value_size;
  if (old) Pool::give(old, old->capacity);
}

size_t Headers::remove_present(std::string_view name) {
  size_t count = 0;
  const uint8_t tag = tag_of(name);
  for (uint32_t i = 0; i < block_->used; ++i) {
    Entry& entry = block_->entry(i);
    if (entry.key != tag || block_->field(entry).name != name) continue;
    block_->drop(entry);
    ++count;
  }
  return count;
}

Headers::Entry* Headers::find_present(std::string_view name, uint8_t tag) const {
  const char* text = block_->text();
  Entry* entry = &block_->entry(0);
  for (const Entry* const end = entry - block_->used; entry != end; --entry)
    if (entry->key == tag && entry->name_size == name.size() &&
        equal_short(text + entry->name_at, name.data(), name.size()))
      return entry;
  return nullptr;
}

std::optional<std::string> Headers::joined_present(std::string_view name) const {
  std::optional<std::string> all;
  for (const Field field : *this) {
    if (field.name != name) continue;
    if (all)
      all->append(",").append(field.value);
    else
      all.emplace(field.value);
  }
  return all;
}

void Headers::set_status(int status) {
  const char text[3] = {static_cast<char>('0' + status / 100), static_cast<char>('0' + status / 10 % 10),
                        static_cast<char>('0' + status % 10)};
  set(":status", {text, 3});
}

void Headers::clear() {
  if (block_) *block_ = Block{.capacity = block_->capacity};
}

void Headers::reserve(size_t fields, size_t bytes) {
  if (Block* old = make_room(fields, bytes)) Pool::give(old, old->capacity);
}

// Returns the former block when there is a new one; the caller gives it back.
Headers::Block* Headers::grow(size_t wanted) {
  constexpr size_t first_capacity = 1536;  // an ordinary browser's request fits
  if (block_) wanted += block_->text_used;
  size_t capacity = block_ ? block_->capacity * size_t{2} : first_capacity;
  while (capacity < wanted) capacity *= 2;
  Block head{.capacity = static_cast<uint32_t>(capacity)};
  if (block_) {
    head = *block_;
    head.capacity = static_cast<uint32_t>(capacity);
  }
  auto* block = new (Pool::take(capacity)) Block(head);
  if (block_) copy_contents(*block_, *block);
  return std::exchange(block_, block);
}

void Headers::copy_contents(Block& from, Block& to) {
  std::memcpy(to.text(), from.text(), from.text_used);
  if (from.used) std::memcpy(&to.entry(from.used - 1), &from.entry(from.used - 1), from.used * sizeof(Entry));
}

}  // namespace lateen::protocol
