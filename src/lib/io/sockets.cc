#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/io/reactor.h"
#include "lib/io/socket_address.h"

namespace lateen::io {
namespace {

Error error_from(int code, std::string_view what, const SocketAddress& address) {
  ErrorKind kind = ErrorKind::internal;
  switch (code) {
    case ECONNREFUSED:
    case ENOENT:
      kind = ErrorKind::refused;
      break;
    case ECONNRESET:
    case EPIPE:
      kind = ErrorKind::reset;
      break;
    case ETIMEDOUT:
      kind = ErrorKind::timed_out;
      break;
    case EADDRINUSE:
      kind = ErrorKind::already_exists;
      break;
    case EACCES:
    case EPERM:
      kind = ErrorKind::permission;
      break;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case EADDRNOTAVAIL:
    case ENETUNREACH:
    case EHOSTUNREACH:
    case EAGAIN:
      kind = ErrorKind::unavailable;
      break;
    case EINVAL:
    case EAFNOSUPPORT:
    case ENAMETOOLONG:
      kind = ErrorKind::invalid;
      break;
    default:
      break;
  }
  std::string text = fmt::format("{} {}: {}", what, address.text(), std::strerror(code));
  if (code == EADDRINUSE) text += "; another program listens there";
  if (code == EACCES && address.port < 1024 && !address.is_unix())
    text += "; ports below 1024 need root or CAP_NET_BIND_SERVICE";
  return {kind, std::move(text)};
}

void set_option(int fd, int level, int name, int value) { setsockopt(fd, level, name, &value, sizeof value); }

SocketAddress name_of(int fd, int (*ask)(int, sockaddr*, socklen_t*)) {
  RawAddress raw;
  raw.size = sizeof raw.storage;
  if (ask(fd, raw.any(), &raw.size) != 0) return {};
  return raw.address();
}

// A connected socket. Reads and writes go straight to the system; a short read means "drained", which saves the read
// that would only say EAGAIN: edge-triggered epoll reports whatever arrives afterwards.
class SocketTransport final : public Transport {
 public:
  SocketTransport(Reactor& reactor, int fd, SocketAddress remote)
      : fd_(fd), source_(reactor, fd), remote_(std::move(remote)) {}
  ~SocketTransport() override {
    if (abort_) {
      const linger now{1, 0};
      setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
  }

  Moved try_read(std::span<char> into) override {
    if (!source_.readable.is_set()) return {Moved::blocked};
    for (;;) {
      const ssize_t n = ::recv(fd_, into.data(), into.size(), 0);
      if (n > 0) {
        if (static_cast<size_t>(n) < into.size() && !source_.hung_up) source_.readable.clear();
        return {Moved::moved, static_cast<size_t>(n)};
      }
      if (n == 0) return {Moved::ended};
      if (errno == EINTR) continue;
      if (errno == EAGAIN) {
        source_.readable.clear();
        return {Moved::blocked};
      }
      return fail_with(errno);
    }
  }

  Moved try_peek(std::span<char> into) override {
    if (!source_.readable.is_set()) return {Moved::blocked};
    ssize_t n = 0;
    do n = ::recv(fd_, into.data(), into.size(), MSG_PEEK);
    while (n < 0 && errno == EINTR);
    if (n > 0) return {source_.hung_up ? Moved::ended : Moved::moved, static_cast<size_t>(n)};
    if (n == 0) return {Moved::ended};
    return errno == EAGAIN ? Moved{Moved::blocked} : fail_with(errno);
  }

  Moved try_write(std::span<const std::string_view> parts) override {
    if (!source_.writable.is_set()) return {Moved::blocked};
    iovec vectors[16];
    const size_t count = std::min<size_t>(parts.size(), std::size(vectors));
    for (size_t i = 0; i < count; ++i) vectors[i] = {const_cast<char*>(parts[i].data()), parts[i].size()};
    msghdr message{};
    message.msg_iov = vectors;
    message.msg_iovlen = count;
    for (;;) {
      const ssize_t n = count == 1 ? ::send(fd_, vectors[0].iov_base, vectors[0].iov_len, MSG_NOSIGNAL)
                                   : ::sendmsg(fd_, &message, MSG_NOSIGNAL);
      if (n > 0) return {Moved::moved, static_cast<size_t>(n)};
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && errno != EAGAIN) return fail_with(errno);
      source_.writable.clear();
      return {Moved::blocked};
    }
  }

