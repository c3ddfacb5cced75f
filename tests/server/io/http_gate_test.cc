// Who may ask: the table of Host and Origin.
#include "server/io/http_gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/io/http_request.h"

namespace coedit::server {
namespace {

struct Case {
  const char* host;
  const char* origin;  // nullptr: none
  int status;          // 0: passes
};

int Verdict(const HttpGate& gate, const Case& entry) {
  const std::string head = absl::StrCat(
      "GET / HTTP/1.1\r\nHost: ", entry.host, "\r\n",
      entry.origin == nullptr ? "" : absl::StrCat("Origin: ", entry.origin, "\r\n"), "\r\n");
  HttpRequest request;
  if (const auto refusal = ParseHttpHead(head, {}, &request); refusal.has_value()) {
    return refusal->status;
  }
  const std::optional<HttpRefusal> refusal = gate.Check(request);
  return refusal.has_value() ? refusal->status : 0;
}

void ExpectVerdicts(const HttpGate::Options& options, const std::vector<Case>& cases) {
  const absl::StatusOr<HttpGate> gate = HttpGate::Make(options);
  ASSERT_TRUE(gate.ok()) << gate.status();
  for (const Case& entry : cases) {
    EXPECT_EQ(Verdict(*gate, entry), entry.status)
        << "Host: " << entry.host
        << " Origin: " << (entry.origin == nullptr ? "none" : entry.origin);
  }
}

TEST(HttpGateTest, OnLoopback) {
  ExpectVerdicts({.listen = *IpAddress::Parse("127.0.0.1"),
                  .machine = {},
                  .allow_hosts = {},
                  .allow_origins = {}},
                 {
                     {"127.0.0.1:8080", nullptr, 0},
                     {"localhost:8080", nullptr, 0},
                     {"LOCALHOST:8080", nullptr, 0},
                     {"localhost", nullptr, 0},
                     {"localhost:9000", nullptr, 0},  // a forwarded port
                     {"127.0.0.2:8080", nullptr, 421},
                     {"[::1]:8080", nullptr, 421},
                     {"evil.example", nullptr, 421},
                     {"evil.example:8080", nullptr, 421},
                     {"localhost.evil.example", nullptr, 421},
                     {"localhost.", nullptr, 421},
                     {"127.0.0.1:8080", "http://127.0.0.1:8080", 0},
                     {"127.0.0.1:8080", "http://localhost:8080", 0},
                     {"localhost:8080", "http://localhost:8080", 0},
                     {"localhost", "http://localhost", 0},
                     {"localhost", "https://localhost", 0},  // behind a proxy that ends TLS
                     {"localhost:8080", "http://localhost:8081", 403},
                     {"localhost:8080", "http://localhost", 403},
                     {"localhost:8080", "null", 403},
                     {"localhost:8080", "", 403},
                     {"localhost:8080", "http://evil.example", 403},
                     {"localhost:8080", "http://evil.example:8080", 403},
                     {"localhost:8080", "http://localhost:8080.evil.example", 403},
                     {"localhost:8080", "http://evil-localhost:8080", 403},
                     {"localhost:8080", "http://localhost:8080/", 403},
                     {"localhost:8080", "http://user@localhost:8080", 403},
                     {"localhost:8080", "file://", 403},
                     {"localhost:8080", "chrome-extension://localhost:8080", 403},
                 });
}

TEST(HttpGateTest, WhatIsAllowedOnTheCommandLine) {
  ExpectVerdicts({.listen = *IpAddress::Parse("127.0.0.1"),
                  .machine = {},
                  .allow_hosts = {"Docs.Example.org"},
                  .allow_origins = {"https://app.example.org", "http://localhost:5173"}},
                 {
                     {"docs.example.org", nullptr, 0},
                     {"docs.example.org", "https://docs.example.org", 0},
                     {"docs.example.org", "https://docs.example.org:444", 403},
                     {"docs.example.org:8443", "https://docs.example.org:8443", 0},
                     {"docs.example.org", "https://app.example.org", 0},
                     {"docs.example.org", "https://app.example.org:443", 0},
                     {"docs.example.org", "http://app.example.org", 403},
                     {"docs.example.org", "https://app.example.org:8443", 403},
                     {"docs.example.org", "https://sub.app.example.org", 403},
                     {"app.example.org", nullptr, 421},  // an origin is no host
                     {"127.0.0.1:8080", "http://localhost:5173", 0},
                     {"127.0.0.1:8080", "http://localhost:5174", 403},
                 });
}

TEST(HttpGateTest, OnAllInterfacesTheMachinesAddressesAreHosts) {
  ExpectVerdicts({.listen = *IpAddress::Parse("0.0.0.0"),
                  .machine = {*IpAddress::Parse("192.0.2.7"), *IpAddress::Parse("2001:db8::7")},
                  .allow_hosts = {},
                  .allow_origins = {}},
                 {
                     {"192.0.2.7:8080", nullptr, 0},
                     {"192.0.2.7:8080", "http://192.0.2.7:8080", 0},
                     {"[2001:db8::7]:8080", nullptr, 0},
                     {"[2001:DB8:0::7]:8080", nullptr, 0},
                     {"localhost:8080", nullptr, 0},
                     {"192.0.2.8:8080", nullptr, 421},
                     {"0.0.0.0:8080", nullptr, 421},
                     {"machine.local:8080", nullptr, 421},
                 });
}

TEST(HttpGateTest, TheRefusalNamesTheFlagThatWouldAllowIt) {
  const absl::StatusOr<HttpGate> gate = HttpGate::Make({});
  ASSERT_TRUE(gate.ok());
  HttpRequest request;
  request.host = *ParseAuthority("docs.example.org");
  EXPECT_THAT(gate->Check(request)->text, testing::HasSubstr("--allow-host docs.example.org"));
}

TEST(HttpGateTest, WrongEntriesAreNamed) {
  for (const char* host : {"http://x", "x:80", "", "a b"}) {
    HttpGate::Options options;
    options.allow_hosts = {host};
    EXPECT_EQ(HttpGate::Make(options).status().code(), absl::StatusCode::kInvalidArgument) << host;
  }
  for (const char* origin : {"x", "ftp://x", "https://", "https://x/", "*", "null"}) {
    HttpGate::Options options;
    options.allow_origins = {origin};
    EXPECT_EQ(HttpGate::Make(options).status().code(), absl::StatusCode::kInvalidArgument)
        << origin;
  }
}

}  // namespace
}  // namespace coedit::server
