#include "data_plane/agent/capture.h"

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/io/files.h"
#include "lib/io/scope.h"

namespace lateen::agent {
namespace {

using ::testing::HasSubstr;

TEST(Capture, ScriptsSayWhatWasAsked) {
  CaptureRules rules;
  rules.inbound_ports = {8080, 9090};
  rules.excluded_outbound_ports = {3306};
  rules.outbound_cidrs = {*Cidr::parse("10.0.0.0/8"), *Cidr::parse("2001:db8::/32")};
  rules.excluded_outbound_cidrs = {*Cidr::parse("10.9.0.0/16")};
  const std::string nft = nft_script(rules);
  EXPECT_THAT(nft, HasSubstr("tcp dport { 8080, 9090 } redirect to :15006"));
  EXPECT_THAT(nft, HasSubstr("tcp dport { 3306 } return"));
  EXPECT_THAT(nft, HasSubstr("meta skuid 1337 return"));
  EXPECT_THAT(nft, HasSubstr("ip daddr { 10.9.0.0/16 } return"));
  EXPECT_THAT(nft, HasSubstr("ip6 daddr { 2001:db8::/32 } redirect to :15001"));
  const std::string four = iptables_script(rules, false), six = iptables_script(rules, true);
  EXPECT_THAT(four, HasSubstr("-A LATEEN_OUTPUT -p tcp -d 10.0.0.0/8 -j REDIRECT --to-ports 15001\n"));
  EXPECT_THAT(six, HasSubstr("-A LATEEN_OUTPUT -p tcp -d 2001:db8::/32 -j REDIRECT --to-ports 15001\n"));
  EXPECT_EQ(six.find("10.9"), std::string::npos);
}

TEST(Capture, NeedsToKnowTheProxy) {
  CaptureRules rules;
  rules.proxy_uids.clear();
  rules.proxy_gids.clear();
  EXPECT_EQ(apply_capture(rules).error().kind, ErrorKind::invalid);
}

bool run(std::vector<std::string> command) {
  const auto finished = io::run_program(command);
  return finished && finished->status == 0;
}

// A network namespace of our own with an address, a way out that leads nowhere, and a neighbour in a second namespace.
class Namespaces {
 public:
  bool make() {
    if (::unshare(CLONE_NEWNET) != 0) return false;
    return run({"ip", "link", "set", "lo", "up"}) && run({"ip", "netns", "add", neighbour}) &&
           run({"ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth1", "netns", neighbour}) &&
           run({"ip", "addr", "add", "10.1.0.1/24", "dev", "eth0"}) && run({"ip", "link", "set", "eth0", "up"}) &&
           run({"ip", "route", "add", "default", "via", "10.1.0.2"}) &&
           run({"ip", "-n", neighbour, "addr", "add", "10.1.0.2/24", "dev", "eth1"}) &&
           run({"ip", "-n", neighbour, "link", "set", "eth1", "up"});
  }
  ~Namespaces() { run({"ip", "netns", "del", neighbour}); }
  const std::string neighbour = "lateen-test-" + std::to_string(::getpid());
};

// Where a connection ended up: the port it arrived at and where it wanted to go; empty when it failed.
struct Arrived {
  std::string remote, wanted;
};

io::Task<void> accept_one(io::Acceptor& acceptor, std::optional<Arrived>& out) {
  auto transport = co_await acceptor.accept();
  if (!transport) co_return;
  const auto wanted = (*transport)->original_destination();
  out = Arrived{(*transport)->remote().text(), wanted ? wanted->text() : "none"};
}

class Listening {
 public:
  Listening()
      : outbound_(network_.listen(*SocketAddress::parse("0.0.0.0:15001"), {})),
        inbound_(network_.listen(*SocketAddress::parse("0.0.0.0:15006"), {})) {}

  // Connects to that address (with that mark) and tells which of the two ports took it.
  std::string captured(const std::string& to, uint32_t mark = 0) {
    std::string result = "failed";
    reactor_.run_until_done(call(to, mark, result));
    return result;
  }
  std::string arrival_from(const std::string& neighbour, const std::string& port) {
    std::string result = "nothing";
    reactor_.run_until_done(knock(neighbour, port, result));
    return result;
  }

