#include "data_plane/upstream/dns_resolver.h"

#include <algorithm>

#include "lib/base/strings.h"
#include "lib/io/scope.h"

namespace lateen::upstream {

using protocol::DnsCode;
using protocol::DnsMessage;
using protocol::DnsRecord;
using protocol::DnsType;

namespace {

constexpr uint16_t udp_payload = 1232;  // what passes every path unfragmented
constexpr int aliases_most = 16;
constexpr size_t datagram_most = 4096;
constexpr Duration absent_most = std::chrono::hours(1), absent_unknown = std::chrono::seconds(5);

bool is_of(const Ip& ip, DnsType type) { return ip.is_v6() == (type == DnsType::aaaa); }

// Whether a message answers exactly this query: a guess from elsewhere must not.
bool answers(const DnsMessage& answer, const DnsMessage& query) {
  // Servers that could not read the question cannot repeat it.
  const bool unread = answer.code == DnsCode::format_error && answer.questions.empty();
  if (unread) return answer.response && answer.id == query.id;
  return answer.response && answer.id == query.id && answer.questions.size() == 1 &&
         answer.questions[0].type == query.questions[0].type && answer.questions[0].klass == query.questions[0].klass &&
         equal_ignoring_case(answer.questions[0].name, query.questions[0].name);
}

// The addresses at the end of the chain of aliases.
Resolved addresses_in(const DnsMessage& answer, DnsType type) {
  Resolved resolved;
  std::string name = answer.questions[0].name;
  uint32_t ttl = UINT32_MAX;
  for (int aliases = 0; aliases <= aliases_most; ++aliases) {
    const DnsRecord* alias = nullptr;
    for (const DnsRecord& record : answer.answers) {
      if (record.klass != protocol::dns_internet || !equal_ignoring_case(record.name, name)) continue;
      if (record.type == DnsType::cname) alias = &record;
      if (record.type != type) continue;
      resolved.addresses.push_back(record.address);
      ttl = std::min(ttl, record.ttl);
    }
    if (!resolved.addresses.empty() || !alias) break;
    ttl = std::min(ttl, alias->ttl);
    name = alias->target;
  }
  if (resolved.addresses.empty()) {
    Duration absent = absent_unknown;
    for (const DnsRecord& record : answer.authorities)
      if (record.type == DnsType::soa)
        absent = std::min<Duration>(absent_most, std::chrono::seconds(std::min(record.ttl, record.negative_ttl)));
    resolved.ttl = absent;
  } else {
    resolved.ttl = std::chrono::seconds(ttl);
  }
  return resolved;
}

DnsMessage query_for(std::string name, DnsType type, uint16_t id) {
  DnsMessage query{.id = id, .recursion_desired = true};
  query.questions.push_back({std::move(name), type, protocol::dns_internet});
  query.edns_payload = udp_payload;
  return query;
}

}  // namespace

std::optional<std::vector<Ip>> DnsResolver::known(std::string_view name) const {
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  if (auto literal = Ip::parse(name)) return std::vector{*literal};
  std::string key = lowered(name);
  if (key.ends_with('.')) key.pop_back();
  if (const auto found = settings_.hosts.find(key); found != settings_.hosts.end()) return found->second;
  if (key == "localhost" || key.ends_with(".localhost"))  // RFC 6761 section 6.3
    return std::vector{Ip::v4(0x7f000001), Ip::parse("::1").value()};
  return std::nullopt;
}

static Resolved merged(std::vector<Resolved> parts) {
  Resolved all;
  for (Resolved& part : parts) {
    all.addresses.insert(all.addresses.end(), part.addresses.begin(), part.addresses.end());
    if (part.ttl) all.ttl = std::min(all.ttl.value_or(*part.ttl), *part.ttl);
  }
  return all;
}

io::Task<void> DnsResolver::keep_type(std::string name, DnsType type, std::optional<Result<Resolved>>& out) {
  out = co_await resolve_type(std::move(name), type);
}

io::Task<Result<Resolved>> DnsResolver::resolve(std::string name, DnsFamily family) {
  const bool v6_first = family == DnsFamily::automatic || family == DnsFamily::v6_only;
  const DnsType first = v6_first ? DnsType::aaaa : DnsType::a;
  const DnsType second = v6_first ? DnsType::a : DnsType::aaaa;
  if (family == DnsFamily::v4_only || family == DnsFamily::v6_only)
    co_return co_await resolve_type(std::move(name), first);
  if (family != DnsFamily::all) {
    auto preferred = co_await resolve_type(name, first);
    if (preferred && !preferred->addresses.empty()) co_return preferred;
    auto other = co_await resolve_type(std::move(name), second);
    // An absence is believed only where both were answered.
    if (other && other->addresses.empty() && !preferred) co_return preferred;
    co_return other;
  }
  std::optional<Result<Resolved>> v4, v6;
  io::Child beside(network_.loop());
  beside.start(keep_type(name, second, v6));
  co_await keep_type(std::move(name), first, v4);
  co_await beside.done();
  if (!*v4 && !*v6) co_return *v4;
  std::vector<Resolved> parts;
  for (auto* part : {&v4, &v6})
    if (*part && **part) parts.push_back(std::move(***part));
  Resolved both = merged(std::move(parts));
  if (both.addresses.empty() && (!*v4 || !*v6)) co_return !*v4 ? *v4 : *v6;
  co_return both;
}

io::Task<Result<Resolved>> DnsResolver::resolve_type(std::string name, DnsType type) {
  if (auto addresses = known(name)) {
    std::erase_if(*addresses, [type](const Ip& ip) { return !is_of(ip, type); });
    Resolved resolved;
    resolved.addresses = std::move(*addresses);
    co_return resolved;
  }
  if (!protocol::is_dns_name(name)) co_return fail(ErrorKind::invalid, "\"{}\" is no host name", name);
  Resolved absent;
  for (std::string& candidate : names_to_ask(settings_, name)) {
    auto answer = co_await ask(std::move(candidate), type);
    if (!answer) co_return failed(answer);
    if (!answer->resolved.addresses.empty()) co_return std::move(answer->resolved);
    absent = std::move(answer->resolved);
  }
  co_return absent;
}

// Goes through the servers until one gives an answer that says something.
io::Task<Result<DnsResolver::Answer>> DnsResolver::ask(std::string name, DnsType type) {
  Error last{ErrorKind::unavailable, "there is no DNS server"};
  for (int attempt = 0; attempt < settings_.attempts; ++attempt) {
    for (const SocketAddress& server : settings_.servers) {
      auto answer = co_await ask_server(server, name, type);
      if (!answer) {
        last = std::move(answer.error()).in(fmt::format("asking {} for {}", server.text(), name));
        continue;
      }
      if (answer->code == DnsCode::no_error || answer->code == DnsCode::name_error) {
        Answer result{answer->code, addresses_in(*answer, type)};
        co_return result;
      }
      last = {ErrorKind::unavailable, fmt::format("{} answered {} for {}", server.text(), name_of(answer->code), name)};
    }
  }
  co_return std::unexpected(std::move(last));
}

io::Task<Result<DnsMessage>> DnsResolver::ask_server(SocketAddress server, std::string name, DnsType type) {
  const auto id = static_cast<uint16_t>(network_.loop().random().next());
  DnsMessage query = query_for(std::move(name), type, id);
  if (!settings_.use_tcp) {
    auto answer = co_await io::within(network_.loop(), settings_.timeout, ask_by_udp(server, query));
    if (!answer) co_return failed(answer);
    const bool without_edns = answer->code == DnsCode::format_error || answer->code == DnsCode::not_implemented;
    if (without_edns) {  // a server from before EDNS
      query.edns_payload.reset();
      answer = co_await io::within(network_.loop(), settings_.timeout, ask_by_udp(server, query));
    }
    if (!answer || !answer->truncated) co_return answer;
  }
  co_return co_await io::within(network_.loop(), settings_.timeout, ask_by_tcp(server, std::move(query)));
}

io::Task<Result<DnsMessage>> DnsResolver::ask_by_udp(SocketAddress server, DnsMessage query) {
  const auto bytes = protocol::write_dns(query);
  if (!bytes) co_return failed(bytes);
  // A port of its own for each query: one more thing that a forger must guess.
  auto socket = network_.bind_datagrams({server.ip.is_v6() ? Ip::v6({}) : Ip(), 0, {}});
  if (!socket) co_return failed(socket);
  if (!(*socket)->try_send(*bytes, server)) co_return fail(ErrorKind::unavailable, "the query could not be sent");
  Buffer buffer;
  for (;;) {
    const auto received = (*socket)->try_receive(buffer.writable(datagram_most).first(datagram_most));
    if (!received) {
      co_await (*socket)->readable();
      continue;
    }
    if (received->from != server) continue;
    auto answer = protocol::parse_dns({buffer.writable(datagram_most).data(), received->bytes});
    if (answer && answers(*answer, query)) co_return answer;
  }
}

io::Task<Result<DnsMessage>> DnsResolver::ask_by_tcp(SocketAddress server, DnsMessage query) {
  const auto bytes = protocol::write_dns(query);
  if (!bytes) co_return failed(bytes);
  auto transport = co_await network_.connect(server);
  if (!transport) co_return failed(transport);
  const auto size = static_cast<uint16_t>(bytes->size());
  Buffer out;
  const char prefix[] = {static_cast<char>(size >> 8), static_cast<char>(size)};
  out.append({prefix, 2});
  out.append(*bytes);
  if (auto written = co_await io::write_all(**transport, out); !written) co_return failed(written);
  Buffer in;
  for (;;) {
    const std::string_view held = in.view();
    const size_t wanted =
        held.size() < 2 ? 2 : 2 + (static_cast<uint8_t>(held[0]) << 8 | static_cast<uint8_t>(held[1]));
    if (held.size() >= 2 && held.size() >= wanted) {
      auto answer = protocol::parse_dns(held.substr(2, wanted - 2));
      if (answer && !answers(*answer, query)) co_return fail(ErrorKind::protocol, "an answer to another question");
      co_return answer;
    }
    auto read = co_await io::read_some(**transport, in);
    if (!read) co_return failed(read);
    if (*read == 0) co_return fail(ErrorKind::closed, "the server closed the connection without an answer");
  }
}

}  // namespace lateen::upstream
