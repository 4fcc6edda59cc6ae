#include "data_plane/telemetry/peer_metadata.h"

#include "config/xds/message.h"
#include "config/xds/protos.h"

namespace lateen::telemetry {
namespace {

using google::protobuf::Struct;

Struct to_struct(const Peer& peer) {
  Struct out;
  const auto put = [](Struct& to, const char* key, const std::string& value) {
    if (!value.empty()) (*to.mutable_fields())[key].set_string_value(value);
  };
  put(out, "NAME", peer.name);
  put(out, "NAMESPACE", peer.workload_namespace);
  put(out, "CLUSTER_ID", peer.cluster);
  put(out, "WORKLOAD_NAME", peer.workload);
  put(out, "IDENTITY", peer.identity);
  Struct labels;
  put(labels, "service.istio.io/canonical-name", peer.canonical_service);
  put(labels, "service.istio.io/canonical-revision", peer.canonical_revision);
  put(labels, "app", peer.app);
  put(labels, "version", peer.version);
  *(*out.mutable_fields())["LABELS"].mutable_struct_value() = std::move(labels);
  return out;
}

std::shared_ptr<const Peer> from_struct(const Struct& from) {
  auto peer = std::make_shared<Peer>();
  const auto get = [](const Struct& holder, const char* key) {
    const auto it = holder.fields().find(key);
    return it == holder.fields().end() ? std::string() : it->second.string_value();
  };
  peer->name = get(from, "NAME");
  peer->workload_namespace = get(from, "NAMESPACE");
  peer->cluster = get(from, "CLUSTER_ID");
  peer->workload = get(from, "WORKLOAD_NAME");
  peer->identity = get(from, "IDENTITY");
  if (const auto it = from.fields().find("LABELS"); it != from.fields().end()) {
    const Struct& labels = it->second.struct_value();
    peer->canonical_service = get(labels, "service.istio.io/canonical-name");
    peer->canonical_revision = get(labels, "service.istio.io/canonical-revision");
    peer->app = get(labels, "app");
    peer->version = get(labels, "version");
  }
  if (peer->canonical_service.empty()) peer->canonical_service = peer->app.empty() ? peer->workload : peer->app;
  return peer;
}

}  // namespace

std::string encode_peer(const Peer& peer) { return base64_encode(xds::serialize(to_struct(peer))); }

std::shared_ptr<const Peer> decode_peer(std::string_view header) {
  constexpr size_t limit = 64 * 1024;
  if (header.size() > limit) return nullptr;
  std::string padded(header);
  while (padded.size() % 4) padded += '=';
  const auto bytes = base64_decode(padded);
  Struct parsed;
  if (!bytes || !parsed.ParseFromString(*bytes)) return nullptr;
  return from_struct(parsed);
}

std::shared_ptr<const Peer> peer_of_workload(std::string_view text) {
  const auto parts = split(text, ';');
  if (parts.size() < 5) return nullptr;
  auto peer = std::make_shared<Peer>();
  peer->workload = peer->name = parts[0];
  peer->workload_namespace = parts[1];
  peer->canonical_service = peer->app = parts[2];
  peer->canonical_revision = peer->version = parts[3];
  peer->cluster = parts[4];
  return peer;
}

std::shared_ptr<const Peer> PeerCache::find(std::string_view id, std::string_view header) {
  if (const auto it = peers_.find(id); it != peers_.end() && it->second.header == header) return it->second.peer;
  auto peer = decode_peer(header);
  const size_t size = id.size() + header.size();
  if (size > most_bytes) return peer;
  if (peers_.size() >= most_peers || bytes_ + size > most_bytes) {
    peers_.clear();
    bytes_ = 0;
  }
  const auto [kept, fresh] = peers_.try_emplace(std::string(id));
  bytes_ += fresh ? size : header.size() - kept->second.header.size();
  kept->second = {std::string(header), peer};
  return peer;
}

std::string encode_exchange(const Peer& peer, std::string_view node_id) {
  Struct outer;
  *(*outer.mutable_fields())[std::string(peer_metadata_header)].mutable_struct_value() = to_struct(peer);
  (*outer.mutable_fields())[std::string(peer_metadata_id_header)].set_string_value(std::string(node_id));
  const std::string body = xds::serialize(xds::pack(outer));
  std::string out;
  for (const uint32_t word : {exchange_magic, static_cast<uint32_t>(body.size())})
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(word >> shift & 0xff);
  return out + body;
}

std::shared_ptr<const Peer> decode_exchange(std::string_view any_bytes) {
  google::protobuf::Any any;
  Struct outer;
  if (!any.ParseFromArray(any_bytes.data(), static_cast<int>(any_bytes.size())) || !any.UnpackTo(&outer))
    return nullptr;
  const auto it = outer.fields().find(std::string(peer_metadata_header));
  return it == outer.fields().end() ? nullptr : from_struct(it->second.struct_value());
}

}  // namespace lateen::telemetry
