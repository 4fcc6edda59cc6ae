#include "data_plane/router/route_table.h"

#include <gtest/gtest.h>

#include "data_plane/router/router.h"

namespace lateen::router {
namespace {

Headers request(std::string_view path, std::string_view authority = "web", std::string_view method = "GET") {
  Headers out;
  out.add(":method", method);
  out.add(":scheme", "http");
  out.add(":authority", authority);
  if (!path.empty()) out.add(":path", path);
  return out;
}

std::shared_ptr<const RouteTable> table(std::vector<Route> routes) {
  RouteTable::Contents contents{.name = "t"};
  contents.hosts.push_back({.name = "h", .domains = {"*"}, .routes = std::move(routes)});
  return RouteTable::make(std::move(contents)).value();
}

std::string found(const RouteTable& table, const Headers& request, uint64_t draw = 0) {
  const RouteTable::Found found = table.find(request, draw);
  return found.route ? found.route->name : "";
}

class Domains : public testing::Test {
 protected:
  static Result<std::shared_ptr<const RouteTable>> make(std::vector<std::string> domains, bool ignore_port = false) {
    RouteTable::Contents contents{.name = "t", .ignore_port_in_host = ignore_port};
    for (std::string& domain : domains) contents.hosts.push_back({.name = domain, .domains = {domain}});
    return RouteTable::make(std::move(contents));
  }
  static std::string host(const RouteTable& table, std::string_view authority) {
    const VirtualHost* host = table.find_host(authority);
    return host ? host->name : "";
  }
};

TEST_F(Domains, ExactThenLongestSuffixThenLongestPrefixThenAny) {
  const auto table = make({"*", "web.*", "web.foo.*", "*.com", "*.foo.com", "*-bar.foo.com", "web.foo.com"}).value();
  for (const auto& [authority, expected] : std::initializer_list<std::pair<std::string_view, std::string_view>>{
           {"web.foo.com", "web.foo.com"},
           {"WEB.foo.COM", "web.foo.com"},
           {"x.foo.com", "*.foo.com"},
           {"x-bar.foo.com", "*-bar.foo.com"},
           {"web.bar.com", "*.com"},
           {"web.foo.org", "web.foo.*"},
           {"web.org", "web.*"},
           {"web.foo.com:80", "web.foo.*"},
           {"other", "*"},
           {"", "*"},
           {".foo.com", "*.com"},  // the star is at least one character
           {"web.", "*"}})
    EXPECT_EQ(host(*table, authority), expected) << authority;
}

TEST_F(Domains, WithoutAnyTheHostIsUnknown) {
  EXPECT_EQ(host(*make({"web"}).value(), "other"), "");
  EXPECT_EQ(host(*make({"web"}).value(), "web:80"), "");
  EXPECT_EQ(host(*make({}).value(), "web"), "");
}

TEST_F(Domains, PortsAreIgnoredWhereTheTableSaysSo) {
  const auto table = make({"web", "*.foo.com", "[::1]"}, true).value();
  for (const auto& [authority, expected] :
       std::initializer_list<std::pair<std::string_view, std::string_view>>{{"web:80", "web"},
                                                                            {"web", "web"},
                                                                            {"x.foo.com:443", "*.foo.com"},
                                                                            {"[::1]:80", "[::1]"},
                                                                            {"[::1]", "[::1]"}})
    EXPECT_EQ(host(*table, authority), expected) << authority;
}

TEST_F(Domains, ADomainOccursOnce) {
  for (const char* domain : {"web", "*", "*.foo.com", "web.*"}) {
    const auto made = make({domain, domain});
    ASSERT_FALSE(made) << domain;
    EXPECT_EQ(
        made.error().message,
        fmt::format("Only unique values for domains are permitted. Duplicate entry of domain {} in route t", domain));
  }
  EXPECT_FALSE(make({"Web", "wEB"}));
  EXPECT_TRUE(make({"*.foo", "foo.*", "foo"}));
}

TEST(Routes, TheFirstThatMatchesInEveryPart) {
  const auto routes = table({
      {.name = "query", .path = {.kind = PathMatch::prefix, .text = "/a"}, .query = {{.name = "q"}}},
      {.name = "header", .path = {.kind = PathMatch::prefix, .text = "/a"}, .headers = {{.name = "x"}}},
      {.name = "grpc", .grpc_only = true},
      {.name = "half", .path = {.kind = PathMatch::exact, .text = "/half"}, .fraction = Fraction{50, 100}},
      {.name = "rest", .path = {.kind = PathMatch::prefix, .text = "/"}},
  });
  EXPECT_EQ(found(*routes, request("/a?q=1")), "query");
  EXPECT_EQ(found(*routes, request("/b?q=1")), "rest");
  Headers with = request("/a");
  with.add("x", "1");
  EXPECT_EQ(found(*routes, with), "header");
  EXPECT_EQ(found(*routes, request("/half"), 149), "half");
  EXPECT_EQ(found(*routes, request("/half"), 150), "rest");
  for (const auto& [type, grpc] :
       std::initializer_list<std::pair<std::string_view, bool>>{{"application/grpc", true},
                                                                {"application/grpc+proto", true},
                                                                {"application/grpc-web", false},
                                                                {"", false}}) {
    Headers typed = request("/b");
    typed.add("content-type", type);
    EXPECT_EQ(found(*routes, typed), grpc ? "grpc" : "rest") << type;
  }
}

TEST(Routes, WhatHasNoPathIsForConnectRoutesAlone) {
  const auto routes = table({{.name = "any"}, {.name = "connect", .path = {.kind = PathMatch::connect}}});
  EXPECT_EQ(found(*routes, request("", "web:443", "CONNECT")), "connect");
  EXPECT_EQ(found(*routes, request("/", "web", "GET")), "any");
  EXPECT_EQ(found(*table({{.name = "any"}}), request("", "web:443", "CONNECT")), "");
}

TEST(Weights, TheDrawFallsOnTheSumOfWeights) {
  Forward forward{.clusters = {{.name = "a", .weight = 1}, {.name = "none", .weight = 0}, {.name = "b", .weight = 3}},
                  .total_weight = 4};
  std::string drawn;
  for (uint64_t draw = 0; draw < 8; ++draw) drawn += Router::choose(forward, draw)->name;
  EXPECT_EQ(drawn, "abbbabbb");
  forward.total_weight = 0;
  EXPECT_EQ(Router::choose(forward, 1), nullptr);
  const Forward one{.clusters = {{.name = "only", .weight = 0}}};
  EXPECT_EQ(Router::choose(one, 5)->name, "only");
}

class MutationsTest : public testing::Test {
 protected:
  static HeaderAddition addition(HeaderAddition::Action action, std::string_view name, std::string_view value,
                                 bool keep_empty = false) {
    return {.name = std::string(name),
            .value = telemetry::Format::compile(value).value(),
            .action = action,
            .keep_empty = keep_empty};
  }
  std::string apply(const HeaderMutations& mutations) {
    mutations.apply(headers, {record, &headers});
    return headers.joined("x").value_or("none");
  }

