// Istio's standard metrics (istio_requests_total and its family) with their labels, counted per worker.
#pragma once
#include <array>
#include <unordered_map>

#include "data_plane/telemetry/record.h"
#include "lib/metrics/metrics.h"

namespace lateen::telemetry {

// The label values of one series, in the order in which Istio prints them.
inline constexpr size_t istio_label_count = 24;
using IstioLabels = std::array<std::string_view, istio_label_count>;

class IstioMetrics {
 public:
  // `self` outlives this object.
  IstioMetrics(metrics::Registry& registry, metrics::Shard& shard, const Peer& self);

  // Counts an exchange that is over. `reporter`: inbound proxies report as destination, others as source.
  void count_request(const Record& record, bool inbound, std::string_view grpc_status, bool is_grpc);
  // Counts a TCP connection that is over.
  void count_connection(const Record& record, bool inbound);

 private:
  struct Series {
    metrics::Counter requests;
    metrics::Histogram duration, request_bytes, response_bytes;
  };
  struct TcpSeries {
    metrics::Counter opened, closed, sent, received;
  };
  // The labels of the record: views of it, of `self` and of code_ and flags_.
  IstioLabels labels_of(const Record& record, bool inbound);
  std::string key_of(const IstioLabels& labels) const;

  metrics::Shard& shard_;
  const Peer& self_;
  metrics::CounterFamily requests_, opened_, closed_, sent_, received_;
  metrics::HistogramFamily duration_, request_bytes_, response_bytes_;
  std::unordered_map<std::string, Series> series_;
  std::unordered_map<std::string, TcpSeries> tcp_series_;
  std::string code_, flags_;
};

}  // namespace lateen::telemetry
