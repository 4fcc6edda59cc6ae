// Counters, gauges and histograms with labels, made for a program of several workers that share nothing.
//
// One Registry per program knows the families: a name, a help text, label names. Each worker thread owns one Shard,
// where it opens series: a family with label values. It gets a handle, keeps it, and an increment is then one relaxed
// load and store of a cell that no other thread writes (0.3 ns; an atomic add shared by two workers costs forty times
// as much). A scrape adds the shards up.
//
//   metrics::Registry registry;                                             // in main, outlives the shards
//   auto requests = registry.counter({.name = "istio_requests_total", .help = "Requests.", .labels = {"code"}});
//   metrics::Shard shard(registry, worker);                                 // on each worker
//   metrics::Counter ok = shard.counter(requests, {"200"});                 // once; hashes the label values
//   ok.add();                                                               // per request
//   exposition(registry.scrape(), Format::prometheus);                      // on any thread, at any time
//
// Threads. A Shard and the handles from it are used by one thread at a time, its worker. Registry is safe from every
// thread. A scrape is not a point in time: cells are read one after another while workers write, but each value is one
// that was there, and a histogram's count always equals the sum of its buckets.
//
// Bounds. A family has at most `limit` series a shard; the next label sets are counted together in one series whose
// label values are all "overflow", and a warning says so once. Label values longer than max_label_bytes are cut. So a
// stranger who invents hosts or identities fills a fixed amount of memory. Series go when they are removed or swept
// (see Shard); a sum never falls while any worker still has the series.
#pragma once
#include <atomic>
#include <bit>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "lib/metrics/snapshot.h"

namespace lateen::metrics {

class Registry;
class Shard;

inline constexpr size_t max_label_bytes = 512;
inline constexpr std::string_view overflow_label = "overflow";

// The upper bounds of the buckets that Envoy and Istio use, for milliseconds as for bytes: 0.5, 1, 5, ... 3600000.
const std::vector<double>& standard_buckets();

// What a family is. The name follows Prometheus ([a-zA-Z_:][a-zA-Z0-9_:]*; other characters become '_').
struct Definition {
  std::string name;
  std::string help;
  std::vector<std::string> labels;  // label names, in the order in which values are given
  // How Envoy's plain /stats page names the series: "cluster.{cluster_name}.upstream_rq_total", with {LABEL} standing
  // for the value of that label. Empty: the Prometheus name with its labels.
  std::string stats_name;
  size_t limit = 4096;          // series a shard, at least 1
  std::vector<double> buckets;  // histograms only: rising upper bounds without +Inf; empty = standard_buckets()
};

// A family, defined for the life of its registry.
struct Family {
  Kind kind;
  Definition definition;
  mutable std::atomic<bool> warned = false;  // that the limit was met
};
struct CounterFamily {
  const Family* family = nullptr;
};
struct GaugeFamily {
  const Family* family = nullptr;
};
struct HistogramFamily {
  const Family* family = nullptr;
};

// One 64-bit value written by one thread and read by any.
class Cell {
 public:
  void add(uint64_t amount) { bits_.store(bits_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed); }
  void set(double value) { bits_.store(std::bit_cast<uint64_t>(value), std::memory_order_relaxed); }
  void add(double amount) { set(real() + amount); }
  uint64_t count() const { return bits_.load(std::memory_order_relaxed); }
  double real() const { return std::bit_cast<double>(count()); }

 private:
  std::atomic<uint64_t> bits_ = 0;
};

// One series in one shard. Lives while the shard lists it or a handle holds it.
class Series {
 public:
  using Labels = std::shared_ptr<const std::vector<std::string>>;

  Series(Shard& shard, const Family& family, Labels labels);

  const Family& family() const { return family_; }
  const Labels& labels() const { return labels_; }
  std::span<Cell> cells() { return cells_; }  // histogram: one a bucket, +Inf, then the sum; others: one
  std::span<const Cell> cells() const { return cells_; }

 private:
  friend class Shard;
  friend class SeriesHold;
  const Family& family_;
  Labels labels_;
  std::vector<Cell> cells_;
  uint32_t holds_ = 0;    // handles
  bool listed_ = true;    // still in the shard
  bool removed_ = false;  // to be dropped from the shard when the last handle goes
  uint64_t seen_ = 0;     // what the cells said at the last sweep
  Shard* shard_;          // null once the shard is gone
};

// Keeps a series alive; the common part of the three handles. Copy it freely, on its shard's thread only.
class SeriesHold {
 public:
  SeriesHold() = default;
  explicit SeriesHold(Series* series);
  SeriesHold(const SeriesHold& other) : SeriesHold(other.series_) {}
  SeriesHold(SeriesHold&& other) noexcept : series_(std::exchange(other.series_, nullptr)) {}
  SeriesHold& operator=(SeriesHold other) noexcept {
    std::swap(series_, other.series_);
    return *this;
  }
  ~SeriesHold() { release(); }
  explicit operator bool() const { return series_ != nullptr; }

