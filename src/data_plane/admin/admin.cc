#include "data_plane/admin/admin.h"

#include "data_plane/router/match.h"
#include "lib/base/log.h"
#include "lib/base/strings.h"

namespace lateen::admin {

static log::Component log_("admin");

Admin::Admin(Subject subject, Pages pages, io::Loop& loop)
    : subject_(std::move(subject)), pages_(pages), loop_(loop), connections_(loop) {}

Admin::~Admin() { connections_.cancel(); }

Result<> Admin::listen(io::Network& network, const SocketAddress& on) {
  auto acceptor = network.listen(on, {.reuse_port = false});
  if (!acceptor) return failed(acceptor, "admin");
  connections_.start(accept(std::move(*acceptor)));
  return {};
}

io::Task<void> Admin::accept(std::unique_ptr<io::Acceptor> acceptor) {
  for (;;) {
    auto transport = co_await acceptor->accept();
    if (!transport) {
      co_await loop_.sleep(100ms);
      continue;
    }
    constexpr size_t limit = 256;  // scrapers that hang must not use up the descriptors
    if (connections_.size() <= limit) connections_.start(serve_one(std::move(*transport)));
  }
}

io::Task<void> Admin::serve_one(std::unique_ptr<io::Transport> transport) {
  const http::ServerOptions options{
      .idle_timeout = 60s, .request_headers_timeout = 10s, .accept_http10 = true, .server_name = "lateen-admin"};
  co_await http::serve_connection(*transport, *this, options, http::Protocol::http1);
}

io::Task<void> Admin::serve(http::ServerStream& stream) {
  const http::Headers& request = stream.request().headers;
  Page page = answer(request.method(), request.path());
  http::Response response;
  response.headers.add(":status", std::to_string(page.status));
  response.headers.add("content-type", page.type);
  response.headers.add("content-length", std::to_string(page.body.size()));
  response.headers.add("cache-control", "no-cache, max-age=0");
  response.headers.add("x-content-type-options", "nosniff");
  if (!page.body.empty()) response.body = http::text_body(loop_, page.body);
  (void)co_await stream.respond(std::move(response));
}

Admin::Page Admin::answer(std::string_view method, std::string_view path) {
  const std::string_view plain = router::path_without_query(path);
  if (plain == "/stats/prometheus" && pages_ != Pages::readiness) return prometheus();
  if ((plain == "/healthz/ready" || plain == "/ready") && pages_ != Pages::metrics) return ready();
  if (pages_ != Pages::all) return {.status = 404, .body = "not found\n"};

  const bool changes = plain == "/logging" || plain == "/drain_listeners" || plain == "/quitquitquit" ||
                       plain.starts_with("/healthcheck/");
  if (changes && method != "POST")
    return {.status = 405, .body = fmt::format("Method {} not allowed, POST required.\n", method)};
  if (plain == "/stats") return stats(path);
  if (plain == "/config_dump" && (router::query_parameter(path, "mask") || router::query_parameter(path, "name_regex")))
    return {.status = 400, .body = "mask and name_regex are not supported\n"};
  if (plain == "/config_dump")
    return {.body = config_dump(subject_, router::query_parameter(path, "resource").value_or("")),
            .type = "application/json"};
  if (plain == "/clusters" && router::query_parameter(path, "format") == "json")
    return {.body = clusters_json(subject_), .type = "application/json"};
  if (plain == "/clusters") return {.body = clusters_text(subject_)};
  if (plain == "/listeners") return listeners(path);
  if (plain == "/certs") return {.body = certificates(subject_, loop_.wall_now()), .type = "application/json"};
  if (plain == "/logging") return logging(path);
  if (plain == "/drain_listeners") return drain(path);
  if (plain == "/healthcheck/fail") return failing_ = true, Page{.body = "OK\n"};
  if (plain == "/healthcheck/ok") return failing_ = false, Page{.body = "OK\n"};
  if (plain == "/server_info")
    return {.body = fmt::format("{{\"version\": \"lateen\", \"state\": \"{}\", \"uptime_current_epoch\": \"{}\"}}\n",
                                subject_.state(), format_duration_seconds(loop_.now() - subject_.started)),
            .type = "application/json"};
  if (plain == "/quitquitquit") {
    subject_.quit();
    return {.body = "OK\n"};
  }
  if (plain == "/" || plain == "/help") return help();
  Page page = help();
  page.status = 404;
  page.body = fmt::format("invalid path: {}\n{}", plain, page.body);
  return page;
}

Admin::Page Admin::prometheus() {
  return {.body = metrics::exposition(subject_.registry.scrape(), metrics::Format::prometheus),
          .type = "text/plain; version=0.0.4"};
}

namespace {

// "%5E" and the like; what is no such triple stays.
std::string percent_decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto code =
        text[i] == '%' && i + 2 < text.size() ? parse_number<uint8_t>(text.substr(i + 1, 2), 16) : std::nullopt;
    out += code ? static_cast<char>(*code) : text[i];
    if (code) i += 2;
  }
  return out;
}

