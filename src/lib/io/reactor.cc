#include "lib/io/reactor.h"

#include <cerrno>
#include <cstring>
#include <latch>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/io/scope.h"

namespace lateen::io {

static Time steady_now() { return std::chrono::steady_clock::now(); }

Reactor::Reactor()
    : Loop(steady_now(), Random::from_system().next()),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  epoll_event event{EPOLLIN, {.ptr = nullptr}};
  if (epoll_ < 0 || wake_ < 0 || epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event) != 0) {
    fmt::print(stderr, "cannot make an event loop: {}\n", std::strerror(errno));
    std::abort();  // without descriptors at the start there is no program
  }
}

Reactor::~Reactor() {
  ::close(wake_);
  ::close(epoll_);
}

// Asked for by every request: the system is asked once a turn, as for now().
WallTime Reactor::wall_now() const {
  if (wall_taken_at_ != now()) {
    wall_taken_at_ = now();
    wall_now_ = std::chrono::system_clock::now();
  }
  return wall_now_;
}

void Reactor::run() {
  while (!stopping_.load(std::memory_order_acquire)) turn();
  stopping_ = false;
}

void Reactor::run_until_done(Task<void> task) {
  Scope scope(*this);
  scope.start(std::move(task));
  while (scope.size() > 0 && !stopping_.load(std::memory_order_acquire)) turn();
  scope.cancel();
}

void Reactor::turn() {
  int timeout = -1;
  if (has_ready()) {
    timeout = 0;
  } else if (const auto next = timers().next()) {
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(*next - steady_now());
    timeout = static_cast<int>(std::clamp<int64_t>(wait.count(), 0, 60'000));
  }
  wait_for_events(timeout);
  timers().advance(now());
  run_ready();
}

void Reactor::wait_for_events(int timeout_ms) {
  epoll_event events[256];
  const int count = epoll_wait(epoll_, events, 256, timeout_ms);
  set_now(steady_now());
  bool woken = false;
  for (int i = 0; i < count; ++i) {
    auto* source = static_cast<Source*>(events[i].data.ptr);
    if (!source) {
      woken = true;
      continue;
    }
    const uint32_t what = events[i].events;
    if (what & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) source->hung_up = true;
    if (what & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) source->readable.set();
    if (what & (EPOLLOUT | EPOLLHUP | EPOLLERR)) source->writable.set();
  }
  if (woken) run_posted();
}

void Reactor::post(std::function<void()> function) {
  {
    std::lock_guard lock(posted_mutex_);
    posted_.push_back(std::move(function));
  }
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_, &one, sizeof one);
}

void Reactor::run_posted() {
  uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(wake_, &count, sizeof count);
  std::vector<std::function<void()>> functions;
  {
    std::lock_guard lock(posted_mutex_);
    functions.swap(posted_);
  }
  for (auto& function : functions) function();
}

void Reactor::stop() {
  stopping_.store(true, std::memory_order_release);
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_, &one, sizeof one);
}

Reactor::Source::Source(Reactor& reactor, int descriptor)
    : readable(reactor), writable(reactor), reactor_(reactor), descriptor_(descriptor) {
  epoll_event event{EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, {.ptr = this}};
  epoll_ctl(reactor.epoll_, EPOLL_CTL_ADD, descriptor, &event);
}

Reactor::Source::~Source() {
  epoll_ctl(reactor_.epoll_, EPOLL_CTL_DEL, descriptor_, nullptr);
  ::close(descriptor_);
}

ThreadWorkers::ThreadWorkers(size_t count) {
  for (size_t i = 0; i < count; ++i) reactors_.push_back(std::make_unique<Reactor>());
  for (auto& reactor : reactors_) networks_.push_back(std::make_unique<RealNetwork>(*reactor));
  for (auto& reactor : reactors_) threads_.emplace_back([&reactor] { reactor->run(); });
}

void ThreadWorkers::on_each(const std::function<void(size_t)>& function) {
  std::latch returned(static_cast<ptrdiff_t>(size()));
  for (size_t i = 0; i < size(); ++i)
    reactors_[i]->post([&, i] {
      function(i);
      returned.count_down();
    });
  returned.wait();
}

void ThreadWorkers::stop() {
  for (auto& reactor : reactors_) reactor->stop();
  for (auto& thread : threads_)
    if (thread.joinable()) thread.join();
}

}  // namespace lateen::io
