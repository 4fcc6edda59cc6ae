#include <cmath>

#include <fmt/format.h>

#include "lib/base/strings.h"
#include "lib/schema/document.h"

namespace lateen::schema {
namespace {

void write_number(std::string& out, double number) {
  if (std::isnan(number)) {
    out += "\"NaN\"";
  } else if (std::isinf(number)) {
    out += number > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  } else {
    out += fmt::format("{}", number);
  }
}

class Writer {
 public:
  Writer(std::string& out, int indent) : out_(out), indent_(indent) {}

  void write(const Node& node, int level) {
    switch (node.kind()) {
      case Node::Kind::null:
        out_ += "null";
        return;
      case Node::Kind::boolean:
        out_ += *node.as_bool() ? "true" : "false";
        return;
      case Node::Kind::integer:
        out_ += fmt::format("{}", *node.as_integer());
        return;
      case Node::Kind::number: {
        double number = 0;
        node.as_number(number);
        write_number(out_, number);
        return;
      }
      case Node::Kind::string:
        append_json_text(out_, node.text());
        return;
      case Node::Kind::list:
        return write_list(*node.as_list(), level);
      case Node::Kind::map:
        return write_map(*node.as_map(), level);
    }
  }

 private:
  void line(int level) {
    if (indent_ == 0) return;
    out_ += '\n';
    out_.append(static_cast<size_t>(indent_ * level), ' ');
  }

  void write_list(const Node::List& list, int level) {
    out_ += '[';
    for (size_t i = 0; i < list.size(); ++i) {
      if (i > 0) out_ += ',';
      line(level + 1);
      write(list[i], level + 1);
    }
    if (!list.empty()) line(level);
    out_ += ']';
  }

  void write_map(const Node::Map& map, int level) {
    out_ += '{';
    for (size_t i = 0; i < map.size(); ++i) {
      if (i > 0) out_ += ',';
      line(level + 1);
      append_json_text(out_, map[i].key);
      out_ += indent_ == 0 ? ":" : ": ";
      write(map[i].value, level + 1);
    }
    if (!map.empty()) line(level);
    out_ += '}';
  }

  std::string& out_;
  int indent_;
};

}  // namespace

std::string write_json(const Node& node, int indent) {
  std::string out;
  Writer(out, indent).write(node, 0);
  return out;
}

}  // namespace lateen::schema
