// Queries: remembered functions of a key. See database.h for the whole picture and for what a function must keep to.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "lib/collections/database.h"
#include "lib/collections/input.h"

namespace lateen::collections {

// Keeps one entry (and what it needs) from being collected. Must not outlive its query.
class Pin {
 public:
  Pin() = default;
  Pin(Database& db, Node& node) : db_(&db), node_(&node) { db.pin(node); }
  Pin(Pin&& other) noexcept : db_(other.db_), node_(std::exchange(other.node_, nullptr)) {}
  Pin& operator=(Pin&& other) noexcept {
    std::swap(db_, other.db_);
    std::swap(node_, other.node_);
    return *this;
  }
  ~Pin() {
    if (node_) db_->unpin(*node_);
  }

 private:
  Database* db_ = nullptr;
  Node* node_ = nullptr;
};

// K is ordered (operator<); V has operator== and, unless a fallback is given, a default constructor. A query of no key
// is Query<Unit, V>, asked with get().
template <class K, class V>
class Query final : public Database::Keeper {
 public:
  using Value = std::shared_ptr<const V>;
  using Function = std::function<V(const K&)>;

  // The fallback is the value of entries that need themselves.
  Query(Database& db, std::string name, Function function, V fallback = V{})
      : db_(db),
        name_(std::move(name)),
        function_(std::move(function)),
        fallback_(std::make_shared<const V>(std::move(fallback))) {
    db_.enlist(*this);
  }
  Query(const Query&) = delete;
  ~Query() override { db_.withdraw(*this); }

  // The value for the key, up to date; never null. The same pointer as before if and only if the value did not change
  // (as long as the entry was not collected in between).
  Value get(const K& key = {}) const {
    Entry& entry = entry_of(key);
    return db_.read(entry) ? entry.value : fallback_;
  }

  // The revision of the database in which the value for the key last changed.
  uint64_t changed_at(const K& key = {}) const {
    Entry& entry = entry_of(key);
    (void)db_.read(entry);
    return entry.changed_at();
  }

  Pin pin(const K& key = {}) const { return Pin(db_, entry_of(key)); }

  size_t size() const { return entries_.size(); }  // remembered entries
  uint64_t runs() const { return runs_; }          // of the function, so far

 private:
  class Entry final : public Node {
   public:
    Entry(const Query& query, const K& key) : Node(query.db_, QueryTag{}), query_(query), key_(key) {}
    Value value;

   protected:
    bool compute() override {
      ++query_.runs_;
      V result = query_.function_(key_);
      if (in_cycle()) {
        const bool differs = !value || !(*value == *query_.fallback_);
        if (differs) value = query_.fallback_;
        return differs;
      }
      if (value && *value == result) return false;
      value = std::make_shared<const V>(std::move(result));
      return true;
    }
    std::string describe() const override { return query_.name_ + "(" + key_text(key_) + ")"; }

   private:
    const Query& query_;
    const K& key_;
  };

  Entry& entry_of(const K& key) const {
    auto found = entries_.find(key);
    if (found == entries_.end()) {
      found = entries_.emplace(key, nullptr).first;
      found->second = std::make_unique<Entry>(*this, found->first);
    }
    return *found->second;
  }
  void each_node(const std::function<void(Node&)>& visit) override {
    for (auto& [key, entry] : entries_) visit(*entry);
  }
  size_t drop_unkept() override {
    return std::erase_if(entries_, [](const auto& item) { return !is_kept(*item.second); });
  }

  Database& db_;
  std::string name_;
  Function function_;
  Value fallback_;
  mutable std::map<K, std::unique_ptr<Entry>> entries_;
  mutable uint64_t runs_ = 0;
};

}  // namespace lateen::collections
