// Matchers of xDS to matchers of the data plane. Private to data_plane/discovery.
#pragma once
#include "config/xds/protos.h"
#include "data_plane/router/route_table.h"

namespace lateen::discovery {

Result<router::StringMatch> string_match(const envoy::type::matcher::v3::StringMatcher& message);
Result<router::HeaderMatch> header_match(const envoy::config::route::v3::HeaderMatcher& message);
Result<router::QueryMatch> query_match(const envoy::config::route::v3::QueryParameterMatcher& message);

}  // namespace lateen::discovery
