// The client side of one HTTP/2 connection. Private to lib/http: see http2_connection.h.
#pragma once
#include <vector>

#include "lib/http/client.h"
#include "lib/http/http2_link.h"

namespace lateen::http {

class Http2ClientStream;

class Http2ClientConnection final : public ClientConnection, public protocol::Http2Events {
 public:
  Http2ClientConnection(std::unique_ptr<io::Transport> transport, const ClientOptions& options);
  ~Http2ClientConnection() override;

  io::Task<SendResult> send(Request request, Progress* progress) override;
  size_t active_streams() const override { return streams_; }
  bool usable() const override;
  bool finished() const override { return closed_ || (draining_ && streams_ == 0); }
  void drain() override;
  io::Transport& transport() override { return *transport_; }
  Version version() const override { return Version::http2; }

  Http2Link& link() { return link_; }
  void stream_gone();

 private:
  void on_goaway(protocol::Http2Error code, std::string_view debug) override;

  io::Task<void> read_until_over();
  bool is_over() const;
  void lose_streams(const Error& error);
  void watch_idleness();

  const ClientOptions options_;
  std::unique_ptr<io::Transport> transport_;
  Http2Link link_;
  io::Link open_streams_;
  size_t streams_ = 0;
  uint64_t requests_ = 0;
  io::Timer idle_, age_;
  bool closed_ = false, draining_ = false;
  io::Child reading_;
};

}  // namespace lateen::http
