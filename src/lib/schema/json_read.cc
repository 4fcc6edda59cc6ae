#include <charconv>
#include <unordered_set>

#include <fmt/format.h>

#include "lib/base/strings.h"
#include "lib/schema/document.h"
#include "lib/schema/text.h"

namespace lateen::schema {
namespace {

class Reader {
 public:
  Reader(std::string_view text, const Limits& limits) : text_(text), limits_(limits) {}

  bool read(Node& out) {
    skip_space();
    if (!value(out, 0)) return false;
    skip_space();
    return at_ == text_.size() || stop("more text after the value");
  }

  const std::string& problem() const { return problem_; }

  Position position() const { return {line_, static_cast<int>(at_ - line_start_) + 1}; }

 private:
  bool stop(std::string text) {
    problem_ = std::move(text);
    return false;
  }

  void skip_space() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\n') {
        ++line_;
        line_start_ = at_ + 1;
      } else if (c != ' ' && c != '\t' && c != '\r') {
        return;
      }
      ++at_;
    }
  }

  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool word(std::string_view word, Node value, Node& out) {
    if (text_.substr(at_, word.size()) != word) return stop("expected a value");
    at_ += word.size();
    out = std::move(value);
    return true;
  }

  bool value(Node& out, int depth) {
    if (at_ >= text_.size()) return stop("expected a value, found the end of the text");
    if (++nodes_ > limits_.nodes) return stop(fmt::format("more than {} values", limits_.nodes));
    if (depth > limits_.depth) return stop(fmt::format("nested deeper than {} levels", limits_.depth));
    const Position start = position();
    bool good = false;
    switch (text_[at_]) {
      case '{':
        good = map(out, depth);
        break;
      case '[':
        good = list(out, depth);
        break;
      case '"': {
        std::string string;
        good = read_string(string);
        if (good) out = Node(std::move(string));
        break;
      }
      case 't':
        good = word("true", Node(true), out);
        break;
      case 'f':
        good = word("false", Node(false), out);
        break;
      case 'n':
        good = word("null", Node(), out);
        break;
      default:
        good = number(out);
    }
    out.set_position(start);
    return good;
  }

  bool map(Node& out, int depth) {
    ++at_;
    out = Node::map();
    std::unordered_set<std::string, StringHash, std::equal_to<>> keys;
    skip_space();
    if (take('}')) return true;
    while (true) {
      skip_space();
      const Position key_position = position();
      std::string key;
      if (at_ >= text_.size() || text_[at_] != '"') return stop("expected a key in double quotes");
      if (!read_string(key)) return false;
      if (!keys.insert(key).second) {
        at_ = line_start_ + static_cast<size_t>(key_position.column - 1);
        return stop(fmt::format("key \"{}\" is repeated", key));
      }
      skip_space();
      if (!take(':')) return stop("expected ':' after a key");
      skip_space();
      Node child;
      if (!value(child, depth + 1)) return false;
      out.append(std::move(key), std::move(child), key_position);
      skip_space();
      if (take('}')) return true;
      if (!take(',')) return stop("expected ',' or '}' in a map");
    }
  }

  bool list(Node& out, int depth) {
    ++at_;
    out = Node::list();
    skip_space();
    if (take(']')) return true;
    while (true) {
      skip_space();
      Node child;
      if (!value(child, depth + 1)) return false;
      out.push_back(std::move(child));
      skip_space();
      if (take(']')) return true;
      if (!take(',')) return stop("expected ',' or ']' in a list");
    }
  }

  size_t digits() {
    const size_t start = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    return at_ - start;
  }

  bool number(Node& out) {
    const size_t start = at_;
    bool whole = true;
    if (take('-')) {
    }
    const size_t first = at_;
    const size_t count = digits();
    if (count == 0) return stop("expected a value");
    if (count > 1 && text_[first] == '0') return stop("a number must not begin with 0");
    if (take('.')) {
      whole = false;
      if (digits() == 0) return stop("expected digits after '.'");
    }
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      whole = false;
      ++at_;
      if (!take('+')) take('-');
      if (digits() == 0) return stop("expected digits in an exponent");
    }
    out = number_of(text_.substr(start, at_ - start), whole);
    return true;
  }

  bool unicode(std::string& out) {
    uint32_t code = 0;
    if (!hex4(code)) return stop("expected four hexadecimal digits after \\u");
    if (code >= 0xd800 && code < 0xdc00) {
      uint32_t low = 0;
      if (!take('\\') || !take('u') || !hex4(low) || low < 0xdc00 || low > 0xdfff) {
        return stop("half of a surrogate pair");
      }
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code >= 0xdc00 && code < 0xe000) {
      return stop("half of a surrogate pair");
    }
    if (code == 0) return stop("NUL is not allowed in text");
    append_utf8(out, code);
    return true;
  }

  bool hex4(uint32_t& out) {
    const auto parsed = parse_number<uint32_t>(text_.substr(at_, 4), 16);
    if (!parsed || text_.size() - at_ < 4) return false;
    out = *parsed;
    at_ += 4;
    return true;
  }

  bool read_string(std::string& out) {
    ++at_;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"') {
        node_bytes_ += out.size();
        return node_bytes_ <= limits_.node_bytes || stop(fmt::format("more than {} bytes of text", limits_.node_bytes));
      }
      if (static_cast<unsigned char>(c) < 0x20) return stop("control character in a string; write it as \\u00XX");
      if (c != '\\') {
        out += c;
        continue;
      }
      if (at_ >= text_.size()) break;
      if (!escape(text_[at_++], out)) return false;
    }
    return stop("a string does not end");
  }

  bool escape(char c, std::string& out) {
    switch (c) {
      case '"':
        out += '"';
        return true;
      case '\\':
        out += '\\';
        return true;
      case '/':
        out += '/';
        return true;
      case 'b':
        out += '\b';
        return true;
      case 'f':
        out += '\f';
        return true;
      case 'n':
        out += '\n';
        return true;
      case 'r':
        out += '\r';
        return true;
      case 't':
        out += '\t';
        return true;
      case 'u':
        return unicode(out);
      default:
        return stop("unknown escape in a string");
    }
  }

  std::string_view text_;
  const Limits& limits_;
  size_t at_ = 0;
  size_t line_start_ = 0;
  int line_ = 1;
  size_t nodes_ = 0;
  size_t node_bytes_ = 0;
  std::string problem_;
};

}  // namespace

bool read_json(std::string_view text, std::string_view file, Diagnostics& diagnostics, Node& out,
               const Limits& limits) {
  if (!readable(text, file, diagnostics, limits)) return false;
  Reader reader(text, limits);
  if (reader.read(out)) return true;
  diagnostics.error(file, reader.position(), "", reader.problem());
  out = Node();
  return false;
}

std::vector<Node> read_documents(std::string_view text, std::string_view file, Diagnostics& diagnostics,
                                 const Limits& limits) {
  if (!file.ends_with(".json")) return read_yaml(text, file, diagnostics, limits);
  std::vector<Node> out(1);
  if (!read_json(text, file, diagnostics, out.front(), limits)) out.clear();
  return out;
}

}  // namespace lateen::schema
