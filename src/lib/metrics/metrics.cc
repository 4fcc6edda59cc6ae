#include "lib/metrics/metrics.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "lib/base/log.h"

namespace lateen::metrics {
namespace {

log::Component log_("metrics");

size_t cells_of(const Family& family) {
  return family.kind == Kind::histogram ? family.definition.buckets.size() + 2 : 1;
}

bool is_name_character(char c, bool first, bool colon) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (colon && c == ':') ||
         (!first && c >= '0' && c <= '9');
}

std::string valid_name(std::string name, bool colon) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) name.insert(name.begin(), '_');
  for (size_t i = 0; i < name.size(); ++i)
    if (!is_name_character(name[i], i == 0, colon)) name[i] = '_';
  return name;
}

void add_values(const Family& family, std::vector<uint64_t>& sum, std::span<const uint64_t> part) {
  sum.resize(part.size());
  for (size_t i = 0; i < part.size(); ++i) {
    const bool real = family.kind == Kind::gauge || (family.kind == Kind::histogram && i + 1 == part.size());
    sum[i] = real ? std::bit_cast<uint64_t>(std::bit_cast<double>(sum[i]) + std::bit_cast<double>(part[i]))
                  : sum[i] + part[i];
  }
}

std::vector<uint64_t> values_of(const Series& series) {
  std::vector<uint64_t> values;
  values.reserve(series.cells().size());
  for (const Cell& cell : series.cells()) values.push_back(cell.count());
  return values;
}

using Merged = std::map<std::vector<std::string>, std::vector<uint64_t>>;

FamilySnapshot snapshot_of(const Family& family, const Merged& merged) {
  const Definition& definition = family.definition;
  FamilySnapshot out{family.kind,
                     definition.name,
                     as_utf8(definition.help),
                     definition.stats_name,
                     definition.labels,
                     definition.buckets,
                     {}};
  for (const auto& [labels, values] : merged) {
    Sample sample{.labels = labels, .value = 0, .buckets = {}};
    if (family.kind == Kind::counter) {
      sample.value = static_cast<double>(values[0]);
    } else {
      sample.value = std::bit_cast<double>(values.back());
      sample.buckets.assign(values.begin(), values.end() - 1);
    }
    out.samples.push_back(std::move(sample));
  }
  return out;
}

}  // namespace

const std::vector<double>& standard_buckets() {
  static const std::vector<double> bounds = {0.5,  1,    5,     10,    25,    50,     100,    250,     500,    1000,
                                             2500, 5000, 10000, 30000, 60000, 300000, 600000, 1800000, 3600000};
  return bounds;
}

Series::Series(Shard& shard, const Family& family, Labels labels)
    : family_(family), labels_(std::move(labels)), cells_(cells_of(family)), shard_(&shard) {}

SeriesHold::SeriesHold(Series* series) : series_(series) {
  if (series_) ++series_->holds_;
}

void SeriesHold::release() {
  Series* series = std::exchange(series_, nullptr);
  if (!series || --series->holds_ > 0) return;
  if (!series->listed_)
    delete series;
  else if (series->removed_)
    series->shard_->drop({series});
}

Histogram::Histogram(Series* series)
    : SeriesHold(series), bounds_(series->family().definition.buckets), cells_(series->cells().data()) {}

void Histogram::record(double value) {
  if (!cells_) return;
  const auto bucket = std::isnan(value) ? bounds_.end() : std::lower_bound(bounds_.begin(), bounds_.end(), value);
  cells_[bucket - bounds_.begin()].add(uint64_t{1});
  if (!std::isnan(value)) cells_[bounds_.size() + 1].add(value);
}

Registry::~Registry() { assert(shards_.empty()); }

CounterFamily Registry::counter(Definition definition) { return {define(Kind::counter, std::move(definition))}; }
GaugeFamily Registry::gauge(Definition definition) { return {define(Kind::gauge, std::move(definition))}; }

