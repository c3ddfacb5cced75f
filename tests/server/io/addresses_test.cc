// IP addresses, the command line's ADDRESS:PORT, and who is counted as whom.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "server/io/connection_slots.h"
#include "server/io/ip_address.h"

namespace coedit::server {
namespace {

TEST(EndpointTest, Legal) {
  const struct {
    const char* text;
    const char* normal;
  } kCases[] = {{"127.0.0.1:8080", "127.0.0.1:8080"}, {"0.0.0.0:0", "0.0.0.0:0"},
                {"[::1]:8080", "[::1]:8080"},         {"[::]:65535", "[::]:65535"},
                {"localhost:80", "127.0.0.1:80"},     {"[2001:DB8::0:1]:1", "[2001:db8::1]:1"}};
  for (const auto& entry : kCases) {
    const absl::StatusOr<Endpoint> endpoint = ParseEndpoint(entry.text);
    ASSERT_TRUE(endpoint.ok()) << endpoint.status();
    EXPECT_EQ(endpoint->ToString(), entry.normal);
  }
}

TEST(EndpointTest, Wrong) {
  for (const char* text :
       {"", "8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536",
        "127.0.0.1:-1", "127.0.0.1:+1", "127.0.0.1:080808", "::1:8080", "[::1]", "[127.0.0.1]:80",
        "[::1:80", "example.org:80", "127.1:80", "[fe80::1%eth0]:80"}) {
    EXPECT_EQ(ParseEndpoint(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

TEST(IpAddressTest, MappedV4IsV4) {
  EXPECT_EQ(*IpAddress::Parse("::ffff:192.0.2.1"), *IpAddress::Parse("192.0.2.1"));
  EXPECT_TRUE(IpAddress::Parse("::ffff:127.0.0.1")->is_loopback());
  EXPECT_TRUE(IpAddress::Parse("::1")->is_loopback());
  EXPECT_FALSE(IpAddress::Parse("::2")->is_loopback());
  EXPECT_EQ(IpAddress::Parse("2001:db8:1:2:3:4:5:6")->CountedAs(),
            *IpAddress::Parse("2001:db8:1:2::"));
}

TEST(ConnectionSlotsTest, ClientBehindProxies) {
  const ConnectionSlots slots(
      {.connections = 0,
       .connections_per_address = 1,
       .trusted_proxies = {*IpAddress::Parse("10.0.0.1"), *IpAddress::Parse("10.0.0.2")}});
  const IpAddress proxy = *IpAddress::Parse("10.0.0.1");
  const auto behind = [&](std::vector<absl::string_view> list) {
    return slots.ClientBehind(proxy, list).ToString();
  };
  EXPECT_EQ(behind({"192.0.2.1"}), "192.0.2.1");
  EXPECT_EQ(behind({"203.0.113.5", "192.0.2.1"}), "192.0.2.1");
  EXPECT_EQ(behind({"192.0.2.1", "10.0.0.2"}), "192.0.2.1");
  EXPECT_EQ(behind({}), "10.0.0.1");
  EXPECT_EQ(behind({"192.0.2.1", "unknown"}), "10.0.0.1");
  EXPECT_EQ(behind({"10.0.0.2"}), "10.0.0.1");
  const IpAddress stranger = *IpAddress::Parse("198.51.100.1");
  EXPECT_EQ(slots.ClientBehind(stranger, {"192.0.2.1"}), stranger) << "not believed";
}

TEST(ConnectionSlotsTest, TakenSlotsAreGivenBack) {
  ConnectionSlots slots({.connections = 2, .connections_per_address = 1, .trusted_proxies = {}});
  const IpAddress address = *IpAddress::Parse("192.0.2.1");
  EXPECT_TRUE(slots.TakeConnection());
  EXPECT_TRUE(slots.TakeConnection());
  EXPECT_FALSE(slots.TakeConnection());
  slots.FreeConnection();
  EXPECT_TRUE(slots.TakeConnection());
  EXPECT_TRUE(slots.TakeAddress(address));
  EXPECT_FALSE(slots.TakeAddress(address));
  slots.FreeAddress(address);
  EXPECT_TRUE(slots.TakeAddress(address));
  for (int at = 0; at < 10; ++at) {
    EXPECT_TRUE(slots.TakeAddress(*IpAddress::Parse("127.0.0.1"))) << "loopback is not counted";
  }
}

}  // namespace
}  // namespace coedit::server