 private:
  io::Task<void> call(std::string to, uint32_t mark, std::string& result) {
    std::optional<Arrived> at_outbound, at_inbound;
    io::Scope scope(reactor_);
    const io::CancelOnExit guard(scope);
    scope.start(accept_one(**outbound_, at_outbound));
    scope.start(accept_one(**inbound_, at_inbound));
    io::ConnectOptions options;
    options.mark = mark;
    auto connected = co_await io::within(reactor_, 500ms, network_.connect(*SocketAddress::parse(to), options));
    if (!connected) co_return;
    co_await reactor_.sleep(100ms);
    result = at_outbound ? "outbound " + at_outbound->wanted : at_inbound ? "inbound " + at_inbound->wanted : "direct";
  }
  io::Task<void> knock(std::string neighbour, std::string port, std::string& result) {
    std::optional<Arrived> at_inbound;
    io::Scope scope(reactor_);
    const io::CancelOnExit guard(scope);
    scope.start(accept_one(**inbound_, at_inbound));
    const std::string script = "exec 3<>/dev/tcp/10.1.0.1/" + port;
    run({"ip", "netns", "exec", neighbour, "timeout", "1", "bash", "-c", script});
    co_await reactor_.sleep(100ms);
    if (at_inbound) result = "inbound " + at_inbound->wanted;
  }

  io::Reactor reactor_;
  io::RealNetwork network_{reactor_};
  Result<std::unique_ptr<io::Acceptor>> outbound_, inbound_;
};

#define REQUIRE(condition)                                                    \
  if (!(condition)) {                                                         \
    fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
    return 1;                                                                 \
  }

// In a child process, since it leaves this process's network namespace. 0: fine; 77: not possible here.
int redirect_in_a_namespace() {
  Namespaces namespaces;
  if (!namespaces.make()) return 77;
  CaptureRules rules;
  rules.proxy_uids = {4242};
  rules.proxy_gids = {4242};
  rules.proxy_mark = 1338;
  rules.excluded_outbound_ports = {3306};
  rules.excluded_outbound_cidrs = {*Cidr::parse("192.0.2.0/24")};
  const auto applied = apply_capture(rules);
  REQUIRE(applied);
  REQUIRE(*applied == CaptureTool::nft);
  REQUIRE(apply_capture(rules));  // again: the same
  {
    Listening proxy;
    REQUIRE(proxy.captured("198.51.100.7:80") == "outbound 198.51.100.7:80");
    REQUIRE(proxy.captured("198.51.100.7:3306") == "failed");
    REQUIRE(proxy.captured("192.0.2.9:80") == "failed");
    REQUIRE(proxy.captured("198.51.100.7:80", 1338) == "failed");               // the proxy's own connection
    REQUIRE(proxy.captured("10.1.0.1:8080", 1338) == "inbound 10.1.0.1:8080");  // to a service on this host
    REQUIRE(proxy.captured("127.0.0.1:15001") != "failed");
    REQUIRE(proxy.arrival_from(namespaces.neighbour, "8080") == "inbound 10.1.0.1:8080");
    REQUIRE(proxy.arrival_from(namespaces.neighbour, "22") == "nothing");
  }
  REQUIRE(remove_capture());
  REQUIRE(remove_capture());  // nothing left to remove
  Listening proxy;
  REQUIRE(proxy.captured("198.51.100.7:80") == "failed");
  return 0;
}

int in_child(int (*body)()) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

TEST(Capture, RedirectsInANamespace) {
  if (::geteuid() != 0) GTEST_SKIP() << "network namespaces need root";
  const int status = in_child(redirect_in_a_namespace);
  if (status == 77) GTEST_SKIP() << "no network namespaces can be made here";
  EXPECT_EQ(status, 0);
}

TEST(Capture, IptablesTakesTheSameRules) {
  if (::geteuid() != 0) GTEST_SKIP() << "network namespaces need root";
  const int status = in_child([] {
    Namespaces namespaces;
    if (!namespaces.make() || !run({"iptables", "-t", "nat", "-L"})) return 77;
    CaptureRules rules;
    rules.proxy_mark = 1338;
    rules.excluded_outbound_cidrs = {*Cidr::parse("192.0.2.0/24")};
    for (const bool v6 : {false, true}) {
      const auto done =
          io::run_program({v6 ? "ip6tables-restore" : "iptables-restore", "--noflush"}, iptables_script(rules, v6));
      REQUIRE(done && done->status == 0);
    }
    {
      Listening proxy;
      REQUIRE(proxy.captured("198.51.100.7:80") == "outbound 198.51.100.7:80");
      REQUIRE(proxy.captured("192.0.2.9:80") == "failed");
      REQUIRE(proxy.captured("10.1.0.1:8080", 1338) == "inbound 10.1.0.1:8080");
    }
    REQUIRE(remove_capture());
    const auto left = io::run_program({"iptables-save"});
    REQUIRE(left && left->output.find("LATEEN") == std::string::npos);
    return 0;
  });
  if (status == 77) GTEST_SKIP() << "no network namespaces or no iptables here";
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace lateen::agent
