// What is known about one connection and one exchange: written along the way by whoever learns it, read at the end by
// access logs, metrics and traces. Plain values; belongs to the exchange's worker.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data_plane/telemetry/flags.h"
#include "lib/base/ip.h"
#include "lib/base/time.h"

namespace lateen::telemetry {

enum class Direction : uint8_t { unspecified, inbound, outbound };

// Who the other side of a connection is, in Istio's terms: from its metadata headers, or the endpoint's metadata.
struct Peer {
  std::string name, workload, workload_namespace, canonical_service, canonical_revision, app, version, cluster,
      identity;
};

// A certificate as policy and logs need it. Empty lists when there was none.
struct PeerCertificate {
  std::vector<std::string> uri_sans, dns_sans;
  std::string subject, issuer, sha256_hex, serial, pem;
};

// A T that most records do not have: made when it is written to for the first time.
template <class T>
class Seldom {
 public:
  const T* operator->() const {
    static const T none;
    return value_ ? value_.get() : &none;
  }
  T& make() {
    if (!value_) value_ = std::make_unique<T>();
    return *value_;
  }

 private:
  std::unique_ptr<T> value_;
};

// One downstream connection. The views are of the listener, which outlives it, and of the TLS library. Lives as long as
// the connection; its exchanges point to it.
struct ConnectionRecord {
  uint64_t id = 0;
  SocketAddress remote;         // as restored by PROXY protocol where that is used
  SocketAddress direct_remote;  // the socket's peer
  SocketAddress local;          // where the client wanted to go (original destination where restored)
  SocketAddress direct_local;   // the socket's own address
  std::string requested_server_name;
  std::string application_protocol;  // negotiated or detected
  bool tls = false;
  bool mutual_tls = false;  // the peer showed a certificate, and it verified
  std::string_view tls_version, tls_cipher;
  std::shared_ptr<const PeerCertificate> peer_certificate;  // null: none was shown
  std::vector<std::string> local_uri_sans;
  std::string_view filter_chain, listener;
  Direction direction = Direction::unspecified;
  std::string transport_failure;     // why the handshake failed
  std::string termination_details;   // %CONNECTION_TERMINATION_DETAILS%
  std::shared_ptr<const Peer> peer;  // by TCP metadata exchange
};

// What few exchanges have to tell.
struct RecordExtra {
  std::string upstream_failure;  // transport failure reason
  std::string trace_id, span_id;
  // namespace -> key -> value, written by filters (%DYNAMIC_METADATA%).
  std::map<std::string, std::map<std::string, std::string>> dynamic_metadata;
  std::map<std::string, std::string> filter_state;
};

// One exchange, or for TCP the whole connection. Its views are of what the exchange holds: routes, cluster, headers.
struct Record {
  const ConnectionRecord* connection = nullptr;
  std::optional<Ip> client;                  // who x-forwarded-for says is asking, where that counts; else the peer
  WallTime start{};                          // first byte of the request
  Time began{};                              // the same moment on the steady clock
  std::optional<Duration> request_complete;  // since `began`: last byte of the request received
  std::optional<Duration> upstream_sent, upstream_first_byte, response_started, finished;
  std::string_view protocol;  // "HTTP/1.1", "HTTP/2"; empty for TCP

  int status = 0;
  Flags flags;
  std::string details;                          // %RESPONSE_CODE_DETAILS%
  uint64_t bytes_received = 0, bytes_sent = 0;  // bodies; for TCP everything
  uint64_t request_head_bytes = 0, response_head_bytes = 0;

  std::string_view route_name, virtual_host, upstream_cluster;
  std::optional<SocketAddress> upstream_host, upstream_local;
  std::string upstream_host_name;
  std::shared_ptr<const std::vector<std::string>> upstream_uri_sans;  // of the peer's certificate; null without one
  bool upstream_tls = false;
  int attempts = 0;

  std::shared_ptr<const Peer> downstream_peer, upstream_peer;
  // The service that was called, from the cluster's metadata; empty when unknown.
  std::string_view service_host, service_name, service_namespace;
  Seldom<RecordExtra> extra;
};

}  // namespace lateen::telemetry
