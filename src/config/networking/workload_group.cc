#include "config/networking/workload_group.h"

#include "lib/schema/field.h"

namespace lateen::config {

using namespace schema;  // field(), record() and the attributes

Fields GrpcHealthCheckConfig::fields() {
  return record("GrpcHealthCheckConfig", "Healthy when grpc.health.v1 says so.",
                {
                    field("port", &GrpcHealthCheckConfig::port, "Port of the service.", at_least(1), at_most(65535)),
                    field("service", &GrpcHealthCheckConfig::service, "Service name that is asked for."),
                });
}

Fields ExecHealthCheckConfig::fields() {
  return record("ExecHealthCheckConfig", "Healthy when a command ends with 0.",
                {
                    field("command", &ExecHealthCheckConfig::command, "Program and arguments; no shell.", required,
                          no_empty_elements),
                });
}

Fields TCPHealthCheckConfig::fields() {
  return record(
      "TCPHealthCheckConfig", "Healthy when a connection can be made.",
      {
          field("host", &TCPHealthCheckConfig::host, "Host to connect to.", otherwise("localhost")),
          field("port", &TCPHealthCheckConfig::port, "Port to connect to.", required, at_least(1), at_most(65535)),
      });
}

Fields HTTPHeader::fields() {
  return record("HTTPHeader", "A header of a probe.",
                {
                    field("name", &HTTPHeader::name, "Its name."),
                    field("value", &HTTPHeader::value, "Its value."),
                });
}

Fields HTTPHealthCheckConfig::fields() {
  return record("HTTPHealthCheckConfig", "Healthy when an HTTP answer is below 400.",
                {
                    field("path", &HTTPHealthCheckConfig::path, "Path.", otherwise("/")),
                    field("port", &HTTPHealthCheckConfig::port, "Port.", required, at_least(1), at_most(65535)),
                    field("host", &HTTPHealthCheckConfig::host, "Host to connect to.", otherwise("localhost")),
                    field("scheme", &HTTPHealthCheckConfig::scheme, "HTTP or HTTPS.", otherwise("HTTP")),
                    field("httpHeaders", &HTTPHealthCheckConfig::http_headers, "Headers of the request."),
                });
}

Fields ReadinessProbe::fields() {
  return record(
      "ReadinessProbe", "How the agent finds out whether the application is ready.",
      {
          field("initialDelaySeconds", &ReadinessProbe::initial_delay_seconds, "Wait before the first probe.",
                at_least(0)),
          field("timeoutSeconds", &ReadinessProbe::timeout_seconds, "Limit of a probe.", at_least(0), otherwise("1")),
          field("periodSeconds", &ReadinessProbe::period_seconds, "Time between probes.", at_least(0), otherwise("10")),
          field("successThreshold", &ReadinessProbe::success_threshold, "Successes in a row to be ready again.",
                at_least(0), otherwise("1")),
          field("failureThreshold", &ReadinessProbe::failure_threshold, "Failures in a row to be unready.", at_least(0),
                otherwise("1")),
          field("httpGet", &ReadinessProbe::http_get, "By HTTP.", one_of("healthCheckMethod")),
          field("tcpSocket", &ReadinessProbe::tcp_socket, "By a connection.", one_of("healthCheckMethod")),
          field("exec", &ReadinessProbe::exec, "By a command.", one_of("healthCheckMethod")),
          field("grpc", &ReadinessProbe::grpc, "By gRPC.", one_of("healthCheckMethod")),
      });
}

Fields WorkloadGroup::ObjectMeta::fields() {
  return record("WorkloadGroup.ObjectMeta", "Labels and annotations that entries get.",
                {
                    field("labels", &WorkloadGroup::ObjectMeta::labels, "Labels.", most(256)),
                    field("annotations", &WorkloadGroup::ObjectMeta::annotations, "Annotations.", most(256)),
                });
}

Fields WorkloadGroup::fields() {
  return record("WorkloadGroup", "The template of machines that register themselves.",
                {
                    field("metadata", &WorkloadGroup::metadata, "Labels and annotations of the entries."),
                    field("template", &WorkloadGroup::template_, "What the entries have in common; without an address.",
                          required),
                    field("probe", &WorkloadGroup::probe, "How the agent probes the application.", not_honoured()),
                });
}

}  // namespace lateen::config
