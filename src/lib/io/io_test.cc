#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/io/reactor.h"
#include "lib/io/scope.h"
#include "lib/io/simulated.h"

namespace lateen::io {
namespace {

using testing::Contains;

Task<int> answer(Loop& loop, Duration after, int value) {
  co_await loop.sleep(after);
  co_return value;
}

Task<Result<int>> slow(Loop& loop, Duration after) {
  co_await loop.sleep(after);
  co_return 42;
}

TEST(Task, SleepsInOrderOnVirtualTime) {
  SimulatedWorld world(1);
  Scope scope(world);
  std::vector<int> order;
  const auto note = [](Loop& loop, Duration after, int value, std::vector<int>& order) -> Task<void> {
    order.push_back(co_await answer(loop, after, value));
  };
  scope.start(note(world, 3s, 3, order));
  scope.start(note(world, 1s, 1, order));
  scope.start(note(world, 2h, 4, order));
  scope.start(note(world, 1500ms, 2, order));
  world.run_for(10s);
  EXPECT_EQ(order, (std::vector{1, 2, 3}));
  world.run_for(3h);
  EXPECT_EQ(order, (std::vector{1, 2, 3, 4}));
  EXPECT_EQ(scope.size(), 0u);
}

TEST(Task, WithinEndsTheTaskAtItsLimit) {
  SimulatedWorld world(1);
  Scope scope(world);
  std::optional<Result<int>> fast, late;
  const auto run = [](Loop& loop, Duration takes, std::optional<Result<int>>& out) -> Task<void> {
    out = co_await within(loop, 1s, slow(loop, takes));
  };
  scope.start(run(world, 500ms, fast));
  scope.start(run(world, 5s, late));
  world.run_for(10s);
  EXPECT_EQ(fast->value(), 42);
  EXPECT_EQ(late->error().kind, ErrorKind::timed_out);
}

TEST(Task, BeforeFollowsADeadlineThatMoves) {
  SimulatedWorld world(1);
  Scope scope(world);
  Deadline deadline(world);
  std::optional<Result<int>> out;
  const auto run = [](Loop& loop, Deadline& deadline, std::optional<Result<int>>& out) -> Task<void> {
    out = co_await before(deadline, slow(loop, 20s));
  };
  scope.start(run(world, deadline, out));
  world.run_for(5s);  // there is none yet
  deadline.set(world.now() + 10s);
  world.run_for(1s);
  deadline.set(world.now() + 2s);
  world.run_for(1s);
  deadline.set(world.now() + 4s);
  world.run_for(3500ms);
  EXPECT_FALSE(out);
  world.run_for(1s);
  ASSERT_TRUE(out);
  EXPECT_EQ(out->error().kind, ErrorKind::timed_out);

  scope.start(run(world, deadline, out));  // it has passed
  world.run_for(2ms);
  EXPECT_EQ(out->error().kind, ErrorKind::timed_out);
  deadline.set(world.now() + 19s);
  scope.start(run(world, deadline, out));
  deadline.set(Deadline::never);
  world.run_for(21s);
  EXPECT_EQ(out->value(), 42);
}

struct CountsDeaths {
  int& deaths;
  ~CountsDeaths() { ++deaths; }
};

TEST(Scope, CancelDestroysSuspendedTasks) {
  SimulatedWorld world(1);
  int deaths = 0;
  {
    Scope scope(world);
    const auto wait = [](Loop& loop, int& deaths) -> Task<void> {
      CountsDeaths counted{deaths};
      co_await loop.sleep(1h);
    };
    for (int i = 0; i < 3; ++i) scope.start(wait(world, deaths));
    world.run_for(1s);
    EXPECT_EQ(scope.size(), 3u);
    scope.cancel();
  }
  EXPECT_EQ(deaths, 3);
  world.run_for(2h);  // nothing of them is left on the loop
}

// The wheel against a sorted list: random times over all levels, some cancelled.
TEST(Timers, FireInOrderAndNeverEarly) {
  SimulatedWorld world(3);
  struct Probe {
    Timer timer;
    Time due;
    std::vector<Time>* fired;
    SimulatedWorld* world;
  };
  std::vector<Time> fired;
  std::vector<std::unique_ptr<Probe>> probes;
  Random random(5);
  for (int i = 0; i < 2000; ++i) {
    const Duration after = std::chrono::microseconds(random.below(uint64_t{1} << (10 + random.below(34))));
    auto& probe = probes.emplace_back(new Probe{Timer(world), world.now() + after, &fired, &world});
    probe->timer.arm(
        probe->due,
        [](void* context) {
          auto* self = static_cast<Probe*>(context);
          EXPECT_GE(self->world->now(), self->due);
          EXPECT_LT(self->world->now() - self->due, 2ms);
          self->fired->push_back(self->world->now());
        },
        probe.get());
  }
  size_t cancelled = 0;
  for (size_t i = 0; i < probes.size(); i += 7) probes[i]->timer.cancel(), ++cancelled;
  world.run_for(std::chrono::hours(24 * 400));
  EXPECT_EQ(fired.size(), probes.size() - cancelled);
  EXPECT_TRUE(std::ranges::is_sorted(fired));
}

Task<void> echo_all(Transport& transport) {
  Buffer buffer;
  for (;;) {
    const auto n = co_await read_some(transport, buffer);
    if (!n || *n == 0 || !co_await write_all(transport, buffer)) co_return;
  }
}

Task<void> echo_once(Network& network, SocketAddress on) {
  auto acceptor = network.listen(on, {});
  auto transport = co_await (*acceptor)->accept();
  co_await echo_all(**transport);
}

Task<void> send_and_collect(Network& network, SocketAddress to, std::string text, std::string& got) {
  auto transport = co_await network.connect(to, {});
  if (!transport) {
    got = transport.error().message;
    co_return;
  }
  Scope scope(network.loop());
  CancelOnExit guard(scope);
  const auto send = [](Transport& transport, const std::string& text) -> Task<void> {
    (void)co_await write_all(transport, text);
    transport.shutdown_write();
  };
  scope.start(send(**transport, text));
  Buffer buffer;
  for (;;) {
    const auto n = co_await read_some(**transport, buffer);
    if (!n || *n == 0) break;
    got += buffer.view();
    buffer.clear();
  }
}

TEST(SimulatedWorld, StreamsKeepOrderUnderLossAndSmallWindows) {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += fmt::format("{} ", i);
  uint64_t traces[3];
  for (int run = 0; run < 3; ++run) {
    SimulatedWorld world(run == 2 ? 8 : 7);
    world.set_quality({.delay = 2ms, .jitter = 5ms, .loss = 0.1, .window = 4096});
    Scope scope(world);
    CancelOnExit guard(scope);
    std::string got;
    scope.start(echo_once(world.host("10.0.0.2"), SocketAddress::parse("10.0.0.2:7").value()));
    scope.start(send_and_collect(world.host("10.0.0.1"), SocketAddress::parse("10.0.0.2:7").value(), text, got));
    EXPECT_TRUE(world.run_until([&] { return scope.size() == 0; }, 1h));
    EXPECT_EQ(got, text);
    traces[run] = world.trace();
  }
  EXPECT_EQ(traces[0], traces[1]) << "the same seed must give the same trace";
  EXPECT_NE(traces[0], traces[2]);
}

TEST(SimulatedWorld, PartitionStallsAndHeals) {
  SimulatedWorld world(7);
  Scope scope(world);
  CancelOnExit guard(scope);
  std::string got;
  scope.start(echo_once(world.host("10.0.0.2"), SocketAddress::parse("10.0.0.2:7").value()));
  world.partition("10.0.0.1", "10.0.0.2");
  scope.start(send_and_collect(world.host("10.0.0.1"), SocketAddress::parse("10.0.0.2:7").value(), "hello", got));
  world.run_for(10s);
  EXPECT_EQ(got, "");
  world.heal("10.0.0.1", "10.0.0.2");
  world.run_for(10s);
  EXPECT_EQ(got, "hello");
}

TEST(SimulatedWorld, SegmentsKeepTheirOrderThroughAPartition) {
  SimulatedWorld world(7);
  Scope scope(world);
  const CancelOnExit guard(scope);
  std::string got;
  const auto collect = [](Network& network, std::string& got) -> Task<void> {
    const auto acceptor = std::move(network.listen(SocketAddress::parse("10.0.0.2:7").value(), {}).value());
    const auto transport = std::move((co_await acceptor->accept()).value());
    Buffer buffer;
    while ((co_await read_some(*transport, buffer)).value_or(0) > 0) {
      got += buffer.view();
      buffer.clear();
    }
  };
  const auto count = [](SimulatedWorld& world) -> Task<void> {
    const auto transport =
        std::move((co_await world.host("10.0.0.1").connect(SocketAddress::parse("10.0.0.2:7").value(), {})).value());
    for (int i = 0; i < 10; ++i) {
      (void)transport->try_write(std::to_string(i));
      co_await world.sleep(70ms);
    }
    co_await world.sleep(1h);
  };
  scope.start(collect(world.host("10.0.0.2"), got));
  scope.start(count(world));
  world.run_for(100ms);
  world.partition("10.0.0.1", "10.0.0.2");
  world.run_for(333ms);
  world.heal("10.0.0.1", "10.0.0.2");
  world.run_for(10s);
  EXPECT_EQ(got, "0123456789");
}

TEST(SimulatedWorld, BytesThatFindNobodyAreAnsweredByAReset) {
  SimulatedWorld world(7);
  Scope scope(world);
  const CancelOnExit guard(scope);
  std::string outcome;
  const auto leave = [](Network& network) -> Task<void> {
    const auto acceptor = std::move(network.listen(SocketAddress::parse("10.0.0.2:7").value(), {}).value());
    (void)co_await acceptor->accept();
  };
  const auto write = [](SimulatedWorld& world, std::string& outcome) -> Task<void> {
    const auto transport =
        std::move((co_await world.host("10.0.0.1").connect(SocketAddress::parse("10.0.0.2:7").value(), {})).value());
    co_await world.sleep(1s);
    EXPECT_EQ(transport->try_write("x").state, Moved::moved) << "the peer has left, and nobody here knows";
    co_await world.sleep(1s);
    outcome = transport->try_write("y").state == Moved::failed ? "reset" : "open";
  };
  scope.start(leave(world.host("10.0.0.2")));
  scope.start(write(world, outcome));
  world.run_for(3s);
  EXPECT_EQ(outcome, "reset");
}

TEST(SimulatedWorld, RefusesWhereNobodyListensAndBreaksAtACrash) {
  SimulatedWorld world(7);
  Scope scope(world);
  CancelOnExit guard(scope);
  std::string refused, broken;
  scope.start(send_and_collect(world.host("10.0.0.1"), SocketAddress::parse("10.0.0.2:7").value(), "x", refused));
  world.run_for(1s);
  EXPECT_NE(refused.find("refused"), refused.npos);
  scope.start(echo_once(world.host("10.0.0.2"), SocketAddress::parse("10.0.0.2:7").value()));
  const auto wait = [](Network& network, std::string& broken) -> Task<void> {
    auto transport = co_await network.connect(SocketAddress::parse("10.0.0.2:7").value(), {});
    Buffer buffer;
    const auto n = co_await read_some(**transport, buffer);
    broken = n ? "ended" : name_of(n.error().kind);
  };
  scope.start(wait(world.host("10.0.0.1"), broken));
  world.run_for(1s);
  world.crash("10.0.0.2");
  world.run_for(1s);
  EXPECT_EQ(broken, "reset");
}

TEST(SimulatedWorld, EveryWayCanHaveItsOwnQuality) {
  SimulatedWorld world(7);
  world.set_quality("10.0.0.2", "10.0.0.1", {.delay = 3s});
  Scope scope(world);
  const CancelOnExit guard(scope);
  std::string far, near;
  scope.start(echo_once(world.host("10.0.0.2"), SocketAddress::parse("10.0.0.2:7").value()));
  scope.start(echo_once(world.host("10.0.0.3"), SocketAddress::parse("10.0.0.3:7").value()));
  scope.start(send_and_collect(world.host("10.0.0.1"), SocketAddress::parse("10.0.0.2:7").value(), "x", far));
  scope.start(send_and_collect(world.host("10.0.0.1"), SocketAddress::parse("10.0.0.3:7").value(), "y", near));
  world.run_for(1s);
  EXPECT_EQ(near, "y");
  EXPECT_EQ(far, "");
  world.run_for(20s);
  EXPECT_EQ(far, "x");
}

// Connects, and tells how the accepted end sees the connection.
std::string seen_at(SimulatedWorld& world, Network& from, std::string_view to, std::string_view door) {
  std::string seen = "nothing";
  const auto accept = [](Acceptor& acceptor, std::string& seen) -> Task<void> {
    const auto transport = co_await acceptor.accept();
    const auto original = (*transport)->original_destination();
    seen = fmt::format("{} wants {}", (*transport)->remote().ip.text(), original ? original->text() : "this");
  };
  const auto connect = [](Network& network, SocketAddress to) -> Task<void> { (void)co_await network.connect(to, {}); };
  const auto address = SocketAddress::parse(door).value();
  const auto acceptor = std::move(world.host(address.ip.text()).listen(address, {}).value());
  Scope scope(world);
  const CancelOnExit guard(scope);
  scope.start(accept(*acceptor, seen));
  scope.start(connect(from, SocketAddress::parse(to).value()));
  world.run_for(1s);
  return seen;
}

TEST(SimulatedWorld, RedirectsWhatApplicationsSendAndWhatOthersSendThem) {
  SimulatedWorld world(7);
  Network& application = world.redirect("10.0.0.1", 15001, 15006);
  EXPECT_EQ(seen_at(world, application, "10.96.0.7:80", "10.0.0.1:15001"), "10.0.0.1 wants 10.96.0.7:80");
  EXPECT_EQ(seen_at(world, world.host("10.0.0.2"), "10.0.0.1:8080", "10.0.0.1:15006"), "10.0.0.2 wants 10.0.0.1:8080");
  // The proxy itself passes, and so does whoever stays on the host.
  EXPECT_EQ(seen_at(world, world.host("10.0.0.1"), "10.0.0.2:80", "10.0.0.2:80"), "10.0.0.1 wants this");
  EXPECT_EQ(seen_at(world, world.host("10.0.0.1"), "10.0.0.1:8080", "10.0.0.1:8080"), "10.0.0.1 wants this");
  EXPECT_EQ(seen_at(world, application, "127.0.0.1:8080", "10.0.0.1:8080"), "127.0.0.1 wants this");
}

TEST(Reactor, EchoesOverRealSockets) {
  Reactor reactor;
  RealNetwork network(reactor);
  std::string text(3'000'000, 'x'), got;
  for (size_t i = 0; i < text.size(); i += 97) text[i] = static_cast<char>('a' + i % 26);
  const auto run = [](RealNetwork& network, const std::string& text, std::string& got) -> Task<void> {
    auto acceptor = network.listen(SocketAddress::parse("127.0.0.1:0").value(), {});
    EXPECT_TRUE(acceptor);
    const auto again = network.listen((*acceptor)->local(), {.reuse_port = false});
    EXPECT_FALSE(again);
    EXPECT_EQ(again.error().kind, ErrorKind::already_exists);
    const auto echo = [](Acceptor& acceptor) -> Task<void> {
      auto transport = co_await acceptor.accept();
      co_await echo_all(**transport);
    };
    Scope scope(network.loop());
    CancelOnExit guard(scope);
    scope.start(echo(**acceptor));
    co_await send_and_collect(network, (*acceptor)->local(), text, got);
  };
  reactor.run_until_done(run(network, text, got));
  EXPECT_EQ(got.size(), text.size());
  EXPECT_EQ(got, text);
}

// That option of this process' connected TCP sockets, where it is not 0.
std::vector<int> options_of_sockets(int level, int name) {
  std::vector<int> found;
  for (const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int descriptor = std::stoi(each.path().filename());
    sockaddr_in peer{};
    socklen_t peer_size = sizeof peer, size = sizeof(int);
    int value = 0;
    if (getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &peer_size) != 0 || peer.sin_family != AF_INET)
      continue;
    if (getsockopt(descriptor, level, name, &value, &size) == 0 && value != 0) found.push_back(value);
  }
  return found;
}

TEST(Reactor, KeepsConnectionsAliveAsAsked) {
  Reactor reactor;
  RealNetwork network(reactor);
  const auto run = [](RealNetwork& network) -> Task<void> {
    auto acceptor = network.listen(SocketAddress::parse("127.0.0.1:0").value(), {});
    const auto plain = co_await network.connect((*acceptor)->local(), {});
    EXPECT_TRUE(options_of_sockets(SOL_SOCKET, SO_KEEPALIVE).empty());
    const auto kept =
        co_await network.connect((*acceptor)->local(), {.keepalive = KeepAlive{.probes = 3, .time_s = 4'000'000}});
    EXPECT_EQ(options_of_sockets(SOL_SOCKET, SO_KEEPALIVE), std::vector{1});
    EXPECT_THAT(options_of_sockets(IPPROTO_TCP, TCP_KEEPCNT), Contains(3));
    EXPECT_THAT(options_of_sockets(IPPROTO_TCP, TCP_KEEPIDLE), Contains(32767)) << "the most that the kernel takes";
  };
  reactor.run_until_done(run(network));
}

// How often a descriptor stands in this process' epoll instances.
size_t registrations(int descriptor) {
  size_t count = 0;
  for (const auto& each : std::filesystem::directory_iterator("/proc/self/fdinfo")) {
    std::ifstream lines(each.path());
    std::string word;
    for (int number = 0; lines >> word;)
      if (word == "tfd:" && lines >> number && number == descriptor) ++count;
  }
  return count;
}

// As while a child is being forked: it holds the same open file, so closing alone does not end the registration.
TEST(Reactor, ATransportThatIsGoneHearsNothingThoughItsSocketIsStillOpenElsewhere) {
  Reactor reactor;
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
  const int elsewhere = dup(ends[0]);
  auto transport = adopt_socket(reactor, ends[0]);
  EXPECT_EQ(registrations(ends[0]), 1u);
  transport.reset();
  EXPECT_EQ(registrations(ends[0]), 0u);
  ASSERT_EQ(write(ends[1], "x", 1), 1);
  reactor.run_until_done([](Loop& loop) -> Task<void> { co_await loop.sleep(5ms); }(reactor));
  EXPECT_EQ(fcntl(ends[0], F_GETFD), -1) << "not closed";
  char byte = 0;
  EXPECT_EQ(read(elsewhere, &byte, 1), 1);
  close(elsewhere);
  close(ends[1]);
}

TEST(Workers, PostedFunctionsRunOnTheirThread) {
  std::atomic<int> sum{0};
  {
    ThreadWorkers workers(3);
    for (size_t i = 0; i < workers.size(); ++i)
      for (int k = 0; k < 100; ++k) workers.reactor(i).post([&sum] { ++sum; });
    // stop() is seen after what was posted before it.
    for (size_t i = 0; i < workers.size(); ++i) {
      std::atomic<bool> done{false};
      workers.reactor(i).post([&done] {
        done = true;
        done.notify_one();
      });
      done.wait(false);
    }
  }
  EXPECT_EQ(sum, 300);
}

TEST(Workers, EachIsCalledBehindWhatWasPostedToIt) {
  SimulatedWorld world(7);
  std::unique_ptr<Workers> kinds[] = {world.workers("10.0.0.1", 3), std::make_unique<ThreadWorkers>(3)};
  for (const auto& workers : kinds) {
    std::atomic<int> posted{0}, called{0};
    for (size_t i = 0; i < workers->size(); ++i) workers->network(i).loop().post([&posted] { ++posted; });
    workers->on_each([&](size_t i) { called += 1 << i; });
    EXPECT_EQ(posted, 3);
    EXPECT_EQ(called, 7);
  }
}

}  // namespace
}  // namespace lateen::io
