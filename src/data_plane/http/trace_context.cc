// Trace context of the two kinds that meshes meet: W3C traceparent and B3 (single and multiple headers).
#include "data_plane/http/request_head.h"
#include "lib/base/strings.h"

namespace lateen::proxy {
namespace {

struct Context {
  std::string trace_id, parent_id;
  std::optional<bool> sampled;
};

bool is_hex(std::string_view text, size_t size) {
  return text.size() == size && text.find_first_not_of("0123456789abcdef") == text.npos &&
         text.find_first_not_of('0') != text.npos;
}

std::optional<Context> from_traceparent(std::string_view text) {
  const auto parts = split(text, '-');
  if (parts.size() < 4 || parts[0].size() != 2 || parts[0] == "ff" || !is_hex(parts[1], 32) || !is_hex(parts[2], 16))
    return std::nullopt;
  const auto flags = parse_number<uint8_t>(parts[3], 16);
  if (!flags) return std::nullopt;
  return Context{std::string(parts[1]), std::string(parts[2]), (*flags & 1) != 0};
}

bool is_trace_id(std::string_view id) { return is_hex(id, 32) || is_hex(id, 16); }

std::optional<Context> from_b3(const http::Headers& headers) {
  Context context;
  if (const auto single = headers.get("b3")) {
    const auto parts = split(*single, '-');
    if (parts.size() == 1) {
      context.sampled = parts[0] == "1" || parts[0] == "d";
      return context;
    }
    if (!is_trace_id(parts[0]) || !is_hex(parts[1], 16)) return std::nullopt;
    context.trace_id = parts[0];
    context.parent_id = parts[1];
    if (parts.size() > 2) context.sampled = parts[2] == "1" || parts[2] == "d";
    return context;
  }
  const auto sampled = headers.get("x-b3-sampled");
  if (sampled) context.sampled = *sampled == "1" || *sampled == "true";
  if (headers.value("x-b3-flags") == "1") context.sampled = true;
  const auto trace = headers.get("x-b3-traceid"), span = headers.get("x-b3-spanid");
  if (trace && span && is_trace_id(*trace) && is_hex(*span, 16)) {
    context.trace_id = *trace;
    context.parent_id = *span;
  } else if (!context.sampled) {
    return std::nullopt;
  }
  return context;
}

}  // namespace

void continue_trace(Exchange& exchange, const ManagerSettings& settings) {
  http::Headers& headers = exchange.headers();
  Random& random = exchange.loop().random();
  std::optional<Context> context;
  if (const auto parent = headers.get("traceparent")) context = from_traceparent(*parent);
  if (!context) context = from_b3(headers);
  if (!context) context.emplace();
  if (!context->sampled) context->sampled = random.unit() * 100 < settings.random_sampling;
  if (context->trace_id.empty()) context->trace_id = fmt::format("{:016x}{:016x}", random.next(), random.next() | 1);
  const std::string span = fmt::format("{:016x}", random.next() | 1);
  const char* sampled = *context->sampled ? "1" : "0";

  headers.set("traceparent", fmt::format("00-{:0>32}-{}-0{}", context->trace_id, span, sampled));
  if (headers.has("b3")) {
    headers.set("b3", fmt::format("{}-{}-{}", context->trace_id, span, sampled));
  } else {
    headers.set("x-b3-traceid", context->trace_id);
    headers.set("x-b3-spanid", span);
    if (!context->parent_id.empty()) headers.set("x-b3-parentspanid", context->parent_id);
    headers.set("x-b3-sampled", sampled);
  }
  telemetry::RecordExtra& extra = exchange.record.extra.make();
  extra.trace_id = context->trace_id;
  extra.span_id = span;
}

}  // namespace lateen::proxy
