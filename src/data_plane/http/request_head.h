// What a connection manager does to the heads of requests and responses on their way through (Envoy's header pipeline,
// in its order): normalisation, trusted client address, identity headers, request id, trace context.
#pragma once
#include "data_plane/http/connection_manager.h"

namespace lateen::proxy {

// Cleans the request's head in place. A request that must not go on gets its answer.
std::optional<http::Response> clean_request(Exchange& exchange, const ManagerSettings& settings);

// The part of it that is about the path.
std::optional<http::Response> clean_path(Exchange& exchange, const ManagerSettings& settings);

// Cleans the response's head in place: hop-by-hop fields, server, date, request id.
void clean_response(Exchange& exchange, http::Headers& headers, const ManagerSettings& settings);

// The canonical form of a path (RFC 3986 section 6.2.2: dot segments, percent-encoding of unreserved characters), its
// query untouched; nothing when it cannot be one (no slash in front, an escaped NUL). Shared by routes and policies.
std::optional<std::string> normalized_path(std::string_view path, bool merge_slashes);

// The elements of x-forwarded-client-cert for this connection (empty without a peer certificate).
std::string client_cert_element(const telemetry::ConnectionRecord& connection, const ManagerSettings& settings);

// Continues the trace of the request's traceparent or b3 fields, or begins one; writes the fields for the next hop and
// the ids into the record. (W3C Trace Context, openzipkin/b3-propagation)
void continue_trace(Exchange& exchange, const ManagerSettings& settings);

}  // namespace lateen::proxy
