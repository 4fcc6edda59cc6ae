// One HTTP/1 connection to a server (RFC 9112): one exchange at a time. Private to lib/http: see client.h.
#pragma once
#include "lib/http/client.h"
#include "lib/http/http1_payload.h"
#include "lib/io/scope.h"

namespace lateen::http {

class Http1Client;
class Http1ResponseBody;

// The connection itself. Shared by its Http1Client, by a send() under way and by the response's body, so that each of
// them may go first. Who reads: send() until the head is there, then whoever pulls the body. Who writes: the upload.
class Http1Wire {
 public:
  Http1Wire(std::unique_ptr<io::Transport> transport, const ClientOptions& options, Http1Client& owner);
  static void* operator new(size_t bytes) { return lateen::Pool::take(bytes); }
  static void operator delete(void* wire, size_t bytes) { lateen::Pool::give(wire, bytes); }

  bool is_idle_and_open();
  // Begins an exchange: writes the head and what is there of the body. False when HTTP/1 cannot say this head.
  bool begin(Request& request);
  enum class Head : uint8_t { got, wait, failed };
  Head next_head(Headers& headers);
  // After a final head: the response's body, null when there is none.
  std::unique_ptr<Body> take_response_body();
  SendError failure() const;

  Body::Pulled pull();
  // The exchange will not be finished: the connection is of no use any more.
  void abandon(Error error);
  void fail(SendError::Where where, Error error);

  std::unique_ptr<io::Transport> transport;
  const ClientOptions options;
  Http1Client* owner;  // null once it is gone
  Http1ResponseBody* body = nullptr;
  http1::ResponseHead head;
  std::optional<Error> error;
  SendError::Where where = SendError::reset;
  uint32_t requests = 0;
  bool busy = false, closed = false, draining = false;

 private:
  friend class WireRef;
  io::Task<void> upload(Pump::State filled);
  void start_upload(http1::Framing framing);
  void upload_ended();
  void response_is_over();
  void release_when_over();

  int references_ = 0;
  Buffer in_;
  Outbox out_;
  http1::BodyDecoder decoder_;
  BodyReader reader_;
  http1::Asked asked_ = http1::Asked::other;
  size_t scanned_ = 0;
  bool answer_begun_ = false, response_over_ = false, uploaded_ = false;
  std::unique_ptr<Body> request_body_;
  std::optional<Pump> pump_;
  io::Child uploading_;
};

// A counted reference; all of them belong to one thread.
class WireRef {
 public:
  WireRef() = default;
  explicit WireRef(Http1Wire* wire) : wire_(wire) { ++wire_->references_; }
  WireRef(const WireRef& other) : wire_(other.wire_) {
    if (wire_) ++wire_->references_;
  }
  WireRef(WireRef&& other) noexcept : wire_(std::exchange(other.wire_, nullptr)) {}
  WireRef& operator=(WireRef other) noexcept {
    std::swap(wire_, other.wire_);
    return *this;
  }
  ~WireRef() {
    if (wire_ && --wire_->references_ == 0) delete wire_;
  }
  Http1Wire* operator->() const { return wire_; }
  explicit operator bool() const { return wire_ != nullptr; }

 private:
  Http1Wire* wire_ = nullptr;
};

class Http1Client final : public ClientConnection {
 public:
  Http1Client(std::unique_ptr<io::Transport> transport, const ClientOptions& options);
  ~Http1Client() override;

  io::Task<SendResult> send(Request request, Progress* progress) override;
  size_t active_streams() const override { return wire_->busy ? 1 : 0; }
  // Looks at the socket, too: a connection that its server has closed meanwhile is not usable.
  bool usable() const override { return wire_->is_idle_and_open(); }
  bool finished() const override { return !wire_->busy && (wire_->closed || wire_->draining); }
  void drain() override;
  io::Transport& transport() override { return *wire_->transport; }

  void wire_changed() { tell_observer(); }

 private:
  WireRef wire_;
};

// The body of a response; it outlives the exchange when its reader keeps it.
class Http1ResponseBody final : public Body {
 public:
  Http1ResponseBody(WireRef wire, http1::Framing framing);
  ~Http1ResponseBody() override;

  Pulled try_pull() override;
  io::Readiness& readable() override { return wire_ ? wire_->transport->readable() : dead_; }
  std::optional<uint64_t> length() const override;
  const Headers* trailers() const override { return trailers_.get(); }
  Error last_error() const override { return error_; }

  // The exchange is over; the connection is no longer ours.
  void leave(std::unique_ptr<Headers> trailers);

 private:
  WireRef wire_;
  io::Readiness dead_;
  http1::Framing framing_;
  std::unique_ptr<Headers> trailers_;
  Error error_;
};

}  // namespace lateen::http
