// What a port speaks, as far as configuration says (spec/istio.md section 3.4).
#pragma once
#include <cstdint>
#include <string_view>

namespace lateen::registry {

enum class Protocol {
  automatic,  // found out from the first bytes of each connection
  tcp,
  udp,
  http,
  http2,
  grpc,
  grpc_web,
  https,
  tls,
  mongo,
  redis,
  mysql,
};

// A protocol by the name that ServiceEntry, Gateway and Sidecar use, in any case; `automatic` when it is unknown.
Protocol protocol_named(std::string_view name);

// The protocol of a Kubernetes service port: appProtocol first, then the port's name up to its first dash, then the
// well-known port numbers whose servers speak first; `transport` is TCP, UDP or SCTP.
Protocol protocol_of_port(uint32_t number, std::string_view name, std::string_view app_protocol,
                          std::string_view transport);

bool is_http(Protocol protocol);   // the proxy parses requests: HTTP/1, HTTP/2, gRPC, gRPC-Web
bool is_http2(Protocol protocol);  // always HTTP/2: HTTP/2, gRPC, gRPC-Web
bool is_grpc(Protocol protocol);   // gRPC, gRPC-Web
bool is_tls(Protocol protocol);    // opaque TLS, routed by SNI: HTTPS, TLS
bool is_tcp(Protocol protocol);    // opaque bytes, TLS included

}  // namespace lateen::registry
