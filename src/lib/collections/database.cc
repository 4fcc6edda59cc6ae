#include "lib/collections/database.h"

#include <cassert>
#include <utility>

#include "lib/base/log.h"

namespace lateen::collections {
namespace {

log::Component log_("collections");
constexpr size_t max_kept_cycles = 100;

}  // namespace

Node::~Node() {
  forget_reads();
  std::vector<Node*> orphans;
  for (Edge* edge = readers_; edge; edge = edge->next) {
    edge->read = nullptr;
    edge->back = nullptr;
    edge->reader->state_ = State::dirty;
    orphans.push_back(edge->reader);
  }
  db_.mark_all_above(std::move(orphans));
}

void Node::forget_reads() {
  for (uint32_t i = 0; i < edge_count_; ++i) {
    Edge& edge = edges_[i];
    if (!edge.read) continue;
    *edge.back = edge.next;
    if (edge.next) edge.next->back = edge.back;
  }
  edges_.reset();
  edge_count_ = 0;
}

void Node::record(const std::vector<Node*>& reads) {
  bool same = reads.size() == edge_count_;
  for (uint32_t i = 0; same && i < edge_count_; ++i) same = edges_[i].read == reads[i];
  if (same) return;
  forget_reads();
  edge_count_ = static_cast<uint32_t>(reads.size());
  edges_ = std::make_unique<Edge[]>(reads.size());
  for (uint32_t i = 0; i < edge_count_; ++i) {
    Node* read = reads[i];
    Edge& edge = edges_[i];
    edge = {.reader = this, .read = read, .next = read->readers_, .back = &read->readers_};
    if (edge.next) edge.next->back = &edge.next;
    read->readers_ = &edge;
  }
}

void Database::advance() {
  assert(!running() && "a query function must not change inputs");
  ++revision_;
}

void Database::changed(Node& node) {
  node.changed_at_ = revision_;
  mark_readers(node);
}

// Direct readers must run again. Whatever stands on them may have to: it is marked too, once; if it is marked already,
// so is all above it.
void Database::mark_readers(Node& node) {
  std::vector<Node*> work;
  for (Node::Edge* edge = node.readers_; edge; edge = edge->next) {
    Node& reader = *edge->reader;
    if (reader.state_ == Node::State::clean) work.push_back(&reader);
    reader.state_ = Node::State::dirty;
  }
  statistics_.marked += work.size();
  mark_all_above(std::move(work));
}

void Database::mark_all_above(std::vector<Node*> work) {
  while (!work.empty()) {
    Node& node = *work.back();
    work.pop_back();
    for (Node::Edge* edge = node.readers_; edge; edge = edge->next) {
      Node& reader = *edge->reader;
      if (reader.state_ != Node::State::clean) continue;
      // Recorded cycles run through entries in_cycle_ only. They always run again, so that checking never goes in
      // circles.
      reader.state_ = reader.in_cycle_ ? Node::State::dirty : Node::State::check;
      ++statistics_.marked;
      work.push_back(&reader);
    }
  }
}

bool Database::read(Node& node) {
  if (stack_.empty()) {
    node.used_in_ = round_;
  } else if (node.frame_ != stack_.back().serial) {
    node.frame_ = stack_.back().serial;
    stack_.back().reads.push_back(&node);
  }
  if (!node.is_query_) return true;
  if (node.depth_ >= 0) {
    report_cycle(node.depth_, node, "a cycle");
    join_cycle(node.depth_);
    return false;
  }
  if (node.cycle_root_ >= 0) join_cycle(node.cycle_root_);
  if (node.state_ == Node::State::clean) {
    ++statistics_.remembered;
    return true;
  }
  if (stack_.size() >= max_depth) {
    report_cycle(0, node, "too deep");
    join_cycle(0);
    for (Frame& frame : stack_) frame.too_deep = true;
    return false;
  }
  update(node);
  return true;
}

void Database::update(Node& node) {
  const int depth = static_cast<int>(stack_.size());
  stack_.push_back({.node = &node, .serial = ++serial_, .reads = {}});
  node.depth_ = depth;
  if (node.state_ == Node::State::dirty || reads_changed(node)) {
    compute(node);
  } else {
    ++statistics_.verified;
    node.state_ = Node::State::clean;
  }
  if (stack_.back().too_deep) node.state_ = Node::State::dirty;
  stack_.pop_back();
  node.depth_ = -1;
  close_cycle(node, depth);
}

// Whether one of the recorded reads has a new value. In their order, and stopping at the first: what the function read
// later may have depended on it. A read that changes marks this node dirty by itself.
bool Database::reads_changed(Node& node) {
  for (uint32_t i = 0; i < node.edge_count_; ++i) {
    Node* read = node.edges_[i].read;
    if (!read) return true;
    if (!read->is_query_ || read->state_ == Node::State::clean) continue;
    if (read->depth_ >= 0 || stack_.size() >= max_depth) return true;
    update(*read);
    if (node.state_ == Node::State::dirty || node.in_cycle_ || read->state_ != Node::State::clean) return true;
  }
  return false;
}

void Database::compute(Node& node) {
  stack_.back().reads.clear();
  stack_.back().serial = ++serial_;
  node.in_cycle_ = false;
  ++statistics_.computed;
  const bool differs = node.compute();
  node.record(stack_.back().reads);
  node.state_ = Node::State::clean;
  if (!differs) {
    ++statistics_.unchanged;
    return;
  }
  node.changed_at_ = revision_;
  // A reader that is clean read the fallback of this node a moment ago, on a cycle, and that is its value now.
  for (Node::Edge* edge = node.readers_; edge; edge = edge->next)
    if (edge->reader->state_ == Node::State::check) edge->reader->state_ = Node::State::dirty;
}

// Everything from that place of the stack to its top needs itself.
void Database::join_cycle(int root) {
  for (size_t i = static_cast<size_t>(root); i < stack_.size(); ++i) {
    Node& node = *stack_[i].node;
    node.in_cycle_ = true;
    if (node.cycle_root_ < 0 || node.cycle_root_ > root) node.cycle_root_ = root;
  }
}

void Database::report_cycle(int root, const Node& end, std::string_view what) {
  ++statistics_.cycles;
  std::string text;
  for (size_t i = static_cast<size_t>(root); i < stack_.size(); ++i) text += stack_[i].node->describe() + " -> ";
  text += end.describe();
  log_.warning("{}: {}; these entries take their fallback values", what, text);
  if (cycles_.size() < max_kept_cycles) cycles_.push_back(std::move(text));
}

// The entries of one knot of cycles (a strongly connected component, found as Tarjan does) stay open until the lowest
// of them is done: who reads an open one joins the knot.
void Database::close_cycle(Node& node, int depth) {
  if (node.cycle_root_ < 0) return;
  if (node.cycle_root_ < depth) {
    for (Node* other : open_)
      if (other->cycle_root_ > node.cycle_root_) other->cycle_root_ = node.cycle_root_;
    open_.push_back(&node);
    return;
  }
  node.cycle_root_ = -1;
  std::erase_if(open_, [&](Node* other) {
    if (other->cycle_root_ < depth) return false;
    other->cycle_root_ = -1;
    return true;
  });
}

std::vector<std::string> Database::take_cycles() { return std::exchange(cycles_, {}); }

// What was asked for in that round stays; rounds begin with 1.
size_t Database::collect(uint64_t round) {
  assert(!running());
  for (Keeper* keeper : keepers_) keeper->each_node([](Node& node) { node.kept_ = false; });
  for (Keeper* keeper : keepers_)
    keeper->each_node([&](Node& node) {
      if (node.pins_ > 0 || (round > 0 && node.used_in_ == round)) keep(node);
    });
  size_t dropped = 0;
  for (Keeper* keeper : keepers_) dropped += keeper->drop_unkept();
  statistics_.collected += dropped;
  ++round_;
  return dropped;
}

void Database::keep(Node& root) {
  std::vector<Node*> work = {&root};
  while (!work.empty()) {
    Node& node = *work.back();
    work.pop_back();
    if (std::exchange(node.kept_, true)) continue;
    for (uint32_t i = 0; i < node.edge_count_; ++i)
      if (node.edges_[i].read) work.push_back(node.edges_[i].read);
  }
}

}  // namespace lateen::collections
