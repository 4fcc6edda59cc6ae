#include "lib/grpc/client.h"

namespace lateen::grpc {
namespace {

Status status_of(const http::SendError& error) {
  switch (error.where) {
    case http::SendError::connect:
    case http::SendError::refused:
    case http::SendError::reset:
      return {Code::unavailable, error.error.message};
    case http::SendError::overflow:
      return {Code::resource_exhausted, error.error.message};
    case http::SendError::protocol:
    case http::SendError::body:
      return {Code::internal, error.error.message};
  }
  return {Code::unknown, error.error.message};
}

}  // namespace

ClientCall::ClientCall(io::Loop& loop, const Send& send, http::Request request, const ChannelOptions& options,
                       Duration timeout)
    : message_max_(options.message_max), outgoing_(loop), answered_(loop), deadline_(loop), sending_(loop) {
  request.body = outgoing_.take_body();
  if (timeout > 0s) {
    deadline_.arm(
        loop.now() + timeout,
        [](void* self) {
          auto& call = *static_cast<ClientCall*>(self);
          call.expired_ = true;
          call.readable().set();
        },
        this);
  }
  sending_.start(this->send(send(std::move(request))));
}

ClientCall::~ClientCall() { sending_.cancel(); }

io::Task<void> ClientCall::send(io::Task<http::SendResult> sending) { accept_head(co_await sending); }

void ClientCall::accept_head(http::SendResult result) {
  if (over_) return;
  if (!result) {
    end(status_of(result.error()));
  } else {
    response_.emplace(std::move(*result));
    const auto& headers = response_->headers;
    if (headers.has("grpc-status")) {
      end(take_status(headers));
    } else if (response_->status() != 200) {
      end({code_of_http(response_->status()), fmt::format("answered with HTTP status {}", response_->status())});
    } else if (!headers.value("content-type").starts_with("application/grpc")) {
      end({Code::unknown, fmt::format("answered with content-type \"{}\"", headers.value("content-type"))});
    } else if (!response_->body) {
      end({Code::internal, "the answer ended without grpc-status"});
    } else {
      incoming_.emplace(*response_->body, message_max_);
    }
  }
  answered_.set();
}

Incoming::State ClientCall::end(Status status) {
  over_ = true;
  status_ = std::move(status);
  deadline_.cancel();
  outgoing_.finish(std::nullopt);
  return status_.ok() ? Incoming::ended : Incoming::failed;
}

io::Readiness& ClientCall::readable() { return incoming_ && !over_ ? incoming_->readable() : answered_; }

Incoming::State ClientCall::try_read(MessageLite& out) {
  if (over_) return status_.ok() ? Incoming::ended : Incoming::failed;
  if (expired_) return end({Code::deadline_exceeded, "no answer in time"});
  if (!incoming_) {
    answered_.clear();
    return Incoming::blocked;
  }
  const auto state = incoming_->try_read(out);
  if (state == Incoming::failed) return end(incoming_->failure());
  if (state == Incoming::ended)
    return end(incoming_->trailers() ? take_status(*incoming_->trailers())
                                     : Status{Code::internal, "the answer ended without trailers"});
  return state;
}

io::Task<Reply<bool>> ClientCall::read(MessageLite& out) {
  for (;;) {
    const auto state = try_read(out);
    if (state == Incoming::message) co_return true;
    if (state == Incoming::ended) co_return false;
    if (state == Incoming::failed) co_return std::unexpected(status_);
    co_await readable();
  }
}

std::unique_ptr<ClientCall> Channel::open(std::string_view path, CallOptions options) {
  http::Request request;
  request.version = http::Version::http2;
  auto& headers = request.headers;
  headers.add(":method", "POST");
  headers.add(":scheme", options_.scheme);
  headers.add(":authority", options_.authority);
  headers.add(":path", path);
  headers.add("te", "trailers");
  headers.add("content-type", "application/grpc");
  headers.add("grpc-accept-encoding", "identity");
  headers.add("user-agent", "lateen");
  if (options.timeout > 0s) headers.add("grpc-timeout", format_timeout(options.timeout));
  for (const auto field : options.metadata) headers.add(field.name, field.value);
  return std::make_unique<ClientCall>(loop_, send_, std::move(request), options_, options.timeout);
}

}  // namespace lateen::grpc
