// IP addresses, socket addresses and prefixes as values: parsed once at the door, compared as numbers afterwards.
#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace lateen {

// An IPv4 or IPv6 address. IPv4-mapped IPv6 addresses (::ffff:a.b.c.d) are kept as they were written.
class Ip {
 public:
  Ip() = default;  // 0.0.0.0
  static Ip v4(uint32_t host_order);
  static Ip v6(const std::array<uint8_t, 16>& bytes);
  static Result<Ip> parse(std::string_view text);

  bool is_v4() const { return !six_; }
  bool is_v6() const { return six_; }
  bool is_loopback() const;
  bool is_any() const;                                             // 0.0.0.0 or ::
  const std::array<uint8_t, 16>& bytes() const { return bytes_; }  // IPv4 uses the first four
  uint32_t v4_host_order() const;
  std::string text() const;  // canonical (RFC 5952)
  auto operator<=>(const Ip&) const = default;

 private:
  bool six_ = false;
  std::array<uint8_t, 16> bytes_{};
};

// Where a socket is: IP and port, or the path of a Unix socket (then ip and port mean nothing).
struct SocketAddress {
  Ip ip;
  uint16_t port = 0;
  std::string path;  // Unix socket when not empty; a leading '@' means the abstract namespace

  static Result<SocketAddress> parse(std::string_view text);  // "1.2.3.4:80", "[::1]:80", "unix:/run/x"
  bool is_unix() const { return !path.empty(); }
  std::string text() const;
  auto operator<=>(const SocketAddress&) const = default;
};

// A prefix such as 10.0.0.0/8; a plain address is a prefix of its full length.
struct Cidr {
  Ip ip;
  uint8_t bits = 0;

  static Result<Cidr> parse(std::string_view text);
  bool contains(const Ip& address) const;
  std::string text() const;
  auto operator<=>(const Cidr&) const = default;
};

}  // namespace lateen