HistogramFamily Registry::histogram(Definition definition) {
  auto& bounds = definition.buckets;
  if (bounds.empty()) bounds = standard_buckets();
  std::erase_if(bounds, [](double bound) { return std::isnan(bound) || std::isinf(bound); });
  std::sort(bounds.begin(), bounds.end());
  bounds.erase(std::unique(bounds.begin(), bounds.end()), bounds.end());
  return {define(Kind::histogram, std::move(definition))};
}

void Registry::observe(Definition definition, std::function<double()> value) {
  definition.labels.clear();
  const Family* family = define(Kind::gauge, std::move(definition));
  std::lock_guard lock(mutex_);
  observed_.push_back({family, std::move(value)});
}

const Family* Registry::define(Kind kind, Definition definition) {
  definition.name = valid_name(std::move(definition.name), true);
  for (auto& label : definition.labels) label = valid_name(std::move(label), false);
  definition.limit = std::max<size_t>(definition.limit, 1);
  auto family = std::make_unique<Family>(kind, std::move(definition));

  std::lock_guard lock(mutex_);
  auto [found, fresh] = families_.try_emplace(family->definition.name);
  if (fresh) return (found->second = std::move(family)).get();
  const Family& known = *found->second;
  if (known.kind == kind && known.definition.labels == family->definition.labels &&
      known.definition.buckets == family->definition.buckets)
    return &known;
  log_.error("metric {} is defined twice with different kinds, labels or buckets; the second is not shown",
             known.definition.name);
  return hidden_.emplace_back(std::move(family)).get();
}

void Registry::enlist(Shard& shard) {
  std::lock_guard lock(mutex_);
  shards_.push_back(&shard);
}

void Registry::withdraw(Shard& shard) {
  std::lock_guard lock(mutex_);
  std::erase(shards_, &shard);
}

Shard::Shard(Registry& registry, unsigned worker) : registry_(registry), worker_(worker) { registry_.enlist(*this); }

Shard::~Shard() {
  const std::vector<Series*> all(series_.begin(), series_.end());
  for (Series* series : all) series->shard_ = nullptr;
  drop(all);
  registry_.withdraw(*this);
}

size_t Shard::Hash::operator()(const Key& key) const {
  size_t hash = std::hash<const void*>{}(key.family);
  for (std::string_view value : key.values)
    hash = (hash ^ std::hash<std::string_view>{}(value)) * 0x9e3779b97f4a7c15ULL + (hash >> 29);
  return hash;
}

size_t Shard::Hash::operator()(const Series* series) const {
  const std::vector<std::string_view> values(series->labels()->begin(), series->labels()->end());
  return (*this)(Key{&series->family(), values});
}

bool Shard::Equal::operator()(const Key& key, const Series* series) const {
  return key.family == &series->family() && std::ranges::equal(key.values, *series->labels());
}

Series* Shard::open(const Family* family, std::span<const std::string_view> values) {
  if (!family) return nullptr;
  const auto is_long = [](std::string_view value) { return value.size() > max_label_bytes; };
  std::vector<std::string_view> fitted;
  if (values.size() != family->definition.labels.size() || std::ranges::any_of(values, is_long)) {
    for (std::string_view value : values) fitted.push_back(value.substr(0, max_label_bytes));
    fitted.resize(family->definition.labels.size());
    values = fitted;
  }
  const auto found = series_.find(Key{family, values});
  Series* series = found != series_.end() ? *found : insert(family, values);
  series->removed_ = false;
  return series;
}

Series* Shard::insert(const Family* family, std::span<const std::string_view> values) {
  size_t& size = sizes_[family];
  std::vector<std::string_view> overflow;
  if (size >= family->definition.limit) {
    if (!family->warned.exchange(true))
      log_.warning("metric {} has more than {} label sets on a worker; further ones are counted as \"{}\"",
                   family->definition.name, family->definition.limit, overflow_label);
    overflow.assign(values.size(), overflow_label);
    values = overflow;
    if (const auto found = series_.find(Key{family, values}); found != series_.end()) return *found;
  }
  auto labels = std::make_shared<const std::vector<std::string>>(values.begin(), values.end());
  auto* series = new Series(*this, *family, std::move(labels));
  std::lock_guard lock(registry_.mutex_);
  series_.insert(series);
  ++size;
  return series;
}

