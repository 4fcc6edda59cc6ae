#include "lib/http/http2_server.h"

#include "lib/http/http2_connection.h"
#include "lib/http/http2_server_stream.h"

namespace lateen::http {

using protocol::Http2Error;

namespace {

constexpr Duration goaway_patience = std::chrono::seconds(5);  // for the round trip between the two steps of a drain
// Envoy's guard against clients that open streams only to reset them: after so many streams at most half of them may
// have been reset within a second.
constexpr uint64_t streams_before_judgement = 500;
constexpr Duration early = std::chrono::seconds(1);
constexpr int reads_per_turn = 4;

protocol::Http2Options codec_options(const ServerOptions& options) {
  protocol::Http2Options codec;
  codec.max_concurrent_streams = options.max_concurrent_streams;
  codec.initial_stream_window = options.initial_stream_window;
  codec.initial_connection_window = options.initial_connection_window;
  codec.max_head_bytes = options.max_head_bytes;
  codec.max_head_fields = options.max_head_fields;
  return codec;
}

}  // namespace

io::Task<void> serve_http2(io::Transport& transport, Service& service, const ServerOptions& options, Buffer first,
                           std::shared_ptr<Drain> drain) {
  Http2ServerConnection connection(transport, service, options, std::move(drain));
  co_await connection.run(std::move(first));
}

template <bool Http2ServerConnection::* flag>
struct Http2ServerConnection::Expiry {
  static void fire(void* self) {
    auto& connection = *static_cast<Http2ServerConnection*>(self);
    connection.*flag = true;
    connection.link_.attention().set();
  }
};

Http2ServerConnection::Http2ServerConnection(io::Transport& transport, Service& service, const ServerOptions& options,
                                             std::shared_ptr<Drain> drain)
    : options_(options),
      service_(service),
      link_(transport, make_http2_server_codec(codec_options(options), *this)),
      idle_(transport.loop()),
      age_(transport.loop()),
      head_(transport.loop()),
      goaway_(transport.loop()),
      drain_(std::move(drain), link_.attention()) {}

Http2ServerConnection::~Http2ServerConnection() { destroy_streams(); }

io::Task<void> Http2ServerConnection::run(Buffer first) {
  if (options_.max_connection_duration > 0s)
    age_.arm(link_.loop().now() + options_.max_connection_duration, Expiry<&Http2ServerConnection::too_old_>::fire,
             this);
  link_.keep_alive(options_.ping_interval, options_.ping_timeout);
  const bool peer_listens = co_await read_until_over(std::move(first));
  destroy_streams();
  if (peer_listens) co_await link_.close_in_order();
}

// True when there is somebody left to say good-bye to.
io::Task<bool> Http2ServerConnection::read_until_over(Buffer first) {
  using Step = Http2Link::Step;
  Step step = first.empty() ? Step::read : link_.feed(first.view());
  first = {};
  for (int reads = 0;;) {
    link_.attention().clear();
    look_around();
    if (step == Step::ended || link_.write_failed()) co_return false;
    if (step == Step::broken || link_.is_done()) co_return true;
    if (step == Step::nothing) {
      co_await io::either(link_.transport().readable(), link_.attention());
      reads = 0;
    } else if (++reads % reads_per_turn == 0) {
      co_await link_.loop().yield();
    }
    step = link_.read_some();
  }
}

protocol::Http2Stream* Http2ServerConnection::on_request(Headers head, bool ended) {
  auto* stream = new Http2ServerStream(*this, std::move(head), ended);
  new_.push_back(*stream);
  ++streams_;
  ++requests_;
  return stream;
}

void Http2ServerConnection::on_rejected(int status, std::string_view reason) {
  service_.refused(link_.transport(), status, reason);
}

void Http2ServerConnection::on_pong(uint64_t payload) {
  if (payload != Http2Link::pulse_ping && ending_ == Ending::announced) goaway_due_ = true;
}

void Http2ServerConnection::retire(Http2ServerStream& stream) {
  retired_.push_back(stream);
  link_.attention().set();
}

void Http2ServerConnection::stream_broken(const Http2ServerStream& stream) {
  if (link_.loop().now() - stream.began() < early) ++early_resets_;
  if (requests_ < streams_before_judgement || early_resets_ * 2 <= requests_) return;
  link_.codec().terminate(Http2Error::enhance_your_calm);
  link_.flush_soon();
}

void Http2ServerConnection::start_new_streams() {
  while (io::Link* node = new_.front()) {
    running_.push_back(*node);
    static_cast<Http2ServerStream*>(node)->start();
  }
}

// Everything that is no byte from the client: finished streams, timers, the drain.
void Http2ServerConnection::look_around() {
  start_new_streams();
  const bool had_streams = streams_ > 0;
  while (io::Link* node = retired_.front()) {
    delete static_cast<Http2ServerStream*>(node);
    --streams_;
  }
  if (streams_ > 0)
    idle_.cancel(), idle_expired_ = false;
  else if ((had_streams || !idle_.armed()) && !idle_expired_ && options_.idle_timeout > 0s)
    idle_.arm(link_.loop().now() + options_.idle_timeout, Expiry<&Http2ServerConnection::idle_expired_>::fire, this);

  if (!link_.codec().in_head())
    head_.cancel(), head_late_ = false;
  else if (!head_.armed() && !head_late_ && options_.request_headers_timeout > 0s)
    head_.arm(link_.loop().now() + options_.request_headers_timeout, Expiry<&Http2ServerConnection::head_late_>::fire,
              this);
  if (head_late_) {
    service_.refused(link_.transport(), 408, "request head took too long");
    link_.codec().terminate(Http2Error::enhance_your_calm);
    head_late_ = false;
  }

  const bool spent = options_.max_requests_per_connection > 0 && requests_ >= options_.max_requests_per_connection;
  if (drain_.is_started() || idle_expired_ || too_old_ || spent) begin_drain();
  if (goaway_due_ && ending_ == Ending::announced) refuse_new_streams();
  if (ending_ == Ending::final && streams_ == 0) link_.codec().terminate(Http2Error::no_error);
  if (link_.codec().wants_write()) link_.flush_soon();
}

void Http2ServerConnection::begin_drain() {
  if (ending_ != Ending::no) return;
  ending_ = Ending::announced;
  link_.codec().announce_shutdown();
  link_.codec().send_ping(0);
  link_.flush_soon();
  goaway_.arm(link_.loop().now() + goaway_patience, Expiry<&Http2ServerConnection::goaway_due_>::fire, this);
}

void Http2ServerConnection::refuse_new_streams() {
  ending_ = Ending::final;
  goaway_.cancel();
  link_.codec().refuse_new_streams();
}

void Http2ServerConnection::destroy_streams() {
  for (io::Link* list : {&new_, &running_, &retired_})
    while (io::Link* node = list->front()) delete static_cast<Http2ServerStream*>(node);
  streams_ = 0;
}

}  // namespace lateen::http
