#include "lib/protocol/client_hello.h"

#include <algorithm>
#include <optional>

#include "lib/base/strings.h"

namespace lateen::protocol {

namespace {

// Reads numbers and length-prefixed parts; once something is missing, everything after fails as well.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }

  size_t number(int bytes) {
    size_t value = 0;
    for (char c : take(static_cast<size_t>(bytes))) value = value << 8 | static_cast<uint8_t>(c);
    return value;
  }
  std::string_view take(size_t size) {
    if (size > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const std::string_view part = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return part;
  }
  std::string_view part(int length_bytes) { return take(number(length_bytes)); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

constexpr uint8_t record_handshake = 22, message_client_hello = 1;
constexpr size_t record_header = 5, record_most = 16 * 1024, message_header = 4;
constexpr size_t extension_server_name = 0, extension_alpn = 16;

bool read_server_name(std::string_view extension, ClientHello& hello) {
  Reader outer(extension);
  Reader list(outer.part(2));
  if (!outer.ok() || !outer.at_end() || list.at_end()) return false;
  while (!list.at_end()) {
    const size_t type = list.number(1);
    const std::string_view name = list.part(2);
    // One name of the one type there is (RFC 6066 section 3).
    if (!list.ok() || type != 0 || !hello.server_name.empty() || name.empty() || name.size() > 255) return false;
    const auto is_name_byte = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
             c == '.';
    };
    if (!std::all_of(name.begin(), name.end(), is_name_byte)) return false;
    hello.server_name = lowered(name);
  }
  return true;
}

bool read_alpn(std::string_view extension, ClientHello& hello) {
  Reader outer(extension);
  Reader list(outer.part(2));
  if (!outer.ok() || !outer.at_end() || list.at_end()) return false;
  while (!list.at_end()) {
    const std::string_view name = list.part(1);
    if (!list.ok() || name.empty()) return false;
    hello.alpn.emplace_back(name);
  }
  return true;
}

bool read_extensions(std::string_view bytes, ClientHello& hello) {
  Reader extensions(bytes);
  std::vector<size_t> seen;
  while (!extensions.at_end()) {
    const size_t type = extensions.number(2);
    const std::string_view content = extensions.part(2);
    if (!extensions.ok() || seen.size() >= 256) return false;
    if (std::find(seen.begin(), seen.end(), type) != seen.end()) return false;
    seen.push_back(type);
    if (type == extension_server_name && !read_server_name(content, hello)) return false;
    if (type == extension_alpn && !read_alpn(content, hello)) return false;
  }
  return true;
}

bool read_hello(std::string_view message, ClientHello& hello) {
  Reader reader(message);
  const size_t version = reader.number(2);
  reader.take(32);  // random
  const std::string_view session = reader.part(1);
  const std::string_view ciphers = reader.part(2);
  const std::string_view compressions = reader.part(1);
  if (!reader.ok() || version >> 8 != 3 || session.size() > 32 || ciphers.size() < 2 || ciphers.size() % 2 != 0 ||
      compressions.empty())
    return false;
  if (reader.at_end()) return true;  // extensions are optional before TLS 1.3
  const std::string_view extensions = reader.part(2);
  return reader.ok() && reader.at_end() && read_extensions(extensions, hello);
}

// The records' contents joined, as far as they are there.
struct Fragments {
  ClientHelloPeek state = ClientHelloPeek::need_more;
  std::string joined;
};

// The size of the whole message once its header is there.
std::optional<size_t> message_size(std::string_view message) {
  if (message.size() < message_header) return std::nullopt;
  return message_header + Reader(message.substr(1, 3)).number(3);
}

Fragments join_records(std::string_view bytes, size_t limit) {
  Fragments result;
  size_t wire = 0;
  while (!bytes.empty()) {
    const auto byte = [bytes](size_t at) { return static_cast<uint8_t>(bytes[at]); };
    const ClientHelloPeek wrong = wire == 0 ? ClientHelloPeek::not_tls : ClientHelloPeek::malformed;
    if (byte(0) != record_handshake || (bytes.size() > 1 && byte(1) != 3)) return {wrong, {}};
    if (bytes.size() < record_header) return result;
    const size_t size = Reader(bytes.substr(3, 2)).number(2);
    if (size == 0 || size > record_most) return {wrong, {}};
    const std::string_view content = bytes.substr(record_header, size);
    result.joined.append(content);
    wire += record_header + content.size();
    if (!result.joined.empty() && result.joined[0] != message_client_hello) return {wrong, {}};
    const auto whole = message_size(result.joined);
    if (whole && *whole > limit) return {ClientHelloPeek::too_large, {}};
    // Nothing may follow the hello in its record: the client has nothing to say before the server's answer.
    const size_t announced = result.joined.size() - content.size() + size;
    if (whole && announced > *whole) return {ClientHelloPeek::malformed, {}};
    if (whole && result.joined.size() == *whole) {
      result.state = ClientHelloPeek::found;
      return result;
    }
    bytes.remove_prefix(record_header + content.size());
  }
  return result;
}

}  // namespace

ClientHelloPeek peek_client_hello(std::string_view bytes, ClientHello& hello, size_t limit) {
  hello = {};
  const bool over = bytes.size() > limit;
  const Fragments fragments = join_records(bytes.substr(0, limit), limit);
  if (fragments.state == ClientHelloPeek::need_more) return over ? ClientHelloPeek::too_large : fragments.state;
  if (fragments.state != ClientHelloPeek::found) return fragments.state;
  ClientHello read;
  if (!read_hello(std::string_view(fragments.joined).substr(message_header), read)) return ClientHelloPeek::malformed;
  hello = std::move(read);
  return ClientHelloPeek::found;
}

}  // namespace lateen::protocol
