#include "data_plane/telemetry/access_log.h"

#include "lib/base/strings.h"
#include "lib/io/append_file.h"

namespace lateen::telemetry {

const char* const istio_default_format =
    "[%START_TIME%] \"%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%\" %RESPONSE_CODE% %RESPONSE_FLAGS% "
    "%RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% \"%UPSTREAM_TRANSPORT_FAILURE_REASON%\" %BYTES_RECEIVED% "
    "%BYTES_SENT% "
    "%DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% \"%REQ(X-FORWARDED-FOR)%\" \"%REQ(USER-AGENT)%\" "
    "\"%REQ(X-REQUEST-ID)%\" "
    "\"%REQ(:AUTHORITY)%\" \"%UPSTREAM_HOST%\" %UPSTREAM_CLUSTER_RAW% %UPSTREAM_LOCAL_ADDRESS% "
    "%DOWNSTREAM_LOCAL_ADDRESS% "
    "%DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %ROUTE_NAME%\n";

const char* const envoy_default_format =
    "[%START_TIME%] \"%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%\" %RESPONSE_CODE% %RESPONSE_FLAGS% "
    "%BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% \"%REQ(X-FORWARDED-FOR)%\" "
    "\"%REQ(USER-AGENT)%\" "
    "\"%REQ(X-REQUEST-ID)%\" \"%REQ(:AUTHORITY)%\" \"%UPSTREAM_HOST%\"\n";

namespace {

class AppendedLog final : public LogFile {
 public:
  explicit AppendedLog(std::unique_ptr<io::AppendFile> file) : file_(std::move(file)) {}
  void write(std::string_view lines) override { file_->append(lines); }
  void reopen() override { file_->reopen(); }

 private:
  std::unique_ptr<io::AppendFile> file_;
};

void write_json(std::string& line, const std::vector<JsonField>& fields, const FormatInput& input) {
  line += '{';
  for (const JsonField& field : fields) {
    if (line.size() > 1) line += ',';
    append_json_text(line, field.key);
    line += ':';
    field.format.write_json(line, input);
  }
  line += "}\n";
}

}  // namespace

Result<std::shared_ptr<LogFile>> open_log(const std::string& path) {
  auto file = io::AppendFile::open(path);
  if (!file) return failed(file);
  return std::make_shared<AppendedLog>(std::move(*file));
}

void AccessLog::write(const FormatInput& input) const {
  if (filter_ && !filter_(input)) return;
  // One buffer a thread: lines are built without allocating once it has grown.
  static thread_local std::string line;
  line.clear();
  if (json_.empty())
    text_.write(line, input);
  else
    write_json(line, json_, input);
  file_->write(line);
}

}  // namespace lateen::telemetry
