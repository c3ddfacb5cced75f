// A stop on request: what was accepted is stored, clients are told, and it comes to an end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/server/io/raw_client.h"
#include "tests/server/io/test_server.h"

namespace coedit::server {
namespace {

using testing::HasSubstr;

TEST(ShutdownTest, IdleServerStops) {
  TestServer server;
  server.StopAndWait();
}

TEST(ShutdownTest, ClientsAreToldToComeBack) {
  TestServer server;
  {
    RawClient client(server.port());
    ASSERT_TRUE(client.Upgrade());
    client.Hello();
    server.server().Stop();
    EXPECT_THAT(client.ReadFrame().payload, HasSubstr("goAway"));
    const RawFrame close = client.ReadClose();
    EXPECT_EQ(close.close_code(), 1012);
    client.SendFrame(RawClient::kClose, close.payload);
    EXPECT_TRUE(client.Ended());
  }
  server.StopAndWait();
}

TEST(ShutdownTest, NeitherASilentClientNorAHalfRequestHoldsItUp) {
  ServerOptions options = TestOptions();
  options.limits.drain_seconds = 2;
  TestServer server(options);
  RawClient silent(server.port());
  ASSERT_TRUE(silent.Upgrade());
  silent.Hello();
  RawClient idle(server.port());
  EXPECT_EQ(idle.Get("/healthz").status, 200);
  RawClient half(server.port());
  half.Send("GET / HT");
  server.StopAndWait();
}

TEST(ShutdownTest, StoppingTwiceIsOnce) {
  TestServer server;
  server.server().Stop();
  server.server().Stop();
  server.StopAndWait();
}

}  // namespace
}  // namespace coedit::server
