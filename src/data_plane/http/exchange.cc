#include "data_plane/http/exchange.h"

#include "data_plane/telemetry/format.h"
#include "lib/grpc/status.h"

namespace lateen::proxy {

Exchange::Exchange(http::ServerStream& stream, const telemetry::ConnectionRecord& connection, io::Loop& loop)
    : stream(stream), clock(loop), draw(loop.random().next() >> 1) {
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
  if (telemetry::is_grpc(headers()) && status != 200) {
    response.headers.add(":status", "200");
    response.headers.add("content-type", "application/grpc");
    grpc::put_status({grpc::code_of_http(status), std::string(body)}, response.headers);
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
