// Where accesses are logged: the mesh-wide file of MeshConfig (accessLogFile, accessLogFormat, accessLogEncoding).
#pragma once
#include "control_plane/translate/context.h"
#include "control_plane/translate/messages.h"

namespace lateen::translate {

using envoy::config::accesslog::v3::AccessLog;
using AccessLogs = google::protobuf::RepeatedPtrField<AccessLog>;

// For requests and connections that a filter chain serves.
void add_access_logs(const Context& in, AccessLogs& out);

// For connections that no filter chain takes, such as plain text where mutual TLS is required: flag NR.
void add_refusal_log(const Context& in, Listener& listener);

}  // namespace lateen::translate
