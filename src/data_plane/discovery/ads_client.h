// The xDS client: one aggregated stream to a control plane, its answers applied to the Runtime. Reconnects for ever
// with a growing, jittered pause; what was received goes on being served meanwhile.
#pragma once
#include "data_plane/discovery/ads_stream.h"
#include "data_plane/discovery/runtime.h"

namespace lateen::discovery {

class AdsClient {
 public:
  // All arguments outlive the client. `node` goes with the first request of each stream.
  AdsClient(io::Loop& loop, Runtime& runtime, TlsContexts& tls, grpc::Channel& channel,
            envoy::config::core::v3::Node node, Variant variant = Variant::delta);

  // Runs until it is destroyed.
  io::Task<void> run();

  bool connected() const { return connected_; }
  // True once clusters, their endpoints, listeners and their routes have been answered: the proxy can serve.
  bool initialised() const;
  const std::map<std::string, TypeState, std::less<>>& types() const { return types_; }
  uint64_t streams() const { return streams_; }

 private:
  io::Task<grpc::Status> run_stream();
  void subscribe_all(std::string_view type);
  // Asks for the names that are wanted now and gives up those that are not any more.
  void follow(std::string_view type, const std::set<std::string>& wanted);
  void follow_all();
  // True when every endpoint assignment that is wanted is there, or known not to be.
  bool endpoints_held();
  void apply(const Update& update);
  // The resource's name, which an update may leave to the resource, and whether it was good.
  std::pair<std::string, Result<>> apply_item(std::string_view type, const Update::Item& item);
  void remove(std::string_view type, const std::string& name);

  io::Loop& loop_;
  Runtime& runtime_;
  TlsContexts& tls_;
  grpc::Channel& channel_;
  envoy::config::core::v3::Node node_;
  const Variant variant_;
  std::unique_ptr<AdsStream> stream_;
  std::map<std::string, TypeState, std::less<>> types_;
  bool listeners_asked_ = false;  // on this stream
  bool connected_ = false, following_ = false;
  uint64_t streams_ = 0;
};

}  // namespace lateen::discovery
