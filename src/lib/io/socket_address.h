// SocketAddress <-> the system's sockaddr. Used by the socket sources of lib/io only.
#pragma once
#include <algorithm>
#include <arpa/inet.h>
#include <cstddef>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "lib/base/ip.h"

namespace lateen::io {

struct RawAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  RawAddress() = default;
  explicit RawAddress(const SocketAddress& from) {
    if (from.is_unix()) {
      auto* raw = reinterpret_cast<sockaddr_un*>(&storage);
      raw->sun_family = AF_UNIX;
      const size_t length = std::min(from.path.size(), sizeof raw->sun_path - 1);
      std::memcpy(raw->sun_path, from.path.data(), length);
      if (from.path[0] == '@') raw->sun_path[0] = 0;
      size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length + (from.path[0] == '@' ? 0 : 1));
    } else if (from.ip.is_v6()) {
      auto* raw = reinterpret_cast<sockaddr_in6*>(&storage);
      raw->sin6_family = AF_INET6;
      raw->sin6_port = htons(from.port);
      std::memcpy(&raw->sin6_addr, from.ip.bytes().data(), 16);
      size = sizeof *raw;
    } else {
      auto* raw = reinterpret_cast<sockaddr_in*>(&storage);
      raw->sin_family = AF_INET;
      raw->sin_port = htons(from.port);
      std::memcpy(&raw->sin_addr, from.ip.bytes().data(), 4);
      size = sizeof *raw;
    }
  }

  sockaddr* any() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* any() const { return reinterpret_cast<const sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }

  SocketAddress address() const {
    SocketAddress out;
    if (storage.ss_family == AF_INET) {
      const auto* raw = reinterpret_cast<const sockaddr_in*>(&storage);
      out.ip = Ip::v4(ntohl(raw->sin_addr.s_addr));
      out.port = ntohs(raw->sin_port);
    } else if (storage.ss_family == AF_INET6) {
      const auto* raw = reinterpret_cast<const sockaddr_in6*>(&storage);
      std::array<uint8_t, 16> bytes{};
      std::memcpy(bytes.data(), &raw->sin6_addr, 16);
      out.ip = Ip::v6(bytes);
      out.port = ntohs(raw->sin6_port);
    } else if (storage.ss_family == AF_UNIX && size > offsetof(sockaddr_un, sun_path)) {
      const auto* raw = reinterpret_cast<const sockaddr_un*>(&storage);
      out.path.assign(raw->sun_path, size - offsetof(sockaddr_un, sun_path));
      if (out.path[0] == 0)
        out.path[0] = '@';
      else
        out.path.resize(std::strlen(out.path.c_str()));
    }
    return out;
  }
};

}  // namespace lateen::io
