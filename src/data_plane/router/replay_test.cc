#include "data_plane/router/replay.h"

#include <gtest/gtest.h>

#include "lib/io/simulated.h"

namespace lateen::router {
namespace {

// Gives its chunks one by one, then ends or fails.
class Chunks final : public http::Body {
 public:
  Chunks(io::Loop& loop, std::vector<std::string> chunks, bool fails = false)
      : readable_(loop, true), chunks_(std::move(chunks)), fails_(fails) {}
  Pulled try_pull() override {
    if (next_ == chunks_.size()) return {fails_ ? failed : ended, {}};
    return {chunk, Buffer(std::string_view(chunks_[next_++]))};
  }
  io::Readiness& readable() override { return readable_; }
  Error last_error() const override { return {ErrorKind::closed, "cut off"}; }

 private:
  io::Readiness readable_;
  std::vector<std::string> chunks_;
  size_t next_ = 0;
  bool fails_;
};

class ReplayTest : public testing::Test {
 protected:
  std::shared_ptr<ReplayableBody> body(std::vector<std::string> chunks, size_t limit = 100, bool fails = false) {
    auto made = std::make_shared<ReplayableBody>(std::make_unique<Chunks>(world, std::move(chunks), fails), limit);
    made->when_complete([this](std::string_view bytes) { completed.emplace_back(bytes); });
    return made;
  }
  // What that many chunks of a view say; "!" where it fails.
  static std::string read(http::Body& view, int chunks = 1000) {
    std::string out;
    while (chunks-- > 0) {
      const auto pulled = view.try_pull();
      if (pulled.state == http::Body::failed) return out + "!";
      if (pulled.state != http::Body::chunk) return out;
      out += pulled.bytes.view();
    }
    return out;
  }

  io::SimulatedWorld world{1};
  std::vector<std::string> completed;
};

TEST_F(ReplayTest, EveryViewBeginsWithTheFirstByte) {
  const auto whole = body({"one ", "two ", "three"});
  EXPECT_EQ(read(*whole->view()), "one two three");
  EXPECT_EQ(read(*whole->view()), "one two three");
  EXPECT_TRUE(whole->replayable());
}

TEST_F(ReplayTest, AViewGoesOnWhereTheFormerOneStopped) {
  const auto whole = body({"one ", "two ", "three"});
  EXPECT_EQ(read(*whole->view(), 2), "one two ");
  EXPECT_EQ(read(*whole->view()), "one two three");
}

TEST_F(ReplayTest, WhatIsKeptComesInPiecesOfABlock) {
  const std::string big(Buffer::block_size + 10, 'x');
  const auto whole = body({big.substr(0, Buffer::block_size), big.substr(Buffer::block_size)}, 1 << 20);
  EXPECT_EQ(read(*whole->view()), big);
  EXPECT_EQ(read(*whole->view()), big);
}

TEST_F(ReplayTest, TheLimitItselfIsStillKept) {
  const auto whole = body({"12345", "67890"}, 10);
  EXPECT_EQ(read(*whole->view()), "1234567890");
  EXPECT_TRUE(whole->replayable());
}

TEST_F(ReplayTest, OverTheLimitOnlyTheViewThatReadsSeesAll) {
  const auto whole = body({"12345", "67890", "!", "?"}, 10);
  const auto view = whole->view();
  EXPECT_EQ(read(*view, 2), "1234567890");
  EXPECT_TRUE(whole->replayable());
  EXPECT_EQ(read(*view), "!?");
  EXPECT_FALSE(whole->replayable());
  EXPECT_TRUE(completed.empty());
}

TEST_F(ReplayTest, CompletionIsToldOnceWithAllBytes) {
  const auto whole = body({"a", "b"});
  const auto view = whole->view();
  EXPECT_EQ(read(*view, 2), "ab");
  EXPECT_TRUE(completed.empty()) << "the end was not seen yet";
  EXPECT_EQ(read(*view), "");
  EXPECT_EQ(read(*whole->view()), "ab");
  EXPECT_EQ(completed, std::vector<std::string>{"ab"});
}

TEST_F(ReplayTest, AnEmptyBodyIsComplete) {
  EXPECT_EQ(read(*body({})->view()), "");
  EXPECT_EQ(completed, std::vector<std::string>{""});
}

TEST_F(ReplayTest, AFailureIsPassedOnAndIsNoCompletion) {
  const auto whole = body({"a"}, 100, true);
  const auto view = whole->view();
  EXPECT_EQ(read(*view), "a!");
  EXPECT_EQ(view->last_error().message, "cut off");
  EXPECT_EQ(read(*whole->view()), "a!");
  EXPECT_TRUE(completed.empty());
}

TEST_F(ReplayTest, AViewOutlivesItsOwner) {
  auto whole = body({"a", "b"});
  const auto view = whole->view();
  whole.reset();
  EXPECT_EQ(read(*view), "ab");
}

}  // namespace
}  // namespace lateen::router
