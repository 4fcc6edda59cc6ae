// Istio's peer metadata: how two proxies tell each other who they are, in headers of a request and its response
// (x-envoy-peer-metadata, x-envoy-peer-metadata-id) or before the first byte of a TCP connection.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "data_plane/telemetry/record.h"
#include "lib/base/strings.h"

namespace lateen::telemetry {

inline constexpr std::string_view peer_metadata_header = "x-envoy-peer-metadata";
inline constexpr std::string_view peer_metadata_id_header = "x-envoy-peer-metadata-id";

// The header's value for this proxy: base64 of a google.protobuf.Struct, the same bytes for equal peers.
std::string encode_peer(const Peer& peer);
// What a peer sent; nothing when it is no such value.
std::shared_ptr<const Peer> decode_peer(std::string_view header);

// An endpoint's metadata istio.workload: "name;namespace;canonical-name;canonical-revision;cluster-id".
std::shared_ptr<const Peer> peer_of_workload(std::string_view text);

// Decoded peers by their id, one cache a worker; bounded: the whole cache is dropped when it is full. A peer is what
// its header says, whatever another one said under that id.
class PeerCache {
 public:
  static constexpr size_t most_peers = 500, most_bytes = 2 * 1024 * 1024;

  std::shared_ptr<const Peer> find(std::string_view id, std::string_view header);
  size_t size() const { return peers_.size(); }
  size_t bytes() const { return bytes_; }

 private:
  struct Cached {
    std::string header;
    std::shared_ptr<const Peer> peer;
  };
  std::unordered_map<std::string, Cached, StringHash, std::equal_to<>> peers_;
  size_t bytes_ = 0;  // of ids and headers
};

// TCP metadata exchange: what each side writes before its first byte (magic, length, Any of Struct), and the reader of
// it.
std::string encode_exchange(const Peer& peer, std::string_view node_id);
inline constexpr uint32_t exchange_magic = 0x3D230467;
std::shared_ptr<const Peer> decode_exchange(std::string_view any_bytes);

}  // namespace lateen::telemetry
