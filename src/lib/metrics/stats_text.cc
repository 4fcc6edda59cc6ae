#include <cmath>
#include <map>

#include <fmt/format.h>

#include "lib/metrics/snapshot.h"

namespace lateen::metrics {
namespace {

// stats_name with each {LABEL} replaced by the value of that label, or NAME{LABEL="VALUE",...}.
std::string stats_name(const FamilySnapshot& family, const Sample& sample) {
  std::string out;
  if (family.stats_name.empty()) {
    out = family.name;
    for (size_t i = 0; i < family.labels.size(); ++i)
      out += fmt::format("{}{}=\"{}\"", i == 0 ? "{" : ",", family.labels[i], sample.labels[i]);
    if (!family.labels.empty()) out += "}";
  } else {
    for (std::string_view rest = family.stats_name; !rest.empty();) {
      const size_t open = rest.find('{'), close = open == rest.npos ? rest.npos : rest.find('}', open);
      out += rest.substr(0, close == rest.npos ? rest.npos : open);
      if (close == rest.npos) break;
      for (size_t i = 0; i < family.labels.size(); ++i)
        if (family.labels[i] == rest.substr(open + 1, close - open - 1)) out += sample.labels[i];
      rest.remove_prefix(close + 1);
    }
  }
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20) c = '_';
  return out;
}

// The value below which that share of the recorded values lies, by linear interpolation in its bucket. What fell beyond
// the last bound counts as that bound.
double quantile(const FamilySnapshot& family, const Sample& sample, double share) {
  const double wanted = share * static_cast<double>(sample.count());
  double below = 0;
  for (size_t i = 0; i < family.bounds.size(); ++i) {
    const double here = static_cast<double>(sample.buckets[i]);
    const double low = i == 0 ? std::min(0.0, family.bounds[0]) : family.bounds[i - 1];
    if (here > 0 && below + here >= wanted)
      return low + (family.bounds[i] - low) * std::max(0.0, wanted - below) / here;
    below += here;
  }
  return family.bounds.empty() ? 0 : family.bounds.back();
}

std::string quantiles(const FamilySnapshot& family, const Sample& sample) {
  if (sample.count() == 0) return "No recorded values";
  std::string out;
  for (double percent : {0.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.5, 99.9, 100.0})
    out += fmt::format("{}P{}(nan,{:.6g})", out.empty() ? "" : " ", percent, quantile(family, sample, percent / 100));
  return out;
}

std::string plain_number(double value) {
  const bool whole = value == std::floor(value) && std::abs(value) < 9e15;
  return whole ? fmt::format("{}", static_cast<int64_t>(value)) : fmt::format("{}", value);
}

}  // namespace

std::string stats_text(const Snapshot& snapshot, const StatsOptions& options) {
  std::map<std::string, std::string> lines;
  for (const FamilySnapshot& family : snapshot.families)
    for (const Sample& sample : family.samples) {
      const bool used = family.kind == Kind::histogram ? sample.count() > 0 : sample.value != 0;
      if (options.used_only && !used) continue;
      std::string name = stats_name(family, sample);
      if (options.keep && !options.keep(name)) continue;
      lines[std::move(name)] = family.kind == Kind::histogram ? quantiles(family, sample) : plain_number(sample.value);
    }
  std::string out;
  for (const auto& [name, value] : lines) out += fmt::format("{}: {}\n", name, value);
  return out;
}

}  // namespace lateen::metrics
