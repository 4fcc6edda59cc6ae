#include "control_plane/translate/metrics.h"

#include <algorithm>

#include "config/xds/typed_struct.h"

namespace lateen::translate {
namespace {

// Servers know their service from the cluster; a host header that a client chose must not name it.
google::protobuf::Any stats(Direction direction) {
  schema::Node value = schema::Node::map();
  if (direction != Direction::outbound) value["disable_host_header_fallback"] = true;
  return xds::pack_typed_struct(xds::istio_filter::stats, value);
}

}  // namespace

bool wants_metrics(const Context& in) {
  const auto& providers = in.mesh.default_providers;
  return providers && std::ranges::find(providers->metrics, "prometheus") != providers->metrics.end();
}

HttpFilter metrics_filter(Direction direction) {
  HttpFilter out;
  out.set_name("istio.stats");
  *out.mutable_typed_config() = stats(direction);
  return out;
}

void finish_tcp(const Context& in, Direction direction, FilterChain& chain, NetworkFilter tcp_proxy) {
  if (wants_metrics(in)) {
    auto* filter = chain.add_filters();
    filter->set_name("istio.stats");
    *filter->mutable_typed_config() = stats(direction);
  }
  *chain.add_filters() = std::move(tcp_proxy);
}

}  // namespace lateen::translate
