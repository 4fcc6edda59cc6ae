#include <algorithm>
#include <charconv>
#include <cstring>

#include "lib/protocol/http1.h"
#include "lib/protocol/http1_scan.h"

namespace lateen::protocol::http1 {
namespace {

// Writes into room that was made beforehand.
class Pen {
 public:
  Pen(Buffer& out, size_t room) : out_(out), start_(out.writable(room).data()), at_(start_) {}
  ~Pen() { out_.commit(static_cast<size_t>(at_ - start_)); }

  void put(std::string_view text) {
    if (!text.empty()) std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  void put_number(uint64_t number) { at_ = std::to_chars(at_, at_ + 20, number).ptr; }
  // A value that could end its line early would write the fields of another message: its control characters become
  // spaces.
  void put_field(std::string_view name, std::string_view value) {
    put(name);
    put(": ");
    char* value_at = at_;
    put(value);
    for (char* bad = value_at; (bad = const_cast<char*>(find_control(bad, at_))) != at_; ++bad)
      if (*bad != '\t') *bad = ' ';
    put("\r\n");
  }

 private:
  Buffer& out_;
  char* start_;
  char* at_;
};

// More than what the lines beside the fields need: version, status, framing, connection.
constexpr size_t room_beside_fields = 256;

size_t room_for(const Headers& headers) {
  return headers.byte_size() + headers.size() * 4 + headers.authority().size() + room_beside_fields;
}

// Fields that the framing writes itself, or that are not written at all.
bool is_left_out(std::string_view name, const Outgoing& outgoing) {
  switch (name.size()) {
    case 0:
      return true;
    case 4:
      return name == "host";
    case 7:
      return name == "upgrade" && !outgoing.is_tunnel;
    case 10:
      return name == "connection" || name == "keep-alive";
    case 14:
      return name == "content-length" && !outgoing.keep_length;
    case 16:
      return name == "proxy-connection";
    case 17:
      return name == "transfer-encoding";
    default:
      return name.front() == ':';
  }
}

void put_fields(Pen& pen, const Headers& headers, const Outgoing& outgoing) {
  bool kept_length = false;
  for (const auto [name, value] : headers) {
    if (name.starts_with(':') || is_left_out(name, outgoing)) continue;
    if (outgoing.keep_length && name == "content-length") {
      if (kept_length) continue;
      kept_length = true;
    }
    pen.put_field(name, value);
  }
  switch (outgoing.framing.kind) {
    case Framing::length:
      pen.put("content-length: ");
      pen.put_number(outgoing.framing.bytes);
      pen.put("\r\n");
      break;
    case Framing::chunked:
      pen.put("transfer-encoding: chunked\r\n");
      break;
    case Framing::none:
      if (outgoing.announce_none && !kept_length) pen.put("content-length: 0\r\n");
      break;
    case Framing::until_close:
      break;
  }
  if (outgoing.is_tunnel && headers.has("upgrade"))
    pen.put("connection: upgrade\r\n");
  else if (outgoing.close)
    pen.put("connection: close\r\n");
  else if (outgoing.keep_alive)
    pen.put("connection: keep-alive\r\n");
  pen.put("\r\n");
}

bool can_stand_in_request_line(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c != ' ' && !is_control(c); });
}

}  // namespace

bool write_request_head(Buffer& out, const Headers& headers, const Outgoing& outgoing) {
  const std::string_view method = headers.method();
  const std::string_view authority = headers.authority();
  std::string_view target = method == "CONNECT" ? authority : headers.path();
  if (target.empty()) target = "/";
  if (method.empty() || !std::ranges::all_of(method, [](char c) { return is_token_char[static_cast<uint8_t>(c)]; }))
    return false;
  if (!can_stand_in_request_line(target) || !can_stand_in_request_line(authority)) return false;
  Pen pen(out, room_for(headers));
  pen.put(method);
  pen.put(" ");
  pen.put(target);
  pen.put(" HTTP/1.1\r\nhost: ");
  pen.put(authority);
  pen.put("\r\n");
  put_fields(pen, headers, outgoing);
  return true;
}

