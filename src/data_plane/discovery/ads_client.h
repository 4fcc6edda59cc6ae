// The xDS client: one aggregated delta stream to a control plane, its answers applied to the Runtime. Reconnects for
// ever with a growing, jittered pause; what was received goes on being served meanwhile.
#pragma once
#include "data_plane/discovery/runtime.h"
#include "lib/grpc/client.h"

namespace lateen::discovery {

// How each resource type stands, for the admin page and for logs.
struct TypeState {
  std::map<std::string, std::string> versions;  // name -> version of what is held
  std::set<std::string> subscribed;             // names asked for; empty for wildcard types
  uint64_t updates = 0, rejections = 0;
  std::string last_error;
  bool answered = false;  // on this or an earlier stream
};

class AdsClient {
 public:
  // All arguments outlive the client. `node` goes with the first request of each stream.
  AdsClient(io::Loop& loop, Runtime& runtime, TlsContexts& tls, grpc::Channel& channel,
            envoy::config::core::v3::Node node);

  // Runs until it is destroyed.
  io::Task<void> run();

  bool connected() const { return connected_; }
  // True once clusters, their endpoints, listeners and their routes have been answered: the proxy can serve.
  bool initialised() const;
  const std::map<std::string, TypeState, std::less<>>& types() const { return types_; }
  uint64_t streams() const { return streams_; }

 private:
  using Request = envoy::service::discovery::v3::DeltaDiscoveryRequest;
  using Response = envoy::service::discovery::v3::DeltaDiscoveryResponse;
  io::Task<grpc::Status> run_stream();
  void subscribe_wildcard(std::string_view type);
  // Asks for the names that are wanted now and gives up those that are not any more.
  void follow(std::string_view type, const std::set<std::string>& wanted);
  void follow_all();
  void apply(const Response& response);
  Result<> apply_resource(std::string_view type, const envoy::service::discovery::v3::Resource& resource);
  void remove(std::string_view type, const std::string& name);
  void send(Request request);

  io::Loop& loop_;
  Runtime& runtime_;
  TlsContexts& tls_;
  grpc::Channel& channel_;
  envoy::config::core::v3::Node node_;
  std::unique_ptr<grpc::ClientCall> call_;
  std::map<std::string, TypeState, std::less<>> types_;
  std::set<std::string, std::less<>> opened_;  // types that were asked for on this stream
  bool connected_ = false, first_request_ = true, following_ = false;
  uint64_t streams_ = 0;
};

}  // namespace lateen::discovery
