#include "data_plane/http/exchange.h"

namespace lateen::proxy {
namespace {

// gRPC's own mapping of HTTP statuses (grpc/doc/http-grpc-status-mapping.md).
int grpc_status_for(int status) {
  switch (status) {
    case 400:
      return 13;
    case 401:
      return 16;
    case 403:
      return 7;
    case 404:
      return 12;
    case 429:
    case 502:
    case 503:
    case 504:
      return 14;
    default:
      return 2;
  }
}

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c >= ' ' && c <= '~' && c != '%')
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

bool is_grpc(const http::Headers& headers) { return headers.value("content-type").starts_with("application/grpc"); }

}  // namespace

Exchange::Exchange(http::ServerStream& stream, const telemetry::ConnectionRecord& connection, io::Loop& loop)
    : stream(stream), draw(loop.random().next() >> 1) {
  record.connection = &connection;
  record.start = loop.wall_now();
  record.began = loop.now();
  record.protocol = stream.request().version == http::Version::http2     ? "HTTP/2"
                    : stream.request().version == http::Version::http1_0 ? "HTTP/1.0"
                                                                         : "HTTP/1.1";
  record.request_head_bytes = stream.request().headers.byte_size();
}

http::Response Exchange::reply(int status, std::string_view body, std::string_view details) {
  record.details = details;
  local_reply = true;
  http::Response response;
  if (is_grpc(headers()) && status != 200) {
    response.headers.add(":status", "200");
    response.headers.add("content-type", "application/grpc");
    response.headers.add("grpc-status", std::to_string(grpc_status_for(status)));
    if (!body.empty()) response.headers.add("grpc-message", percent_encoded(body));
    return response;
  }
  response.headers.add(":status", std::to_string(status));
  if (body.empty()) {
    response.headers.add("content-length", "0");
    return response;
  }
  response.headers.add("content-length", std::to_string(body.size()));
  response.headers.add("content-type", "text/plain");
  response.body = http::text_body(loop(), body);
  return response;
}

}  // namespace lateen::proxy
