// The server side of one HTTP/2 connection. Private to lib/http: see http2_connection.h.
#pragma once
#include "lib/http/http2_link.h"
#include "lib/http/server.h"

namespace lateen::http {

class Http2ServerStream;

class Http2ServerConnection final : public protocol::Http2Events {
 public:
  Http2ServerConnection(io::Transport& transport, Service& service, const ServerOptions& options,
                        std::shared_ptr<Drain> drain);
  ~Http2ServerConnection() override;

  io::Task<void> run(Buffer first);

  Http2Link& link() { return link_; }
  Service& service() { return service_; }
  void begin_drain();
  // The stream's work is done, or its client has gone: it is destroyed at the next look around.
  void retire(Http2ServerStream& stream);
  void stream_broken(const Http2ServerStream& stream);

 private:
  enum class Ending : uint8_t { no, announced, final };

  protocol::Http2Stream* on_request(Headers head, bool ended) override;
  void on_rejected(int status, std::string_view reason) override;
  void on_pong(uint64_t payload) override;

  io::Task<bool> read_until_over(Buffer first);
  void look_around();
  void start_new_streams();
  void destroy_streams();
  void refuse_new_streams();

  const ServerOptions options_;
  Service& service_;
  Http2Link link_;
  io::Link new_, running_, retired_;
  size_t streams_ = 0;
  uint64_t requests_ = 0, early_resets_ = 0;
  Ending ending_ = Ending::no;

  template <bool Http2ServerConnection::* flag>
  struct Expiry;
  io::Timer idle_, age_, head_, goaway_;
  bool idle_expired_ = false, too_old_ = false, head_late_ = false, goaway_due_ = false;
  DrainWatch drain_;
};

}  // namespace lateen::http
