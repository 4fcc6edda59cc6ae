#include "control_plane/xds/debug_pages.h"

#include "config/xds/json.h"
#include "config/xds/names.h"
#include "config/xds/protos.h"
#include "lib/base/strings.h"
#include "lib/schema/document.h"

namespace lateen::discovery {
namespace {

// How Envoy's config dump wraps the resources of a type.
struct DumpForm {
  std::string_view type, dump, list, member;
  std::string_view inner;  // a message around version and resource, inside the entry; the entry then has the name
};
constexpr DumpForm forms[] = {
    {xds::type::cluster, "ClustersConfigDump", "dynamicActiveClusters", "cluster", ""},
    {xds::type::endpoint, "EndpointsConfigDump", "dynamicEndpointConfigs", "endpointConfig", ""},
    {xds::type::listener, "ListenersConfigDump", "dynamicListeners", "listener", "activeState"},
    {xds::type::route, "RoutesConfigDump", "dynamicRouteConfigs", "routeConfig", ""},
    {xds::type::secret, "SecretsConfigDump", "dynamicActiveSecrets", "secret", ""},
};

void write_entry(const DumpForm& form, const Resource& resource, std::string& out) {
  const bool has_name = !form.inner.empty() || form.type == xds::type::secret;
  out += '{';
  if (has_name) {
    out += "\"name\":";
    append_json_text(out, resource.name);
    out += ',';
  }
  if (!form.inner.empty()) out += fmt::format("\"{}\":{{", form.inner);
  out += fmt::format("\"versionInfo\":\"{}\",\"{}\":", resource.version, form.member);
  google::protobuf::Any any;
  any.ParseFromString(resource.any);
  xds::write_json(any, {.redact = true}, out);
  out += form.inner.empty() ? "}" : "}}";
}

void write_dump(const DumpForm& form, const Subscription& subscription, std::string& out) {
  out += fmt::format(R"({{"@type":"type.googleapis.com/envoy.admin.v3.{}","{}":[)", form.dump, form.list);
  bool first = true;
  for (const auto& each : subscription.sent()->all()) {
    if (!subscription.wants(each->name)) continue;
    if (!first) out += ',';
    first = false;
    write_entry(form, *each, out);
  }
  out += "]}";
}

schema::Node status_of(const Subscription& subscription) {
  const auto& status = subscription.status();
  auto out = schema::Node::map();
  out["type"] = xds::short_name_of(subscription.type());
  out["typeUrl"] = subscription.type();
  out["state"] = state_of(subscription);
  out["sent"] = status.version_sent;
  out["acked"] = status.version_acked;
  out["resources"] = subscription.count();
  out["pushes"] = status.pushes;
  if (!status.refusal.empty()) out["refusal"] = status.refusal;
  return out;
}

// The pairs istiod's page has, for tools that read it.
void add_pair(schema::Node& out, std::string_view name, const Subscription& subscription) {
  out[fmt::format("{}_sent", name)] = subscription.status().nonce_sent;
  out[fmt::format("{}_acked", name)] = subscription.status().nonce_acked;
}

schema::Node status_of(const Connection& connection) {
  auto out = schema::Node::map();
  out["proxy"] = connection.node->name + "." + connection.node->namespace_;
  out["proxy_id"] = connection.node->id;
  out["connection_id"] = connection.connection_id;
  out["proxy_type"] = connection.node->type;
  out["cluster_id"] = connection.node->text("CLUSTER_ID");
  out["istio_version"] = connection.node->text("ISTIO_VERSION");
  out["peer"] = connection.peer;
  out["connected_at"] = format_time(connection.connected);
  out["protocol"] = connection.mode == Mode::delta ? "delta" : "sotw";
  auto types = schema::Node::list();
  for (const auto* each : connection.subscriptions) {
    if (each->type() == xds::type::cluster) add_pair(out, "cluster", *each);
    if (each->type() == xds::type::listener) add_pair(out, "listener", *each);
    if (each->type() == xds::type::route) add_pair(out, "route", *each);
    if (each->type() == xds::type::endpoint) add_pair(out, "endpoint", *each);
    types.push_back(status_of(*each));
  }
  out["types"] = std::move(types);
  return out;
}

// "%2F" -> "/"; "+" is a blank.
std::string url_decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto value =
        text[i] == '%' && i + 2 < text.size() ? parse_number<uint8_t>(text.substr(i + 1, 2), 16) : std::nullopt;
    if (value) i += 2;
    out += value ? static_cast<char>(*value) : text[i] == '+' ? ' ' : text[i];
  }
  return out;
}

