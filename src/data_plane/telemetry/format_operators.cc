#include "data_plane/telemetry/format_operators.h"

#include <algorithm>
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
// A text that comes from outside and was not read as a header: nothing in it may break the line. Blanks go too where
// the text is one column of a log.
bool put_foreign(Out out, std::string_view text, bool keep_blanks = false) {
  for (const char c : text) {
    const bool control = static_cast<unsigned char>(c) < ' ' || c == 0x7f;
    out += control || (c == ' ' && !keep_blanks) ? '_' : c;
  }
  return !text.empty();
}
// The name that a client asked for; one that cannot be a host's is marked, as Envoy does.
bool put_host(Out out, std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
  };
  if (!std::ranges::all_of(name, fits)) out += "invalid:";
  for (const char c : name) out += fits(c) ? c : '_';
  return !name.empty();
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
// Who is asking: the connection's peer, or an address without a port that stands for it.
std::optional<SocketAddress> remote_of(In in) {
  if (in.record.client) return SocketAddress{.ip = *in.record.client};
  return in.record.connection ? std::optional(in.record.connection->remote) : std::nullopt;
}
bool put_remote_ip(Out out, In in, Part) {
  const auto remote = remote_of(in);
  return remote && put(out, remote->ip.text());
}
bool put_remote_port(Out out, In in, Part) {
  const auto remote = remote_of(in);
  return remote && put_number(out, remote->port);
}
bool put_joined(Out out, const std::vector<std::string>& parts) { return put(out, joined(parts, ",")); }

std::string_view without_query(std::string_view path) { return path.substr(0, path.find('?')); }

bool put_without_query(Out out, In in, Part part) {
  const size_t begin = out.size();
  if (!put_header(out, in.request, part)) return false;
  out.resize(std::min(out.size(), out.find('?', begin)));
  return true;
}

// The first value of that parameter of the path's query, as it was sent.
bool put_query_parameter(Out out, In in, Part part) {
  if (!in.request) return false;
  const std::string_view path = in.request->path();
  const size_t query = path.find('?');
  if (query == path.npos) return false;
  for (const std::string_view each : split(path.substr(query + 1), '&'))
    if (const size_t equals = each.find('='); each.substr(0, equals) == part.first)
      return put(out, equals == each.npos ? std::string_view() : each.substr(equals + 1));
  return false;
}

// The status of trailers or of a trailers-only response, where the request spoke gRPC; -1 when it is no number.
std::optional<int> grpc_status(In in) {
  if (!in.request || !is_grpc(*in.request)) return std::nullopt;
  for (const protocol::Headers* headers : {in.trailers, in.response}) {
    const auto status = headers ? headers->get("grpc-status") : std::nullopt;
    if (!status) continue;
    const auto number = parse_number<uint16_t>(*status);
    return number ? *number : -1;
  }
  return std::nullopt;
}
bool put_grpc_number(Out out, In in) {
  const auto status = grpc_status(in);
  return status && put_number(out, *status);
}
bool put_grpc_status(Out out, In in, Part part) {
  struct Names {
    const char *camel, *snake;
  };
  static constexpr Names names[] = {{"OK", "OK"},
                                    {"Canceled", "CANCELLED"},
                                    {"Unknown", "UNKNOWN"},
                                    {"InvalidArgument", "INVALID_ARGUMENT"},
                                    {"DeadlineExceeded", "DEADLINE_EXCEEDED"},
                                    {"NotFound", "NOT_FOUND"},
                                    {"AlreadyExists", "ALREADY_EXISTS"},
                                    {"PermissionDenied", "PERMISSION_DENIED"},
                                    {"ResourceExhausted", "RESOURCE_EXHAUSTED"},
                                    {"FailedPrecondition", "FAILED_PRECONDITION"},
                                    {"Aborted", "ABORTED"},
                                    {"OutOfRange", "OUT_OF_RANGE"},
                                    {"Unimplemented", "UNIMPLEMENTED"},
                                    {"Internal", "INTERNAL"},
                                    {"Unavailable", "UNAVAILABLE"},
                                    {"DataLoss", "DATA_LOSS"},
                                    {"Unauthenticated", "UNAUTHENTICATED"}};
  const auto status = grpc_status(in);
  if (!status) return false;
  if (*status < 0 || static_cast<size_t>(*status) >= std::size(names)) return put_number(out, *status);
  const Names& name = names[*status];
  return put(out, part.first == "SNAKE_STRING" ? name.snake : name.camel);
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
  return value != group->second.end() && put_foreign(out, value->second, true);
}

enum Kind : uint8_t { text, number, header };
struct Named {
  const char* name;
  FormatValue value;
  Kind kind = text;
};

