// Access logs as YAML in; lines, refusals and notes out.
#include <gmock/gmock.h>

#include "data_plane/discovery/reading_test_tools.h"

namespace lateen::discovery {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Lines final : telemetry::LogFile {
  void write(std::string_view lines) override { text += lines; }
  std::string text;
};

class AccessLogsTest : public ListenerWorld {
 protected:
  AccessLogsTest() {
    record.connection = &connection;
    request.add(":method", "GET");
    request.add("x-a", "1");
    record.finished = 250ms;
    record.status = 503;
    record.flags.set(telemetry::Flag::no_healthy_upstream);
    open_log = [this](const std::string& path) -> Result<std::shared_ptr<telemetry::LogFile>> {
      if (path.starts_with("/missing")) return fail(ErrorKind::not_found, "{} is not there", path);
      return files[path] = std::make_shared<Lines>();
    };
  }
  Result<telemetry::AccessLogs> read(std::string_view log) {
    notes = Notes("listener");
    const auto listener = message_of<envoy::config::listener::v3::Listener>(fmt::format("access_log: [{}]", log));
    return read_access_logs(listener.access_log(), around, notes);
  }
  static std::string file(std::string_view fields, std::string_view filter = "", std::string_view path = "/log") {
    return fmt::format(
        "{{name: a, {} typed_config: {{'@type': "
        "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog, "
        "path: {} {}}}}}",
        filter, path, fields);
  }
  // What the exchange leaves in the file; "refused: WHY" when the log cannot be read.
  std::string written(std::string_view log) {
    log_files.clear(), files.clear();
    const auto logs = read(log);
    if (!logs) return "refused: " + logs.error().message;
    for (const auto& each : *logs) each->write({record, &request});
    return files.empty() ? "" : files.begin()->second->text;
  }
  bool lets_pass(std::string_view filter) {
    const std::string text =
        written(file(", log_format: {text_format_source: {inline_string: 'x'}}", fmt::format("filter: {},", filter)));
    EXPECT_THAT(text, testing::AnyOf("x", "")) << filter;
    return text == "x";
  }

  telemetry::ConnectionRecord connection;
  telemetry::Record record;
  http::Headers request;
  std::map<std::string, std::shared_ptr<Lines>> files;
  Notes notes{"listener"};
};

TEST_F(AccessLogsTest, AFilterDecidesWhatIsLogged) {
  const std::pair<std::string_view, bool> cases[] = {
      {"{status_code_filter: {comparison: {op: GE, value: {default_value: 500, runtime_key: k}}}}", true},
      {"{status_code_filter: {comparison: {op: EQ, value: {default_value: 503, runtime_key: k}}}}", true},
      {"{status_code_filter: {comparison: {op: LE, value: {default_value: 502, runtime_key: k}}}}", false},
      {"{status_code_filter: {comparison: {op: NE, value: {default_value: 503, runtime_key: k}}}}", false},
      {"{duration_filter: {comparison: {op: GE, value: {default_value: 250, runtime_key: k}}}}", true},
      {"{duration_filter: {comparison: {op: GE, value: {default_value: 251, runtime_key: k}}}}", false},
      {"{response_flag_filter: {}}", true},
      {"{response_flag_filter: {flags: [UH, NR]}}", true},
      {"{response_flag_filter: {flags: [NR]}}", false},
      {"{header_filter: {header: {name: x-a, string_match: {exact: '1'}}}}", true},
      {"{header_filter: {header: {name: x-b}}}", false},
      {"{and_filter: {filters: [{response_flag_filter: {}}, {header_filter: {header: {name: x-b}}}]}}", false},
      {"{or_filter: {filters: [{response_flag_filter: {}}, {header_filter: {header: {name: x-b}}}]}}", true},
  };
  for (const auto& [filter, passes] : cases) EXPECT_EQ(lets_pass(filter), passes) << filter;
}

TEST_F(AccessLogsTest, AFormatIsTextOrJson) {
  EXPECT_EQ(written(file(", log_format: {text_format_source: {inline_string: '%RESPONSE_CODE% %REQ(x-a)%'}}")),
            "503 1");
  EXPECT_EQ(written(file(", log_format: {text_format: '%RESPONSE_FLAGS%'}")), "UH");
  EXPECT_THAT(said(notes), IsEmpty());
  EXPECT_EQ(written(file(", log_format: {json_format: {code: '%RESPONSE_CODE%', a: '%REQ(x-a)%'}}")),
            "{\"a\":\"1\",\"code\":503}\n");
  EXPECT_THAT(said(notes), IsEmpty());
  EXPECT_THAT(written(file("")), HasSubstr("\"GET ")) << "Envoy's own";
}

TEST_F(AccessLogsTest, LogsOfOnePathShareOneFile) {
  const auto logs = read(file("") + ", " + file(""));
  ASSERT_TRUE(logs);
  EXPECT_EQ(logs->size(), 2);
  EXPECT_EQ(files.size(), 1);
}

TEST_F(AccessLogsTest, WhatCannotBeDoneIsRefusedByName) {
  const std::pair<std::string, std::string_view> cases[] = {
      {file("", "filter: {grpc_status_filter: {statuses: [OK]}},"), "grpc_status_filter"},
      {file("", "filter: {not_health_check_filter: {}},"), "not_health_check_filter"},
      {file(", log_format: {text_format: '%NO_SUCH%'}"), "NO_SUCH"},
      {file(", log_format: {json_format: {a: [b]}}"), "json_format.a"},
      {file("", "", "/missing/log"), "/missing/log"},
      {"{name: g, typed_config: {'@type': type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}",
       "access logger g"},
  };
  for (const auto& [log, words] : cases)
    EXPECT_THAT(written(log), testing::AllOf(HasSubstr("refused: "), HasSubstr(words))) << log;
}

TEST_F(AccessLogsTest, WhatIsNotHonouredIsNamed) {
  EXPECT_EQ(written(file(", log_format: {text_format: x, omit_empty_values: true}")), "x");
  EXPECT_THAT(said(notes), ElementsAre("field log_format.omit_empty_values is not honoured"));
  EXPECT_EQ(written(file(", log_format: {json_format: {a: {b: '%REQ(x-a)%'}}}")), "{\"a.b\":\"1\"}\n");
  EXPECT_THAT(said(notes), ElementsAre(HasSubstr("json_format.a: the object's fields are written flat")));
}

}  // namespace
}  // namespace lateen::discovery
