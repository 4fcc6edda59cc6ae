#include <cmath>
#include <memory>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>
#include <libfyaml.h>

#include "lib/base/strings.h"
#include "lib/schema/document.h"
#include "lib/schema/text.h"

namespace lateen::schema {
namespace {

struct ParserEnd {
  void operator()(fy_parser* parser) const { fy_parser_destroy(parser); }
};
struct DiagEnd {
  void operator()(fy_diag* diag) const { fy_diag_destroy(diag); }
};

// Of anchors, aliases and tags.
std::string_view text_of(fy_token* token) {
  size_t length = 0;
  const char* text = token ? fy_token_get_text(token, &length) : nullptr;
  return text ? std::string_view(text, length) : std::string_view();
}

// A single-quoted scalar between its quotes: two quotes are one, and lines are folded (YAML 1.2 sections 7.3.2
// and 6.5).
void unquote(std::string_view raw, std::string& out) {
  constexpr std::string_view white = " \t";
  for (size_t i = 0; i < raw.size();) {
    if (raw[i] != '\n' && raw[i] != '\r') {
      out += raw[i];
      i += raw[i] == '\'' ? 2 : 1;
      continue;
    }
    out.resize(out.find_last_not_of(white) + 1);
    size_t breaks = 0;
    for (; i < raw.size() && (raw[i] == '\n' || raw[i] == '\r' || white.contains(raw[i])); ++i)
      if (raw[i] == '\n' || (raw[i] == '\r' && raw.substr(i + 1, 1) != "\n")) ++breaks;
    if (breaks == 1)
      out += ' ';
    else
      out.append(breaks - 1, '\n');
  }
}

// The texts of scalars. Not by fy_token_get_text(): in libfyaml 0.7 it leaks where a scalar has many pieces, and cuts
// some scalars short. Its pieces are right, but for several quotes in a row in single-quoted text.
class ScalarText {
 public:
  explicit ScalarText(std::string_view input) : input_(input) {}

  // Valid until the next call.
  std::string_view read(fy_event* event) {
    text_.clear();
    fy_token* token = event->scalar.value;
    if (!token || !iterator_) return text_;
    const fy_mark *begin = fy_event_start_mark(event), *end = fy_event_end_mark(event);
    if (fy_token_scalar_style(token) == FYSS_SINGLE_QUOTED && begin && end && begin->input_pos <= end->input_pos &&
        end->input_pos <= input_.size()) {
      unquote(input_.substr(begin->input_pos, end->input_pos - begin->input_pos), text_);
      return text_;
    }
    fy_token_iter_start(token, iterator_.get());
    const fy_iter_chunk* piece = nullptr;
    int error = 0;
    while ((piece = fy_token_iter_chunk_next(iterator_.get(), piece, &error))) text_.append(piece->str, piece->len);
    fy_token_iter_finish(iterator_.get());
    return text_;
  }

 private:
  struct End {
    void operator()(fy_token_iter* iterator) const { fy_token_iter_destroy(iterator); }
  };
  std::string_view input_;
  std::unique_ptr<fy_token_iter, End> iterator_{fy_token_iter_create(nullptr)};
  std::string text_;
};

// One list or map that is still open.
struct Open {
  Node node;
  std::string anchor;
  bool has_key = false;
  std::string key;
  Position key_position;
  std::unordered_set<std::string, StringHash, std::equal_to<>> keys = {};
  std::vector<Node> merges = {};  // values of `<<`, earlier ones win
};

struct Anchored {
  Node node;
  size_t nodes = 0;
  size_t bytes = 0;
};

struct Size {
  size_t nodes = 0;
  size_t bytes = 0;
  int depth = 0;
};

Size size_of(const Node& node) {
  Size out{1, node.text().size(), 1};
  const auto add = [&](const Node& child, size_t key_bytes) {
    const Size size = size_of(child);
    out.nodes += size.nodes;
    out.bytes += size.bytes + key_bytes;
    out.depth = std::max(out.depth, size.depth + 1);
  };
  if (const auto* list = node.as_list()) {
    for (const auto& child : *list) add(child, 0);
  }
  if (const auto* map = node.as_map()) {
    for (const auto& entry : *map) add(entry.value, entry.key.size());
  }
  return out;
}

// Builds trees from libfyaml's events. Nothing here recurses over the input except into Nodes of bounded depth.
class Builder {
 public:
  Builder(std::string_view input, std::vector<Node>& out, const Limits& limits)
      : out_(out), limits_(limits), scalar_text_(input) {}

  // False when reading must stop; problem() and position() then say why.
  bool take(fy_event* event) {
    const fy_mark* mark = fy_event_start_mark(event);
    if (mark) position_ = {mark->line + 1, mark->column + 1};
    switch (event->type) {
      case FYET_DOCUMENT_START:
        anchors_.clear();
        return true;
      case FYET_SCALAR:
        return scalar(event);
      case FYET_ALIAS:
        return alias(text_of(event->alias.anchor));
      case FYET_SEQUENCE_START:
        return open(Node::list(), fy_event_get_anchor_token(event), fy_event_get_tag_token(event));
      case FYET_MAPPING_START:
        return open(Node::map(), fy_event_get_anchor_token(event), fy_event_get_tag_token(event));
      case FYET_SEQUENCE_END:
      case FYET_MAPPING_END:
        return close();
      default:
        return true;
    }
  }

