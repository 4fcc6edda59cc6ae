// WorkloadGroup: the template of the WorkloadEntries of machines that register themselves.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/networking/workload_entry.h"
#include "lib/base/time.h"
#include "lib/schema/describe.h"

namespace lateen::config {

struct ExecHealthCheckConfig {
  std::vector<std::string> command;
  bool operator==(const ExecHealthCheckConfig&) const = default;
  static schema::Fields fields();
};

struct GrpcHealthCheckConfig {
  uint32_t port = 0;
  std::string service;
  bool operator==(const GrpcHealthCheckConfig&) const = default;
  static schema::Fields fields();
};

struct HTTPHeader {
  std::string name;
  std::string value;
  bool operator==(const HTTPHeader&) const = default;
  static schema::Fields fields();
};

struct HTTPHealthCheckConfig {
  std::string path;
  uint32_t port = 0;
  std::string host;
  std::string scheme;
  std::vector<HTTPHeader> http_headers;
  bool operator==(const HTTPHealthCheckConfig&) const = default;
  static schema::Fields fields();
};

struct TCPHealthCheckConfig {
  std::string host;
  uint32_t port = 0;
  bool operator==(const TCPHealthCheckConfig&) const = default;
  static schema::Fields fields();
};

struct ReadinessProbe {
  int32_t initial_delay_seconds = 0;
  int32_t timeout_seconds = 0;
  int32_t period_seconds = 0;
  int32_t success_threshold = 0;
  int32_t failure_threshold = 0;
  std::optional<HTTPHealthCheckConfig> http_get;
  std::optional<TCPHealthCheckConfig> tcp_socket;
  std::optional<ExecHealthCheckConfig> exec;
  std::optional<GrpcHealthCheckConfig> grpc;
  bool operator==(const ReadinessProbe&) const = default;
  static schema::Fields fields();
};

struct WorkloadGroup {
  struct ObjectMeta {
    std::map<std::string, std::string> labels;
    std::map<std::string, std::string> annotations;
    bool operator==(const ObjectMeta&) const = default;
    static schema::Fields fields();
  };
  std::optional<ObjectMeta> metadata;
  std::optional<WorkloadEntry> template_;
  std::optional<ReadinessProbe> probe;
  bool operator==(const WorkloadGroup&) const = default;
  static schema::Fields fields();
};

}  // namespace lateen::config