void write_response_head(Buffer& out, const Headers& headers, const Outgoing& outgoing) {
  const int status = headers.status() ? headers.status() : 500;
  Pen pen(out, room_for(headers));
  pen.put(outgoing.minor_version == 0 ? "HTTP/1.0 " : "HTTP/1.1 ");
  pen.put_number(static_cast<uint64_t>(status));
  pen.put(" ");
  pen.put(reason_phrase(status));
  pen.put("\r\n");
  put_fields(pen, headers, outgoing);
}

void write_chunk_size(Buffer& out, uint64_t bytes) {
  char line[20];
  char* end = std::to_chars(line, line + 16, bytes, 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  out.append({line, static_cast<size_t>(end - line)});
}

void write_last_chunk(Buffer& out, const Headers* trailers) {
  if (!trailers) return out.append("0\r\n\r\n");
  Pen pen(out, room_for(*trailers));
  pen.put("0\r\n");
  for (const auto [name, value] : *trailers)
    if (!name.starts_with(':')) pen.put_field(name, value);
  pen.put("\r\n");
}

std::string_view reason_phrase(int status) {
  struct Phrase {
    int status;
    std::string_view text;
  };
  static constexpr Phrase phrases[] = {{100, "Continue"},
                                       {101, "Switching Protocols"},
                                       {102, "Processing"},
                                       {103, "Early Hints"},
                                       {200, "OK"},
                                       {201, "Created"},
                                       {202, "Accepted"},
                                       {203, "Non-Authoritative Information"},
                                       {204, "No Content"},
                                       {205, "Reset Content"},
                                       {206, "Partial Content"},
                                       {207, "Multi-Status"},
                                       {208, "Already Reported"},
                                       {226, "IM Used"},
                                       {300, "Multiple Choices"},
                                       {301, "Moved Permanently"},
                                       {302, "Found"},
                                       {303, "See Other"},
                                       {304, "Not Modified"},
                                       {305, "Use Proxy"},
                                       {307, "Temporary Redirect"},
                                       {308, "Permanent Redirect"},
                                       {400, "Bad Request"},
                                       {401, "Unauthorized"},
                                       {402, "Payment Required"},
                                       {403, "Forbidden"},
                                       {404, "Not Found"},
                                       {405, "Method Not Allowed"},
                                       {406, "Not Acceptable"},
                                       {407, "Proxy Authentication Required"},
                                       {408, "Request Timeout"},
                                       {409, "Conflict"},
                                       {410, "Gone"},
                                       {411, "Length Required"},
                                       {412, "Precondition Failed"},
                                       {413, "Payload Too Large"},
                                       {414, "URI Too Long"},
                                       {415, "Unsupported Media Type"},
                                       {416, "Range Not Satisfiable"},
                                       {417, "Expectation Failed"},
                                       {421, "Misdirected Request"},
                                       {422, "Unprocessable Entity"},
                                       {423, "Locked"},
                                       {424, "Failed Dependency"},
                                       {425, "Too Early"},
                                       {426, "Upgrade Required"},
                                       {428, "Precondition Required"},
                                       {429, "Too Many Requests"},
                                       {431, "Request Header Fields Too Large"},
                                       {451, "Unavailable For Legal Reasons"},
                                       {500, "Internal Server Error"},
                                       {501, "Not Implemented"},
                                       {502, "Bad Gateway"},
                                       {503, "Service Unavailable"},
                                       {504, "Gateway Timeout"},
                                       {505, "HTTP Version Not Supported"},
                                       {506, "Variant Also Negotiates"},
                                       {507, "Insufficient Storage"},
                                       {508, "Loop Detected"},
                                       {510, "Not Extended"},
                                       {511, "Network Authentication Required"}};
  if (status == 200) return "OK";
  const Phrase* found = std::ranges::lower_bound(phrases, status, {}, &Phrase::status);
  return found != std::end(phrases) && found->status == status ? found->text : std::string_view();
}

}  // namespace lateen::protocol::http1
