// One aggregated stream to a control plane, in either variant of the protocol: delta (what changed, by name) and state
// of the world (all of a type at once). What AdsClient sees is the same for both.
#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "config/xds/protos.h"
#include "lib/grpc/client.h"

namespace lateen::discovery {

// How each resource type stands, for the admin page and for logs. Outlives streams.
struct TypeState {
  std::map<std::string, std::string> versions;  // name -> version of what is held
  std::set<std::string> subscribed;             // names asked for on this stream; empty for wildcard types
  std::set<std::string> absent;                 // of those, the ones that the control plane says there are not
  std::string version;                          // of the last response that was accepted (state of the world)
  uint64_t updates = 0, rejections = 0;
  std::string last_error;
  bool answered = false;  // on this or an earlier stream
};

// A response. Resources belong to the stream and are valid until the next one is read.
struct Update {
  struct Item {
    std::string name;  // empty where only the resource itself knows it
    std::string version;
    const google::protobuf::Any* resource = nullptr;
  };
  std::string type, nonce, version;
  std::vector<Item> items;
  std::vector<std::string> removed;
  bool is_whole = false;  // of a wildcard type these are all that there are: what is not among them is gone
};

enum class Variant : uint8_t { delta, state_of_the_world };

class AdsStream {
 public:
  virtual ~AdsStream() = default;
  // Asks for all of a type. `state` is what is known of it from earlier streams.
  virtual void subscribe_all(std::string_view type, const TypeState& state) = 0;
  // Asks for these names instead of state.subscribed.
  virtual void subscribe(std::string_view type, const TypeState& state, const std::set<std::string>& wanted) = 0;
  // Accepts an update (`error` empty) or refuses it, saying why. state.version is that of the last accepted one.
  virtual void answer(const Update& update, const TypeState& state, const std::string& error) = 0;
  // The next response, or how the stream ended.
  virtual io::Task<grpc::Reply<Update>> next() = 0;
};

// `node` goes with the first request.
std::unique_ptr<AdsStream> open_stream(Variant variant, grpc::Channel& channel,
                                       const envoy::config::core::v3::Node& node);

}  // namespace lateen::discovery
