#include "data_plane/discovery/ads_stream.h"

#include "config/xds/names.h"

namespace lateen::discovery {
namespace {

namespace discovery_v3 = envoy::service::discovery::v3;

// What both variants have: the call, and the node that goes with its first request.
template <class Request, class Response>
class Stream : public AdsStream {
 public:
  Stream(std::unique_ptr<grpc::ClientCall> call, const envoy::config::core::v3::Node& node)
      : call_(std::move(call)), node_(node) {}

 protected:
  Request about(std::string_view type) const {
    Request request;
    request.set_type_url(std::string(type));
    return request;
  }
  void send(Request request) {
    if (std::exchange(first_, false)) *request.mutable_node() = node_;
    call_->write(request);
  }
  static void refuse(Request& request, const std::string& error) {
    request.mutable_error_detail()->set_code(static_cast<int>(grpc::Code::internal));
    request.mutable_error_detail()->set_message(error);
  }
  // Nothing when a response was read.
  io::Task<std::optional<grpc::Status>> read() {
    response_.Clear();
    const auto more = co_await call_->read(response_);
    if (!more) co_return more.error();
    if (!*more) co_return grpc::Status{grpc::Code::unavailable, "the stream was ended in order"};
    co_return std::nullopt;
  }
  Response response_;

 private:
  std::unique_ptr<grpc::ClientCall> call_;
  const envoy::config::core::v3::Node& node_;
  bool first_ = true;
};

class DeltaStream final : public Stream<discovery_v3::DeltaDiscoveryRequest, discovery_v3::DeltaDiscoveryResponse> {
 public:
  using Stream::Stream;

  void subscribe_all(std::string_view type, const TypeState& state) override {
    auto request = about(type);
    opened_.emplace(type);
    for (const auto& [name, version] : state.versions) (*request.mutable_initial_resource_versions())[name] = version;
    send(std::move(request));
  }

  void subscribe(std::string_view type, const TypeState& state, const std::set<std::string>& wanted) override {
    auto request = about(type);
    for (const std::string& name : wanted)
      if (!state.subscribed.contains(name)) request.add_resource_names_subscribe(name);
    for (const std::string& name : state.subscribed)
      if (!wanted.contains(name)) request.add_resource_names_unsubscribe(name);
    if (opened_.emplace(type).second)
      for (const auto& [name, version] : state.versions)
        if (wanted.contains(name)) (*request.mutable_initial_resource_versions())[name] = version;
    send(std::move(request));
  }

  void answer(const Update& update, const TypeState&, const std::string& error) override {
    auto request = about(update.type);
    request.set_response_nonce(update.nonce);
    if (!error.empty()) refuse(request, error);
    send(std::move(request));
  }

  io::Task<grpc::Reply<Update>> next() override {
    if (auto ended = co_await read()) co_return std::unexpected(std::move(*ended));
    Update update{.type = response_.type_url(), .nonce = response_.nonce(), .version = response_.system_version_info()};
    for (const auto& each : response_.resources())
      if (each.has_resource())  // else it is a sign of life of one that is held
        update.items.push_back({each.name(), each.version(), &each.resource()});
    update.removed.assign(response_.removed_resources().begin(), response_.removed_resources().end());
    co_return update;
  }

 private:
  std::set<std::string, std::less<>> opened_;  // types that were asked for on this stream
};

class WorldStream final : public Stream<discovery_v3::DiscoveryRequest, discovery_v3::DiscoveryResponse> {
 public:
  using Stream::Stream;

  void subscribe_all(std::string_view type, const TypeState& state) override { ask(type, state, {}); }
  void subscribe(std::string_view type, const TypeState& state, const std::set<std::string>& wanted) override {
    ask(type, state, wanted);
  }

  void answer(const Update& update, const TypeState& state, const std::string& error) override {
    nonces_[update.type] = update.nonce;
    auto request = about(update.type, state, state.subscribed);
    if (!error.empty()) refuse(request, error);
    send(std::move(request));
  }

  io::Task<grpc::Reply<Update>> next() override {
    if (auto ended = co_await read()) co_return std::unexpected(std::move(*ended));
    const std::string& type = response_.type_url();
    Update update{.type = type, .nonce = response_.nonce(), .version = response_.version_info()};
    update.is_whole = type == xds::type::cluster || type == xds::type::listener;
    for (const auto& each : response_.resources()) update.items.push_back({{}, response_.version_info(), &each});
    co_return update;
  }

 private:
  using Stream::about;
  discovery_v3::DiscoveryRequest about(std::string_view type, const TypeState& state,
                                       const std::set<std::string>& names) const {
    auto request = about(type);
    request.set_version_info(state.version);
    if (const auto nonce = nonces_.find(type); nonce != nonces_.end()) request.set_response_nonce(nonce->second);
    for (const std::string& name : names) request.add_resource_names(name);
    return request;
  }
  void ask(std::string_view type, const TypeState& state, const std::set<std::string>& names) {
    send(about(type, state, names));
  }
  std::map<std::string, std::string, std::less<>> nonces_;  // of the last response of each type on this stream
};

}  // namespace

std::unique_ptr<AdsStream> open_stream(Variant variant, grpc::Channel& channel,
                                       const envoy::config::core::v3::Node& node) {
  if (variant == Variant::delta) return std::make_unique<DeltaStream>(channel.open(xds::method::ads_delta), node);
  return std::make_unique<WorldStream>(channel.open(xds::method::ads_sotw), node);
}

}  // namespace lateen::discovery
