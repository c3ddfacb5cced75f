// The API over real sockets: bodies that come in pieces, late or not at all, one request after
// another, and a server that is asked to stop meanwhile. What each call does is tested without
// sockets (tests/server/api) and against its description (tests/api).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/server/io/raw_client.h"
#include "tests/server/io/test_server.h"

namespace coedit::server {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string Post(uint16_t port, absl::string_view target, absl::string_view body,
                 absl::string_view fields = "") {
  return absl::StrCat("POST ", target, " HTTP/1.1\r\nHost: 127.0.0.1:", port,
                      "\r\nContent-Type: application/json\r\nContent-Length: ", body.size(), "\r\n",
                      fields, "\r\n", body);
}

TEST(HttpApi, ABodyMayComeByteByByte) {
  TestServer server;
  RawClient client(server.port());
  for (const char byte : Post(server.port(), "/v1/documents", R"({"id":"d","content":"x"})")) {
    ASSERT_TRUE(client.Send(absl::string_view(&byte, 1)));
  }
  EXPECT_EQ(client.ReadResponse().status, 201);
  // On the same connection.
  EXPECT_EQ(client.Get("/v1/documents/d?format=text").body, "x\n");
}

TEST(HttpApi, RequestsThatComeTogetherAreAnsweredInTurn) {
  TestServer server;
  RawClient client(server.port());
  const std::string get =
      absl::StrCat("GET /v1/documents/d HTTP/1.1\r\nHost: 127.0.0.1:", server.port(), "\r\n\r\n");
  client.Send(absl::StrCat(Post(server.port(), "/v1/documents", R"({"id":"d"})"), get,
                           Post(server.port(), "/v1/documents", R"({"id":"d"})"), get));
  EXPECT_EQ(client.ReadResponse().status, 201);
  EXPECT_EQ(client.ReadResponse().status, 200);
  EXPECT_EQ(client.ReadResponse().status, 409);
  EXPECT_EQ(client.ReadResponse().status, 200);
}

TEST(HttpApi, ALateBodyEndsTheConnection) {
  ServerOptions options = TestOptions();
  options.limits.assembly_seconds = 1;
  TestServer server(options);
  RawClient client(server.port());
  const std::string request = Post(server.port(), "/v1/documents", R"({"id":"d"})");
  client.Send(absl::string_view(request).substr(0, request.size() - 1));
  const RawResponse late = client.ReadResponse();
  EXPECT_EQ(late.status, 408);
  EXPECT_THAT(late.body, HasSubstr("too_slow"));
  EXPECT_EQ(late.Field("connection"), "close");
}

TEST(HttpApi, ALargeBodyIsRefusedUnread) {
  TestServer server;
  RawClient client(server.port());
  client.Send(absl::StrCat("POST /v1/documents HTTP/1.1\r\nHost: 127.0.0.1:", server.port(),
                           "\r\nContent-Type: application/json\r\nContent-Length: 262145\r\n\r\n"));
  EXPECT_EQ(client.ReadResponse().status, 413);
  EXPECT_TRUE(client.Ended());
}

TEST(HttpApi, WhoAsksForLeaveGetsItWhereItMakesSense) {
  TestServer server;
  RawClient client(server.port());
  const std::string body = R"({"id":"d"})";
  const std::string request =
      Post(server.port(), "/v1/documents", body, "Expect: 100-continue\r\n");
  client.Send(absl::string_view(request).substr(0, request.size() - body.size()));
  EXPECT_EQ(client.ReadResponse(/*head_only=*/true).status, 100);
  client.Send(body);
  EXPECT_EQ(client.ReadResponse().status, 201);
}

TEST(HttpApi, BodiesBelongToTheApiAlone) {
  TestServer server;
  for (const char* target : {"/", "/healthz", "/v1/ws"}) {
    RawClient client(server.port());
    client.Send(Post(server.port(), target, "{}"));
    EXPECT_EQ(client.ReadResponse().status, 413) << target;
  }
}

TEST(HttpApi, AnswersCarryWhatTheOthersCarry) {
  TestServer server;
  RawClient client(server.port());
  const RawResponse answer = client.Get("/v1/documents");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.Field("x-content-type-options"), "nosniff");
  EXPECT_EQ(answer.Field("cache-control"), "no-store");
  EXPECT_EQ(answer.Field("connection"), "keep-alive");
  const RawResponse foreign = client.Get("/v1/documents", "Origin: https://evil.example\r\n");
  EXPECT_EQ(foreign.status, 403);
  EXPECT_THAT(foreign.body, StartsWith(R"({"error":{"code":"forbidden")"));
}

TEST(HttpApi, AStopWaitsForNobody) {
  TestServer server;
  RawClient idle(server.port());
  EXPECT_EQ(idle.Get("/v1/documents").status, 200);
  RawClient half(server.port());
  const std::string request = Post(server.port(), "/v1/documents", R"({"id":"d"})");
  half.Send(absl::string_view(request).substr(0, request.size() - 1));
  RawClient other(server.port());
  EXPECT_EQ(other.Get("/v1/documents").status, 200);
  server.StopAndWait();
  EXPECT_TRUE(idle.Ended());
}

}  // namespace
}  // namespace coedit::server
