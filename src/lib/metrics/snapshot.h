// The values of all metrics at a scrape, as plain data, and the texts that are made of them: Prometheus' format 0.0.4,
// OpenMetrics 1.0 and Envoy's plain /stats page. Nothing here locks or looks at live series.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace lateen::metrics {

enum class Kind { counter, gauge, histogram };

struct Sample {
  std::vector<std::string> labels;  // values, in the order of the family's label names; valid UTF-8
  double value = 0;                 // counter, gauge; histogram: the sum of what was recorded
  std::vector<uint64_t> buckets;    // histogram: how many fell into each bucket (not cumulative), the last is +Inf
  uint64_t count() const;           // histogram: sum of the buckets
};

struct FamilySnapshot {
  Kind kind;
  std::string name;
  std::string help;
  std::string stats_name;
  std::vector<std::string> labels;  // names
  std::vector<double> bounds;       // histogram: upper bounds without +Inf
  std::vector<Sample> samples;      // in order of their label values
};

struct Snapshot {
  std::vector<FamilySnapshot> families;  // by name
};

// The text with every byte that is not part of well-formed UTF-8 replaced by U+FFFD. One ill-formed label value would
// make Prometheus refuse a whole scrape.
std::string as_utf8(std::string_view text);

enum class Format { prometheus, openmetrics };

// What the client asks for in its Accept header: OpenMetrics where it is named with the highest q, else Prometheus
// text.
Format negotiate(std::string_view accept);
const char* content_type(Format format);

// The whole exposition. Counters whose name does not end in _total have no place in OpenMetrics' counter type: they are
// written there as `unknown` under their own name, so that a series is called the same in both formats.
std::string exposition(const Snapshot& snapshot, Format format);

struct StatsOptions {
  std::function<bool(std::string_view name)> keep;  // nothing: all
  bool used_only = false;                           // leave out what was never counted (Envoy's ?usedonly)
};

// Envoy's /stats: one "NAME: VALUE" a line, sorted; histograms as quantiles "P50(nan,12.5)", where the first of each
// pair (the last interval) is always nan, or "No recorded values".
std::string stats_text(const Snapshot& snapshot, const StatsOptions& options = {});

}  // namespace lateen::metrics
