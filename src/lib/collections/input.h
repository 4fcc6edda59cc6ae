// Inputs: what comes from outside, by key; and indexes over them. See database.h for the whole picture.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "lib/collections/database.h"

namespace lateen::collections {

// Keys without parts: `Input<Unit, MeshConfig>` holds one value, read with get().
struct Unit {
  auto operator<=>(const Unit&) const = default;
};

// How a key appears in a report of a cycle.
template <class K>
std::string key_text(const K& key) {
  if constexpr (std::is_same_v<K, Unit>)
    return "";
  else if constexpr (fmt::is_formattable<K>::value)
    return fmt::format("{}", key);
  else
    return "...";
}

// A node with nothing of its own but a name.
class NamedNode final : public Node {
 public:
  NamedNode(Database& db, std::string name) : Node(db), name_(std::move(name)) {}

 protected:
  std::string describe() const override { return name_; }

 private:
  std::string name_;
};

// The nodes of a collection that is read by key, made when first read by a query and dropped when nothing needs them.
template <class K>
class KeyNodes final : public Database::Keeper {
 public:
  KeyNodes(Database& db, std::string name) : db_(db), name_(std::move(name)) { db_.enlist(*this); }
  ~KeyNodes() override { db_.withdraw(*this); }
  KeyNodes(const KeyNodes&) = delete;

  void read(const K& key) {
    if (!db_.running()) return;
    auto& node = nodes_[key];
    if (!node) node = std::make_unique<NamedNode>(db_, name_ + "(" + key_text(key) + ")");
    (void)db_.read(*node);
  }
  void changed(const K& key) {
    if (const auto found = nodes_.find(key); found != nodes_.end()) db_.changed(*found->second);
  }

 private:
  void each_node(const std::function<void(Node&)>& visit) override {
    for (auto& [key, node] : nodes_) visit(*node);
  }
  size_t drop_unkept() override {
    return std::erase_if(nodes_, [](const auto& item) { return !is_kept(*item.second); });
  }

  Database& db_;
  std::string name_;
  std::map<K, std::unique_ptr<NamedNode>> nodes_;
};

// K is ordered (operator<), V has operator==.
template <class K, class V>
class Input {
 public:
  using Value = std::shared_ptr<const V>;
  using Values = std::map<K, Value>;

  Input(Database& db, std::string name)
      : db_(db), nodes_(db, name), all_(db, name + "(all)"), keys_(db, name + "(keys)") {}
  Input(const Input&) = delete;

  // Changes; not from within a query function. Each returns whether anything changed: setting an equal value does not.
  bool set(const K& key, V value) { return share(key, std::make_shared<const V>(std::move(value))); }
  bool share(const K& key, Value value) {
    Value& held = values_[key];
    if (held && (held == value || *held == *value)) return false;
    const Value before = std::exchange(held, std::move(value));
    notice(key, before, held);
    return true;
  }
  bool erase(const K& key) {
    const auto found = values_.find(key);
    if (found == values_.end()) return false;
    const Value before = std::move(found->second);
    const K gone = found->first;
    values_.erase(found);
    notice(gone, before, nullptr);
    return true;
  }
  // Makes the collection hold exactly these.
  bool assign(const Values& values) {
    std::vector<K> gone;
    for (const auto& [key, value] : values_)
      if (!values.contains(key)) gone.push_back(key);
    bool changed = !gone.empty();
    for (const K& key : gone) erase(key);
    for (const auto& [key, value] : values) changed |= share(key, value);
    return changed;
  }

  // Reads; recorded when a query runs. null: no such key (an answer that is recorded as well).
  Value get(const K& key = {}) const {
    nodes_.read(key);
    const auto found = values_.find(key);
    return found == values_.end() ? nullptr : found->second;
  }
  // Everything, in order of the keys. Whoever reads this runs again at every change of the collection; prefer get(), an
  // Index, or a query that condenses it (whose readers are spared when its result is equal).
  const Values& all() const {
    if (db_.running()) (void)db_.read(all_);
    return values_;
  }
  // The keys alone: changes when one comes or goes.
  std::vector<K> keys() const {
    if (db_.running()) (void)db_.read(keys_);
    std::vector<K> keys;
    for (const auto& [key, value] : values_) keys.push_back(key);
    return keys;
  }
  size_t size() const {
    if (db_.running()) (void)db_.read(keys_);
    return values_.size();
  }

 private:
  template <class G, class IK, class IV>
  friend class Index;
  using Observer = std::function<void(const K&, const Value& before, const Value& after)>;

  void notice(const K& key, const Value& before, const Value& after) {
    db_.advance();
    nodes_.changed(key);
    db_.changed(all_);
    if (!before || !after) db_.changed(keys_);
    for (auto& [owner, observe] : observers_) observe(key, before, after);
  }

  Database& db_;
  Values values_;
  mutable KeyNodes<K> nodes_;
  mutable NamedNode all_, keys_;
  std::map<const void*, Observer> observers_;
};

// The entries of an input, grouped by what a pure function says about each: `by_host{db, "rules by host", rules,
// hosts_of}` with hosts_of(key, value) -> std::vector<std::string>. Kept up to date at each change, in time
// proportional to it. A query that reads one group runs again only when a member of that group changes. Must not
// outlive its input.
template <class G, class K, class V>
class Index {
 public:
  using Value = std::shared_ptr<const V>;
  using Values = std::map<K, Value>;
  using GroupsOf = std::function<std::vector<G>(const K&, const V&)>;

  Index(Database& db, std::string name, Input<K, V>& input, GroupsOf groups_of)
      : db_(db), input_(input), groups_of_(std::move(groups_of)), nodes_(db, name), names_(db, name + "(groups)") {
    for (const auto& [key, value] : input_.values_) regroup(key, nullptr, value);
    input_.observers_[this] = [this](const K& key, const Value& before, const Value& after) {
      regroup(key, before, after);
    };
  }
  Index(const Index&) = delete;
  ~Index() { input_.observers_.erase(this); }

  // The members of a group in order of their keys; empty when there is none.
  const Values& of(const G& group) const {
    nodes_.read(group);
    const auto found = groups_.find(group);
    return found == groups_.end() ? none_ : found->second;
  }
  // The groups that have members: changes when one comes or goes.
  std::vector<G> groups() const {
    if (db_.running()) (void)db_.read(names_);
    std::vector<G> names;
    for (const auto& [name, members] : groups_) names.push_back(name);
    return names;
  }

 private:
  void regroup(const K& key, const Value& before, const Value& after) {
    const auto groups_of = [&](const Value& value) {
      const std::vector<G> groups = value ? groups_of_(key, *value) : std::vector<G>{};
      return std::set<G>(groups.begin(), groups.end());
    };
    const std::set<G> left = groups_of(before), joined = groups_of(after);
    for (const G& group : left)
      if (!joined.contains(group)) leave(group, key);
    for (const G& group : joined) {
      Values& members = groups_[group];
      if (members.empty()) db_.changed(names_);
      members[key] = after;
      nodes_.changed(group);
    }
  }
  void leave(const G& group, const K& key) {
    const auto found = groups_.find(group);
    if (found == groups_.end() || found->second.erase(key) == 0) return;
    nodes_.changed(group);
    if (!found->second.empty()) return;
    groups_.erase(found);
    db_.changed(names_);
  }

  Database& db_;
  Input<K, V>& input_;
  GroupsOf groups_of_;
  std::map<G, Values> groups_;
  const Values none_;
  mutable KeyNodes<G> nodes_;
  mutable NamedNode names_;
};

}  // namespace lateen::collections