  telemetry::Record record;
  Headers headers = request("/p");
};

TEST_F(MutationsTest, ActionsOnWhatIsThereAndWhatIsNot) {
  struct Case {
    HeaderAddition::Action action;
    std::string_view there, missing;
  };
  for (const auto& [action, there, missing] :
       {Case{HeaderAddition::append, "old,new", "new"}, Case{HeaderAddition::add_if_absent, "old", "new"},
        Case{HeaderAddition::overwrite, "new", "new"}, Case{HeaderAddition::overwrite_if_exists, "new", "none"}}) {
    headers.remove("x");
    EXPECT_EQ(apply({.add = {addition(action, "x", "new")}}), missing) << action;
    headers.set("x", "old");
    EXPECT_EQ(apply({.add = {addition(action, "x", "new")}}), there) << action;
  }
}

TEST_F(MutationsTest, RemovalsComeFirst) {
  headers.add("x", "old");
  headers.add("x", "older");
  EXPECT_EQ(apply({.remove = {"x"}, .add = {addition(HeaderAddition::append, "x", "new")}}), "new");
}

TEST_F(MutationsTest, EmptyValuesAreLeftOutUnlessTheyAreToBeKept) {
  EXPECT_EQ(apply({.add = {addition(HeaderAddition::append, "x", "%REQ(missing)%")}}), "none");
  EXPECT_EQ(apply({.add = {addition(HeaderAddition::append, "x", "%REQ(missing)%", true)}}), "");
}

TEST_F(MutationsTest, ClusterRouteHostTableOrTheOtherWayRound) {
  for (const bool most_specific_wins : {false, true}) {
    const auto add = [](std::string_view who) {
      HeaderMutations out{.add = {addition(HeaderAddition::append, "x", who)}};
      return Mutations{.request = out, .response = out};
    };
    RouteTable::Contents contents{
        .name = "t", .mutations = add("table"), .most_specific_mutations_win = most_specific_wins};
    VirtualHost host{.name = "h", .domains = {"*"}, .mutations = add("host")};
    host.routes.push_back({.name = "r", .mutations = add("route")});
    contents.hosts.push_back(std::move(host));
    const auto table = RouteTable::make(std::move(contents)).value();
    const WeightedCluster cluster{.name = "c", .mutations = add("cluster")};
    const std::string_view expected = most_specific_wins ? "table,host,route,cluster" : "cluster,route,host,table";
    Headers to = request("/p");
    mutate_request(to, *table, table->find(to, 0), &cluster, {record, &to});
    EXPECT_EQ(to.joined("x"), expected);
    Headers from;
    mutate_response(from, *table, table->find(to, 0), &cluster, {record, &to, &from});
    EXPECT_EQ(from.joined("x"), expected);
    Headers nothing_found;
    mutate_response(nothing_found, *table, {}, nullptr, {record, &to, &nothing_found});
    EXPECT_EQ(nothing_found.joined("x"), "table");
  }
}

TEST(FilterSettings, RouteBeforeHostBeforeTable) {
  const auto route = std::make_shared<struct FilterSettings>(), host = std::make_shared<struct FilterSettings>(),
             all = std::make_shared<struct FilterSettings>();
  RouteTable::Contents contents{.name = "t"};
  contents.filters.settings = {{"f", all}, {"g", all}, {"h", all}};
  contents.hosts.push_back({.name = "h", .domains = {"*"}});
  contents.hosts[0].filters.settings = {{"f", host}, {"g", host}};
  contents.hosts[0].filters.disabled = {"off"};
  contents.hosts[0].routes.push_back({.name = "r"});
  contents.hosts[0].routes[0].filters.settings = {{"f", route}};
  const auto table = RouteTable::make(std::move(contents)).value();
  const auto found = table->find(request("/"), 0);
  EXPECT_EQ(table->settings_for(found, "f"), route.get());
  EXPECT_EQ(table->settings_for(found, "g"), host.get());
  EXPECT_EQ(table->settings_for(found, "h"), all.get());
  EXPECT_EQ(table->settings_for(found, "i"), nullptr);
  EXPECT_EQ(table->settings_for({}, "f"), all.get());
  EXPECT_TRUE(table->disabled_for(found, "off"));
  EXPECT_FALSE(table->disabled_for(found, "f"));
}

}  // namespace
}  // namespace lateen::router