  Readiness& readable() override { return source_.readable; }
  Readiness& writable() override { return source_.writable; }
  void shutdown_write() override { ::shutdown(fd_, SHUT_WR); }
  void abort_on_close() override { abort_ = true; }
  const SocketAddress& local() const override {
    if (!local_) local_ = name_of(fd_, getsockname);
    return *local_;
  }
  const SocketAddress& remote() const override { return remote_; }

  std::optional<SocketAddress> original_destination() const override {
    RawAddress raw;
    raw.size = sizeof raw.storage;
    // linux/netfilter_ipv4.h and ip6_tables.h, which do not go together with the C library's headers.
    constexpr int so_original_dst = 80;
    const bool v6 = local().ip.is_v6();
    if (getsockopt(fd_, v6 ? SOL_IPV6 : SOL_IP, so_original_dst, raw.any(), &raw.size) != 0) return std::nullopt;
    const SocketAddress wanted = raw.address();
    // Without a redirect the kernel answers with our own address.
    return wanted == local() ? std::nullopt : std::optional(wanted);
  }

  int descriptor() const override { return fd_; }
  Error last_error() const override { return error_from(error_, "connection with", remote_); }

 private:
  Moved fail_with(int code) {
    error_ = code;
    return {Moved::failed};
  }
  const int fd_;  // of the source
  Reactor::Source source_;
  SocketAddress remote_;
  mutable std::optional<SocketAddress> local_;
  int error_ = 0;
  bool abort_ = false;
};

class SocketAcceptor final : public Acceptor {
 public:
  SocketAcceptor(Reactor& reactor, int fd)
      : reactor_(reactor), fd_(fd), source_(reactor, fd), local_(name_of(fd, getsockname)) {}
  ~SocketAcceptor() override {
    if (local_.is_unix() && local_.path[0] != '@') ::unlink(local_.path.c_str());
  }

  Task<Result<std::unique_ptr<Transport>>> accept() override {
    for (;;) {
      co_await source_.readable;
      RawAddress raw;
      raw.size = sizeof raw.storage;
      const int fd = accept4(fd_, raw.any(), &raw.size, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd >= 0) {
        if (!local_.is_unix()) set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
        co_return std::make_unique<SocketTransport>(reactor_, fd, raw.address());
      }
      if (errno == EAGAIN)
        source_.readable.clear();
      else if (errno != EINTR && errno != ECONNABORTED)
        co_return std::unexpected(error_from(errno, "accept on", local_));
    }
  }
  const SocketAddress& local() const override { return local_; }

 private:
  Reactor& reactor_;
  const int fd_;  // of the source
  Reactor::Source source_;
  SocketAddress local_;
};

class SocketDatagrams final : public Datagrams {
 public:
  SocketDatagrams(Reactor& reactor, int fd) : fd_(fd), source_(reactor, fd), local_(name_of(fd, getsockname)) {}

  std::optional<Received> try_receive(std::span<char> into) override {
    RawAddress raw;
    raw.size = sizeof raw.storage;
    const ssize_t n = ::recvfrom(fd_, into.data(), into.size(), 0, raw.any(), &raw.size);
    if (n >= 0) return Received{static_cast<size_t>(n), raw.address()};
    // An ICMP error of an earlier datagram shows up here once; the next call tells about the next datagram.
    if (errno == EAGAIN) source_.readable.clear();
    return std::nullopt;
  }
  bool try_send(std::string_view bytes, const SocketAddress& to) override {
    const RawAddress raw(to);
    return ::sendto(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL, raw.any(), raw.size) ==
           static_cast<ssize_t>(bytes.size());
  }
  Readiness& readable() override { return source_.readable; }
  const SocketAddress& local() const override { return local_; }

