#include "data_plane/upstream/dns_resolver.h"

#include <functional>

#include <gtest/gtest.h>

#include "lib/base/strings.h"
#include "lib/io/scope.h"
#include "lib/io/simulated.h"

namespace lateen::upstream {
namespace {

using protocol::DnsCode;
using protocol::DnsMessage;
using protocol::DnsType;

Ip ip(std::string_view text) { return Ip::parse(text).value(); }

// A DNS server of a simulated host: records in a map, and whatever misbehaviour a test wants.
class FakeServer {
 public:
  FakeServer(io::SimulatedWorld& world, std::string_view address) : scope_(world), network_(world.host(address)) {
    socket_ = network_.bind_datagrams({ip(address), 53, {}}).value();
    scope_.start(serve_udp());
    acceptor_ = network_.listen({ip(address), 53, {}}).value();
    scope_.start(serve_tcp());
  }
  ~FakeServer() { scope_.cancel(); }

  void add(std::string name, std::string_view address, uint32_t ttl = 60) {
    const Ip value = ip(address);
    records.push_back(
        {.name = std::move(name), .type = value.is_v6() ? DnsType::aaaa : DnsType::a, .ttl = ttl, .address = value});
  }
  void alias(std::string name, std::string target, uint32_t ttl = 60) {
    records.push_back({.name = std::move(name), .type = DnsType::cname, .ttl = ttl, .target = std::move(target)});
  }

  std::vector<protocol::DnsRecord> records;
  std::vector<std::string> asked;
  int udp_queries = 0, tcp_queries = 0;
  bool silent = false, forge = false;
  size_t udp_limit = 1232;
  std::optional<DnsCode> code;

 private:
  DnsMessage answer(const DnsMessage& query) {
    DnsMessage message{.id = query.id, .response = true, .recursion_available = true};
    message.questions = query.questions;
    const auto& question = query.questions[0];
    asked.push_back(question.name);
    if (code) {
      message.code = *code;
      return message;
    }
    std::string name = question.name;
    bool exists = false;
    for (int aliases = 0; aliases < 5; ++aliases) {
      std::string next;
      for (const auto& record : records) {
        if (!equal_ignoring_case(record.name, name)) continue;
        exists = true;
        if (record.type == DnsType::cname) next = record.target;
        if (record.type == DnsType::cname || record.type == question.type) message.answers.push_back(record);
      }
      if (next.empty()) break;
      name = next;
    }
    if (!exists) message.code = DnsCode::name_error;
    if (message.answers.empty())
      message.authorities.push_back(
          {.name = "test", .type = DnsType::soa, .ttl = 100, .target = "ns.test", .negative_ttl = 40});
    return message;
  }

  io::Task<void> serve_udp() {
    char block[4096];
    for (;;) {
      const auto received = socket_->try_receive(block);
      if (!received) {
        co_await socket_->readable();
        continue;
      }
      ++udp_queries;
      if (silent) continue;
      const DnsMessage query = protocol::parse_dns({block, received->bytes}).value();
      DnsMessage reply = answer(query);
      if (forge) {
        DnsMessage wrong = reply;
        wrong.id ^= 1;
        wrong.answers[0].address = ip("6.6.6.6");
        socket_->try_send(protocol::write_dns(wrong).value(), received->from);
        wrong.id ^= 1;
        wrong.questions[0].name = "other.test";
        socket_->try_send(protocol::write_dns(wrong).value(), received->from);
        socket_->try_send("garbage", received->from);
      }
      socket_->try_send(protocol::write_dns(reply, udp_limit).value(), received->from);
    }
  }
  io::Task<void> serve_tcp() {
    for (;;) {
      auto transport = co_await acceptor_->accept();
      if (!transport) co_return;
      Buffer in;
      while (in.size() < 2 || in.size() < 2 + static_cast<size_t>(in.view()[1])) {
        auto read = co_await io::read_some(**transport, in);
        if (!read || *read == 0) break;
      }
      ++tcp_queries;
      const std::string bytes = protocol::write_dns(answer(protocol::parse_dns(in.view().substr(2)).value())).value();
      Buffer out;
      const char prefix[] = {static_cast<char>(bytes.size() >> 8), static_cast<char>(bytes.size())};
      out.append({prefix, 2});
      out.append(bytes);
      (void)co_await io::write_all(**transport, out);
      co_await network_.loop().sleep(1s);
    }
  }

