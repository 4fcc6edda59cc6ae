// Answers of the proxy's own.
#include "data_plane/http/exchange_test_world.h"

namespace lateen::proxy {
namespace {

class Replies : public OneExchange {
 protected:
  std::string body_of(http::Response& response) {
    if (!response.body) return "";
    return std::string(response.body->try_pull().bytes.view());
  }
};

TEST_F(Replies, ATextSaysItsTypeAndLength) {
  http::Response response = exchange->reply(503, "no healthy upstream", "no_healthy_upstream");
  EXPECT_EQ(response.status(), 503);
  EXPECT_EQ(response.headers.value("content-type"), "text/plain");
  EXPECT_EQ(response.headers.value("content-length"), "19");
  EXPECT_EQ(body_of(response), "no healthy upstream");
  EXPECT_TRUE(exchange->local_reply);
  EXPECT_EQ(exchange->record.details, "no_healthy_upstream");
  EXPECT_FALSE(exchange->record.flags.any());
}

TEST_F(Replies, WithoutATextThereIsNoType) {
  const http::Response response = exchange->reply(404, "", "route_not_found", Flag::no_route_found);
  EXPECT_EQ(response.headers.value("content-length"), "0");
  EXPECT_FALSE(response.headers.has("content-type"));
  EXPECT_FALSE(response.body);
  EXPECT_EQ(exchange->record.flags.text(), "NR");
}

TEST_F(Replies, GrpcClientsGetAStatusThatTheyUnderstand) {
  struct Pair {
    int http;
    const char* grpc;
  };
  for (const Pair& each : std::initializer_list<Pair>{{400, "13"},
                                                      {401, "16"},
                                                      {403, "7"},
                                                      {404, "12"},
                                                      {429, "14"},
                                                      {502, "14"},
                                                      {503, "14"},
                                                      {504, "14"},
                                                      {500, "2"},
                                                      {301, "2"}}) {
    ask({{"content-type", "application/grpc+proto"}});
    const http::Response response = exchange->reply(each.http, "50% of\nit", "x");
    EXPECT_EQ(response.status(), 200);
    EXPECT_EQ(response.headers.value("content-type"), "application/grpc");
    EXPECT_EQ(response.headers.value("grpc-status"), each.grpc) << each.http;
    EXPECT_EQ(response.headers.value("grpc-message"), "50%25 of%0Ait");
    EXPECT_FALSE(response.body);
  }
}

TEST_F(Replies, OnlyGrpcItselfIsGrpc) {
  for (const char* type : {"application/grpc-web", "application/grpcx", "text/plain", ""}) {
    ask({{"content-type", type}});
    EXPECT_EQ(exchange->reply(503, "x", "x").status(), 503) << type;
  }
}

TEST_F(Replies, RecordsKnowTheProtocolAndTheHeadsSize) {
  EXPECT_EQ(exchange->record.protocol, "HTTP/1.1");
  EXPECT_EQ(exchange->record.request_head_bytes, request().headers.byte_size());
  request().version = http::Version::http2;
  EXPECT_EQ(Exchange(stream, connection, world).record.protocol, "HTTP/2");
  request().version = http::Version::http1_0;
  EXPECT_EQ(Exchange(stream, connection, world).record.protocol, "HTTP/1.0");
}

}  // namespace
}  // namespace lateen::proxy
