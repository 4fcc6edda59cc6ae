#include "data_plane/telemetry/format_operators.h"

#include <array>
#include <ctime>

#include "lib/base/strings.h"

namespace lateen::telemetry {
namespace {

using Out = std::string&;
using In = const FormatInput&;
using Part = const FormatPart&;

bool put(Out out, std::string_view text) {
  if (text.empty()) return false;
  out += text;
  return true;
}
bool put_number(Out out, auto number) {
  fmt::format_to(std::back_inserter(out), "{}", number);
  return true;
}
bool put_milliseconds(Out out, const std::optional<Duration>& duration) {
  return duration && put_number(out, std::chrono::duration_cast<std::chrono::milliseconds>(*duration).count());
}
bool put_header(Out out, const protocol::Headers* headers, Part part) {
  if (!headers) return false;
  auto value = headers->get(part.first);
  if (!value && !part.second.empty()) value = headers->get(part.second);
  if (!value) return false;
  out += *value;
  return true;
}
bool put_address(Out out, const std::optional<SocketAddress>& address) { return address && put(out, address->text()); }
bool put_joined(Out out, const std::vector<std::string>& parts) { return put(out, joined(parts, ",")); }

std::string_view without_query(std::string_view path) { return path.substr(0, path.find('?')); }

// The GRPC status of trailers or a trailers-only response.
std::optional<std::string_view> grpc_status(In in) {
  for (const protocol::Headers* headers : {in.trailers, in.response})
    if (headers)
      if (const auto status = headers->get("grpc-status")) return status;
  return std::nullopt;
}
bool put_grpc_status(Out out, In in, Part part) {
  static constexpr std::array<const char*, 17> names{
      "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
      "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
      "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
      "DataLoss", "Unauthenticated"};
  const auto text = grpc_status(in);
  if (!text) return false;
  const auto number = parse_number<unsigned>(*text);
  if (part.first == "NUMBER" || !number || *number >= names.size()) return put(out, *text);
  return put(out, names[*number]);
}

const PeerCertificate* peer(In in) {
  const ConnectionRecord* connection = in.record.connection;
  return connection ? connection->peer_certificate.get() : nullptr;
}

bool put_metadata(Out out, In in, Part part) {
  const auto& metadata = in.record.extra->dynamic_metadata;
  const auto group = metadata.find(part.first);
  if (group == metadata.end()) return false;
  const auto value = group->second.find(part.second);
  return value != group->second.end() && put(out, value->second);
}

struct Named {
  const char* name;
  FormatValue value;
};

#define VALUE(expression) [](Out out, In in, Part part) -> bool { return expression; }
#define CONNECTION(expression)                        \
  [](Out out, In in, Part part) -> bool {             \
    const ConnectionRecord* c = in.record.connection; \
    return c && (expression);                         \
  }

constexpr Named operators[] = {
    {"REQ", VALUE(put_header(out, in.request, part))},
    {"REQUEST_HEADER", VALUE(put_header(out, in.request, part))},
    {"RESP", VALUE(put_header(out, in.response, part))},
    {"RESPONSE_HEADER", VALUE(put_header(out, in.response, part))},
    {"TRAILER", VALUE(put_header(out, in.trailers, part))},
    {"RESPONSE_TRAILER", VALUE(put_header(out, in.trailers, part))},
    {"PATH", VALUE(in.request&& put(out, part.first == "NQ" ? without_query(in.request->path()) : in.request->path()))},
    {"REQ_WITHOUT_QUERY", VALUE(in.request&& put(out, without_query(in.request->value(part.first))))},
    {"START_TIME", VALUE(put(out, format_start_time(in.record.start, part.first)))},
    {"DURATION", VALUE(put_milliseconds(out, in.record.finished))},
    {"REQUEST_DURATION", VALUE(put_milliseconds(out, in.record.request_complete))},
    {"REQUEST_TX_DURATION", VALUE(put_milliseconds(out, in.record.upstream_sent))},
    {"RESPONSE_DURATION", VALUE(put_milliseconds(out, in.record.upstream_first_byte))},
    {"RESPONSE_TX_DURATION", VALUE(in.record.finished&& in.record.upstream_first_byte&& put_milliseconds(
                                 out, *in.record.finished - *in.record.upstream_first_byte))},
    {"BYTES_RECEIVED", VALUE(put_number(out, in.record.bytes_received))},
    {"BYTES_SENT", VALUE(put_number(out, in.record.bytes_sent))},
    {"REQUEST_HEADERS_BYTES", VALUE(put_number(out, in.record.request_head_bytes))},
    {"RESPONSE_HEADERS_BYTES", VALUE(put_number(out, in.record.response_head_bytes))},
    {"PROTOCOL", VALUE(put(out, in.record.protocol))},
    {"RESPONSE_CODE", VALUE(put_number(out, in.record.status))},
    {"RESPONSE_CODE_DETAILS", VALUE(put(out, in.record.details))},
    {"RESPONSE_FLAGS", VALUE(in.record.flags.any() && put(out, in.record.flags.text()))},
    {"RESPONSE_FLAGS_LONG", VALUE(in.record.flags.any() && put(out, in.record.flags.long_text()))},
    {"GRPC_STATUS", put_grpc_status},
    {"GRPC_STATUS_NUMBER", VALUE(grpc_status(in) && put(out, *grpc_status(in)))},
    {"UPSTREAM_REQUEST_ATTEMPT_COUNT", VALUE(put_number(out, in.record.attempts))},
    {"CONNECTION_TERMINATION_DETAILS", CONNECTION(put(out, c->termination_details))},
    {"DOWNSTREAM_TRANSPORT_FAILURE_REASON", CONNECTION(put(out, c->transport_failure))},
    {"UPSTREAM_TRANSPORT_FAILURE_REASON", VALUE(put(out, in.record.extra->upstream_failure))},
    {"DOWNSTREAM_REMOTE_ADDRESS", CONNECTION(put(out, c->remote.text()))},
    {"DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT", CONNECTION(put(out, c->remote.ip.text()))},
    {"DOWNSTREAM_REMOTE_PORT", CONNECTION(put_number(out, c->remote.port))},
    {"DOWNSTREAM_DIRECT_REMOTE_ADDRESS", CONNECTION(put(out, c->direct_remote.text()))},
    {"DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT", CONNECTION(put(out, c->direct_remote.ip.text()))},
    {"DOWNSTREAM_DIRECT_REMOTE_PORT", CONNECTION(put_number(out, c->direct_remote.port))},
    {"DOWNSTREAM_LOCAL_ADDRESS", CONNECTION(put(out, c->local.text()))},
    {"DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT", CONNECTION(put(out, c->local.ip.text()))},
    {"DOWNSTREAM_LOCAL_PORT", CONNECTION(put_number(out, c->local.port))},
    {"DOWNSTREAM_DIRECT_LOCAL_ADDRESS", CONNECTION(put(out, c->direct_local.text()))},
    {"UPSTREAM_HOST", VALUE(put_address(out, in.record.upstream_host))},
    {"UPSTREAM_REMOTE_ADDRESS", VALUE(put_address(out, in.record.upstream_host))},
    {"UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT",
     VALUE(in.record.upstream_host&& put(out, in.record.upstream_host->ip.text()))},
    {"UPSTREAM_LOCAL_ADDRESS", VALUE(put_address(out, in.record.upstream_local))},
    {"UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT",
     VALUE(in.record.upstream_local&& put(out, in.record.upstream_local->ip.text()))},
    {"UPSTREAM_HOST_NAME", VALUE(put(out, in.record.upstream_host_name))},
    {"UPSTREAM_CLUSTER", VALUE(put(out, in.record.upstream_cluster))},
    {"UPSTREAM_CLUSTER_RAW", VALUE(put(out, in.record.upstream_cluster))},
    {"UPSTREAM_PEER_URI_SAN", VALUE(in.record.upstream_uri_sans&& put_joined(out, *in.record.upstream_uri_sans))},
    {"CONNECTION_ID", CONNECTION(put_number(out, c->id))},
    {"TRACE_ID", VALUE(put(out, in.record.extra->trace_id))},
    {"SPAN_ID", VALUE(put(out, in.record.extra->span_id))},
    {"STREAM_ID", VALUE(in.request&& put(out, in.request->value("x-request-id")))},
    {"ROUTE_NAME", VALUE(put(out, in.record.route_name))},
    {"VIRTUAL_HOST_NAME", VALUE(put(out, in.record.virtual_host))},
    {"FILTER_CHAIN_NAME", CONNECTION(put(out, c->filter_chain))},
    {"REQUESTED_SERVER_NAME", CONNECTION(put(out, c->requested_server_name))},
    {"DOWNSTREAM_PEER_URI_SAN", VALUE(peer(in) && put_joined(out, peer(in)->uri_sans))},
    {"DOWNSTREAM_PEER_DNS_SAN", VALUE(peer(in) && put_joined(out, peer(in)->dns_sans))},
    {"DOWNSTREAM_PEER_SUBJECT", VALUE(peer(in) && put(out, peer(in)->subject))},
    {"DOWNSTREAM_PEER_ISSUER", VALUE(peer(in) && put(out, peer(in)->issuer))},
    {"DOWNSTREAM_PEER_SERIAL", VALUE(peer(in) && put(out, peer(in)->serial))},
    {"DOWNSTREAM_PEER_FINGERPRINT_256", VALUE(peer(in) && put(out, peer(in)->sha256_hex))},
    {"DOWNSTREAM_LOCAL_URI_SAN", CONNECTION(put_joined(out, c->local_uri_sans))},
    {"DOWNSTREAM_TLS_VERSION", CONNECTION(put(out, c->tls_version))},
    {"DOWNSTREAM_TLS_CIPHER", CONNECTION(put(out, c->tls_cipher))},
    {"DYNAMIC_METADATA", put_metadata},
};
#undef VALUE
#undef CONNECTION

std::string known_names() {
  std::vector<std::string_view> names;
  for (const Named& each : operators) names.push_back(each.name);
  return joined(names, " ");
}

}  // namespace

std::string format_start_time(WallTime time, const std::string& format) {
  if (format.empty()) return format_time(time);
  const int64_t nanoseconds = time.time_since_epoch().count();
  const auto seconds = static_cast<time_t>(nanoseconds / 1'000'000'000);
  const std::string fraction = fmt::format("{:09}", nanoseconds % 1'000'000'000);
  std::string expanded;
  for (size_t i = 0; i < format.size(); ++i) {
    const std::string_view rest = std::string_view(format).substr(i);
    if (rest.starts_with("%s"))
      expanded += fmt::format("{}", seconds), ++i;
    else if (rest.starts_with("%f"))
      expanded += fraction, ++i;
    else if (rest.size() >= 3 && rest[0] == '%' && rest[2] == 'f' && rest[1] >= '1' && rest[1] <= '9')
      expanded += fraction.substr(0, static_cast<size_t>(rest[1] - '0')), i += 2;
    else if (rest.starts_with("%%"))
      expanded += "%%", ++i;
    else
      expanded += format[i];
  }
  tm utc{};
  gmtime_r(&seconds, &utc);
  char out[256];
  return std::string(out, strftime(out, sizeof out, expanded.c_str(), &utc));
}

Result<FormatPart> make_part(std::string_view name, std::string_view arguments) {
  FormatPart part;
  for (const Named& each : operators)
    if (name == each.name) part.value = each.value;
  if (!part.value) {
    std::vector<std::string_view> names;
    for (const Named& each : operators) names.push_back(each.name);
    const std::string_view near = nearest(name, names);
    if (near.empty()) return fail(ErrorKind::unsupported, "%{}% is not supported; known are: {}", name, known_names());
    return fail(ErrorKind::unsupported, "%{}% is not supported; did you mean %{}%?", name, near);
  }
  const bool is_header = name.starts_with("RE") && (name.ends_with("REQ") || name.ends_with("RESP") ||
                                                    name.ends_with("HEADER") || name.ends_with("QUERY"));
  if (is_header || name == "TRAILER" || name == "RESPONSE_TRAILER") {
    if (arguments.empty()) return fail(ErrorKind::invalid, "%{}% needs a header name in parentheses", name);
    const size_t alternative = arguments.find('?');
    part.first = lowered(arguments.substr(0, alternative));
    if (alternative != arguments.npos) part.second = lowered(arguments.substr(alternative + 1));
  } else if (name == "DYNAMIC_METADATA") {
    const size_t colon = arguments.find(':');
    part.first = arguments.substr(0, colon);
    if (colon != arguments.npos) part.second = arguments.substr(colon + 1);
  } else {
    part.first = arguments;
  }
  return part;
}

}  // namespace lateen::telemetry