 private:
  const int fd_;  // of the source
  Reactor::Source source_;
  SocketAddress local_;
};

// Closes the descriptor unless it was handed on.
struct OwnedDescriptor {
  int fd;
  ~OwnedDescriptor() {
    if (fd >= 0) ::close(fd);
  }
  int release() { return std::exchange(fd, -1); }
};

Result<int> make_socket(const SocketAddress& address, int type) {
  const int fd = ::socket(RawAddress(address).family(), type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return std::unexpected(error_from(errno, "make a socket for", address));
  return fd;
}

void keep_alive(int descriptor, const KeepAlive& wanted) {
  set_option(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1);
  const auto set = [&](int name, uint32_t value, uint32_t most) {  // the kernel refuses more
    if (value) set_option(descriptor, IPPROTO_TCP, name, static_cast<int>(std::min(value, most)));
  };
  set(TCP_KEEPCNT, wanted.probes, 127);
  set(TCP_KEEPIDLE, wanted.time_s, 32767);
  set(TCP_KEEPINTVL, wanted.interval_s, 32767);
}

// A path left behind by a program that died is removed; one that somebody still answers on is not.
void remove_stale_path(const SocketAddress& on) {
  if (on.path[0] == '@') return;
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return;
  const RawAddress raw(on);
  if (::connect(probe, raw.any(), raw.size) != 0 && errno == ECONNREFUSED) ::unlink(on.path.c_str());
  ::close(probe);
}

}  // namespace

std::unique_ptr<Transport> adopt_socket(Reactor& reactor, int descriptor) {
  return std::make_unique<SocketTransport>(reactor, descriptor, name_of(descriptor, getpeername));
}

Task<Result<std::unique_ptr<Transport>>> RealNetwork::connect(SocketAddress to, ConnectOptions options) {
  auto made = make_socket(to, SOCK_STREAM);
  if (!made) co_return failed(made);
  OwnedDescriptor socket{*made};
  if (!to.is_unix()) set_option(socket.fd, IPPROTO_TCP, TCP_NODELAY, 1);
  if (options.keepalive && !to.is_unix()) keep_alive(socket.fd, *options.keepalive);
  if (options.mark) set_option(socket.fd, SOL_SOCKET, SO_MARK, static_cast<int>(options.mark));
  if (options.bind) {
    set_option(socket.fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    const RawAddress source(*options.bind);
    if (::bind(socket.fd, source.any(), source.size) != 0)
      co_return std::unexpected(error_from(errno, "connect from", *options.bind));
  }
  const RawAddress raw(to);
  const int done = ::connect(socket.fd, raw.any(), raw.size);
  if (done != 0 && errno != EINPROGRESS) co_return std::unexpected(error_from(errno, "connect to", to));
  auto transport = std::make_unique<SocketTransport>(reactor_, socket.release(), to);
  co_await transport->writable();
  int code = 0;
  socklen_t size = sizeof code;
  getsockopt(transport->descriptor(), SOL_SOCKET, SO_ERROR, &code, &size);
  if (code) co_return std::unexpected(error_from(code, "connect to", to));
  co_return std::unique_ptr<Transport>(std::move(transport));
}

Result<std::unique_ptr<Acceptor>> RealNetwork::listen(const SocketAddress& on, const ListenOptions& options) {
  auto made = make_socket(on, SOCK_STREAM);
  if (!made) return failed(made);
  OwnedDescriptor socket{*made};
  if (on.is_unix()) {
    remove_stale_path(on);
  } else {
    set_option(socket.fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (options.reuse_port) set_option(socket.fd, SOL_SOCKET, SO_REUSEPORT, 1);
    if (options.transparent) set_option(socket.fd, SOL_IP, IP_TRANSPARENT, 1);
    if (on.ip.is_v6()) set_option(socket.fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  }
  const RawAddress raw(on);
  if (::bind(socket.fd, raw.any(), raw.size) != 0) return std::unexpected(error_from(errno, "listen on", on));
  if (on.is_unix() && on.path[0] != '@') ::chmod(on.path.c_str(), options.unix_mode);
  if (::listen(socket.fd, options.backlog) != 0) return std::unexpected(error_from(errno, "listen on", on));
  return std::make_unique<SocketAcceptor>(reactor_, socket.release());
}

Result<std::unique_ptr<Datagrams>> RealNetwork::bind_datagrams(const SocketAddress& on) {
  auto made = make_socket(on, SOCK_DGRAM);
  if (!made) return failed(made);
  OwnedDescriptor socket{*made};
  set_option(socket.fd, SOL_SOCKET, SO_REUSEPORT, 1);
  const RawAddress raw(on);
  if (::bind(socket.fd, raw.any(), raw.size) != 0) return std::unexpected(error_from(errno, "listen on", on));
  return std::make_unique<SocketDatagrams>(reactor_, socket.release());
}

}  // namespace lateen::io