// The lines of the plain page as {"stats": [{"name", "value"}]}; what is no number is a text.
std::string stats_json(std::string_view lines) {
  std::string out = "{\"stats\":[";
  for (std::string_view line : split(lines, '\n')) {
    const size_t colon = line.rfind(": ");
    if (colon == line.npos) continue;
    const std::string_view value = line.substr(colon + 2);
    out += out.ends_with('[') ? "{\"name\":" : ",{\"name\":";
    append_json_text(out, line.substr(0, colon));
    out += ",\"value\":";
    if (parse_number<int64_t>(value))
      out += value;
    else
      append_json_text(out, value);
    out += '}';
  }
  return out + "]}\n";
}

}  // namespace

Admin::Page Admin::stats(std::string_view path) {
  const std::string_view format = router::query_parameter(path, "format").value_or("text");
  if (format == "prometheus") return prometheus();
  if (format != "text" && format != "json")
    return {.status = 400, .body = "usage: /stats?format=(json|prometheus|text)\n"};
  std::shared_ptr<const router::Regex> wanted;
  if (const auto filter = router::query_parameter(path, "filter")) {
    const auto regex = router::Regex::compile(".*(" + percent_decoded(*filter) + ").*");
    if (!regex) return {.status = 400, .body = regex.error().message + "\n"};
    wanted = *regex;
  }
  const auto keep = [&](std::string_view name) { return !wanted || wanted->matches(name); };
  metrics::StatsOptions options{.keep = keep, .used_only = router::query_parameter(path, "usedonly").has_value()};
  std::string out = metrics::stats_text(subject_.registry.scrape(), options);
  const bool ready = subject_.ready();
  const std::pair<std::string_view, int64_t> of_the_server[] = {
      {"server.state", ready ? 0 : 3},
      {"server.live", ready},
      {"listener_manager.workers_started", ready},
      {"server.uptime", (loop_.now() - subject_.started) / 1s},
      {"server.concurrency", subject_.workers}};
  for (const auto& [name, value] : of_the_server)
    if (keep(name)) out += fmt::format("{}: {}\n", name, value);
  if (format == "json") return {.body = stats_json(out), .type = "application/json"};
  return {.body = std::move(out)};
}

Admin::Page Admin::ready() {
  const std::string state = failing_ ? "DRAINING" : subject_.state();
  const bool fine = subject_.ready() && !failing_;
  return {.status = fine ? 200 : 503, .body = state + "\n"};
}

Admin::Page Admin::logging(std::string_view path) {
  const size_t mark = path.find('?');
  if (mark != path.npos)
    for (std::string_view pair : split(path.substr(mark + 1), '&')) {
      const size_t equals = pair.find('=');
      std::string_view name = pair.substr(0, equals);
      log::Level level{};
      if (equals == pair.npos || !log::parse_level(pair.substr(equals + 1), level))
        return {.status = 400,
                .body = fmt::format("{}: the level must be trace, debug, info, warning, error or off\n", pair)};
      if (name == "level") name = "";
      if (!log::set_level(name, level))
        return {.status = 400, .body = fmt::format("there is no logger \"{}\"\n", name)};
    }
  Page page{.body = "active loggers:\n"};
  log::for_each_component(
      [](const log::Component& each, void* out) {
        *static_cast<std::string*>(out) += fmt::format("  {}: {}\n", each.name(), log::name_of(each.level()));
      },
      &page.body);
  return page;
}

Admin::Page Admin::drain(std::string_view path) {
  const bool inbound_only = path.find("inboundonly") != path.npos;
  log_.info("draining {}listeners", inbound_only ? "inbound " : "");
  subject_.runtime.drain_listeners(inbound_only);
  return {.body = "OK\n"};
}

Admin::Page Admin::listeners(std::string_view) {
  Page page;
  for (const auto& [name, applied] : subject_.runtime.listeners()) {
    const auto address = discovery::address_of(applied.message.address());
    page.body += fmt::format("{}::{}\n", name, address ? address->text() : address.error().message);
  }
  return page;
}

Admin::Page Admin::help() {
  return {.body =
              "admin commands are:\n"
              "  /certs: the certificates in use\n"
              "  /clusters: clusters and their endpoints (?format=json)\n"
              "  /config_dump: the configuration as it was accepted (?resource=NAME for one kind)\n"
              "  /drain_listeners (POST): stop accepting, end connections in order (?inboundonly)\n"
              "  /healthcheck/fail, /healthcheck/ok (POST): what /ready answers\n"
              "  /listeners: addresses\n"
              "  /logging (POST): log levels (?level=debug, ?COMPONENT=debug)\n"
              "  /quitquitquit (POST): end\n"
              "  /ready: LIVE with 200, or the state with 503\n"
              "  /server_info: version and uptime\n"
              "  /stats: counters and gauges (?filter=REGEX, ?usedonly, ?format=json|prometheus)\n"
              "  /stats/prometheus: the same for Prometheus\n"};
}

}  // namespace lateen::admin
