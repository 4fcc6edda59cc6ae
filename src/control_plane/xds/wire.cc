#include "control_plane/xds/wire.h"

#include "config/xds/protos.h"

namespace lateen::discovery {

namespace api = envoy::service::discovery::v3;

namespace {

constexpr size_t names_max = 100'000;  // of one request; a message's own limit is met long before

template <class Range>
std::vector<std::string> texts(const Range& names) {
  return {names.begin(), names.begin() + std::min<std::ptrdiff_t>(names.size(), names_max)};
}

void put_varint(uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

size_t varint_size(uint64_t value) {
  size_t bytes = 1;
  for (; value >= 0x80; value >>= 7) ++bytes;
  return bytes;
}

size_t field_size(std::string_view value) { return 1 + varint_size(value.size()) + value.size(); }

// A length-delimited field with a number below 16.
void put_field(int number, std::string_view value, std::string& out) {
  out += static_cast<char>(number << 3 | 2);
  put_varint(value.size(), out);
  out += value;
}

std::string identity(std::string_view identifier) {
  std::string out;
  put_field(1, identifier, out);  // ControlPlane.identifier
  return out;
}

// DiscoveryResponse: version_info 1, resources 2, type_url 4, nonce 5, control_plane 6.
std::string write_whole(const Push& push, std::string_view identifier) {
  size_t size = push.version.size() + push.type.size() + push.nonce.size() + identifier.size() + 64;
  for (const auto* each : push.resources) size += field_size(each->any);
  std::string out;
  out.reserve(size);
  put_field(1, push.version, out);
  for (const auto* each : push.resources) put_field(2, each->any, out);
  put_field(4, push.type, out);
  put_field(5, push.nonce, out);
  put_field(6, identity(identifier), out);
  return out;
}

// DeltaDiscoveryResponse: system_version_info 1, resources 2 (Resource: version 1, resource 2, name 3), type_url 4,
// nonce 5, removed_resources 6, control_plane 7.
std::string write_delta(const Push& push, std::string_view identifier) {
  std::string out;
  put_field(1, push.version, out);
  for (const auto* each : push.resources) {
    const size_t size = field_size(each->version) + field_size(each->any) + field_size(each->name);
    out += static_cast<char>(2 << 3 | 2);
    put_varint(size, out);
    put_field(1, each->version, out);
    put_field(2, each->any, out);
    put_field(3, each->name, out);
  }
  put_field(4, push.type, out);
  put_field(5, push.nonce, out);
  for (const auto& name : push.removed) put_field(6, name, out);
  put_field(7, identity(identifier), out);
  return out;
}

}  // namespace

Request read_request(const api::DiscoveryRequest& request) {
  Request out;
  out.type = request.type_url();
  out.nonce = request.response_nonce();
  out.version = request.version_info();
  out.names = texts(request.resource_names());
  if (request.has_error_detail()) out.refusal = request.error_detail().message();
  return out;
}

Request read_request(const api::DeltaDiscoveryRequest& request) {
  Request out;
  out.type = request.type_url();
  out.nonce = request.response_nonce();
  out.subscribe = texts(request.resource_names_subscribe());
  out.unsubscribe = texts(request.resource_names_unsubscribe());
  for (const auto& [name, version] : request.initial_resource_versions()) out.has_versions.emplace_back(name, version);
  if (request.has_error_detail()) out.refusal = request.error_detail().message();
  return out;
}

std::string write_response(const Push& push, Mode mode, std::string_view identifier) {
  return mode == Mode::delta ? write_delta(push, identifier) : write_whole(push, identifier);
}

}  // namespace lateen::discovery
