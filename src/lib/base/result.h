// Errors are values. Every function that can fail for a reason outside the program returns Result<T>.
// Exceptions are for bugs only; nothing of ours throws, and third-party code that throws is wrapped where it is called.
#pragma once
#include <expected>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace lateen {

// What went wrong, coarsely: enough for a caller to decide (retry? which reply?), never parsed from the text.
enum class ErrorKind {
  invalid,         // the input is wrong; the same call will fail again
  not_found,       // a file, host, object or key does not exist
  already_exists,  // an address in use, an object of that name
  permission,      // the system or a policy says no
  refused,         // a peer refused the connection
  reset,           // a peer broke the connection
  closed,          // an orderly end came where more was expected
  timed_out,       // a deadline passed
  too_large,       // a limit of ours was met
  protocol,        // a peer broke the rules of its protocol
  tls,             // handshake or certificate
  unavailable,     // no resource for it now: no endpoint, disk full, overload
  cancelled,       // the caller gave up
  unsupported,     // valid, but not built here; the message names it
  internal,        // a bug of ours that was caught
};

// The name of the kind, as logs and admin pages print it ("timed_out").
const char* name_of(ErrorKind kind);

struct Error {
  ErrorKind kind = ErrorKind::internal;
  std::string message;  // one sentence without a full stop; names the place and, where there is one, the remedy

  // The same error seen from one level up: "CONTEXT: MESSAGE".
  Error in(std::string_view context) && { return {kind, fmt::format("{}: {}", context, message)}; }
  Error in(std::string_view context) const& { return Error(*this).in(context); }
  bool operator==(const Error&) const = default;
};

template <class T = void>
using Result = std::expected<T, Error>;

// fail(ErrorKind::invalid, "port {} is taken", port): an error ready to be returned from any Result function.
template <class... Args>
std::unexpected<Error> fail(ErrorKind kind, fmt::format_string<Args...> text, Args&&... args) {
  return std::unexpected(Error{kind, fmt::format(text, std::forward<Args>(args)...)});
}

// Hands the error of a failed result on: `if (!r) return failed(r);`, with context: `return failed(r, path);`
template <class T>
std::unexpected<Error> failed(const Result<T>& result) {
  return std::unexpected(result.error());
}
template <class T>
std::unexpected<Error> failed(const Result<T>& result, std::string_view context) {
  return std::unexpected(result.error().in(context));
}

}  // namespace lateen
