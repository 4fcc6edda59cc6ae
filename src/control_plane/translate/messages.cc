#include "control_plane/translate/messages.h"

#include "config/xds/typed_struct.h"
#include "lib/base/strings.h"

namespace lateen::translate {

void set(google::protobuf::Duration* out, Duration value) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(value);
  out->set_seconds(seconds.count());
  out->set_nanos(static_cast<int32_t>((value - seconds).count()));
}

void set_address(core::Address* out, std::string_view address, uint32_t port) {
  if (address.starts_with("unix://")) {
    out->mutable_pipe()->set_path(std::string(address.substr(7)));
    return;
  }
  auto* socket = out->mutable_socket_address();
  socket->set_address(std::string(address));
  socket->set_port_value(port);
}

void set_ads(core::ConfigSource* out) {
  out->mutable_ads();
  out->mutable_initial_fetch_timeout();
  out->set_resource_api_version(core::V3);
}

std::string cluster_name(uint32_t port, std::string_view subset, std::string_view host) {
  return fmt::format("outbound|{}|{}|{}", port, subset, host);
}

std::string sni_name(uint32_t port, std::string_view subset, std::string_view host) {
  return fmt::format("outbound_.{}_.{}_.{}", port, subset, host);
}

ClusterName parse_cluster_name(std::string_view name) {
  ClusterName out;
  std::vector<std::string_view> parts;
  if (name.starts_with("outbound|")) {
    parts = split(name, '|');
  } else if (name.starts_with("outbound_.")) {
    out.sni = true;
    for (size_t end = 0; parts.size() < 3 && end != std::string_view::npos;) {
      end = name.find("_.");
      parts.push_back(name.substr(0, end));
      if (end != std::string_view::npos) name.remove_prefix(end + 2);
    }
    parts.push_back(name);
  }
  if (parts.size() != 4) return out;
  const auto port = parse_number<uint32_t>(parts[1]);
  if (!port) return out;
  out.ok = true;
  out.port = *port;
  out.subset = parts[2];
  out.host = parts[3];
  return out;
}

void set_istio_metadata(core::Metadata* out, const std::string& key, const std::string& value) {
  auto& fields = *(*out->mutable_filter_metadata())["istio"].mutable_fields();
  fields[key].set_string_value(value);
}

void set_config_metadata(core::Metadata* out, std::string_view resource, std::string_view namespace_,
                         std::string_view name) {
  set_istio_metadata(out, "config",
                     fmt::format("/apis/networking.istio.io/v1/namespaces/{}/{}/{}", namespace_, resource, name));
}

google::protobuf::Any tcp_metadata_exchange() {
  schema::Node value = schema::Node::map();
  value["enable_discovery"] = true;
  value["protocol"] = "istio-peer-exchange";
  return xds::pack_typed_struct(xds::istio_filter::metadata_exchange, value);
}

}  // namespace lateen::translate