#define VALUE(expression) [](Out out, In in, Part part) -> bool { return expression; }
#define CONNECTION(expression)                        \
  [](Out out, In in, Part part) -> bool {             \
    const ConnectionRecord* c = in.record.connection; \
    return c && (expression);                         \
  }

constexpr Named operators[] = {
    {"REQ", VALUE(put_header(out, in.request, part)), header},
    {"REQUEST_HEADER", VALUE(put_header(out, in.request, part)), header},
    {"RESP", VALUE(put_header(out, in.response, part)), header},
    {"RESPONSE_HEADER", VALUE(put_header(out, in.response, part)), header},
    {"TRAILER", VALUE(put_header(out, in.trailers, part)), header},
    {"RESPONSE_TRAILER", VALUE(put_header(out, in.trailers, part)), header},
    {"PATH", VALUE(in.request&& put(out, part.first == "NQ" ? without_query(in.request->path()) : in.request->path()))},
    {"REQ_WITHOUT_QUERY", put_without_query, header},
    {"QUERY_PARAM", put_query_parameter},
    {"START_TIME", VALUE(put(out, format_start_time(in.record.start, part.first)))},
    {"EMIT_TIME", VALUE(put(out, format_start_time(in.record.start + in.record.finished.value_or(0s), part.first)))},
    {"DURATION", VALUE(put_milliseconds(out, in.record.finished)), number},
    {"REQUEST_DURATION", VALUE(put_milliseconds(out, in.record.request_complete)), number},
    {"REQUEST_TX_DURATION", VALUE(put_milliseconds(out, in.record.upstream_sent)), number},
    {"RESPONSE_DURATION", VALUE(put_milliseconds(out, in.record.upstream_first_byte)), number},
    {"RESPONSE_TX_DURATION",
     VALUE(in.record.finished&& in.record.upstream_first_byte&& put_milliseconds(
         out, *in.record.finished - *in.record.upstream_first_byte)),
     number},
    {"BYTES_RECEIVED", VALUE(put_number(out, in.record.bytes_received)), number},
    {"BYTES_SENT", VALUE(put_number(out, in.record.bytes_sent)), number},
    {"REQUEST_HEADERS_BYTES", VALUE(put_number(out, in.record.request_head_bytes)), number},
    {"RESPONSE_HEADERS_BYTES", VALUE(put_number(out, in.record.response_head_bytes)), number},
    {"PROTOCOL", VALUE(put(out, in.record.protocol))},
    {"RESPONSE_CODE", VALUE(put_number(out, in.record.status)), number},
    {"RESPONSE_CODE_DETAILS", VALUE(put_foreign(out, in.record.details, part.first == "ALLOW_WHITESPACES"))},
    {"RESPONSE_FLAGS", VALUE(put(out, in.record.flags.text()))},
    {"RESPONSE_FLAGS_LONG", VALUE(put(out, in.record.flags.long_text()))},
    {"GRPC_STATUS", put_grpc_status},
    {"GRPC_STATUS_NUMBER", VALUE(put_grpc_number(out, in)), number},
    {"UPSTREAM_REQUEST_ATTEMPT_COUNT", VALUE(put_number(out, in.record.attempts)), number},
    {"CONNECTION_TERMINATION_DETAILS", CONNECTION(put_foreign(out, c->termination_details))},
    {"DOWNSTREAM_TRANSPORT_FAILURE_REASON", CONNECTION(put_foreign(out, c->transport_failure))},
    {"UPSTREAM_TRANSPORT_FAILURE_REASON", VALUE(put_foreign(out, in.record.extra->upstream_failure))},
    {"DOWNSTREAM_REMOTE_ADDRESS", VALUE(put_address(out, remote_of(in)))},
    {"DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT", put_remote_ip},
    {"DOWNSTREAM_REMOTE_PORT", put_remote_port, number},
    {"DOWNSTREAM_DIRECT_REMOTE_ADDRESS", CONNECTION(put(out, c->direct_remote.text()))},
    {"DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT", CONNECTION(put(out, c->direct_remote.ip.text()))},
    {"DOWNSTREAM_DIRECT_REMOTE_PORT", CONNECTION(put_number(out, c->direct_remote.port)), number},
    {"DOWNSTREAM_LOCAL_ADDRESS", CONNECTION(put(out, c->local.text()))},
    {"DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT", CONNECTION(put(out, c->local.ip.text()))},
    {"DOWNSTREAM_LOCAL_PORT", CONNECTION(put_number(out, c->local.port)), number},
    {"DOWNSTREAM_DIRECT_LOCAL_ADDRESS", CONNECTION(put(out, c->direct_local.text()))},
    {"DOWNSTREAM_DIRECT_LOCAL_ADDRESS_WITHOUT_PORT", CONNECTION(put(out, c->direct_local.ip.text()))},
    {"DOWNSTREAM_DIRECT_LOCAL_PORT", CONNECTION(put_number(out, c->direct_local.port)), number},
    {"UPSTREAM_HOST", VALUE(put_address(out, in.record.upstream_host))},
    {"UPSTREAM_REMOTE_ADDRESS", VALUE(put_address(out, in.record.upstream_host))},
    {"UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT",
     VALUE(in.record.upstream_host&& put(out, in.record.upstream_host->ip.text()))},
    {"UPSTREAM_LOCAL_ADDRESS", VALUE(put_address(out, in.record.upstream_local))},
    {"UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT",
     VALUE(in.record.upstream_local&& put(out, in.record.upstream_local->ip.text()))},
    {"UPSTREAM_REMOTE_PORT", VALUE(in.record.upstream_host&& put_number(out, in.record.upstream_host->port)), number},
    {"UPSTREAM_LOCAL_PORT", VALUE(in.record.upstream_local&& put_number(out, in.record.upstream_local->port)), number},
    {"UPSTREAM_HOST_NAME", VALUE(put(out, in.record.upstream_host_name))},
    {"UPSTREAM_CLUSTER", VALUE(put(out, in.record.upstream_cluster))},
    {"UPSTREAM_CLUSTER_RAW", VALUE(put(out, in.record.upstream_cluster))},
    {"UPSTREAM_PEER_URI_SAN", VALUE(in.record.upstream_uri_sans&& put_joined(out, *in.record.upstream_uri_sans))},
    {"CONNECTION_ID", CONNECTION(put_number(out, c->id)), number},
    {"TRACE_ID", VALUE(put(out, in.record.extra->trace_id))},
    {"SPAN_ID", VALUE(put(out, in.record.extra->span_id))},
    {"STREAM_ID", VALUE(in.request&& put(out, in.request->value("x-request-id")))},
    {"ROUTE_NAME", VALUE(put(out, in.record.route_name))},
    {"VIRTUAL_HOST_NAME", VALUE(put(out, in.record.virtual_host))},
    {"FILTER_CHAIN_NAME", CONNECTION(put(out, c->filter_chain))},
    {"REQUESTED_SERVER_NAME", CONNECTION(put_host(out, c->requested_server_name))},
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
  std::string out(64 + expanded.size() * 16, '\0');  // the longest conversion, %c, gives 24 letters for two
  out.resize(strftime(out.data(), out.size(), expanded.c_str(), &utc));
  return out;
}

