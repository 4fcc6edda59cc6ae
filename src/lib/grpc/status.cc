#include "lib/grpc/status.h"

#include <algorithm>

#include "lib/base/strings.h"

namespace lateen::grpc {
namespace {

constexpr std::string_view names[] = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

constexpr size_t message_max = 4096;  // what we send; heads have their own limit where they are read

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, message_max)) {
    if (c >= ' ' && c <= '~' && c != '%') {
      out += c;
    } else {
      fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

// What is no valid escape stays as it is, as the protocol asks.
std::string percent_decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto value =
        text[i] == '%' && i + 2 < text.size() ? parse_number<uint8_t>(text.substr(i + 1, 2), 16) : std::nullopt;
    if (value) i += 2;
    out += value ? static_cast<char>(*value) : text[i];
  }
  return out;
}

struct Unit {
  char letter;
  Duration length;
};
constexpr Unit units[] = {{'n', 1ns}, {'u', 1us}, {'m', 1ms}, {'S', 1s}, {'M', 1min}, {'H', 1h}};

}  // namespace

std::string_view name_of(Code code) {
  const auto index = static_cast<size_t>(code);
  return index < std::size(names) ? names[index] : "UNKNOWN";
}

std::string text_of(const Status& status) {
  return status.message.empty() ? std::string(name_of(status.code))
                                : fmt::format("{}: {}", name_of(status.code), status.message);
}

Status to_status(const Error& error) {
  const auto code = [&] {
    switch (error.kind) {
      case ErrorKind::invalid:
        return Code::invalid_argument;
      case ErrorKind::not_found:
        return Code::not_found;
      case ErrorKind::already_exists:
        return Code::already_exists;
      case ErrorKind::permission:
        return Code::permission_denied;
      case ErrorKind::timed_out:
        return Code::deadline_exceeded;
      case ErrorKind::too_large:
        return Code::resource_exhausted;
      case ErrorKind::cancelled:
        return Code::cancelled;
      case ErrorKind::unsupported:
        return Code::unimplemented;
      case ErrorKind::protocol:
      case ErrorKind::internal:
        return Code::internal;
      case ErrorKind::refused:
      case ErrorKind::reset:
      case ErrorKind::closed:
      case ErrorKind::tls:
      case ErrorKind::unavailable:
        return Code::unavailable;
    }
    return Code::unknown;
  }();
  return {code, error.message};
}

Error to_error(const Status& status) {
  const auto kind = [&] {
    switch (status.code) {
      case Code::invalid_argument:
      case Code::out_of_range:
        return ErrorKind::invalid;
      case Code::not_found:
        return ErrorKind::not_found;
      case Code::already_exists:
        return ErrorKind::already_exists;
      case Code::permission_denied:
      case Code::unauthenticated:
        return ErrorKind::permission;
      case Code::deadline_exceeded:
        return ErrorKind::timed_out;
      case Code::resource_exhausted:
        return ErrorKind::too_large;
      case Code::cancelled:
      case Code::aborted:
        return ErrorKind::cancelled;
      case Code::unimplemented:
        return ErrorKind::unsupported;
      case Code::internal:
      case Code::data_loss:
        return ErrorKind::protocol;
      default:
        return ErrorKind::unavailable;
    }
  }();
  return {kind, text_of(status)};
}

Code code_of_http(int http_status) {
  switch (http_status) {
    case 400:
      return Code::internal;
    case 401:
      return Code::unauthenticated;
    case 403:
      return Code::permission_denied;
    case 404:
      return Code::unimplemented;
    case 429:
    case 502:
    case 503:
    case 504:
      return Code::unavailable;
    default:
      return Code::unknown;
  }
}

void put_status(const Status& status, Headers& trailers) {
  trailers.add("grpc-status", fmt::to_string(static_cast<int>(status.code)));
  if (!status.message.empty()) trailers.add("grpc-message", percent_encoded(status.message));
}

Status take_status(const Headers& trailers) {
  const auto text = trailers.get("grpc-status");
  if (!text) return {Code::unknown, "the answer ended without grpc-status"};
  const auto number = parse_number<unsigned>(*text);
  const auto code = number && *number < std::size(names) ? static_cast<Code>(*number) : Code::unknown;
  return {code, percent_decoded(trailers.value("grpc-message"))};
}

std::string format_timeout(Duration timeout) {
  timeout = std::max(timeout, Duration(0));
  for (const auto& unit : units) {
    // Rounded up: the peer must not give up before we do.
    const auto count = timeout / unit.length + (timeout % unit.length != Duration(0) ? 1 : 0);
    if (count <= 99'999'999) return fmt::format("{}{}", count, unit.letter);
  }
  return "99999999H";
}

Result<Duration> parse_timeout(std::string_view text) {
  const auto count =
      text.empty() || text.size() > 9 ? std::nullopt : parse_number<uint32_t>(text.substr(0, text.size() - 1));
  const auto unit = std::find_if(std::begin(units), std::end(units),
                                 [&](const Unit& u) { return !text.empty() && u.letter == text.back(); });
  if (!count || unit == std::end(units)) return fail(ErrorKind::protocol, "grpc-timeout is no timeout: \"{}\"", text);
  if (unit->letter == 'H') return bounded(std::chrono::hours(*count));
  return unit->length * *count;
}

}  // namespace lateen::grpc
