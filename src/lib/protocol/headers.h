// The header fields of one message, in order, as both HTTP versions carry them (RFC 9110 section 5).
//
// Names are lower case. Pseudo-headers are ordinary fields whose names begin with a colon, as in HTTP/2 (RFC 9113
// section 8.3) and as Envoy's matchers see them: a request has :method, :scheme, :authority and :path, a response has
// :status. Codecs add them before all other fields. All text lives in one pooled block owned by this object; views are
// valid until the next call that changes it. What add() and set() are given may itself be such a view.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lateen::protocol {

class Headers {
 public:
  struct Field {
    std::string_view name, value;
  };
  static constexpr size_t max_name_bytes = UINT16_MAX;

  Headers() = default;
  Headers(Headers&& other) noexcept { swap(other); }
  Headers& operator=(Headers&& other) noexcept;
  Headers(const Headers& other);
  Headers& operator=(const Headers& other);
  ~Headers() { release(); }

  // Appends a field. The name must be lower case already and at most max_name_bytes long (what is longer is cut);
  // neither part is checked here (codecs check what they read).
  void add(std::string_view name, std::string_view value);
  // As add(), with the name's capital letters made small.
  void add_lowering(std::string_view name, std::string_view value);
  // Replaces the first field of that name and removes the others, or appends.
  void set(std::string_view name, std::string_view value);
  // Removes all fields of that name; returns how many there were.
  size_t remove(std::string_view name);
  // Removes the fields for which predicate(Field) holds.
  template <class Predicate>
  size_t remove_if(Predicate predicate) {
    size_t count = 0;
    for (uint32_t i = 0; i < used_; ++i) {
      if (entries_[i].removed || !predicate(field(entries_[i]))) continue;
      drop(entries_[i]);
      ++count;
    }
    return count;
  }
  // Makes room for that many fields and bytes more, so that adding them moves nothing.
  void reserve(size_t fields, size_t bytes);

  // The first value of that name.
  std::optional<std::string_view> get(std::string_view name) const;
  // The first value, or "" when there is none: for pseudo-headers, which are always there in a valid message.
  std::string_view value(std::string_view name) const { return get(name).value_or(std::string_view()); }
  bool has(std::string_view name) const { return find(name) != nullptr; }
  // All values of that name joined by ",", as matchers and policies see repeated fields (RFC 9110 section 5.3).
  std::optional<std::string> joined(std::string_view name) const;

  size_t size() const { return live_; }        // number of fields
  size_t byte_size() const { return bytes_; }  // sum of name and value lengths
  bool empty() const { return live_ == 0; }
  void clear();  // keeps the memory

  // for (Headers::Field field : headers)
  class Iterator;
  Iterator begin() const;
  Iterator end() const;

  std::string_view method() const { return value(":method"); }
  std::string_view path() const { return value(":path"); }
  std::string_view authority() const { return value(":authority"); }
  std::string_view scheme() const { return value(":scheme"); }
  int status() const;           // 0 when there is no valid :status
  void set_status(int status);  // 100 to 999

 private:
  struct Entry {
    uint32_t name_at, value_at;
    uint32_t value_size;
    uint16_t name_size;
    uint8_t tag;  // a hash of the name's length and letters: most comparisons end here
    bool removed;
  };

  static uint8_t tag_of(std::string_view name) {
    if (name.empty()) return 0;
    return static_cast<uint8_t>(name.size() * 31 + static_cast<unsigned char>(name.front()) * 7 +
                                static_cast<unsigned char>(name.back()) * 13 +
                                static_cast<unsigned char>(name[name.size() / 2]) * 3);
  }
  Field field(const Entry& entry) const {
    return {{text_ + entry.name_at, entry.name_size}, {text_ + entry.value_at, entry.value_size}};
  }
  Entry* find(std::string_view name) const;
  void drop(Entry& entry);
  void append(std::string_view name, std::string_view value, bool lowering);
  void* grow_text(size_t bytes, size_t& old_capacity);
  void grow_entries(size_t count);
  void release();
  void swap(Headers& other) noexcept;

  char* text_ = nullptr;
  Entry* entries_ = nullptr;
  uint32_t text_used_ = 0, text_capacity_ = 0;
  uint32_t used_ = 0, entries_capacity_ = 0;  // entries incl. removed ones
  uint32_t live_ = 0, bytes_ = 0;
};

class Headers::Iterator {
 public:
  using value_type = Field;
  using difference_type = std::ptrdiff_t;

  Iterator() = default;
  Iterator(const Headers& headers, uint32_t index) : headers_(&headers), index_(index) { skip_removed(); }
  Field operator*() const { return headers_->field(headers_->entries_[index_]); }
  Iterator& operator++() {
    ++index_;
    skip_removed();
    return *this;
  }
  Iterator operator++(int) {
    Iterator before = *this;
    ++*this;
    return before;
  }
  bool operator==(const Iterator& other) const { return index_ == other.index_; }

 private:
  void skip_removed() {
    while (index_ < headers_->used_ && headers_->entries_[index_].removed) ++index_;
  }
  const Headers* headers_ = nullptr;
  uint32_t index_ = 0;
};

inline Headers::Iterator Headers::begin() const { return Iterator(*this, 0); }
inline Headers::Iterator Headers::end() const { return Iterator(*this, used_); }

}  // namespace lateen::protocol