namespace {

Result<> read_header_names(std::string_view name, std::string_view arguments, FormatPart& part) {
  const auto names = split(arguments, '?');
  if (arguments.empty()) return fail(ErrorKind::invalid, "%{}% needs a header name in parentheses", name);
  if (names.size() > 2) return fail(ErrorKind::invalid, "%{}({})% names more than one alternative", name, arguments);
  part.first = lowered(names[0]);
  if (names.size() == 2) part.second = lowered(names[1]);
  return {};
}

}  // namespace

Result<FormatPart> make_part(std::string_view name, std::string_view arguments) {
  const auto* found = std::ranges::find_if(operators, [&](const Named& each) { return name == each.name; });
  if (found == std::end(operators)) {
    std::vector<std::string_view> names;
    for (const Named& each : operators) names.push_back(each.name);
    const std::string_view near = nearest(name, names);
    if (near.empty()) return fail(ErrorKind::unsupported, "%{}% is not supported; known are: {}", name, known_names());
    return fail(ErrorKind::unsupported, "%{}% is not supported; did you mean %{}%?", name, near);
  }
  FormatPart part;
  part.value = found->value;
  part.is_number = found->kind == number;
  if (found->kind == header) {
    if (auto read = read_header_names(name, arguments, part); !read) return failed(read);
  } else if (name == "DYNAMIC_METADATA") {
    const size_t colon = arguments.find(':');
    part.first = arguments.substr(0, colon);
    if (colon != arguments.npos) part.second = arguments.substr(colon + 1);
  } else if (name == "GRPC_STATUS") {
    if (arguments == "NUMBER") return make_part("GRPC_STATUS_NUMBER", "");
    if (!arguments.empty() && arguments != "CAMEL_STRING" && arguments != "SNAKE_STRING")
      return fail(ErrorKind::invalid, "%GRPC_STATUS({})%: known are CAMEL_STRING, SNAKE_STRING and NUMBER", arguments);
    part.first = arguments;
  } else {
    part.first = arguments;
  }
  return part;
}

}  // namespace lateen::telemetry
