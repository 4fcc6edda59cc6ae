// For tests of the readers: messages out of YAML, and what a listener's reader needs around it.
#pragma once
#include <gtest/gtest.h>

#include "config/xds/read.h"
#include "data_plane/discovery/read_listener.h"

namespace lateen::discovery {

template <class Message>
Message message_of(std::string_view text) {
  Message out;
  schema::Diagnostics diagnostics;
  EXPECT_TRUE(xds::read_message_text(text, "test.yaml", diagnostics, out)) << diagnostics.first_error() << "\n" << text;
  return out;
}

// "in", on 10.0.0.1:80, whose routes "main" come over ADS; `waits` is what stands behind `ads: {}` of their source.
inline auto rds_listener(std::string_view waits = "") {
  constexpr std::string_view text = R"(
name: in
address: {socket_address: {address: 10.0.0.1, port_value: 80}}
filter_chains:
- filters:
  - name: manager
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
      stat_prefix: in
      rds: {route_config_name: main, config_source: {ads: {} @WAITS@}}
      http_filters:
      - name: router
        typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}
)";
  std::string whole(text);
  whole.replace(whole.find("@WAITS@"), 7, waits);
  return message_of<envoy::config::listener::v3::Listener>(whole);
}

// What was noted, without the resource: "x: field y is not honoured" is "field y is not honoured".
inline std::vector<std::string> said(const Notes& notes) {
  std::vector<std::string> out;
  for (const std::string& text : notes.texts()) out.push_back(text.substr(text.find(": ") + 2));
  return out;
}

class ListenerWorld : public ::testing::Test {
 protected:
  metrics::Registry registry;
  TlsContexts contexts{{}};
  telemetry::Peer self;
  std::string node_id = "node";
  std::map<std::string, std::shared_ptr<telemetry::LogFile>> log_files;
  telemetry::OpenLog open_log = [](const std::string& path) -> Result<std::shared_ptr<telemetry::LogFile>> {
    return fail(ErrorKind::not_found, "{} is not there", path);
  };
  ListenerSurroundings around{contexts, self, node_id, log_files, open_log, registry};
};

}  // namespace lateen::discovery
