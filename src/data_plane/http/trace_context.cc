// Trace context of the two kinds that meshes meet: W3C traceparent and B3 (single and multiple headers).
#include "data_plane/http/request_head.h"
#include "lib/base/strings.h"

namespace lateen::proxy {
namespace {

struct Context {
  std::string trace_id{}, parent_id{};
  std::optional<bool> sampled{};
};

bool is_hex(std::string_view text, size_t size) {
  return text.size() == size && text.find_first_not_of("0123456789abcdef") == text.npos;
}
bool is_id(std::string_view text, size_t size) {
  return is_hex(text, size) && text.find_first_not_of('0') != text.npos;
}
bool is_trace_id(std::string_view id) { return is_id(id, 32) || is_id(id, 16); }

// Version 00 has four parts; later ones may have more.
std::optional<Context> from_traceparent(std::string_view text) {
  const auto parts = split(text, '-');
  if (parts.size() < 4 || !is_hex(parts[0], 2) || parts[0] == "ff" || !is_id(parts[1], 32) || !is_id(parts[2], 16) ||
      !is_hex(parts[3], 2) || (parts[0] == "00" && parts.size() > 4))
    return std::nullopt;
  return Context{std::string(parts[1]), std::string(parts[2]), (*parse_number<uint8_t>(parts[3], 16) & 1) != 0};
}

std::optional<bool> sampled_of(std::string_view text) {
  if (text == "1" || text == "d" || text == "true") return true;
  if (text == "0" || text == "false") return false;
  return std::nullopt;
}

// "TRACE-SPAN-SAMPLED-PARENT", of which the last two may be missing, or SAMPLED alone.
std::optional<Context> from_single_b3(std::string_view text) {
  const auto parts = split(text, '-');
  if (parts.size() == 1) {
    const auto sampled = sampled_of(text);
    return sampled ? std::optional(Context{.sampled = sampled}) : std::nullopt;
  }
  Context context{lowered(parts[0]), lowered(parts[1]), parts.size() > 2 ? sampled_of(parts[2]) : std::nullopt};
  return is_trace_id(context.trace_id) && is_id(context.parent_id, 16) ? std::optional(context) : std::nullopt;
}

std::optional<Context> from_b3(const http::Headers& headers) {
  if (const auto single = headers.get("b3"))
    if (auto context = from_single_b3(*single)) return context;
  Context context{.sampled = sampled_of(headers.value("x-b3-sampled"))};
  if (headers.value("x-b3-flags") == "1") context.sampled = true;
  const std::string trace = lowered(headers.value("x-b3-traceid")), span = lowered(headers.value("x-b3-spanid"));
  if (is_trace_id(trace) && is_id(span, 16)) {
    context.trace_id = trace;
    context.parent_id = span;
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
  if (!context) {
    headers.remove("tracestate");  // it says nothing without its traceparent
    context = from_b3(headers).value_or(Context{});
  }
  if (!context->sampled) context->sampled = random.unit() * 100 < settings.random_sampling;
  if (context->trace_id.empty()) context->trace_id = fmt::format("{:016x}{:016x}", random.next(), random.next() | 1);
  const std::string span = fmt::format("{:016x}", random.next() | 1);
  const char* sampled = *context->sampled ? "1" : "0";

  headers.set("traceparent", fmt::format("00-{:0>32}-{}-0{}", context->trace_id, span, sampled));
  const bool single = headers.has("b3");
  if (single) headers.set("b3", fmt::format("{}-{}-{}", context->trace_id, span, sampled));
  if (!single || headers.has("x-b3-traceid")) {
    headers.set("x-b3-traceid", context->trace_id);
    headers.set("x-b3-spanid", span);
    headers.remove("x-b3-parentspanid");
    if (!context->parent_id.empty()) headers.add("x-b3-parentspanid", context->parent_id);
    headers.set("x-b3-sampled", sampled);
  }
  telemetry::RecordExtra& extra = exchange.record.extra.make();
  extra.trace_id = context->trace_id;
  extra.span_id = span;
}

}  // namespace lateen::proxy
