// Access logs: whole lines, filtered, in text and JSON, and the defaults that people's tools read.
#include "data_plane/telemetry/access_log.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

namespace lateen::telemetry {
namespace {

class Lines final : public LogFile {
 public:
  void write(std::string_view lines) override { text += lines; }
  std::string text;
};

class Logs : public testing::Test {
 protected:
  Logs() {
    record.connection = &connection;
    connection.remote = SocketAddress::parse("10.0.0.9:4000").value();
    connection.local = SocketAddress::parse("10.0.0.1:80").value();
    record.start = WallTime(1'700'000'000'000'000'000ns);
    record.finished = 4ms;
    record.protocol = "HTTP/1.1";
    record.status = 200;
    record.details = "via_upstream";
    record.bytes_sent = 6;
    request.add(":method", "GET");
    request.add(":path", "/x");
    request.add(":authority", "web");
    request.add("user-agent", "curl");
    request.add("x-request-id", "id");
    response.add("x-envoy-upstream-service-time", "3");
  }
  FormatInput input() const { return {record, &request, &response}; }
  std::string written(const char* format, LogFilter filter = {}) const {
    const auto lines = std::make_shared<Lines>();
    AccessLog(lines, Format::compile(format).value(), std::move(filter)).write(input());
    return lines->text;
  }

  ConnectionRecord connection;
  Record record;
  protocol::Headers request, response;
};

TEST_F(Logs, IstiosDefaultLineHasIstiosColumns) {
  EXPECT_EQ(written(istio_default_format),
            "[2023-11-14T22:13:20.000Z] \"GET /x HTTP/1.1\" 200 - via_upstream - \"-\" 0 6 4 3 \"-\" \"curl\" \"id\" "
            "\"web\" \"-\" - - 10.0.0.1:80 10.0.0.9:4000 - -\n");
}

TEST_F(Logs, EnvoysDefaultLineHasEnvoysColumns) {
  EXPECT_EQ(written(envoy_default_format),
            "[2023-11-14T22:13:20.000Z] \"GET /x HTTP/1.1\" 200 - 0 6 4 3 \"-\" \"curl\" \"id\" \"web\" \"-\"\n");
}

TEST_F(Logs, ConnectionsWithoutHeadersFillIstiosLineToo) {
  const auto lines = std::make_shared<Lines>();
  record.protocol = {};
  record.status = 0;
  AccessLog(lines, Format::compile(istio_default_format).value(), {}).write({record});
  EXPECT_EQ(lines->text,
            "[2023-11-14T22:13:20.000Z] \"- - -\" 0 - via_upstream - \"-\" 0 6 4 - \"-\" \"-\" \"-\" \"-\" \"-\" - - "
            "10.0.0.1:80 10.0.0.9:4000 - -\n");
}

TEST_F(Logs, JsonLinesKeepTheOrderOfTheirKeys) {
  std::vector<JsonField> fields;
  for (const auto& [key, format] : std::initializer_list<std::pair<const char*, const char*>>{
           {"status", "%RESPONSE_CODE%"}, {"a\"b", "%REQ(:PATH)%"}, {"missing", "%REQ(X-A)%"}})
    fields.push_back({key, Format::compile(format).value()});
  const auto lines = std::make_shared<Lines>();
  AccessLog log(lines, std::move(fields), {});
  log.write(input());
  log.write(input());
  const std::string line = "{\"status\":200,\"a\\\"b\":\"/x\",\"missing\":null}\n";
  EXPECT_EQ(lines->text, line + line);
}

TEST_F(Logs, FiltersDecideByTheExchange) {
  const auto failures = [](const FormatInput& input) { return input.record.status >= 400; };
  EXPECT_EQ(written("x\n", failures), "");
  record.status = 500;
  EXPECT_EQ(written("x\n", failures), "x\n");
}

TEST_F(Logs, FilesAreAppendedTo) {
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / "access_log_test.log";
  std::filesystem::remove(path);
  for (const char* line : {"one\n", "two\n"}) {
    auto file = open_log(path.string());
    ASSERT_TRUE(file) << file.error().message;
    (*file)->write(line);  // the file is written out when its last user goes
  }
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  EXPECT_EQ(text.str(), "one\ntwo\n");
}

TEST_F(Logs, AFileThatCannotBeOpenedIsNamed) {
  const auto file = open_log("/nowhere/at/all.log");
  ASSERT_FALSE(file);
  EXPECT_NE(file.error().message.find("/nowhere/at/all.log"), std::string::npos);
}

}  // namespace
}  // namespace lateen::telemetry
