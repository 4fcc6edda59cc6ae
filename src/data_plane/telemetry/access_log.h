// Access logs: one line an exchange (or TCP connection), written to a file, standard output or standard error.
#pragma once
#include <functional>
#include <memory>

#include "data_plane/telemetry/format.h"

namespace lateen::telemetry {

// Istio's default text format, with its newline.
extern const char* const istio_default_format;
// Envoy's own default.
extern const char* const envoy_default_format;

// Where lines go. Lines of one worker are collected and written together at the end of a turn or when 64 KiB are full;
// several workers may share a path (O_APPEND keeps lines whole).
class LogFile {
 public:
  virtual ~LogFile() = default;
  virtual void write(std::string_view lines) = 0;
  virtual void reopen() {}
};
// "/dev/stdout", "/dev/stderr", "/dev/null" or a path that is appended to. Fails when it cannot be opened.
Result<std::shared_ptr<LogFile>> open_log(const std::string& path);
using OpenLog = std::function<Result<std::shared_ptr<LogFile>>(const std::string& path)>;

// Says whether an exchange is to be logged.
using LogFilter = std::function<bool(const FormatInput&)>;

// A JSON format: keys in order, each with its own format; nested objects are flattened by discovery into these.
struct JsonField {
  std::string key;
  Format format;
};

class AccessLog {
 public:
  AccessLog(std::shared_ptr<LogFile> file, Format text, LogFilter filter)
      : file_(std::move(file)), text_(std::move(text)), filter_(std::move(filter)) {}
  AccessLog(std::shared_ptr<LogFile> file, std::vector<JsonField> json, LogFilter filter)
      : file_(std::move(file)), json_(std::move(json)), filter_(std::move(filter)) {}

  void write(const FormatInput& input) const;

 private:
  std::shared_ptr<LogFile> file_;
  Format text_;
  std::vector<JsonField> json_;
  LogFilter filter_;
};

using AccessLogs = std::vector<std::shared_ptr<const AccessLog>>;

}  // namespace lateen::telemetry