std::string parameter(std::string_view query, std::string_view name) {
  for (const auto part : split(query, '&')) {
    const size_t equals = part.find('=');
    if (part.substr(0, equals) == name && equals != std::string_view::npos) return url_decoded(part.substr(equals + 1));
  }
  return {};
}

}  // namespace

std::string_view state_of(const Subscription& subscription) {
  const auto& status = subscription.status();
  if (status.nonce_sent.empty()) return "NOT SENT";
  if (!status.refusal.empty()) return "REFUSED";
  return status.nonce_acked == status.nonce_sent ? "SYNCED" : "STALE";
}

std::string sync_status(const std::vector<Connection>& connections) {
  auto out = schema::Node::list();
  for (const auto& each : connections) out.push_back(status_of(each));
  return schema::write_json(out, 2) + "\n";
}

std::string config_dump(const Connection& connection) {
  std::string out = R"({"configs":[)";
  bool first = true;
  for (const auto& form : forms) {
    for (const auto* each : connection.subscriptions) {
      if (each->type() != form.type || !each->sent()) continue;
      if (!first) out += ',';
      first = false;
      write_dump(form, *each, out);
    }
  }
  return out + "]}\n";
}

Result<Connection> find_proxy(const std::vector<Connection>& connections, std::string_view proxy) {
  const Connection* by_name = nullptr;
  size_t of_that_name = 0;
  // The youngest first: after a reconnect the old stream may still be there.
  for (auto each = connections.rbegin(); each != connections.rend(); ++each) {
    const auto& node = *each->node;
    if (node.id == proxy || each->connection_id == proxy || node.name + "." + node.namespace_ == proxy) return *each;
    if (node.name != proxy) continue;
    if (by_name && by_name->node->id == node.id) continue;
    by_name = &*each;
    ++of_that_name;
  }
  if (of_that_name == 1) return *by_name;
  if (of_that_name > 1)
    return fail(ErrorKind::invalid, "{} proxies are called {}; say NAME.NAMESPACE", of_that_name, proxy);
  return fail(ErrorKind::not_found, "no proxy {} is connected", proxy);
}

io::Task<void> DebugPages::serve(http::ServerStream& stream) {
  auto& headers = stream.request().headers;
  auto made = page(headers.method(), headers.path());
  http::Response response;
  response.headers.add(":status", fmt::to_string(made.status));
  response.headers.add("content-type", made.content_type);
  response.headers.add("content-length", fmt::to_string(made.text.size()));
  if (headers.method() != "HEAD") response.body = http::text_body(stream.transport().loop(), made.text);
  (void)co_await stream.respond(std::move(response));
}

DebugPages::Page DebugPages::page(std::string_view method, std::string_view path) const {
  if (method != "GET" && method != "HEAD") return {405, "text/plain", "only GET is answered here\n"};
  const size_t question = path.find('?');
  const auto query = question == std::string_view::npos ? "" : path.substr(question + 1);
  path = path.substr(0, question);
  if (path == "/ready") {
    const bool ready = !ready_ || ready_();
    return {ready ? 200 : 503, "text/plain", ready ? "ready\n" : "no configuration was read yet\n"};
  }
  if (path == "/metrics") return {200, "text/plain; version=0.0.4", metrics_ ? metrics_() : ""};
  if (path == "/debug/syncz") return {200, "application/json", sync_status(discovery_.connections())};
  if (path == "/debug/config_dump") return dump(query);
  return {404, "text/plain", "pages: /ready /metrics /debug/syncz /debug/config_dump?proxyID=NAME.NAMESPACE\n"};
}

DebugPages::Page DebugPages::dump(std::string_view query) const {
  const auto proxy = parameter(query, "proxyID");
  if (proxy.empty()) return {400, "text/plain", "say which proxy: ?proxyID=NAME.NAMESPACE\n"};
  const auto found = find_proxy(discovery_.connections(), proxy);
  if (!found)
    return {found.error().kind == ErrorKind::not_found ? 404 : 400, "text/plain", found.error().message + "\n"};
  return {200, "application/json", config_dump(*found)};
}

}  // namespace lateen::discovery