  const std::string& problem() const { return problem_; }
  Position position() const { return position_; }

 private:
  bool stop(std::string text) {
    problem_ = std::move(text);
    return false;
  }

  bool pay(size_t nodes, size_t bytes) {
    nodes_ += nodes;
    bytes_ += bytes;
    if (nodes_ > limits_.nodes) return stop(fmt::format("more than {} values, aliases expanded", limits_.nodes));
    if (bytes_ > limits_.node_bytes) {
      return stop(fmt::format("more than {} bytes of text, aliases expanded", limits_.node_bytes));
    }
    return true;
  }

  bool scalar(fy_event* event) {
    fy_token* token = event->scalar.value;
    const std::string_view text = scalar_text_.read(event);
    const auto style = token ? fy_token_scalar_style(token) : FYSS_PLAIN;
    const bool plain = style == FYSS_PLAIN;
    // libfyaml's mark stands behind the quote.
    if (style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED) --position_.column;
    Node node;
    if (!resolve(text, plain, text_of(event->scalar.tag), node)) return false;
    if (!pay(1, text.size())) return false;
    if (text.find('\0') != std::string_view::npos) return stop("NUL is not allowed in text");
    if (awaits_key()) return key(text);
    node.set_position(position_);
    return place(std::move(node), std::string(text_of(event->scalar.anchor)));
  }

  bool resolve(std::string_view text, bool plain, std::string_view tag, Node& out) {
    constexpr std::string_view core = "tag:yaml.org,2002:";
    if (tag.starts_with(core)) tag.remove_prefix(core.size());
    if (tag.starts_with("!!")) tag.remove_prefix(2);
    if (tag.empty()) {
      out = plain ? plain_scalar(text) : Node(text);
      return true;
    }
    if (tag == "!" || tag == "str") {
      out = Node(text);
      return true;
    }
    out = plain_scalar(text);
    double number = 0;
    const bool fits = (tag == "int" && out.as_integer()) || (tag == "float" && out.as_number(number)) ||
                      (tag == "bool" && out.as_bool()) || (tag == "null" && out.is_null());
    return fits || stop(fmt::format("tag {} does not fit this value, or is not supported", tag));
  }

  bool awaits_key() const { return !open_.empty() && open_.back().node.is_map() && !open_.back().has_key; }

  bool key(std::string_view text) {
    Open& map = open_.back();
    if (text != "<<" && !map.keys.emplace(text).second) return stop(fmt::format("key \"{}\" is repeated", text));
    map.key = text;
    map.key_position = position_;
    map.has_key = true;
    return true;
  }

  bool open(Node node, fy_token* anchor, fy_token* tag) {
    if (awaits_key()) return stop("a key must be a text, not a list or a map");
    const std::string_view name = text_of(tag);
    if (!name.empty() && name != "!" && !name.ends_with(":map") && !name.ends_with(":seq")) {
      return stop(fmt::format("tag {} is not supported", name));
    }
    if (static_cast<int>(open_.size()) >= limits_.depth) {
      return stop(fmt::format("nested deeper than {} levels", limits_.depth));
    }
    if (!pay(1, 0)) return false;
    node.set_position(position_);
    open_.push_back(Open{std::move(node), std::string(text_of(anchor)), false, "", {}});
    return true;
  }

  bool close() {
    if (open_.empty()) return stop("unbalanced end of a list or map");
    Open done = std::move(open_.back());
    open_.pop_back();
    for (const Node& source : done.merges) {
      for (const auto& entry : *source.as_map()) {
        if (done.keys.insert(entry.key).second) done.node.append(entry.key, entry.value, entry.position);
      }
    }
    return place(std::move(done.node), std::move(done.anchor));
  }

  bool alias(std::string_view name) {
    if (awaits_key()) return stop("an alias cannot be a key");
    const auto found = anchors_.find(name);
    if (found == anchors_.end()) return stop(fmt::format("alias *{} has no anchor before it", name));
    const Size size = size_of(found->second);
    if (!pay(size.nodes, size.bytes)) return false;
    if (static_cast<int>(open_.size()) + size.depth > limits_.depth) {
      return stop(fmt::format("alias *{} nests deeper than {} levels", name, limits_.depth));
    }
    return place(found->second, "");
  }

