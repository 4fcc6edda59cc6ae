// envoy.config.route.v3.RouteConfiguration to a router::RouteTable.
#pragma once
#include <functional>

#include "data_plane/discovery/reading.h"
#include "data_plane/router/route_table.h"

namespace lateen::discovery {

// Makes the settings of a filter from a typed_per_filter_config entry; fails for types that are not supported.
using ReadFilterSettings = std::function<Result<std::shared_ptr<const router::FilterSettings>>(
    const std::string& filter, const google::protobuf::Any& config, Notes& notes)>;

Result<std::shared_ptr<const router::RouteTable>> read_routes(
    const envoy::config::route::v3::RouteConfiguration& message, const ReadFilterSettings& filters, Notes& notes);

}  // namespace lateen::discovery