Counter Shard::counter(CounterFamily family, std::span<const std::string_view> values) {
  Series* series = open(family.family, values);
  return series ? Counter(series) : Counter();
}

Gauge Shard::gauge(GaugeFamily family, std::span<const std::string_view> values) {
  Series* series = open(family.family, values);
  return series ? Gauge(series) : Gauge();
}

Histogram Shard::histogram(HistogramFamily family, std::span<const std::string_view> values) {
  Series* series = open(family.family, values);
  return series ? Histogram(series) : Histogram();
}

size_t Shard::remove(std::string_view label, std::string_view value) {
  value = value.substr(0, max_label_bytes);
  std::vector<Series*> unheld;
  for (Series* series : series_) {
    const auto& names = series->family().definition.labels;
    const auto name = std::ranges::find(names, label);
    if (name == names.end() || (*series->labels())[name - names.begin()] != value) continue;
    series->removed_ = true;
    if (series->holds_ == 0) unheld.push_back(series);
  }
  return drop(unheld);
}

size_t Shard::sweep() {
  std::vector<Series*> idle;
  for (Series* series : series_) {
    uint64_t seen = 1;  // a series is idle at the second sweep that finds it unchanged, not at its first
    for (const Cell& cell : series->cells()) seen = seen * 31 + cell.count();
    if (series->holds_ == 0 && std::exchange(series->seen_, seen) == seen) idle.push_back(series);
  }
  return drop(idle);
}

size_t Shard::drop(const std::vector<Series*>& series) {
  if (series.empty()) return 0;
  std::lock_guard lock(registry_.mutex_);
  for (Series* one : series) {
    const Family& family = one->family();
    series_.erase(one);
    --sizes_[&family];
    one->listed_ = false;

    const std::vector<std::string_view> values(one->labels()->begin(), one->labels()->end());
    const bool elsewhere = std::ranges::any_of(registry_.shards_, [&](const Shard* shard) {
      return shard != this && shard->series_.contains(Key{&family, values});
    });
    const Registry::SeriesKey key{&family, *one->labels()};
    if (!elsewhere)
      registry_.carried_.erase(key);
    else if (family.kind != Kind::gauge)
      add_values(family, registry_.carried_[key], values_of(*one));
    if (one->holds_ == 0) delete one;
  }
  return series.size();
}

Snapshot Registry::scrape() const {
  struct Part {
    const Family* family;
    Series::Labels labels;
    std::vector<uint64_t> values;
  };
  std::vector<Part> parts;
  std::vector<Observed> observed;
  {  // Workers that open a series wait for this block, so it only copies.
    std::lock_guard lock(mutex_);
    for (const Shard* shard : shards_)
      for (const Series* series : shard->series_)
        parts.push_back({&series->family(), series->labels(), values_of(*series)});
    for (const auto& [key, values] : carried_)
      parts.push_back({key.first, std::make_shared<const std::vector<std::string>>(key.second), values});
    observed = observed_;
    for (const auto& family : hidden_)
      std::erase_if(parts, [&](const Part& part) { return part.family == family.get(); });
    for (const auto& family : hidden_)
      std::erase_if(observed, [&](const Observed& o) { return o.family == family.get(); });
  }
  for (const Observed& one : observed)
    parts.push_back(
        {one.family, std::make_shared<const std::vector<std::string>>(), {std::bit_cast<uint64_t>(one.value())}});

  std::map<std::string_view, std::pair<const Family*, Merged>> merged;
  for (const Part& part : parts) {
    auto& [family, by_labels] = merged[part.family->definition.name];
    family = part.family;
    std::vector<std::string> labels;
    for (const auto& value : *part.labels) labels.push_back(as_utf8(value));
    add_values(*family, by_labels[std::move(labels)], part.values);
  }
  Snapshot snapshot;
  for (const auto& [name, family] : merged) snapshot.families.push_back(snapshot_of(*family.first, family.second));
  return snapshot;
}

}  // namespace lateen::metrics