 protected:
  void release();
  Series* series_ = nullptr;
};

// Handles. A default-constructed one counts nowhere: it may be used, and does nothing.
class Counter : public SeriesHold {
 public:
  Counter() = default;
  explicit Counter(Series* series) : SeriesHold(series), cell_(series->cells().data()) {}
  void add(uint64_t amount = 1) {
    if (cell_) cell_->add(amount);
  }
  uint64_t value() const { return cell_ ? cell_->count() : 0; }  // this shard's part

 private:
  Cell* cell_ = nullptr;
};

// A gauge is summed over the shards: let one worker set it, or let each add and subtract its own part.
class Gauge : public SeriesHold {
 public:
  Gauge() = default;
  explicit Gauge(Series* series) : SeriesHold(series), cell_(series->cells().data()) {}
  void set(double value) {
    if (cell_) cell_->set(value);
  }
  void add(double amount = 1) {
    if (cell_) cell_->add(amount);
  }
  void subtract(double amount = 1) { add(-amount); }
  double value() const { return cell_ ? cell_->real() : 0; }  // this shard's part

 private:
  Cell* cell_ = nullptr;
};

class Histogram : public SeriesHold {
 public:
  Histogram() = default;
  explicit Histogram(Series* series);
  void record(double value);  // NaN counts as +Inf

 private:
  std::span<const double> bounds_;
  Cell* cells_ = nullptr;
};

class Registry {
 public:
  Registry() = default;
  Registry(const Registry&) = delete;
  ~Registry();  // every shard must be gone

  // Defines a family. The same definition again gives the same family. A name that is taken by another kind or other
  // labels is a mistake: an error is logged, and the family that comes back counts but is not shown.
  CounterFamily counter(Definition definition);
  GaugeFamily gauge(Definition definition);
  HistogramFamily histogram(Definition definition);

  // A gauge without labels whose value is asked for at each scrape, on the scraping thread, without a lock held.
  void observe(Definition definition, std::function<double()> value);

  // All families that have a series, by name; their series by label values; the shards added up.
  Snapshot scrape() const;

 private:
  friend class Shard;
  using SeriesKey = std::pair<const Family*, std::vector<std::string>>;
  struct Observed {
    const Family* family;
    std::function<double()> value;
  };

  const Family* define(Kind kind, Definition definition);
  void enlist(Shard& shard);
  void withdraw(Shard& shard);

  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Family>, std::less<>> families_;
  std::vector<std::unique_ptr<Family>> hidden_;
  std::vector<Observed> observed_;
  std::vector<Shard*> shards_;
  // What shards that dropped a series had counted, kept while another shard still has it, so that sums don't fall.
  mutable std::map<SeriesKey, std::vector<uint64_t>> carried_;
};

// One worker's series. Made and used on that worker's thread; must end before its registry.
class Shard {
 public:
  Shard(Registry& registry, unsigned worker);
  Shard(const Shard&) = delete;
  ~Shard();  // handles that are left go on counting, seen by nobody

  // The series of the family with these label values, one for each label name, in their order; made when there is none.
  // A missing value counts as empty, one too many is ignored.
  Counter counter(CounterFamily family, std::span<const std::string_view> values);
  Gauge gauge(GaugeFamily family, std::span<const std::string_view> values);
  Histogram histogram(HistogramFamily family, std::span<const std::string_view> values);
  Counter counter(CounterFamily family, std::initializer_list<std::string_view> values = {}) {
    return counter(family, std::span(values.begin(), values.size()));
  }
  Gauge gauge(GaugeFamily family, std::initializer_list<std::string_view> values = {}) {
    return gauge(family, std::span(values.begin(), values.size()));
  }
  Histogram histogram(HistogramFamily family, std::initializer_list<std::string_view> values = {}) {
    return histogram(family, std::span(values.begin(), values.size()));
  }

  // Drops every series in which label `name` has this value, e.g. cluster_name of a cluster that went. One that is
  // still held goes when its last handle does, unless it is opened again before. Returns how many went now.
  size_t remove(std::string_view label, std::string_view value);

  // Drops the series that no handle holds and that did not change since the sweep before. Call it every few minutes.
  size_t sweep();

  unsigned worker() const { return worker_; }
  size_t size() const { return series_.size(); }

 private:
  friend class Registry;
  friend class SeriesHold;
  struct Key {
    const Family* family;
    std::span<const std::string_view> values;
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(const Key& key) const;
    size_t operator()(const Series* series) const;
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const Series* a, const Series* b) const { return a == b; }
    bool operator()(const Key& key, const Series* series) const;
    bool operator()(const Series* series, const Key& key) const { return (*this)(key, series); }
  };

  Series* open(const Family* family, std::span<const std::string_view> values);
  Series* insert(const Family* family, std::span<const std::string_view> values);
  size_t drop(const std::vector<Series*>& series);

  Registry& registry_;
  const unsigned worker_;
  // The worker alone changes the table, under registry_.mutex_; so it may read it without. Scrapes read under the
  // mutex.
  std::unordered_set<Series*, Hash, Equal> series_;
  std::map<const Family*, size_t> sizes_;
};

}  // namespace lateen::metrics
