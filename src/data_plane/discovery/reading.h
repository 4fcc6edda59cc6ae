// What the readers of xDS messages share: the messages in, plain settings of the data plane out, everything that is not
// honoured named. Private to data_plane/discovery.
#pragma once
#include <initializer_list>
#include <string>
#include <vector>

#include "config/xds/protos.h"
#include "lib/base/ip.h"
#include "lib/base/time.h"

namespace lateen::discovery {

// Collects what a resource asks for and this data plane does not do. Each is logged once when the resource is applied.
class Notes {
 public:
  explicit Notes(std::string resource) : resource_(std::move(resource)) {}
  // A field that is set and not honoured: "cluster web: field lb_subset_config is not honoured".
  void not_honoured(std::string_view field) {
    texts_.push_back(resource_ + ": field " + std::string(field) + " is not honoured");
  }
  void note(std::string_view text) { texts_.push_back(resource_ + ": " + std::string(text)); }
  // Notes every set field of the message whose name is not in the list.
  void check(const google::protobuf::Message& message, std::string_view place,
             std::initializer_list<std::string_view> honoured);
  const std::vector<std::string>& texts() const { return texts_; }

 private:
  std::string resource_;
  std::vector<std::string> texts_;
};

inline Duration duration_of(const google::protobuf::Duration& duration) {
  return bounded(std::chrono::seconds(duration.seconds())) + Duration(duration.nanos());
}

// HTTP/2 connection_keepalive: PING after so much silence, and how long to wait for a sign of life.
inline void read_keepalive(const envoy::config::core::v3::KeepaliveSettings& from, Duration& interval,
                           Duration& timeout) {
  if (from.has_interval()) interval = duration_of(from.interval());
  if (from.has_timeout()) timeout = duration_of(from.timeout());
}

// Socket addresses and pipes; fails for names that would have to be resolved and for internal listeners.
Result<SocketAddress> address_of(const envoy::config::core::v3::Address& address);
Result<Cidr> cidr_of(const envoy::config::core::v3::CidrRange& range);
// Inline text or bytes, a file's content, or an environment-free failure naming the place.
Result<std::string> content_of(const envoy::config::core::v3::DataSource& source, std::string_view place);

}  // namespace lateen::discovery
