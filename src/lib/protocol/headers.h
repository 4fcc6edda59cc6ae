// The header fields of one message, in order, as both HTTP versions carry them (RFC 9110 section 5).
//
// Names are lower case. Pseudo-headers are ordinary fields whose names begin with a colon, as in HTTP/2 (RFC 9113
// section 8.3) and as Envoy's matchers see them: a request has :method, :scheme, :authority and :path, a response has
// :status. All text lives in one pooled block owned by this object; views are valid until the next call that changes
// it.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace lateen::protocol {

class Headers {
 public:
  struct Field {
    std::string_view name, value;
  };

  Headers() = default;
  Headers(Headers&& other) noexcept;
  Headers& operator=(Headers&& other) noexcept;
  Headers(const Headers& other);
  Headers& operator=(const Headers& other);
  ~Headers();

  // Appends a field. The name must be lower case already; neither part is checked here (codecs check what they read).
  void add(std::string_view name, std::string_view value);
  // Replaces the first field of that name and removes the others, or appends.
  void set(std::string_view name, std::string_view value);
  // Removes all fields of that name; returns how many there were.
  size_t remove(std::string_view name);
  // Removes the fields for which predicate(Field) holds.
  template <class Predicate>
  size_t remove_if(Predicate predicate);

  // The first value of that name.
  std::optional<std::string_view> get(std::string_view name) const;
  // The first value, or "" when there is none: for pseudo-headers, which are always there in a valid message.
  std::string_view value(std::string_view name) const { return get(name).value_or(std::string_view()); }
  bool has(std::string_view name) const { return get(name).has_value(); }
  // All values of that name joined by ",", as matchers and policies see repeated fields (RFC 9110 section 5.3).
  std::optional<std::string> joined(std::string_view name) const;

  size_t size() const;       // number of fields
  size_t byte_size() const;  // sum of name and value lengths
  void clear();

  // for (Headers::Field field : headers)
  class Iterator;
  Iterator begin() const;
  Iterator end() const;

  std::string_view method() const { return value(":method"); }
  std::string_view path() const { return value(":path"); }
  std::string_view authority() const { return value(":authority"); }
  std::string_view scheme() const { return value(":scheme"); }
  int status() const;  // 0 when there is no valid :status

 private:
  struct Entry {
    uint32_t name_at, value_at;
    uint32_t value_size;
    uint16_t name_size;
    uint8_t tag;  // a hash of the name's length and letters: most comparisons end here
    bool removed;
  };
};

}  // namespace lateen::protocol
