#include <charconv>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "lib/base/strings.h"
#include "lib/metrics/snapshot.h"

namespace lateen::metrics {
namespace {

// The length of the well-formed UTF-8 character at the start of text, 0 when there is none (RFC 3629).
size_t character_length(std::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto follows = [&](size_t i) { return (byte(i) & 0xc0) == 0x80; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const unsigned low = first == 0xe0 ? 0xa0 : 0x80, high = first == 0xed ? 0x9f : 0xbf;
    return byte(1) >= low && byte(1) <= high && follows(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const unsigned low = first == 0xf0 ? 0x90 : 0x80, high = first == 0xf4 ? 0x8f : 0xbf;
    return byte(1) >= low && byte(1) <= high && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  if (value == std::floor(value) && std::abs(value) < 9e15) return fmt::format("{}", static_cast<int64_t>(value));
  return fmt::format("{}", value);
}

void append_escaped(std::string& out, std::string_view text, bool quote) {
  for (char c : text) {
    if (c == '\\')
      out += "\\\\";
    else if (c == '\n')
      out += "\\n";
    else if (c == '"' && quote)
      out += "\\\"";
    else
      out += c;
  }
}

// {a="1",b="2",le="5"}; `le` is left out when empty, and the braces with it when there are no labels.
void append_labels(std::string& out, const FamilySnapshot& family, const Sample& sample, std::string_view le = {}) {
  char separator = '{';
  const auto label = [&](std::string_view name, std::string_view value) {
    out += separator;
    out += name;
    out += "=\"";
    append_escaped(out, value, true);
    out += '"';
    separator = ',';
  };
  for (size_t i = 0; i < family.labels.size(); ++i) label(family.labels[i], sample.labels[i]);
  if (!le.empty()) label("le", le);
  if (separator == ',') out += '}';
}

std::string bound_text(double bound, Format format) {
  std::string text = number(bound);
  if (format == Format::openmetrics && text.find_first_of(".eI") == std::string::npos) text += ".0";
  return text;
}

void append_histogram(std::string& out, const FamilySnapshot& family, const Sample& sample, Format format) {
  uint64_t cumulative = 0;
  for (size_t i = 0; i < sample.buckets.size(); ++i) {
    cumulative += sample.buckets[i];
    out += family.name + "_bucket";
    append_labels(out, family, sample, i < family.bounds.size() ? bound_text(family.bounds[i], format) : "+Inf");
    out += fmt::format(" {}\n", cumulative);
  }
  out += family.name + "_sum";
  append_labels(out, family, sample);
  out += " " + number(sample.value) + "\n" + family.name + "_count";
  append_labels(out, family, sample);
  out += fmt::format(" {}\n", cumulative);
}

void append_head(std::string& out, const FamilySnapshot& family, Format format) {
  std::string_view name = family.name;
  std::string_view type = family.kind == Kind::counter ? "counter" : family.kind == Kind::gauge ? "gauge" : "histogram";
  if (format == Format::openmetrics && family.kind == Kind::counter) {
    if (name.ends_with("_total"))
      name.remove_suffix(6);
    else
      type = "unknown";
  }
  if (!family.help.empty()) {
    out += fmt::format("# HELP {} ", name);
    append_escaped(out, family.help, format == Format::openmetrics);
    out += '\n';
  }
  out += fmt::format("# TYPE {} {}\n", name, type);
}

}  // namespace

std::string as_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const size_t length = character_length(text);
    out += length ? text.substr(0, length) : std::string_view("\xef\xbf\xbd");
    text.remove_prefix(length ? length : 1);
  }
  return out;
}

uint64_t Sample::count() const { return std::accumulate(buckets.begin(), buckets.end(), uint64_t{0}); }

Format negotiate(std::string_view accept) {
  double open = -1, plain = -1;
  for (std::string_view range : split(accept, ',')) {
    const auto parts = split(range, ';');
    const std::string type = lowered(trimmed(parts[0]));
    double quality = 1;
    for (size_t i = 1; i < parts.size(); ++i) {
      const std::string_view parameter = trimmed(parts[i]);
      if (!parameter.starts_with("q=")) continue;
      quality = 0;
      std::from_chars(parameter.data() + 2, parameter.data() + parameter.size(), quality);
    }
    if (type == "application/openmetrics-text") open = std::max(open, quality);
    if (type == "text/plain" || type == "text/*" || type == "*/*") plain = std::max(plain, quality);
  }
  return open > 0 && open >= plain ? Format::openmetrics : Format::prometheus;
}

const char* content_type(Format format) {
  return format == Format::openmetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                       : "text/plain; version=0.0.4; charset=utf-8";
}

std::string exposition(const Snapshot& snapshot, Format format) {
  std::string out;
  for (const FamilySnapshot& family : snapshot.families) {
    append_head(out, family, format);
    for (const Sample& sample : family.samples) {
      if (family.kind == Kind::histogram) {
        append_histogram(out, family, sample, format);
        continue;
      }
      out += family.name;
      append_labels(out, family, sample);
      out += " " + number(sample.value) + "\n";
    }
  }
  if (format == Format::openmetrics) out += "# EOF\n";
  return out;
}

}  // namespace lateen::metrics
