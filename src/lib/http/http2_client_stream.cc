#include "lib/http/http2_client_stream.h"

#include "lib/http/http2_upgrade.h"

namespace lateen::http {

using protocol::Http2Closed;
using protocol::Http2Error;

namespace {
constexpr size_t informational_most = 16;  // that wait to be passed on
}  // namespace

Http2ClientStream::Http2ClientStream(Http2ClientConnection& connection, Request request)
    : connection_(&connection),
      request_(std::move(request)),
      changed_(connection.link().loop()),
      sent_(connection.link().loop()),
      inbound_(connection.link().loop()),
      uploading_(connection.link().loop()) {}

Http2ClientStream::~Http2ClientStream() {
  uploading_.cancel();
  if (connection_) connection_->stream_gone();
}

bool Http2ClientStream::open(bool reused_connection) {
  reused_ = reused_connection;
  protocol::Http2Codec& codec = connection_->link().codec();
  const std::string protocol(request_.headers.value("upgrade"));
  if (request_.is_tunnel && connect_from_upgrade(request_.headers)) {
    upgrade_ = protocol;
    if (!codec.peer_allows_extended_connect()) {
      fail_with(SendError::protocol,
                {ErrorKind::unsupported, fmt::format("{} does not allow extended CONNECT, which upgrade to {} needs",
                                                     connection_->transport().remote().text(), protocol)});
      return false;
    }
  }
  auto opened = codec.open(*this, request_.headers, !request_.body);
  connection_->link().flush_soon();
  if (!opened) {
    fail_with(SendError::refused, std::move(opened.error()));
    return false;
  }
  // A tunnel's bytes begin once it is accepted.
  if (request_.body && !request_.is_tunnel) start_upload();
  return true;
}

void Http2ClientStream::start_upload() { uploading_.start(upload()); }

io::Task<void> Http2ClientStream::upload() {
  auto sent = co_await send_body(connection_->link(), *this, *request_.body, sent_);
  // A reset by the peer was told before.
  if (!sent) fail_with(SendError::body, std::move(sent.error()).in("the request's body"));
}

std::optional<Headers> Http2ClientStream::take_informational() {
  if (informational_.empty()) return std::nullopt;
  Headers head = std::move(informational_.front());
  informational_.pop_front();
  return head;
}

Response Http2ClientStream::take_response(std::unique_ptr<Http2ClientStream> stream) {
  Response response;
  response.version = Version::http2;
  response.headers = std::move(stream->head_);
  if (stream->request_.is_tunnel && stream->request_.body && response.status() / 100 == 2) stream->start_upload();
  if (!stream->upgrade_.empty()) upgrade_answer_from_connect(response.headers, stream->upgrade_);
  const bool over = stream->inbound_.ended && stream->inbound_.bytes.empty() && !stream->inbound_.has_trailers;
  if (!over || stream->is_open()) response.body = std::move(stream);
  return response;
}

SendError Http2ClientStream::failure() const { return {where_, reused_ && where_ == SendError::reset, inbound_.error}; }

void Http2ClientStream::fail_with(SendError::Where where, Error error) {
  if (inbound_.ended || inbound_.failed) return;
  where_ = where;
  inbound_.fail_with(std::move(error));
  changed_.set();
}

void Http2ClientStream::lose(const Error& error) {
  fail_with(SendError::reset, error);
  uploading_.cancel();
  connection_ = nullptr;
}

Body::Pulled Http2ClientStream::try_pull() {
  Pulled pulled = inbound_.pull();
  if (connection_ && pulled.state == chunk) {
    connection_->link().codec().consume(*this, pulled.bytes.size());
    connection_->link().flush_soon();
  }
  return pulled;
}

void Http2ClientStream::on_informational(Headers head) {
  if (informational_.size() < informational_most) informational_.push_back(std::move(head));
  changed_.set();
}

void Http2ClientStream::on_head(Headers head, bool ended) {
  if (request_.headers.method() != "HEAD") length_ = announced_length(head);
  head_ = std::move(head);
  has_head_ = true;
  if (ended) inbound_.end(nullptr);
  changed_.set();
}

void Http2ClientStream::on_data(std::string_view bytes) {
  inbound_.bytes.append(bytes);
  inbound_.readable.set();
}

void Http2ClientStream::on_end(Headers* trailers) { inbound_.end(trailers); }

void Http2ClientStream::on_closed(const Http2Closed& closed) {
  sent_.set();
  const bool refused = closed.code == Http2Error::refused_stream && closed.by_peer;
  const auto where = closed.violation ? SendError::protocol : refused ? SendError::refused : SendError::reset;
  fail_with(where,
            {closed.violation ? ErrorKind::protocol : ErrorKind::reset,
             fmt::format("{} {} the stream: {}", connection_->transport().remote().text(),
                         closed.violation ? "sent a malformed response and lost" : "reset", name_of(closed.code))});
}

}  // namespace lateen::http
