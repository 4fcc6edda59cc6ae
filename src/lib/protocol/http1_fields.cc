#include "lib/protocol/http1_fields.h"

#include <algorithm>
#include <vector>

#include "lib/base/strings.h"
#include "lib/protocol/http1_scan.h"

namespace lateen::protocol::http1 {
namespace {

// Calls visit(token) for each non-empty element of a comma-separated list.
template <class Visit>
void for_each_token(std::string_view list, Visit visit) {
  while (!list.empty()) {
    const size_t comma = list.find(',');
    const std::string_view token = trimmed(list.substr(0, comma));
    list = comma == list.npos ? std::string_view() : list.substr(comma + 1);
    if (!token.empty()) visit(token);
  }
}

// "connection: keep-alive" and "connection: close" alone say all there is to know: such a field is not even kept.
bool is_plain_connection(std::string_view name, std::string_view value, FieldFacts& facts) {
  const bool keeps = value == "keep-alive", closes = value == "close";
  if (name.size() != 10 || (!keeps && !closes) || !equal_ignoring_case(name, "connection")) return false;
  facts.keep_alive |= keeps;
  facts.close |= closes;
  return true;
}

void read_connection(std::string_view value, FieldFacts& facts) {
  facts.has_hop_fields = true;
  for_each_token(value, [&](std::string_view token) {
    if (equal_ignoring_case(token, "close"))
      facts.close = true;
    else if (equal_ignoring_case(token, "keep-alive"))
      facts.keep_alive = true;
    else if (equal_ignoring_case(token, "upgrade"))
      facts.upgrade = true;
    else
      facts.names_others = true;
  });
}

const char* read_length(std::string_view value, FieldFacts& facts) {
  if (facts.has_length) return "repeated content-length";
  facts.has_length = true;
  if (value.empty() || value.size() > 18) return "invalid content-length";
  for (const char digit : value) {
    if (digit < '0' || digit > '9') return "invalid content-length";
    facts.length = facts.length * 10 + static_cast<uint64_t>(digit - '0');
  }
  return nullptr;
}

std::optional<Refusal> read_transfer_encoding(std::string_view value, FieldFacts& facts) {
  facts.has_hop_fields = true;
  if (facts.chunked) return Refusal{400, "repeated transfer-encoding"};
  facts.chunked = true;
  if (equal_ignoring_case(value, "chunked")) return std::nullopt;
  std::string_view last;
  size_t codings = 0, chunked = 0;
  for_each_token(value, [&](std::string_view token) {
    last = token;
    ++codings;
    chunked += equal_ignoring_case(token, "chunked");
  });
  if (codings > 1 && chunked == 1 && equal_ignoring_case(last, "chunked"))
    return Refusal{501, "transfer-encoding other than chunked"};
  return Refusal{400, "transfer-encoding does not end with one chunked"};
}

// Looks at the fields that the codec itself must understand; the lengths of their names sort out nearly all others. The
// name is in lower case.
std::optional<Refusal> read_known_field(std::string_view name, std::string_view value, FieldFacts& facts) {
  switch (name.size()) {
    case 2:
      facts.has_hop_fields |= name == "te";
      break;
    case 6:
      if (name == "expect" && equal_ignoring_case(value, "100-continue"))
        facts.expects_continue = facts.has_hop_fields = true;
      break;
    case 7:
      facts.has_hop_fields |= name == "upgrade";
      break;
    case 10:
      if (name == "connection") read_connection(value, facts);
      facts.has_hop_fields |= name == "keep-alive";
      break;
    case 14:
      if (name == "content-length")
        if (const char* wrong = read_length(value, facts)) return Refusal{400, wrong};
      break;
    case 16:
      facts.has_hop_fields |= name == "proxy-connection";
      break;
    case 17:
      if (name == "transfer-encoding") return read_transfer_encoding(value, facts);
      break;
    default:
      break;
  }
  return std::nullopt;
}

bool is_host(std::string_view name) {
  return name.size() == 4 && to_lower(name[0]) == 'h' && to_lower(name[1]) == 'o' && to_lower(name[2]) == 's' &&
         to_lower(name[3]) == 't';
}

// The end of a field's value, its CR; null when the bytes end first.
std::expected<const char*, Refusal> find_value_end(const char* at, const char* end) {
  for (;;) {
    at = find_control(at, end);
    if (at == end) return nullptr;
    if (*at != '\t') break;
    ++at;
  }
  if (*at == '\n') return std::unexpected(Refusal{400, "line ends with LF alone"});
  if (*at != '\r') return std::unexpected(Refusal{400, "control character in a field value"});
  if (at + 1 == end) return nullptr;
  if (at[1] != '\n') return std::unexpected(Refusal{400, "CR without LF"});
  return at;
}

}  // namespace

bool has_token(std::string_view list, std::string_view token) {
  bool found = false;
  for_each_token(list, [&](std::string_view each) { found |= equal_ignoring_case(each, token); });
  return found;
}

std::expected<const char*, Refusal> parse_fields(const char* at, const char* end, Headers& headers, FieldFacts& facts,
                                                 const Limits& limits, bool host_is_authority) {
  for (size_t count = 0;; ++count) {
    if (at == end) return nullptr;
    if (*at == '\r') {
      if (at + 1 == end) return nullptr;
      if (at[1] != '\n') return std::unexpected(Refusal{400, "CR without LF"});
      return at + 2;
    }
    if (*at == '\n') return std::unexpected(Refusal{400, "line ends with LF alone"});
    if (*at == ' ' || *at == '\t') return std::unexpected(Refusal{400, "folded field line"});
    if (count == limits.max_fields) return std::unexpected(Refusal{431, "too many fields"});

    const char* name_end = skip_token(at, end);
    const std::string_view name(at, static_cast<size_t>(name_end - at));
    if (name.size() > Headers::max_name_bytes) return std::unexpected(Refusal{431, "field name too long"});
    if (name_end == end) return nullptr;
    if (*name_end == ' ' || *name_end == '\t')
      return std::unexpected(Refusal{400, "space between field name and colon"});
    if (*name_end != ':' || name.empty()) return std::unexpected(Refusal{400, "invalid character in a field name"});

    const char* value_at = name_end + 1;
    while (value_at != end && (*value_at == ' ' || *value_at == '\t')) ++value_at;
    const auto line_end = find_value_end(value_at, end);
    if (!line_end || !*line_end) return line_end;
    const char* value_end = *line_end;
    while (value_end > value_at && (value_end[-1] == ' ' || value_end[-1] == '\t')) --value_end;
    const std::string_view value(value_at, static_cast<size_t>(value_end - value_at));
    at = *line_end + 2;

    if (host_is_authority && is_host(name)) {
      if (facts.has_host) return std::unexpected(Refusal{400, "repeated host"});
      if (!value.empty() && !is_authority(value, false)) return std::unexpected(Refusal{400, "invalid host"});
      facts.has_host = true;
      if (headers.authority().empty()) headers.set(":authority", value);
      continue;
    }
    if (is_plain_connection(name, value, facts)) continue;
    const std::string_view lower = headers.add_lowering(name, value);
    if (const auto refusal = read_known_field(lower, value, facts)) return std::unexpected(*refusal);
  }
}

void remove_hop_fields(Headers& headers, const FieldFacts& facts, bool keep_upgrade) {
  if (!facts.has_hop_fields) return;
  if (facts.names_others) {
    std::vector<std::string> named;
    for (const auto field : headers)
      if (field.name == "connection")
        for_each_token(field.value, [&](std::string_view token) { named.push_back(lowered(token)); });
    // A peer must not be able to take out what the message itself stands on.
    std::erase_if(named, [](const std::string& name) {
      return name.starts_with(':') || name == "content-length" || name == "upgrade" || name == "te";
    });
    headers.remove_if([&](Headers::Field field) { return std::ranges::find(named, field.name) != named.end(); });
  }
  const bool te_trailers = has_token(headers.joined("te").value_or(""), "trailers");
  headers.remove_if([&](Headers::Field field) {
    switch (field.name.size()) {
      case 2:
        return field.name == "te";
      case 6:
        return field.name == "expect" && facts.expects_continue;
      case 7:
        return field.name == "upgrade" && !keep_upgrade;
      case 10:
        return field.name == "connection" || field.name == "keep-alive";
      case 16:
        return field.name == "proxy-connection";
      case 17:
        return field.name == "transfer-encoding";
      default:
        return false;
    }
  });
  if (te_trailers) headers.add("te", "trailers");
  if (keep_upgrade) headers.add("connection", "upgrade");
}

bool is_authority(std::string_view text, bool port_required) {
  std::string_view port;
  if (text.starts_with('[')) {
    const size_t close = text.find(']');
    if (close == text.npos) return false;
    for (const char c : text.substr(1, close - 1))
      if (!is_token_char[static_cast<unsigned char>(c)] && c != ':') return false;
    port = text.substr(close + 1);
  } else {
    const size_t colon = text.find(':');
    for (const char c : text.substr(0, colon))
      if (!is_token_char[static_cast<unsigned char>(c)] && c != '=' && c != ',' && c != ';' && c != '(' && c != ')')
        return false;
    if (colon == 0) return false;
    port = colon == text.npos ? std::string_view() : text.substr(colon);
  }
  if (port.empty()) return !port_required;
  if (port.front() != ':' || port.size() > 6 || (port_required && port.size() == 1)) return false;
  for (const char digit : port.substr(1))
    if (digit < '0' || digit > '9') return false;
  return true;
}

}  // namespace lateen::protocol::http1
