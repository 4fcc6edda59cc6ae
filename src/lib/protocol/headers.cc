#include "lib/protocol/headers.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "lib/base/strings.h"

namespace lateen::protocol {

Headers::Headers(const Headers& other) {
  if (!other.block_) return;
  const uint32_t capacity = other.block_->capacity;
  block_ = new (Pool::take(capacity)) Block(*other.block_);
  copy_contents(*other.block_, *block_);
}

void Headers::add(std::string_view name, std::string_view value) { append(name, value, false); }
void Headers::add_lowering(std::string_view name, std::string_view value) { append(name, value, true); }

void Headers::append(std::string_view name, std::string_view value, bool lowering) {
  name = name.substr(0, max_name_bytes);
  // The old block is given back only after the copy: name or value may lie in it.
  Block* old = make_room(1, name.size() + value.size());
  Block& block = *block_;
  char* at = block.text() + block.text_used;
  if (lowering)
    std::transform(name.begin(), name.end(), at, to_lower);
  else if (!name.empty())
    std::memcpy(at, name.data(), name.size());
  if (!value.empty()) std::memcpy(at + name.size(), value.data(), value.size());
  const uint8_t tag = tag_of({at, name.size()});
  block.entry(block.used++) = Entry{.name_at = block.text_used,
                                    .value_at = static_cast<uint32_t>(block.text_used + name.size()),
                                    .value_size = static_cast<uint32_t>(value.size()),
                                    .name_size = static_cast<uint16_t>(name.size()),
                                    .tag = tag,
                                    .removed = false};
  block.tags |= uint64_t{1} << tag % 64;
  block.text_used += static_cast<uint32_t>(name.size() + value.size());
  block.bytes += static_cast<uint32_t>(name.size() + value.size());
  ++block.live;
  if (old) Pool::give(old, old->capacity);
}

void Headers::set(std::string_view name, std::string_view value) {
  Entry* first = find(name);
  if (!first) return add(name, value);
  for (Entry* entry = first - 1; entry >= &block_->entry(block_->used - 1); --entry)
    if (entry->tag == first->tag && !entry->removed && block_->field(*entry).name == name) block_->drop(*entry);

  block_->bytes += static_cast<uint32_t>(value.size()) - first->value_size;
  if (value.size() <= first->value_size) {
    if (!value.empty()) std::memmove(block_->text() + first->value_at, value.data(), value.size());
  } else {
    const auto index = static_cast<size_t>(&block_->entry(0) - first);
    Block* old = make_room(0, value.size());
    first = &block_->entry(index);
    std::memcpy(block_->text() + block_->text_used, value.data(), value.size());
    first->value_at = block_->text_used;
    block_->text_used += static_cast<uint32_t>(value.size());
    if (old) Pool::give(old, old->capacity);
  }
  first->value_size = static_cast<uint32_t>(value.size());
}

size_t Headers::remove_present(std::string_view name) {
  size_t count = 0;
  const uint8_t tag = tag_of(name);
  for (uint32_t i = 0; i < block_->used; ++i) {
    Entry& entry = block_->entry(i);
    if (entry.tag != tag || entry.removed || block_->field(entry).name != name) continue;
    block_->drop(entry);
    ++count;
  }
  return count;
}

Headers::Entry* Headers::find_present(std::string_view name) const {
  const uint8_t tag = tag_of(name);
  for (uint32_t i = 0; i < block_->used; ++i) {
    Entry& entry = block_->entry(i);
    if (entry.tag == tag && !entry.removed && block_->field(entry).name == name) return &entry;
  }
  return nullptr;
}

std::optional<std::string> Headers::joined(std::string_view name) const {
  std::optional<std::string> all;
  if (!may_have(name)) return all;
  for (const Field field : *this) {
    if (field.name != name) continue;
    if (all)
      all->append(",").append(field.value);
    else
      all.emplace(field.value);
  }
  return all;
}

int Headers::status() const {
  const std::string_view text = value(":status");
  if (text.size() != 3) return 0;
  int status = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '9') return 0;
    status = status * 10 + (digit - '0');
  }
  return status;
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
Headers::Block* Headers::make_room(size_t fields, size_t text) {
  constexpr size_t first_capacity = 1536;  // an ordinary browser's request fits
  const size_t wanted = sizeof(Block) + (block_ ? block_->text_used : 0) + text + (used() + fields) * sizeof(Entry);
  if (block_ && wanted <= block_->capacity) return nullptr;
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
