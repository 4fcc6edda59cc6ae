// The parts of a route that act: forward, redirect, answer, change headers. Private to data_plane/discovery.
#pragma once
#include <envoy/config/route/v3/route_components.pb.h>

#include "data_plane/discovery/reading.h"
#include "data_plane/router/route_table.h"

namespace lateen::discovery {

Result<> read_action(const envoy::config::route::v3::Route& message, router::Route& out, Notes& notes);
Result<router::RetryPolicy> read_retry(const envoy::config::route::v3::RetryPolicy& message, Notes& notes);
router::Fraction fraction_of(const envoy::type::v3::FractionalPercent& percent);

Result<std::vector<router::HeaderAddition>> read_additions(
    const google::protobuf::RepeatedPtrField<envoy::config::core::v3::HeaderValueOption>& options);

// Names of headers to remove, in lower case.
Result<std::vector<std::string>> read_removals(const google::protobuf::RepeatedPtrField<std::string>& names);

// The four header lists that routes, virtual hosts, tables and weighted clusters have alike.
template <class Message>
Result<router::Mutations> read_mutations(const Message& message) {
  router::Mutations out;
  auto from_request = read_removals(message.request_headers_to_remove());
  if (!from_request) return failed(from_request, "request_headers_to_remove");
  auto from_response = read_removals(message.response_headers_to_remove());
  if (!from_response) return failed(from_response, "response_headers_to_remove");
  out.request.remove = std::move(*from_request);
  out.response.remove = std::move(*from_response);
  auto request = read_additions(message.request_headers_to_add());
  if (!request) return failed(request, "request_headers_to_add");
  auto response = read_additions(message.response_headers_to_add());
  if (!response) return failed(response, "response_headers_to_add");
  out.request.add = std::move(*request);
  out.response.add = std::move(*response);
  return out;
}

}  // namespace lateen::discovery
