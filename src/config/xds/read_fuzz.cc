// Any text as a bootstrap: read, checked, printed, and what it gave must survive a round through bytes.
#include "config/xds/check.h"
#include "config/xds/json.h"
#include "config/xds/protos.h"
#include "config/xds/read.h"
#include "config/xds/typed_struct.h"

namespace lateen {
namespace {

void try_input(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  envoy::config::bootstrap::v3::Bootstrap bootstrap;
  schema::Diagnostics diagnostics;
  xds::read_message_text(text, "input.yaml", diagnostics, bootstrap);
  xds::check(bootstrap);
  xds::to_json(bootstrap, {.redact = true, .indent = 2});
  envoy::config::bootstrap::v3::Bootstrap again;
  if (!again.ParseFromString(xds::serialize(bootstrap))) __builtin_trap();
  if (xds::serialize(again) != xds::serialize(bootstrap)) __builtin_trap();
  // The same bytes as a message that came over the wire.
  envoy::config::listener::v3::Listener listener;
  if (listener.ParseFromArray(data, static_cast<int>(size))) {
    xds::check(listener);
    xds::to_json(listener);
    for (const auto& chain : listener.filter_chains())
      for (const auto& filter : chain.filters()) (void)xds::open_any(filter.typed_config());
  }
}

}  // namespace
}  // namespace lateen

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  lateen::try_input(data, size);
  return 0;
}
