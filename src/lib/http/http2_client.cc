#include "lib/http/http2_client.h"

#include "lib/http/http2_client_stream.h"
#include "lib/http/http2_connection.h"

namespace lateen::http {

using protocol::Http2Error;

namespace {

constexpr int reads_per_turn = 4;

protocol::Http2Options codec_options(const ClientOptions& options) {
  protocol::Http2Options codec;
  codec.initial_stream_window = options.initial_stream_window;
  codec.initial_connection_window = options.initial_connection_window;
  codec.max_head_bytes = options.max_head_bytes;
  codec.max_head_fields = options.max_head_fields;
  return codec;
}

}  // namespace

std::unique_ptr<ClientConnection> make_http2_client(std::unique_ptr<io::Transport> transport,
                                                    const ClientOptions& options) {
  return std::make_unique<Http2ClientConnection>(std::move(transport), options);
}

Http2ClientConnection::Http2ClientConnection(std::unique_ptr<io::Transport> transport, const ClientOptions& options)
    : options_(options),
      transport_(std::move(transport)),
      link_(*transport_, make_http2_client_codec(codec_options(options), *this)),
      idle_(transport_->loop()),
      age_(transport_->loop()),
      reading_(transport_->loop()) {
  if (options_.max_connection_duration > 0s)
    age_.arm(
        link_.loop().now() + options_.max_connection_duration,
        [](void* self) { static_cast<Http2ClientConnection*>(self)->drain(); }, this);
  link_.keep_alive(options_.ping_interval, options_.ping_timeout);
  watch_idleness();
  reading_.start(read_until_over());
}

Http2ClientConnection::~Http2ClientConnection() {
  reading_.cancel();
  lose_streams({ErrorKind::cancelled, "the connection was given up"});
}

bool Http2ClientConnection::usable() const {
  if (closed_ || draining_) return false;
  auto& codec = const_cast<Http2Link&>(link_).codec();
  return codec.open_streams() < std::min(options_.max_concurrent_streams, codec.peer_max_concurrent_streams());
}

void Http2ClientConnection::drain() {
  draining_ = true;
  link_.attention().set();
  tell_observer();
}

void Http2ClientConnection::on_goaway(Http2Error code, std::string_view debug) {
  draining_ = true;
  if (code != Http2Error::no_error)
    link_.set_error({ErrorKind::reset, fmt::format("{} ended the connection: {} {}", transport_->remote().text(),
                                                   name_of(code), debug.substr(0, 100))});
  tell_observer();
}

void Http2ClientConnection::watch_idleness() {
  if (options_.idle_timeout <= 0s) return;
  idle_.arm(
      link_.loop().now() + options_.idle_timeout,
      [](void* self) { static_cast<Http2ClientConnection*>(self)->drain(); }, this);
}

void Http2ClientConnection::stream_gone() {
  if (--streams_ == 0) {
    watch_idleness();
    link_.attention().set();
  }
  tell_observer();
}

bool Http2ClientConnection::is_over() const { return link_.write_failed() || (draining_ && streams_ == 0); }

io::Task<void> Http2ClientConnection::read_until_over() {
  using Step = Http2Link::Step;
  Step step = Step::nothing;
  for (int reads = 0;;) {
    link_.attention().clear();
    if (link_.codec().wants_write()) link_.flush_soon();
    if (step == Step::ended || step == Step::broken || is_over() || link_.is_done()) break;
    if (step == Step::nothing) {
      co_await io::either(transport_->readable(), link_.attention());
      reads = 0;
    } else if (++reads % reads_per_turn == 0) {
      co_await link_.loop().yield();
    }
    step = link_.read_some();
  }
  closed_ = true;
  idle_.cancel();
  age_.cancel();
  lose_streams(link_.error());
  tell_observer();
  if (step == Step::ended || link_.write_failed()) co_return;
  if (step != Step::broken) link_.codec().terminate(Http2Error::no_error);
  co_await link_.close_in_order();
}

void Http2ClientConnection::lose_streams(const Error& error) {
  while (io::Link* node = open_streams_.front()) {
    node->unlink();
    static_cast<Http2ClientStream*>(node)->lose(error);
  }
  streams_ = 0;
}

io::Task<SendResult> Http2ClientConnection::send(Request request, Progress* progress) {
  if (closed_ || draining_) co_return std::unexpected(SendError{SendError::refused, requests_ > 0, link_.error()});
  auto stream = std::make_unique<Http2ClientStream>(*this, std::move(request));
  ++streams_;
  open_streams_.push_back(*stream);
  idle_.cancel();
  const bool reused = requests_++ > 0;
  if (options_.max_requests_per_connection > 0 && requests_ >= options_.max_requests_per_connection) drain();
  if (!stream->open(reused)) co_return std::unexpected(stream->failure());
  for (;;) {
    while (auto head = stream->take_informational())
      if (progress) co_await progress->inform(std::move(*head));
    if (stream->has_head()) co_return Http2ClientStream::take_response(std::move(stream));
    if (stream->has_failed()) co_return std::unexpected(stream->failure());
    stream->changed().clear();
    co_await stream->changed();
  }
}

}  // namespace lateen::http