  bool place(Node node, std::string anchor) {
    if (!anchor.empty()) {
      const Size size = size_of(node);
      if (!pay(size.nodes, size.bytes)) return false;
      anchors_.insert_or_assign(std::move(anchor), node);
    }
    if (open_.empty()) {
      if (!node.is_null()) out_.push_back(std::move(node));
      return true;
    }
    Open& parent = open_.back();
    if (parent.node.is_list()) {
      parent.node.push_back(std::move(node));
      return true;
    }
    parent.has_key = false;
    if (parent.key == "<<") return merge(std::move(node));
    parent.node.append(std::move(parent.key), std::move(node), parent.key_position);
    return true;
  }

  bool merge(Node node) {
    auto& merges = open_.back().merges;
    if (node.is_map()) {
      merges.push_back(std::move(node));
      return true;
    }
    if (auto* list = node.as_list()) {
      for (auto& child : *list) {
        if (!child.is_map()) return stop("`<<` takes a map or a list of maps");
        merges.push_back(std::move(child));
      }
      return true;
    }
    return stop("`<<` takes a map or a list of maps");
  }

  std::vector<Node>& out_;
  const Limits& limits_;
  std::vector<Open> open_;
  std::unordered_map<std::string, Node, StringHash, std::equal_to<>> anchors_;
  size_t nodes_ = 0;
  size_t bytes_ = 0;
  Position position_{1, 1};
  ScalarText scalar_text_;
  std::string problem_;
};

void add_parser_error(fy_diag* diag, std::string_view file, Position position, Diagnostics& diagnostics) {
  void* cursor = nullptr;
  const fy_diag_error* error = fy_diag_errors_iterate(diag, &cursor);
  if (!error) {
    diagnostics.error(file, position, "", "not valid YAML");
    return;
  }
  if (error->line > 0) position = {error->line, std::max(1, error->column)};
  diagnostics.error(file, position, "", std::string(trimmed(error->msg ? error->msg : "not valid YAML")));
}

}  // namespace

std::vector<Node> read_yaml(std::string_view text, std::string_view file, Diagnostics& diagnostics,
                            const Limits& limits) {
  std::vector<Node> out;
  if (!readable(text, file, diagnostics, limits)) return out;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  fy_diag_cfg diag_config;
  fy_diag_cfg_default(&diag_config);
  const std::unique_ptr<fy_diag, DiagEnd> diag(fy_diag_create(&diag_config));
  if (diag) fy_diag_set_collect_errors(diag.get(), true);
  fy_parse_cfg config{};
  config.flags = static_cast<fy_parse_cfg_flags>(FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DEFAULT_VERSION_1_2 |
                                                 FYPCF_SLOPPY_FLOW_INDENTATION | FYPCF_JSON_NONE);
  config.diag = diag.get();
  const std::unique_ptr<fy_parser, ParserEnd> parser(fy_parser_create(&config));
  if (!diag || !parser || fy_parser_set_string(parser.get(), text.data(), text.size()) != 0) {
    diagnostics.error(file, {1, 1}, "", "the YAML reader could not be started");
    return out;
  }
  Builder builder(text, out, limits);
  while (fy_event* event = fy_parser_parse(parser.get())) {
    const bool end = event->type == FYET_STREAM_END;
    const bool good = builder.take(event);
    fy_parser_event_free(parser.get(), event);
    if (!good) {
      diagnostics.error(file, builder.position(), "", builder.problem());
      return out;
    }
    if (end) return out;
  }
  add_parser_error(diag.get(), file, builder.position(), diagnostics);
  return out;
}

namespace {

// A number of the core schema (YAML 1.2.2 section 10.3.2): decimal, 0o octal, 0x hexadecimal, with sign and exponent.
bool core_number(std::string_view text, Node& out) {
  if (text.starts_with("0x") || text.starts_with("0o")) {
    const auto value = parse_number<uint64_t>(text.substr(2), text[1] == 'x' ? 16 : 8);
    if (value && *value <= INT64_MAX) out = Node(static_cast<int64_t>(*value));
    return value.has_value() && *value <= INT64_MAX;
  }
  size_t i = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
  size_t digits = 0;
  bool whole = true;
  for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i) ++digits;
  if (i < text.size() && text[i] == '.') {
    whole = false;
    for (++i; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i) ++digits;
  }
  if (digits == 0) return false;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    whole = false;
    ++i;
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
    const size_t exponent = i;
    while (i < text.size() && text[i] >= '0' && text[i] <= '9') ++i;
    if (i == exponent) return false;
  }
  if (i != text.size()) return false;
  out = number_of(text, whole);
  return true;
}

}  // namespace

Node plain_scalar(std::string_view text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return Node();
  if (text == "true" || text == "True" || text == "TRUE") return Node(true);
  if (text == "false" || text == "False" || text == "FALSE") return Node(false);
  if (text == ".nan" || text == ".NaN" || text == ".NAN") return Node(std::nan(""));
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  if (rest == ".inf" || rest == ".Inf" || rest == ".INF") return Node(negative ? -HUGE_VAL : HUGE_VAL);
  Node number;
  if (core_number(text, number)) return number;
  return Node(text);
}

}  // namespace lateen::schema
