// Trace contexts: which are continued, which are begun anew, and what the next hop is told.
#include "data_plane/http/exchange_test_world.h"
#include "data_plane/http/request_head.h"

namespace lateen::proxy {
namespace {

constexpr const char* trace = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr const char* span = "00f067aa0ba902b7";
constexpr const char* parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

class Traces : public OneExchange {
 protected:
  void pass(std::initializer_list<http::Headers::Field> fields) {
    ask(fields);
    continue_trace(*exchange, settings);
  }
  std::string trace_id() const { return exchange->record.extra->trace_id; }
  std::string span_id() const { return exchange->record.extra->span_id; }
  ManagerSettings settings;
};

TEST_F(Traces, ATraceparentIsContinuedWithASpanOfOurOwn) {
  pass({{"traceparent", parent}, {"tracestate", "vendor=1"}});
  EXPECT_EQ(trace_id(), trace);
  EXPECT_NE(span_id(), span);
  EXPECT_EQ(field("traceparent"), fmt::format("00-{}-{}-01", trace, span_id()));
  EXPECT_EQ(field("tracestate"), "vendor=1");
  EXPECT_EQ(field("x-b3-traceid"), trace);
  EXPECT_EQ(field("x-b3-spanid"), span_id());
  EXPECT_EQ(field("x-b3-parentspanid"), span);
  EXPECT_EQ(field("x-b3-sampled"), "1");
}

TEST_F(Traces, TheCallersDecisionToSampleStands) {
  settings.random_sampling = 0;
  pass({{"traceparent", parent}});
  EXPECT_EQ(field("x-b3-sampled"), "1");
  settings.random_sampling = 100;
  pass({{"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"}});
  EXPECT_EQ(field("x-b3-sampled"), "0");
  pass({{"x-b3-sampled", "0"}});
  EXPECT_EQ(field("traceparent").substr(53), "00") << "without ids, too";
}

TEST_F(Traces, WhatIsNoTraceparentBeginsATraceWithoutItsState) {
  for (const char* text : {
           "",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-001",
           "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
           "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
           "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
           "zz-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
       }) {
    pass({{"traceparent", text}, {"tracestate", "vendor=1"}});
    EXPECT_NE(trace_id(), trace) << text;
    EXPECT_EQ(field("traceparent"), fmt::format("00-{}-{}-01", trace_id(), span_id())) << text;
    EXPECT_EQ(field("tracestate"), "(none)") << text;
    EXPECT_EQ(field("x-b3-parentspanid"), "(none)") << text;
  }
}

TEST_F(Traces, LaterVersionsOfTraceparentMayBeLonger) {
  pass({{"traceparent", "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more"}});
  EXPECT_EQ(trace_id(), trace);
}

TEST_F(Traces, B3IsContinuedInTheFormInWhichItCame) {
  pass({{"b3", "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0-05e3ac9a4f6e3b90"}});
  EXPECT_EQ(field("b3"), fmt::format("{}-{}-0", trace, span_id()));
  EXPECT_EQ(field("x-b3-traceid"), "(none)");
  EXPECT_EQ(field("traceparent"), fmt::format("00-{}-{}-00", trace, span_id()));

  pass({{"x-b3-traceid", trace}, {"x-b3-spanid", span}, {"x-b3-parentspanid", "1111111111111111"}});
  EXPECT_EQ(field("x-b3-traceid"), trace);
  EXPECT_EQ(field("x-b3-parentspanid"), span);
  EXPECT_EQ(field("b3"), "(none)");

  pass({{"b3", "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1"}, {"x-b3-traceid", "1"}, {"x-b3-spanid", "2"}});
  EXPECT_EQ(field("b3"), fmt::format("{}-{}-1", trace, span_id()));
  EXPECT_EQ(field("x-b3-traceid"), trace) << "both forms say the same";
  EXPECT_EQ(field("x-b3-spanid"), span_id());
}

TEST_F(Traces, ShortB3IdsArePaddedForTraceparentAlone) {
  pass({{"x-b3-traceid", "A3CE929D0E0E4736"}, {"x-b3-spanid", "00F067AA0BA902B7"}, {"x-b3-flags", "1"}});
  EXPECT_EQ(field("x-b3-traceid"), "a3ce929d0e0e4736");
  EXPECT_EQ(field("traceparent"), fmt::format("00-0000000000000000a3ce929d0e0e4736-{}-01", span_id()));
}

TEST_F(Traces, ASingleB3ThatIsNoneIsPassedOver) {
  settings.random_sampling = 100;
  for (const char* text : {"garbage", "", "a-b-c", "4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-0"}) {
    pass({{"b3", text}});
    EXPECT_NE(trace_id(), trace) << text;
    EXPECT_EQ(field("b3"), fmt::format("{}-{}-1", trace_id(), span_id())) << "it has no say in sampling: " << text;
  }
  for (const auto& [text, sampled] :
       std::initializer_list<std::pair<const char*, const char*>>{{"0", "0"}, {"1", "1"}, {"d", "1"}}) {
    pass({{"b3", text}});
    EXPECT_EQ(field("b3"), fmt::format("{}-{}-{}", trace_id(), span_id(), sampled)) << text;
  }
}

TEST_F(Traces, NewTracesAreSampledByTheirShare) {
  int sampled = 0;
  settings.random_sampling = 25;
  for (int i = 0; i < 1000; ++i) {
    pass({});
    sampled += field("x-b3-sampled") == "1";
  }
  EXPECT_NEAR(sampled, 250, 60);
}

}  // namespace
}  // namespace lateen::proxy
