#include "data_plane/telemetry/format.h"

#include "data_plane/telemetry/format_operators.h"
#include "lib/base/strings.h"

namespace lateen::telemetry {
namespace {

// NAME, NAME(ARGUMENTS), each with an optional :LIMIT.
struct Operator {
  std::string_view name, arguments;
  std::optional<size_t> limit;
};

Result<Operator> parse_operator(std::string_view text) {
  Operator out;
  const size_t open = text.find('(');
  if (open == text.npos) {
    const size_t colon = text.find(':');
    out.name = text.substr(0, colon);
    text = colon == text.npos ? std::string_view() : text.substr(colon);
  } else {
    const size_t close = text.rfind(')');
    if (close == text.npos || close < open) return fail(ErrorKind::invalid, "%{}% lacks its closing parenthesis", text);
    out.name = text.substr(0, open);
    out.arguments = text.substr(open + 1, close - open - 1);
    text = text.substr(close + 1);
  }
  if (text.empty()) return out;
  out.limit = text[0] == ':' ? parse_number<size_t>(text.substr(1)) : std::nullopt;
  if (!out.limit) return fail(ErrorKind::invalid, "\"{}\" after %{} is not a length such as :10", text, out.name);
  return out;
}

// The end of the operator that begins after `from`: the first % outside of parentheses.
size_t end_of_operator(std::string_view text, size_t from) {
  int depth = 0;
  for (size_t i = from; i < text.size(); ++i) {
    if (text[i] == '(') ++depth;
    if (text[i] == ')' && depth > 0) --depth;
    if (text[i] == '%' && depth == 0) return i;
  }
  return text.npos;
}

// Appends the operator's value, cut to its limit; false when there is none.
bool put_value(std::string& out, const FormatInput& input, const FormatPart& part) {
  const size_t begin = out.size();
  const bool given = part.value(out, input, part);
  const size_t most = given ? part.limit : 0;
  if (out.size() - begin > most) out.resize(begin + most);
  return given;
}

}  // namespace

bool is_grpc(const protocol::Headers& headers) {
  constexpr std::string_view name = "application/grpc";
  const std::string_view type = headers.value("content-type");
  return type.starts_with(name) && (type.size() == name.size() || type[name.size()] == '+' || type[name.size()] == ';');
}

Result<Format> Format::compile(std::string_view text) {
  Format format;
  std::string literal;
  const auto flush = [&] {
    if (!literal.empty()) format.parts_.push_back({.literal = std::exchange(literal, {})});
  };
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      literal += text[i];
      continue;
    }
    if (i + 1 < text.size() && text[i + 1] == '%') {
      literal += '%';
      ++i;
      continue;
    }
    const size_t end = end_of_operator(text, i + 1);
    if (end == text.npos)
      return fail(ErrorKind::invalid, "a % without its partner in \"{}\"; write %% for a plain one", text);
    const auto parsed = parse_operator(text.substr(i + 1, end - i - 1));
    if (!parsed) return failed(parsed);
    auto part = make_part(parsed->name, parsed->arguments);
    if (!part) return failed(part);
    if (parsed->limit) part->limit = *parsed->limit;
    flush();
    format.parts_.push_back(std::move(*part));
    i = end;
  }
  flush();
  return format;
}

void Format::write(std::string& out, const FormatInput& input, std::string_view missing) const {
  for (const FormatPart& part : parts_) {
    if (!part.value)
      out += part.literal;
    else if (!put_value(out, input, part))
      out += missing;
  }
}

void Format::write_json(std::string& out, const FormatInput& input) const {
  std::string text;
  if (parts_.size() != 1 || !parts_[0].value) {
    write(text, input);
  } else if (!put_value(text, input, parts_[0])) {
    out += "null";
    return;
  } else if (parts_[0].is_number && !text.empty()) {
    out += text;
    return;
  }
  append_json_text(out, text);
}

}  // namespace lateen::telemetry
