// Memoised queries with recorded dependencies: a small incremental compiler, in the family of Salsa and of Istio's krt.
//
//   collections::Database db;
//   Input<std::string, Service> services{db, "services"};
//   Input<std::string, Rule> rules{db, "rules"};
//   Query<std::string, Routes> routes{db, "routes", [&](const std::string& host) {
//     auto service = services.get(host);                       // recorded: this entry read that key
//     return service ? make_routes(*service, rules.all()) : Routes{};
//   }};
//   services.set("a", {...});
//   auto before = routes.get("a");                             // computed
//   auto again = routes.get("a");                              // remembered
//   services.set("b", {...});
//   routes.get("a");                                           // still remembered: it never read "b"
//
// An Input holds what comes from outside, by key. A Query is a function of a key whose results are remembered; whatever
// it reads through the accessors of inputs, indexes and other queries while it runs is recorded by itself. When an
// input changes, the entries that read it, directly or through others, are marked, and nothing is computed. When a
// marked entry is asked for, its recorded reads are brought up to date first, in the order in which they happened; it
// is computed again only if one of them really changed. A result that equals the old one counts as no change: the old
// object stays, at its address, and whoever read it is not computed again (early cut-off). So the work after a change
// is proportional to what it touches, and asking for an untouched entry is a lookup.
//
// What a query function must keep to. It is pure: same reads, same result; everything that can change is read through
// accessors; it changes no input. It may read what it likes, also depending on what it has read before. It may call
// itself with other keys. Chains are bounded by Database::max_depth.
//
// Cycles. If an entry needs itself, every entry on the cycle gets the query's fallback value, the same whichever was
// asked for first, and the cycle is reported by name (Database::take_cycles, and the log). A later change that breaks
// the cycle brings the right values back. A chain of more than max_depth entries is treated in the same way.
//
// Ownership. A Database outlives its inputs, indexes and queries: declare it first. Values are handed out as
// shared_ptr<const V>, which may be kept for as long as one likes; references from all() and of() live until the next
// change. Everything about one database is used by one thread; the values themselves may go anywhere.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace lateen::collections {

class Database;

// One thing that can be read: a key of an input, a group of an index, an entry of a query. Used by the accessors only.
class Node {
 public:
  explicit Node(Database& db) : db_(db) {}
  Node(const Node&) = delete;
  virtual ~Node();

  uint64_t changed_at() const { return changed_at_; }  // the revision in which its value last changed

 protected:
  friend class Database;

  // Queries only: runs the function and stores its result, or the fallback if in_cycle() holds afterwards. Returns
  // whether the stored value differs from the one before.
  virtual bool compute() { return false; }
  virtual std::string describe() const = 0;

  bool in_cycle() const { return in_cycle_; }

  Database& db_;

 private:
  // A recorded read: `reader` owns it in edges_, `read` lists it.
  struct Edge {
    Node* reader = nullptr;
    Node* read = nullptr;  // null when that node is gone
    Edge* next = nullptr;
    Edge** back = nullptr;
  };
  enum class State : uint8_t { clean, check, dirty };

  void record(const std::vector<Node*>& reads);
  void forget_reads();

  std::unique_ptr<Edge[]> edges_;  // what it read, in order
  uint32_t edge_count_ = 0;
  State state_ = State::clean;
  bool is_query_ = false;
  bool in_cycle_ = false;  // its value is the fallback
  bool kept_ = false;      // scratch for collect()
  int depth_ = -1;         // its place in the stack while it is brought up to date, else -1
  int cycle_root_ = -1;    // lowest place it is known to reach by a cycle that is still open, else -1
  uint32_t pins_ = 0;
  Edge* readers_ = nullptr;
  uint64_t changed_at_ = 0;
  uint64_t used_in_ = 0;  // the collection round in which it was last asked for from outside
  uint64_t frame_ = 0;    // the last run that recorded it, so that a loop of reads is recorded once

 protected:
  // For Query's constructor of entries.
  struct QueryTag {};
  Node(Database& db, QueryTag) : db_(db), state_(State::dirty), is_query_(true) {}
};

struct Statistics {
  uint64_t computed = 0;    // runs of query functions
  uint64_t unchanged = 0;   // of these, with a result equal to the one before
  uint64_t verified = 0;    // marked entries that proved to be up to date without a run
  uint64_t remembered = 0;  // reads answered by a lookup
  uint64_t marked = 0;      // entries reached by a change
  uint64_t collected = 0;   // entries dropped by collect()
  uint64_t cycles = 0;
};

class Database {
 public:
  static constexpr int max_depth = 256;

  Database() = default;
  Database(const Database&) = delete;

  // Rises with every change of an input that is one.
  uint64_t revision() const { return revision_; }

  // Drops remembered entries that were not asked for from outside since the call before and that nothing pinned or
  // asked for needs. Returns how many went. They are computed anew when asked for again.
  size_t collect() { return collect(round_); }
  // The same with what was asked for, too, unless it is pinned or something pinned needs it.
  size_t collect_unpinned() { return collect(0); }

  // The cycles met since the last call: "routes(a) -> services(a) -> routes(a)". At most 100 are kept.
  std::vector<std::string> take_cycles();

  const Statistics& statistics() const { return statistics_; }

  // --- for the accessors -------------------------------------------------------------------------------------------

  // Brings the node up to date and records the read for the query that runs, if one does. False when the node is in the
  // middle of being computed itself (a cycle) or too deep: its fallback stands for it.
  [[nodiscard]] bool read(Node& node);
  bool running() const { return !stack_.empty(); }

  void advance();            // a new revision begins; inputs call it once per change, then changed() for each node
  void changed(Node& node);  // the node has a new value: marks what read it
  void pin(Node& node) { ++node.pins_; }
  void unpin(Node& node) { --node.pins_; }

  // Something that keeps entries and can drop those of them that are not kept_; inputs drop slots of absent keys.
  class Keeper {
   public:
    virtual ~Keeper() = default;
    virtual void each_node(const std::function<void(Node&)>& visit) = 0;
    virtual size_t drop_unkept() = 0;

   protected:
    static bool is_kept(const Node& node) { return node.kept_; }
  };
  void enlist(Keeper& keeper) { keepers_.insert(&keeper); }
  void withdraw(Keeper& keeper) { keepers_.erase(&keeper); }

 private:
  friend class Node;
  struct Frame {
    Node* node;
    uint64_t serial;
    std::vector<Node*> reads;
    bool too_deep = false;  // its value stands on a read that was cut short; it may not be remembered
  };

  void update(Node& node);
  bool reads_changed(Node& node);
  void compute(Node& node);
  void mark_readers(Node& node);
  void mark_all_above(std::vector<Node*> work);
  void join_cycle(int root);
  void report_cycle(int root, const Node& end, std::string_view what);
  void close_cycle(Node& node, int depth);
  size_t collect(uint64_t round);
  void keep(Node& root);

  uint64_t revision_ = 1;
  uint64_t round_ = 1;
  uint64_t serial_ = 0;
  std::vector<Frame> stack_;
  std::vector<Node*> open_;  // finished entries of cycles whose lowest entry still runs
  std::set<Keeper*> keepers_;
  std::vector<std::string> cycles_;
  Statistics statistics_;
};

}  // namespace lateen::collections
