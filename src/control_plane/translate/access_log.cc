#include "control_plane/translate/access_log.h"

#include <envoy/config/core/v3/substitution_format_string.pb.h>
#include <envoy/extensions/access_loggers/file/v3/file.pb.h>

namespace lateen::translate {
namespace {

// Istio's own format, which its tools and users read.
constexpr std::string_view default_format =
    "[%START_TIME%] \"%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%\" %RESPONSE_CODE% "
    "%RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% "
    "\"%UPSTREAM_TRANSPORT_FAILURE_REASON%\" %BYTES_RECEIVED% %BYTES_SENT% %DURATION% "
    "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% \"%REQ(X-FORWARDED-FOR)%\" \"%REQ(USER-AGENT)%\" \"%REQ(X-REQUEST-ID)%\" "
    "\"%REQ(:AUTHORITY)%\" \"%UPSTREAM_HOST%\" %UPSTREAM_CLUSTER_RAW% %UPSTREAM_LOCAL_ADDRESS% "
    "%DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %ROUTE_NAME%\n";

constexpr std::pair<const char*, const char*> default_fields[] = {
    {"start_time", "%START_TIME%"},
    {"route_name", "%ROUTE_NAME%"},
    {"method", "%REQ(:METHOD)%"},
    {"path", "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%"},
    {"protocol", "%PROTOCOL%"},
    {"response_code", "%RESPONSE_CODE%"},
    {"response_flags", "%RESPONSE_FLAGS%"},
    {"response_code_details", "%RESPONSE_CODE_DETAILS%"},
    {"connection_termination_details", "%CONNECTION_TERMINATION_DETAILS%"},
    {"bytes_received", "%BYTES_RECEIVED%"},
    {"bytes_sent", "%BYTES_SENT%"},
    {"duration", "%DURATION%"},
    {"upstream_service_time", "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%"},
    {"x_forwarded_for", "%REQ(X-FORWARDED-FOR)%"},
    {"user_agent", "%REQ(USER-AGENT)%"},
    {"request_id", "%REQ(X-REQUEST-ID)%"},
    {"authority", "%REQ(:AUTHORITY)%"},
    {"upstream_host", "%UPSTREAM_HOST%"},
    {"upstream_cluster", "%UPSTREAM_CLUSTER_RAW%"},
    {"upstream_local_address", "%UPSTREAM_LOCAL_ADDRESS%"},
    {"downstream_local_address", "%DOWNSTREAM_LOCAL_ADDRESS%"},
    {"downstream_remote_address", "%DOWNSTREAM_REMOTE_ADDRESS%"},
    {"requested_server_name", "%REQUESTED_SERVER_NAME%"},
    {"upstream_transport_failure_reason", "%UPSTREAM_TRANSPORT_FAILURE_REASON%"},
};

void set_json(core::SubstitutionFormatString& out) {
  auto& fields = *out.mutable_json_format()->mutable_fields();
  for (const auto& [name, value] : default_fields) fields[name].set_string_value(value);
}

AccessLog file_log(const config::MeshConfig& mesh) {
  envoy::extensions::access_loggers::file::v3::FileAccessLog file;
  file.set_path(mesh.access_log_file);
  auto& format = *file.mutable_log_format();
  if (mesh.access_log_encoding == config::MeshConfig::AccessLogEncoding::JSON) {
    set_json(format);
  } else {
    std::string text = mesh.access_log_format.empty() ? std::string(default_format) : mesh.access_log_format;
    if (!text.ends_with('\n')) text += '\n';
    format.mutable_text_format_source()->set_inline_string(text);
  }
  AccessLog out;
  out.set_name("envoy.access_loggers.file");
  *out.mutable_typed_config() = xds::pack(file);
  return out;
}

}  // namespace

void add_access_logs(const Context& in, AccessLogs& out) {
  if (!in.mesh.access_log_file.empty()) *out.Add() = file_log(in.mesh);
}

void add_refusal_log(const Context& in, Listener& listener) {
  if (in.mesh.access_log_file.empty() || in.mesh.disable_envoy_listener_log) return;
  AccessLog log = file_log(in.mesh);
  log.mutable_filter()->mutable_response_flag_filter()->add_flags("NR");
  *listener.add_access_log() = std::move(log);
}

}  // namespace lateen::translate
