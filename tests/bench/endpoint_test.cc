#include "bench/load/endpoint.h"

#include <gtest/gtest.h>

namespace coedit::bench {
namespace {

TEST(EndpointTest, TakesLoopbackAddresses) {
  struct Case {
    const char* url;
    const char* address;
    uint16_t port;
    const char* host;
    const char* path;
  };
  for (const Case& c :
       {Case{"ws://127.0.0.1:8080/v1/ws", "127.0.0.1", 8080, "127.0.0.1:8080", "/v1/ws"},
        Case{"ws://127.1.2.3/v1/ws?a=b", "127.1.2.3", 80, "127.1.2.3", "/v1/ws?a=b"},
        Case{"ws://LocalHost:1", "127.0.0.1", 1, "LocalHost:1", "/"},
        Case{"ws://[::1]:65535/", "::1", 65535, "[::1]:65535", "/"}}) {
    SCOPED_TRACE(c.url);
    const absl::StatusOr<Endpoint> endpoint = ParseEndpoint(c.url);
    ASSERT_TRUE(endpoint.ok()) << endpoint.status();
    EXPECT_EQ(endpoint->address, c.address);
    EXPECT_EQ(endpoint->port, c.port);
    EXPECT_EQ(endpoint->host, c.host);
    EXPECT_EQ(endpoint->path, c.path);
  }
}

// One address has 28,000 ports: beyond 10,000 connections another one lends its own.
TEST(EndpointTest, SourceAddressesLastForManyConnections) {
  const Endpoint four{.address = "127.0.0.1"};
  EXPECT_EQ(SourceAddress(four, 9'999), "");
  EXPECT_EQ(SourceAddress(four, 10'000), "127.0.0.2");
  EXPECT_EQ(SourceAddress(four, 25'000), "127.0.0.3");
  const Endpoint six{.address = "::1"};
  EXPECT_EQ(SourceAddress(six, 45'000), "");
}

TEST(EndpointTest, RefusesOtherMachines) {
  for (const char* url :
       {"ws://10.0.0.1:8080/", "ws://0.0.0.0:8080/", "ws://128.0.0.1/", "ws://example.org/v1/ws",
        "ws://127.0.0.1.example.org/", "ws://127.0.0.1@10.0.0.1/", "ws://[::]/", "ws://[fe80::1]/",
        "ws://[::ffff:10.0.0.1]/", "ws:///v1/ws", "ws://localhost.example/"}) {
    SCOPED_TRACE(url);
    EXPECT_EQ(ParseEndpoint(url).status().code(), absl::StatusCode::kPermissionDenied);
  }
}

TEST(EndpointTest, RefusesWhatIsNoUrl) {
  for (const char* url : {"", "127.0.0.1:8080", "http://127.0.0.1/", "wss://127.0.0.1/",
                          "ws://[::1/", "ws://127.0.0.1:/", "ws://127.0.0.1:0/",
                          "ws://127.0.0.1:65536/", "ws://127.0.0.1:80x/", "ws://[::1]80/"}) {
    SCOPED_TRACE(url);
    EXPECT_EQ(ParseEndpoint(url).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace coedit::bench
