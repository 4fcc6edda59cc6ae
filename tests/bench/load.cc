// A closed-loop HTTP/1.1 load generator for what wrk and h2load cannot do: client certificates, and a new connection
// for every request. One blocking thread per connection: simple, and its own CPU time is nobody's measure.
//
//   load ADDRESS PORT SECONDS CONNECTIONS PATH kept|fresh [CA CERTIFICATE KEY]
//
// Prints one line of JSON: completed requests, failures, seconds. Exit status 1 when nothing completed.
#include <arpa/inet.h>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <netinet/tcp.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace {

using Clock = std::chrono::steady_clock;
using Context = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

struct Options {
  sockaddr_in address{};
  int seconds = 1;
  int connections = 1;
  std::string request;
  bool fresh = false;
  SSL_CTX* tls = nullptr;  // borrowed; none means plain text
};

struct Counts {
  std::atomic<long> completed{0};
  std::atomic<long> failed{0};
};

// One connection, plain or TLS. Every function answers false when the connection is of no further use.
class Connection {
 public:
  ~Connection() { close(); }

  bool open(const Options& options) {
    close();
    descriptor_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    timeval patience{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (::connect(descriptor_, reinterpret_cast<const sockaddr*>(&options.address), sizeof options.address) != 0)
      return false;
    if (options.tls == nullptr) return true;
    ssl_ = SSL_new(options.tls);
    SSL_set_fd(ssl_, descriptor_);
    return SSL_connect(ssl_) == 1;
  }

  bool exchange(std::string_view request) {
    if (!send(request)) return false;
    std::string head;
    size_t end;
    while ((end = head.find("\r\n\r\n")) == std::string::npos) {
      if (!receive()) return false;
      head.append(buffer_, received_);
    }
    if (head.compare(0, 12, "HTTP/1.1 200") != 0) return false;
    long missing = content_length(head) - static_cast<long>(head.size() - end - 4);
    while (missing > 0) {
      if (!receive()) return false;
      missing -= static_cast<long>(received_);
    }
    return missing == 0;
  }

  // An orderly end. A TLS peer is told; a reset would throw away what it has still to send.
  void close() {
    if (ssl_ != nullptr) SSL_shutdown(ssl_);
    SSL_free(ssl_);
    if (descriptor_ >= 0) ::close(descriptor_);
    ssl_ = nullptr;
    descriptor_ = -1;
  }

 private:
  bool send(std::string_view bytes) {
    if (ssl_ != nullptr)
      return SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())) == static_cast<int>(bytes.size());
    return ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
  }

  bool receive() {
    auto got =
        ssl_ != nullptr ? SSL_read(ssl_, buffer_, sizeof buffer_) : ::recv(descriptor_, buffer_, sizeof buffer_, 0);
    received_ = got > 0 ? static_cast<size_t>(got) : 0;
    return got > 0;
  }

  // -1 for an answer without a length, which no contestant gives for a fixed body.
  static long content_length(std::string head) {
    for (char& c : head) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    auto at = head.find("\r\ncontent-length:");
    if (at == std::string::npos) return -1;
    return std::strtol(head.c_str() + at + 17, nullptr, 10);
  }

  int descriptor_ = -1;
  SSL* ssl_ = nullptr;
  char buffer_[64 * 1024];
  size_t received_ = 0;
};

void run(const Options& options, Clock::time_point end, Counts& counts) {
  auto connection = std::make_unique<Connection>();
  bool usable = false;
  while (Clock::now() < end) {
    if (!usable || options.fresh) usable = connection->open(options);
    usable = usable && connection->exchange(options.request);
    if (usable) {
      ++counts.completed;
    } else {
      ++counts.failed;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
}

Context tls_context(const char* ca, const char* certificate, const char* key) {
  Context context(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  if (SSL_CTX_load_verify_locations(context.get(), ca, nullptr) != 1 ||
      SSL_CTX_use_certificate_chain_file(context.get(), certificate) != 1 ||
      SSL_CTX_use_PrivateKey_file(context.get(), key, SSL_FILETYPE_PEM) != 1) {
    ERR_print_errors_fp(stderr);
    std::exit(2);
  }
  return context;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7 && argc != 10) {
    std::fputs("usage: load ADDRESS PORT SECONDS CONNECTIONS PATH kept|fresh [CA CERTIFICATE KEY]\n", stderr);
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  Options options;
  options.seconds = std::atoi(argv[3]);
  options.connections = std::atoi(argv[4]);
  options.fresh = std::string_view(argv[6]) == "fresh";
  options.address.sin_family = AF_INET;
  options.address.sin_port = htons(static_cast<uint16_t>(std::atoi(argv[2])));
  inet_pton(AF_INET, argv[1], &options.address.sin_addr);
  options.request = std::string("GET ") + argv[5] + " HTTP/1.1\r\nhost: bench.test\r\nuser-agent: load\r\n\r\n";
  Context context(nullptr, &SSL_CTX_free);
  if (argc == 10) context = tls_context(argv[7], argv[8], argv[9]);
  options.tls = context.get();

  Counts counts;
  auto begin = Clock::now();
  std::vector<std::thread> threads;
  for (int i = 0; i < options.connections; ++i)
    threads.emplace_back([&] { run(options, begin + std::chrono::seconds(options.seconds), counts); });
  for (auto& thread : threads) thread.join();
  double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  std::printf("{\"completed\": %ld, \"failed\": %ld, \"seconds\": %.3f}\n", counts.completed.load(),
              counts.failed.load(), seconds);
  return counts.completed > 0 ? 0 : 1;
}
