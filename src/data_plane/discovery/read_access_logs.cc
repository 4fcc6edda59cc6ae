#include <envoy/data/accesslog/v3/accesslog.pb.h>
#include <envoy/extensions/access_loggers/stream/v3/stream.pb.h>

#include "config/xds/names.h"
#include "config/xds/typed_struct.h"
#include "data_plane/discovery/read_listener.h"
#include "data_plane/discovery/string_match.h"

namespace lateen::discovery {

namespace logv3 = envoy::config::accesslog::v3;
using telemetry::Format;
using telemetry::LogFilter;

namespace {

bool compare(const logv3::ComparisonFilter& filter, uint64_t value) {
  const uint32_t wanted = filter.value().default_value();
  switch (filter.op()) {
    case logv3::ComparisonFilter::EQ:
      return value == wanted;
    case logv3::ComparisonFilter::GE:
      return value >= wanted;
    case logv3::ComparisonFilter::LE:
      return value <= wanted;
    default:
      return value != wanted;
  }
}

Result<LogFilter> read_filter(const logv3::AccessLogFilter& message);

Result<LogFilter> read_all(const google::protobuf::RepeatedPtrField<logv3::AccessLogFilter>& filters, bool all) {
  std::vector<LogFilter> parts;
  for (const auto& each : filters) {
    auto filter = read_filter(each);
    if (!filter) return filter;
    parts.push_back(std::move(*filter));
  }
  return [parts, all](const telemetry::FormatInput& input) {
    for (const LogFilter& part : parts)
      if (part(input) != all) return !all;
    return all;
  };
}

Result<LogFilter> read_filter(const logv3::AccessLogFilter& message) {
  using Message = logv3::AccessLogFilter;
  switch (message.filter_specifier_case()) {
    case Message::kStatusCodeFilter:
      return [filter = message.status_code_filter().comparison()](const telemetry::FormatInput& input) {
        return compare(filter, static_cast<uint64_t>(input.record.status));
      };
    case Message::kDurationFilter:
      return [filter = message.duration_filter().comparison()](const telemetry::FormatInput& input) {
        return compare(filter, static_cast<uint64_t>(input.record.finished.value_or(0s) / 1ms));
      };
    case Message::kResponseFlagFilter:
      return [flags = message.response_flag_filter().flags()](const telemetry::FormatInput& input) {
        if (flags.empty()) return input.record.flags.any();
        for (std::string_view flag : split(input.record.flags.text(), ','))
          for (const std::string& wanted : flags)
            if (flag == wanted) return true;
        return false;
      };
    case Message::kHeaderFilter: {
      auto match = header_match(message.header_filter().header());
      if (!match) return failed(match);
      return [match = std::move(*match)](const telemetry::FormatInput& input) {
        return input.request && match.matches(*input.request);
      };
    }
    case Message::kAndFilter:
      return read_all(message.and_filter().filters(), true);
    case Message::kOrFilter:
      return read_all(message.or_filter().filters(), false);
    default:
      return fail(ErrorKind::unsupported, "this access log filter is not supported: {}", message.ShortDebugString());
  }
}

Result<> flatten_json(const google::protobuf::Struct& json, const std::string& prefix,
                      std::vector<telemetry::JsonField>& out, Notes& notes) {
  std::map<std::string, const google::protobuf::Value*> sorted;
  for (const auto& [key, value] : json.fields()) sorted[key] = &value;
  for (const auto& [key, value] : sorted) {
    if (value->has_struct_value()) {
      notes.note(fmt::format("json_format.{}: the object's fields are written flat, as \"{}.KEY\"", prefix + key,
                             prefix + key));
      if (auto read = flatten_json(value->struct_value(), prefix + key + ".", out, notes); !read) return read;
      continue;
    }
    if (!value->has_string_value())
      return fail(ErrorKind::unsupported, "json_format.{}: only strings and objects are supported", prefix + key);
    auto format = Format::compile(value->string_value());
    if (!format) return failed(format, "json_format." + prefix + key);
    out.push_back({prefix + key, std::move(*format)});
  }
  return {};
}

Result<std::shared_ptr<telemetry::LogFile>> file_for(const std::string& path, const ListenerSurroundings& around) {
  auto& file = around.log_files[path];
  if (!file) {
    auto opened = around.open_log(path);
    if (!opened) {
      around.log_files.erase(path);
      return failed(opened);
    }
    file = std::move(*opened);
  }
  return file;
}

Result<std::shared_ptr<const telemetry::AccessLog>> read_file_log(
    const envoy::extensions::access_loggers::file::v3::FileAccessLog& message, LogFilter filter,
    const ListenerSurroundings& around, Notes& notes) {
  auto file = file_for(message.path(), around);
  if (!file) return failed(file);
  std::string text = telemetry::envoy_default_format;
  if (!message.format().empty()) text = message.format();
  const auto& format = message.log_format();
  notes.check(format, "log_format", {"text_format", "text_format_source", "json_format", "formatters"});
  std::vector<telemetry::JsonField> json;
  if (format.has_json_format()) {
    if (auto read = flatten_json(format.json_format(), "", json, notes); !read) return failed(read);
  } else if (message.has_json_format() || message.has_typed_json_format()) {
    if (auto read = flatten_json(message.has_json_format() ? message.json_format() : message.typed_json_format(), "",
                                 json, notes);
        !read)
      return failed(read);
  } else if (!format.text_format().empty()) {
    text = format.text_format();
  } else if (format.has_text_format_source()) {
    auto source = content_of(format.text_format_source(), "text_format_source");
    if (!source) return failed(source);
    text = std::move(*source);
  }
  if (!json.empty())
    return std::make_shared<const telemetry::AccessLog>(std::move(*file), std::move(json), std::move(filter));
  auto compiled = Format::compile(text);
  if (!compiled) return failed(compiled);
  return std::make_shared<const telemetry::AccessLog>(std::move(*file), std::move(*compiled), std::move(filter));
}

}  // namespace

Result<telemetry::AccessLogs> read_access_logs(const google::protobuf::RepeatedPtrField<logv3::AccessLog>& logs,
                                               const ListenerSurroundings& around, Notes& notes) {
  telemetry::AccessLogs out;
  for (const auto& log : logs) {
    LogFilter filter;
    if (log.has_filter()) {
      auto read = read_filter(log.filter());
      if (!read) return failed(read);
      filter = std::move(*read);
    }
    envoy::extensions::access_loggers::file::v3::FileAccessLog file;
    envoy::extensions::access_loggers::stream::v3::StdoutAccessLog standard_output;
    envoy::extensions::access_loggers::stream::v3::StderrAccessLog standard_error;
    const auto type = xds::type_name_of(log.typed_config().type_url());
    if (type == file.GetDescriptor()->full_name()) {
      if (auto read = xds::unpack(log.typed_config(), file); !read) return failed(read);
    } else if (type == standard_output.GetDescriptor()->full_name()) {
      if (auto read = xds::unpack(log.typed_config(), standard_output); !read) return failed(read);
      file.set_path("/dev/stdout");
      *file.mutable_log_format() = standard_output.log_format();
    } else if (type == standard_error.GetDescriptor()->full_name()) {
      if (auto read = xds::unpack(log.typed_config(), standard_error); !read) return failed(read);
      file.set_path("/dev/stderr");
      *file.mutable_log_format() = standard_error.log_format();
    } else {
      return fail(ErrorKind::unsupported, "access logger {} ({}) is not supported", log.name(), type);
    }
    auto made = read_file_log(file, std::move(filter), around, notes);
    if (!made) return failed(made, log.name());
    out.push_back(std::move(*made));
  }
  return out;
}

}  // namespace lateen::discovery
