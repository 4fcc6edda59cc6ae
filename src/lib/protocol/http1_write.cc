#include <algorithm>
#include <charconv>
#include <cstring>

#include "lib/base/bytes.h"
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
    copy_short(at_, text.data(), text.size());
    at_ += text.size();
  }
  void put_number(uint64_t number) { at_ = std::to_chars(at_, at_ + 20, number).ptr; }
  [[gnu::always_inline]] void put_field(std::string_view name, std::string_view value) {
    put(name);
    put(": ");
    put(value);
    put("\r\n");
  }
  // As put_field(), with the value's control characters made spaces: a value that could end its line early would write
  // the fields of another message.
  void put_cleaned_field(std::string_view name, std::string_view value) {
    put(name);
    put(": ");
    char* const value_at = at_;
    put(value);
    for (char* bad = value_at; (bad = const_cast<char*>(find_control(bad, at_))) != at_; ++bad)
      if (*bad != '\t') *bad = ' ';
    put("\r\n");
  }
  char* at() const { return at_; }
  void back_to(char* at) { at_ = at; }

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
      if (name == "host") return true;
      break;
    case 7:
      if (name == "upgrade") return !outgoing.is_tunnel;
      break;
    case 10:
      if (name == "connection" || name == "keep-alive") return true;
      break;
    case 14:
      if (name == "content-length") return !outgoing.keep_length;
      break;
    case 16:
      if (name == "proxy-connection") return true;
      break;
    case 17:
      if (name == "transfer-encoding") return true;
      break;
    default:
      break;
  }
  return name.front() == ':';
}

enum class Trust : bool { no, yes };

// Puts the message's own fields; returns how many lines that were.
size_t put_own_fields(Pen& pen, const Headers& headers, const Outgoing& outgoing, Trust values, bool& kept_length) {
  size_t lines = 0;
  kept_length = false;
  for (const auto [name, value] : headers) {
    if (is_left_out(name, outgoing)) continue;
    if (outgoing.keep_length && name == "content-length") {
      if (kept_length) continue;
      kept_length = true;
    }
    ++lines;
    if (values == Trust::yes)
      pen.put_field(name, value);
    else
      pen.put_cleaned_field(name, value);
  }
  return lines;
}

void put_fields(Pen& pen, const Headers& headers, const Outgoing& outgoing) {
  bool kept_length = false;
  // Hardly ever is there anything to clean, and whether there is, one look at all lines tells: each has its CR and LF.
  char* const from = pen.at();
  const size_t lines = put_own_fields(pen, headers, outgoing, Trust::yes, kept_length);
  if (count_controls(from, pen.at()) != 2 * lines) {
    pen.back_to(from);
    put_own_fields(pen, headers, outgoing, Trust::no, kept_length);
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
