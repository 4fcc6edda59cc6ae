// One request on an HTTP/2 client connection, and the body of its response: whoever holds the body holds the stream and
// the upload beside it. Private to lib/http.
#pragma once
#include <deque>

#include "lib/http/http2_client.h"

namespace lateen::http {

class Http2ClientStream final : public protocol::Http2Stream, public Body, public io::Link {
 public:
  Http2ClientStream(Http2ClientConnection& connection, Request request);
  ~Http2ClientStream() override;

  // Opens the stream with the request's head; the upload follows. False: see failure().
  bool open(bool reused_connection);
  // The connection is gone; what was not received fails.
  void lose(const Error& error);

  // The next interim response, the final one, or the failure: set when there is something to look at.
  io::Readiness& changed() { return changed_; }
  std::optional<Headers> take_informational();
  bool has_head() const { return has_head_; }
  bool has_failed() const { return inbound_.failed; }
  // The final response. Keeps of the stream what the response still needs as its body.
  static Response take_response(std::unique_ptr<Http2ClientStream> stream);
  SendError failure() const;

  Pulled try_pull() override;
  io::Readiness& readable() override { return inbound_.readable; }
  std::optional<uint64_t> length() const override { return length_; }
  const Headers* trailers() const override { return inbound_.has_trailers ? &inbound_.trailers : nullptr; }
  Error last_error() const override { return inbound_.error; }

 private:
  void on_informational(Headers head) override;
  void on_head(Headers head, bool ended) override;
  void on_data(std::string_view bytes) override;
  void on_end(Headers* trailers) override;
  void on_sent() override { sent_.set(); }
  void on_closed(const protocol::Http2Closed& closed) override;

  void start_upload();
  io::Task<void> upload();
  void fail_with(SendError::Where where, Error error);

  Http2ClientConnection* connection_;
  Request request_;
  Headers head_;
  std::deque<Headers> informational_;
  io::Readiness changed_, sent_;
  Http2Inbound inbound_;
  std::optional<uint64_t> length_;
  std::string upgrade_;  // of an extended CONNECT
  SendError::Where where_ = SendError::reset;
  bool has_head_ = false, reused_ = false;
  io::Child uploading_;
};

}  // namespace lateen::http
