#include "lib/base/ip.h"

#include <arpa/inet.h>
#include <charconv>
#include <cstring>

#include "lib/base/strings.h"

namespace lateen {

Ip Ip::v4(uint32_t host_order) {
  Ip ip;
  const uint32_t network = htonl(host_order);
  std::memcpy(ip.bytes_.data(), &network, 4);
  return ip;
}

Ip Ip::v6(const std::array<uint8_t, 16>& bytes) {
  Ip ip;
  ip.six_ = true;
  ip.bytes_ = bytes;
  return ip;
}

Result<Ip> Ip::parse(std::string_view text) {
  Ip ip;
  char copy[INET6_ADDRSTRLEN];
  if (!text.empty() && text.size() < sizeof copy) {
    std::memcpy(copy, text.data(), text.size());
    copy[text.size()] = 0;
    if (std::memchr(copy, 0, text.size()) == nullptr) {
      if (inet_pton(AF_INET, copy, ip.bytes_.data()) == 1) return ip;
      ip.six_ = true;
      if (inet_pton(AF_INET6, copy, ip.bytes_.data()) == 1) return ip;
    }
  }
  return fail(ErrorKind::invalid, "\"{}\" is not an IP address", text);
}

bool Ip::is_loopback() const {
  if (is_v4()) return bytes_[0] == 127;
  static constexpr std::array<uint8_t, 16> one{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return bytes_ == one;
}

bool Ip::is_any() const { return bytes_ == std::array<uint8_t, 16>{}; }

uint32_t Ip::v4_host_order() const {
  uint32_t network = 0;
  std::memcpy(&network, bytes_.data(), 4);
  return ntohl(network);
}

std::string Ip::text() const {
  char out[INET6_ADDRSTRLEN];
  if (six_) return inet_ntop(AF_INET6, bytes_.data(), out, sizeof out);
  char* at = out;  // written for each request, where inet_ntop's printf is felt
  for (int i = 0; i < 4; ++i) {
    if (i > 0) *at++ = '.';
    at = std::to_chars(at, std::end(out), bytes_[i]).ptr;
  }
  return {out, at};
}

Result<SocketAddress> SocketAddress::parse(std::string_view text) {
  SocketAddress address;
  if (text.starts_with("unix:")) {
    address.path = text.substr(5);
    if (address.path.empty()) return fail(ErrorKind::invalid, "\"{}\" has no path after unix:", text);
    return address;
  }
  const size_t colon = text.rfind(':');
  if (colon == text.npos) return fail(ErrorKind::invalid, "\"{}\" has no port; write ADDRESS:PORT", text);
  std::string_view host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  auto ip = Ip::parse(host);
  if (!ip) return failed(ip);
  const auto port = parse_number<uint16_t>(text.substr(colon + 1));
  if (!port) return fail(ErrorKind::invalid, "\"{}\" is not a port between 0 and 65535", text.substr(colon + 1));
  address.ip = *ip;
  address.port = *port;
  return address;
}

std::string SocketAddress::text() const {
  if (is_unix()) return "unix:" + path;
  return ip.is_v6() ? fmt::format("[{}]:{}", ip.text(), port) : fmt::format("{}:{}", ip.text(), port);
}

Result<Cidr> Cidr::parse(std::string_view text) {
  const size_t slash = text.find('/');
  auto ip = Ip::parse(text.substr(0, slash));
  if (!ip) return failed(ip);
  const uint8_t full = ip->is_v4() ? 32 : 128;
  if (slash == text.npos) return Cidr{*ip, full};
  const auto bits = parse_number<uint8_t>(text.substr(slash + 1));
  if (!bits || *bits > full)
    return fail(ErrorKind::invalid, "\"{}\" is not a prefix: the length must be between 0 and {}", text, full);
  return Cidr{*ip, *bits};
}

bool Cidr::contains(const Ip& address) const {
  if (address.is_v6() != ip.is_v6()) return false;
  const int whole = bits / 8, rest = bits % 8;
  if (std::memcmp(address.bytes().data(), ip.bytes().data(), whole) != 0) return false;
  if (rest == 0) return true;
  const auto mask = static_cast<uint8_t>(0xff << (8 - rest));
  return (address.bytes()[whole] & mask) == (ip.bytes()[whole] & mask);
}

std::string Cidr::text() const { return fmt::format("{}/{}", ip.text(), bits); }

}  // namespace lateen
