#include "lib/protocol/headers.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "lib/base/pool.h"
#include "lib/base/strings.h"

namespace lateen::protocol {

Headers& Headers::operator=(Headers&& other) noexcept {
  if (this != &other) {
    release();
    swap(other);
  }
  return *this;
}

Headers::Headers(const Headers& other) {
  reserve(other.live_, other.bytes_);
  for (const Field field : other) add(field.name, field.value);
}

Headers& Headers::operator=(const Headers& other) {
  if (this == &other) return *this;
  clear();
  reserve(other.live_, other.bytes_);
  for (const Field field : other) add(field.name, field.value);
  return *this;
}

void Headers::add(std::string_view name, std::string_view value) { append(name, value, false); }
void Headers::add_lowering(std::string_view name, std::string_view value) { append(name, value, true); }

void Headers::append(std::string_view name, std::string_view value, bool lowering) {
  name = name.substr(0, max_name_bytes);
  if (used_ == entries_capacity_) grow_entries(1);
  // The old block is given back only after the copy: name or value may lie in it.
  size_t old_capacity = 0;
  void* old = nullptr;
  if (text_capacity_ - text_used_ < name.size() + value.size())
    old = grow_text(name.size() + value.size(), old_capacity);

  char* at = text_ + text_used_;
  if (lowering)
    std::transform(name.begin(), name.end(), at, to_lower);
  else if (!name.empty())
    std::memcpy(at, name.data(), name.size());
  if (!value.empty()) std::memcpy(at + name.size(), value.data(), value.size());
  entries_[used_++] = Entry{.name_at = text_used_,
                            .value_at = static_cast<uint32_t>(text_used_ + name.size()),
                            .value_size = static_cast<uint32_t>(value.size()),
                            .name_size = static_cast<uint16_t>(name.size()),
                            .tag = tag_of({at, name.size()}),
                            .removed = false};
  text_used_ += static_cast<uint32_t>(name.size() + value.size());
  bytes_ += static_cast<uint32_t>(name.size() + value.size());
  ++live_;
  if (old) Pool::give(old, old_capacity);
}

void Headers::set(std::string_view name, std::string_view value) {
  Entry* first = find(name);
  if (!first) return add(name, value);
  for (Entry* entry = first + 1; entry < entries_ + used_; ++entry)
    if (entry->tag == first->tag && !entry->removed && field(*entry).name == name) drop(*entry);

  bytes_ += static_cast<uint32_t>(value.size()) - first->value_size;
  if (value.size() <= first->value_size) {
    if (!value.empty()) std::memmove(text_ + first->value_at, value.data(), value.size());
  } else {
    size_t old_capacity = 0;
    void* old = nullptr;
    if (text_capacity_ - text_used_ < value.size()) old = grow_text(value.size(), old_capacity);
    std::memcpy(text_ + text_used_, value.data(), value.size());
    first->value_at = text_used_;
    text_used_ += static_cast<uint32_t>(value.size());
    if (old) Pool::give(old, old_capacity);
  }
  first->value_size = static_cast<uint32_t>(value.size());
}

size_t Headers::remove(std::string_view name) {
  size_t count = 0;
  const uint8_t tag = tag_of(name);
  for (uint32_t i = 0; i < used_; ++i) {
    Entry& entry = entries_[i];
    if (entry.tag != tag || entry.removed || field(entry).name != name) continue;
    drop(entry);
    ++count;
  }
  return count;
}

void Headers::drop(Entry& entry) {
  entry.removed = true;
  bytes_ -= entry.name_size + entry.value_size;
  --live_;
}

Headers::Entry* Headers::find(std::string_view name) const {
  const uint8_t tag = tag_of(name);
  for (Entry* entry = entries_; entry != entries_ + used_; ++entry)
    if (entry->tag == tag && !entry->removed && field(*entry).name == name) return entry;
  return nullptr;
}

std::optional<std::string_view> Headers::get(std::string_view name) const {
  const Entry* entry = find(name);
  if (!entry) return std::nullopt;
  return field(*entry).value;
}

std::optional<std::string> Headers::joined(std::string_view name) const {
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

void Headers::clear() { text_used_ = used_ = live_ = bytes_ = 0; }

void Headers::reserve(size_t fields, size_t bytes) {
  if (entries_capacity_ - used_ < fields) grow_entries(fields);
  size_t old_capacity = 0;
  if (text_capacity_ - text_used_ < bytes)
    if (void* old = grow_text(bytes, old_capacity)) Pool::give(old, old_capacity);
}

// Returns the former block, which the caller gives back.
void* Headers::grow_text(size_t bytes, size_t& old_capacity) {
  size_t capacity = std::max<size_t>(1024, text_capacity_ * size_t{2});
  while (capacity < text_used_ + bytes) capacity *= 2;
  auto* block = static_cast<char*>(Pool::take(capacity));
  if (text_used_) std::memcpy(block, text_, text_used_);
  old_capacity = std::exchange(text_capacity_, static_cast<uint32_t>(capacity));
  return std::exchange(text_, block);
}

void Headers::grow_entries(size_t count) {
  size_t capacity = std::max<size_t>(32, entries_capacity_ * size_t{2});
  while (capacity < used_ + count) capacity *= 2;
  auto* block = static_cast<Entry*>(Pool::take(capacity * sizeof(Entry)));
  if (used_) std::memcpy(block, entries_, used_ * sizeof(Entry));
  if (entries_) Pool::give(entries_, entries_capacity_ * sizeof(Entry));
  entries_ = block;
  entries_capacity_ = static_cast<uint32_t>(capacity);
}

void Headers::release() {
  if (text_) Pool::give(text_, text_capacity_);
  if (entries_) Pool::give(entries_, entries_capacity_ * sizeof(Entry));
  text_ = nullptr;
  entries_ = nullptr;
  text_used_ = text_capacity_ = used_ = entries_capacity_ = live_ = bytes_ = 0;
}

void Headers::swap(Headers& other) noexcept {
  std::swap(text_, other.text_);
  std::swap(entries_, other.entries_);
  std::swap(text_used_, other.text_used_);
  std::swap(text_capacity_, other.text_capacity_);
  std::swap(used_, other.used_);
  std::swap(entries_capacity_, other.entries_capacity_);
  std::swap(live_, other.live_);
  std::swap(bytes_, other.bytes_);
}

}  // namespace lateen::protocol
