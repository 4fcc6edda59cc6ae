// The header fields of one message, in order, as both HTTP versions carry them (RFC 9110 section 5).
//
// Names are lower case. Pseudo-headers are ordinary fields whose names begin with a colon, as in HTTP/2 (RFC 9113
// section 8.3) and as Envoy's matchers see them: a request has :method, :scheme, :authority and :path, a response has
// :status. Codecs add them before all other fields. Everything lives in one pooled block owned by this object, so
// moving it is moving a pointer; views are valid until the next call that changes it. What add() and set() are given
// may itself be such a view.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "lib/base/pool.h"

// Folded into the caller always, so that all that depends on a literal name is reckoned while compiling.
#define LATEEN_FOLDED [[gnu::always_inline]]

namespace lateen::protocol {

class Headers {
 public:
  struct Field {
    std::string_view name, value;
  };
  static constexpr size_t max_name_bytes = UINT16_MAX;

  // Names that are always looked for together, prepared while compiling:
  // static constexpr Headers::Names hop_by_hop{"connection", "keep-alive"};
  template <size_t N>
  class Names;
  template <class... Texts>
  Names(const Texts&...) -> Names<sizeof...(Texts)>;

  Headers() = default;
  Headers(Headers&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  Headers& operator=(Headers&& other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  Headers(const Headers& other);
  Headers& operator=(const Headers& other) { return *this = Headers(other); }
  ~Headers() {
    if (block_) Pool::give(block_, block_->capacity);
  }

  // Appends a field. The name must be lower case already and at most max_name_bytes long (what is longer is cut);
  // neither part is checked here (codecs check what they read).
  LATEEN_FOLDED void add(std::string_view name, std::string_view value) {
    append(name, value, tag_of(name), pseudo_of(name));
  }
  // As add(), with the name's capital letters made small; returns the name as it is kept.
  std::string_view add_lowering(std::string_view name, std::string_view value);
  // Replaces the first field of that name and removes the others, or appends.
  LATEEN_FOLDED void set(std::string_view name, std::string_view value) {
    if (Entry* first = find(name))
      replace(*first, value);
    else
      add(name, value);
  }
  // Removes all fields of that name; returns how many there were.
  LATEEN_FOLDED size_t remove(std::string_view name) { return may_have(name) ? remove_present(name) : 0; }
  // Removes all fields of those names.
  template <size_t N>
  void remove(const Names<N>& names);
  // Removes the fields for which predicate(Field) holds.
  template <class Predicate>
  size_t remove_if(Predicate predicate) {
    size_t count = 0;
    for (uint32_t i = 0; i < used(); ++i) {
      Entry& entry = block_->entry(i);
      if (entry.is_removed() || !predicate(block_->field(entry))) continue;
      block_->drop(entry);
      ++count;
    }
    return count;
  }
  // Makes room for that many fields and bytes more, so that adding them moves nothing.
  void reserve(size_t fields, size_t bytes);

  // The first value of that name.
  LATEEN_FOLDED std::optional<std::string_view> get(std::string_view name) const {
    const Entry* entry = find(name);
    return entry ? std::optional(block_->field(*entry).value) : std::nullopt;
  }
  // The first value, or "" when there is none: for pseudo-headers, which are always there in a valid message.
  LATEEN_FOLDED std::string_view value(std::string_view name) const { return get(name).value_or(std::string_view()); }
  LATEEN_FOLDED bool has(std::string_view name) const { return find(name) != nullptr; }
  // All values of that name joined by ",", as matchers and policies see repeated fields (RFC 9110 section 5.3).
  LATEEN_FOLDED std::optional<std::string> joined(std::string_view name) const {
    return may_have(name) ? joined_present(name) : std::nullopt;
  }

  size_t size() const { return block_ ? block_->live : 0; }        // number of fields
  size_t byte_size() const { return block_ ? block_->bytes : 0; }  // sum of name and value lengths
  bool empty() const { return size() == 0; }
  void clear();  // keeps the memory

  // for (Headers::Field field : headers)
  class Iterator;
  Iterator begin() const;
  Iterator end() const;

  std::string_view method() const { return pseudo(method_at); }
  std::string_view path() const { return pseudo(path_at); }
  std::string_view authority() const { return pseudo(authority_at); }
  std::string_view scheme() const { return pseudo(scheme_at); }
  // 0 when there is no valid :status.
  int status() const {
    const std::string_view text = pseudo(status_at);
    if (text.size() != 3) return 0;
    const auto digit = [text](size_t i) { return static_cast<unsigned>(text[i]) - '0'; };
    const unsigned hundreds = digit(0), tens = digit(1), ones = digit(2);
    return hundreds > 9 || tens > 9 || ones > 9 ? 0 : static_cast<int>(hundreds * 100 + tens * 10 + ones);
  }
  void set_status(int status);  // 100 to 999

 private:
  struct Entry {
    uint32_t name_at, value_at;
    uint32_t value_size;
    uint16_t name_size;
    uint16_t key;  // a hash of the name's length and letters: most comparisons end here; `removed` for those gone
    bool is_removed() const { return key == removed; }
  };
  static constexpr uint16_t removed = 0x100;
  enum Pseudo : uint8_t { method_at, scheme_at, authority_at, path_at, status_at, pseudo_count };
  static constexpr std::string_view pseudo_names[] = {":method", ":scheme", ":authority", ":path", ":status"};
  // The head of the block. Behind it text grows upwards; entries grow downwards from the end.
  struct Block {
    uint32_t capacity;  // bytes of the whole block
    uint32_t text_used = 0;
    uint32_t used = 0;  // entries incl. removed ones
    uint32_t live = 0, bytes = 0;
    uint32_t pseudo[pseudo_count] = {};  // index + 1 of the entry of that pseudo-header; 0: none was added
    uint64_t tags = 0;                   // bit tag % 64: a field with that tag was added

    char* text() { return reinterpret_cast<char*>(this + 1); }
    Entry& entry(size_t i) {
      return reinterpret_cast<Entry*>(reinterpret_cast<char*>(this) + capacity)[-1 - static_cast<ptrdiff_t>(i)];
    }
    Field field(const Entry& entry) {
      return {{text() + entry.name_at, entry.name_size}, {text() + entry.value_at, entry.value_size}};
    }
    void drop(Entry& entry) {
      entry.key = removed;
      bytes -= entry.name_size + entry.value_size;
      --live;
    }
  };

  static constexpr uint8_t tag_of(std::string_view name) {
    if (name.empty()) return 0;
    return static_cast<uint8_t>(name.size() * 31 + static_cast<unsigned char>(name.front()) * 7 +
                                static_cast<unsigned char>(name.back()) * 13 +
                                static_cast<unsigned char>(name[name.size() / 2]) * 3);
  }
  // pseudo_count: it is none of those that have a place of their own.
  static constexpr Pseudo pseudo_of(std::string_view name) {
    if (!name.starts_with(':') || name.size() < 3) return pseudo_count;
    Pseudo which = status_at;
    switch (name[2]) {  // their second letters tell them apart
      case 'e':
        which = method_at;
        break;
      case 'c':
        which = scheme_at;
        break;
      case 'u':
        which = authority_at;
        break;
      case 'a':
        which = path_at;
        break;
      default:
        break;
    }
    return name == pseudo_names[which] ? which : pseudo_count;
  }
  // False: there is certainly none. With a literal name this is one test of a bit.
  LATEEN_FOLDED bool may_have(std::string_view name) const {
    return block_ && (block_->tags >> tag_of(name) % 64 & 1) != 0;
  }
  uint32_t used() const { return block_ ? block_->used : 0; }
  LATEEN_FOLDED Entry* find(std::string_view name) const {
    return may_have(name) ? find_present(name, tag_of(name)) : nullptr;
  }
  Entry* find_present(std::string_view name, uint8_t tag) const;
  size_t remove_present(std::string_view name);
  std::optional<std::string> joined_present(std::string_view name) const;
  void replace(Entry& first, std::string_view value);
  std::string_view pseudo(Pseudo which) const {
    const uint32_t at = block_ ? block_->pseudo[which] : 0;
    if (at == 0) return {};
    const Entry& entry = block_->entry(at - 1);
    return entry.is_removed() ? pseudo_again(which) : block_->field(entry).value;
  }
  std::string_view pseudo_again(Pseudo which) const;
  void append(std::string_view name, std::string_view value, uint8_t tag, Pseudo which);
  void enter(size_t name_size, size_t value_size, uint8_t tag, Pseudo which);
  Block* make_room(size_t fields, size_t text) {
    const size_t wanted = sizeof(Block) + text + (used() + fields) * sizeof(Entry) + slack;
    return block_ && wanted + block_->text_used <= block_->capacity ? nullptr : grow(wanted);
  }
  Block* grow(size_t wanted);
  static void copy_contents(Block& from, Block& to);
  static constexpr size_t slack = 16;  // behind the text: names are made small sixteen letters at a time

  Block* block_ = nullptr;  // none: no fields
};

template <size_t N>
class Headers::Names {
 public:
  template <class... Texts>
  consteval explicit Names(const Texts&... names) : names_{names...} {
    for (size_t i = 0; i < N; ++i) bits_[i] = uint64_t{1} << tag_of(names_[i]) % 64;
  }

 private:
  friend class Headers;
  std::string_view names_[N];
  uint64_t bits_[N];  // as in Block::tags
};
template <size_t N>
void Headers::remove(const Names<N>& names) {
  const uint64_t tags = block_ ? block_->tags : 0;
  for (size_t i = 0; i < N; ++i)
    if (tags & names.bits_[i]) remove_present(names.names_[i]);
}

class Headers::Iterator {
 public:
  using value_type = Field;
  using difference_type = std::ptrdiff_t;

  Iterator() = default;
  Iterator(const Headers& headers, uint32_t index) : headers_(&headers), index_(index) { skip_removed(); }
  Field operator*() const { return headers_->block_->field(headers_->block_->entry(index_)); }
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
    while (index_ < headers_->used() && headers_->block_->entry(index_).is_removed()) ++index_;
  }
  const Headers* headers_ = nullptr;
  uint32_t index_ = 0;
};

#undef LATEEN_FOLDED

inline Headers::Iterator Headers::begin() const { return Iterator(*this, 0); }
inline Headers::Iterator Headers::end() const { return Iterator(*this, used()); }

}  // namespace lateen::protocol