  io::Scope scope_;
  io::Network& network_;
  std::unique_ptr<io::Datagrams> socket_;
  std::unique_ptr<io::Acceptor> acceptor_;
};

class DnsResolverTest : public testing::Test {
 protected:
  Result<Resolved> resolve(std::string name, DnsFamily family = DnsFamily::v4_only) {
    DnsResolver resolver(world.host("10.0.0.1"), read_dns_settings(resolv_conf, hosts));
    std::optional<Result<Resolved>> out;
    const auto run = [](DnsResolver& resolver, std::string name, DnsFamily family,
                        std::optional<Result<Resolved>>& out) -> io::Task<void> {
      out = co_await resolver.resolve(std::move(name), family);
    };
    io::Child child(world);
    child.start(run(resolver, std::move(name), family, out));
    world.run_until([&] { return out.has_value(); }, 10min);
    if (!out) return fail(ErrorKind::internal, "the resolver did not end");
    return *out;
  }
  static std::string text(const Result<Resolved>& resolved) {
    if (!resolved) return "error: " + resolved.error().message;
    std::vector<std::string> parts;
    for (const Ip& address : resolved->addresses) parts.push_back(address.text());
    return joined(parts, " ");
  }

  io::SimulatedWorld world{5};
  FakeServer server{world, "10.0.0.53"}, second{world, "10.0.0.54"};
  std::string resolv_conf = "nameserver 10.0.0.53\noptions timeout:1 attempts:2\n";
  std::string hosts;
};

TEST_F(DnsResolverTest, FamiliesFollowTheirPolicy) {
  server.add("both.test", "192.0.2.1");
  server.add("both.test", "2001:db8::1");
  server.add("four.test", "192.0.2.4");
  server.add("six.test", "2001:db8::6");
  EXPECT_EQ(text(resolve("both.test", DnsFamily::v4_only)), "192.0.2.1");
  EXPECT_EQ(text(resolve("both.test", DnsFamily::v6_only)), "2001:db8::1");
  EXPECT_EQ(text(resolve("both.test", DnsFamily::automatic)), "2001:db8::1");
  EXPECT_EQ(text(resolve("both.test", DnsFamily::v4_preferred)), "192.0.2.1");
  EXPECT_EQ(text(resolve("both.test", DnsFamily::all)), "192.0.2.1 2001:db8::1");
  EXPECT_EQ(text(resolve("four.test", DnsFamily::automatic)), "192.0.2.4");
  EXPECT_EQ(text(resolve("six.test", DnsFamily::v4_preferred)), "2001:db8::6");
  EXPECT_EQ(text(resolve("six.test", DnsFamily::v4_only)), "");
}

TEST_F(DnsResolverTest, AliasesAreFollowedAndTheSmallestTtlCounts) {
  server.alias("www.test", "Web.test", 30);
  server.alias("web.test", "end.test", 300);
  server.add("end.test", "192.0.2.9", 60);
  server.add("stray.test", "192.0.2.66");
  const auto resolved = resolve("www.test");
  EXPECT_EQ(text(resolved), "192.0.2.9");
  EXPECT_EQ(resolved->ttl, 30s);
}

TEST_F(DnsResolverTest, ALoopOfAliasesEnds) {
  server.alias("a.test", "b.test");
  server.alias("b.test", "a.test");
  EXPECT_EQ(text(resolve("a.test")), "");
}

TEST_F(DnsResolverTest, AbsenceIsAnAnswerWithItsTime) {
  const auto resolved = resolve("nothing.test");
  ASSERT_TRUE(resolved);
  EXPECT_TRUE(resolved->addresses.empty());
  EXPECT_EQ(resolved->ttl, 40s);
}

TEST_F(DnsResolverTest, SearchDomainsAndDots) {
  resolv_conf += "search ns1.svc.test svc.test\noptions ndots:2\n";
  server.add("reviews.svc.test", "192.0.2.3");
  EXPECT_EQ(text(resolve("reviews")), "192.0.2.3");
  EXPECT_EQ(server.asked, (std::vector<std::string>{"reviews.ns1.svc.test", "reviews.svc.test"}));
  server.asked.clear();
  resolve("a.b.c");
  EXPECT_EQ(server.asked, (std::vector<std::string>{"a.b.c", "a.b.c.ns1.svc.test", "a.b.c.svc.test"}));
  server.asked.clear();
  resolve("absolute.");
  EXPECT_EQ(server.asked, std::vector<std::string>{"absolute"});
}

TEST_F(DnsResolverTest, HostsFileLiteralsAndLocalhostNeedNoServer) {
  hosts = "10.1.1.1 db.local DB # the database\n2001:db8::d db\nnonsense line\n";
  EXPECT_EQ(text(resolve("Db", DnsFamily::all)), "10.1.1.1 2001:db8::d");
  EXPECT_EQ(text(resolve("192.0.2.44")), "192.0.2.44");
  EXPECT_EQ(text(resolve("2001:db8::5", DnsFamily::automatic)), "2001:db8::5");
  EXPECT_EQ(text(resolve("localhost")), "127.0.0.1");
  EXPECT_EQ(server.udp_queries, 0);
}

TEST_F(DnsResolverTest, SilentAndFailingServersAreLeftForTheNext) {
  resolv_conf += "nameserver 10.0.0.54\n";
  second.add("here.test", "192.0.2.2");
  server.silent = true;
  EXPECT_EQ(text(resolve("here.test")), "192.0.2.2");
  server.silent = false;
  server.code = DnsCode::server_failure;
  EXPECT_EQ(text(resolve("here.test")), "192.0.2.2");
  second.silent = true;
  EXPECT_NE(text(resolve("here.test")).find("no answer within 1s"), std::string::npos);
  EXPECT_EQ(second.udp_queries, 4);
  second.silent = false;
  second.code = DnsCode::refused;
  EXPECT_NE(text(resolve("here.test")).find("answered REFUSED for here.test"), std::string::npos);
}

TEST_F(DnsResolverTest, TruncatedAnswersAreFetchedByTcp) {
  for (int i = 0; i < 60; ++i) server.add("many.test", fmt::format("192.0.2.{}", i));
  server.udp_limit = 512;
  EXPECT_EQ(resolve("many.test")->addresses.size(), 60u);
  EXPECT_EQ(server.tcp_queries, 1);
}

TEST_F(DnsResolverTest, ForgedAnswersAreNotBelieved) {
  server.add("true.test", "192.0.2.1");
  server.forge = true;
  EXPECT_EQ(text(resolve("true.test")), "192.0.2.1");
}

TEST_F(DnsResolverTest, LostDatagramsAreRepeated) {
  server.add("far.test", "192.0.2.1");
  world.partition("10.0.0.1", "10.0.0.53");
  DnsResolver resolver(world.host("10.0.0.1"), read_dns_settings(resolv_conf, ""));
  std::optional<Result<Resolved>> out;
  const auto run = [](DnsResolver& resolver, std::optional<Result<Resolved>>& out) -> io::Task<void> {
    out = co_await resolver.resolve("far.test", DnsFamily::v4_only);
  };
  io::Child child(world);
  child.start(run(resolver, out));
  world.run_for(500ms);
  world.heal("10.0.0.1", "10.0.0.53");
  world.run_for(1s);
  ASSERT_TRUE(out);
  EXPECT_EQ(text(*out), "192.0.2.1");
}

TEST_F(DnsResolverTest, BadNamesAreRefusedBeforeAnybodyIsAsked) {
  for (std::string name : {"", "a..b", "a b", "."}) EXPECT_FALSE(resolve(name)) << name;
  EXPECT_EQ(server.udp_queries, 0);
}

TEST(DnsSettings, ReadsWhatItKnowsAndBoundsIt) {
  const DnsSettings settings = read_dns_settings(
      "# comment\nnameserver 1.1.1.1\nnameserver bad\nnameserver fd00::1\nnameserver 3.3.3.3\nnameserver 4.4.4.4\n"
      "domain old.test\nsearch A.test b.test.\noptions ndots:99 timeout:0 attempts:77 use-vc unknown:1\n",
      "");
  ASSERT_EQ(settings.servers.size(), 3u);
  EXPECT_EQ(settings.servers[1].text(), "[fd00::1]:53");
  EXPECT_EQ(settings.search, (std::vector<std::string>{"a.test", "b.test"}));
  EXPECT_EQ(settings.ndots, 15);
  EXPECT_EQ(settings.timeout, 1s);
  EXPECT_EQ(settings.attempts, 5);
  EXPECT_TRUE(settings.use_tcp);
  EXPECT_EQ(read_dns_settings("", "").servers[0].text(), "127.0.0.1:53");
}

}  // namespace
}  // namespace lateen::upstream
