// The program itself: flags, exit codes, the line it prints, signals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/server/io/process.h"
#include "tests/server/io/raw_client.h"
#include "tests/server/io/test_server.h"

namespace coedit::server {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;

TEST(MainTest, WrongCommandLinesAreExplainedInOneSentence) {
  const TemporaryDirectory data;
  const auto serve = [&data](std::vector<std::string> more) {
    std::vector<std::string> words = {"serve", "--data", data.path()};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  };
  const struct {
    std::vector<std::string> arguments;
    const char* says;
  } kCases[] = {
      {{}, "subcommand"},
      {{"verify"}, "--data is required"},
      {{"backup", "--data", data.path()}, "TARGET is required"},
      {{"compact", "--data", data.path(), "extra"}, "extra"},
      {{"dance"}, "dance"},
      {{"serve"}, "--data is required"},
      {serve({"--listen", "8080"}), "is no ADDRESS:PORT"},
      {serve({"--listen", "example.org:80"}), "is no ADDRESS:PORT"},
      {serve({"--listen", "127.0.0.1:99999"}), "is no ADDRESS:PORT"},
      {serve({"--bogus"}), "--bogus"},
      {serve({"--limit"}), "--limit"},
      {serve({"--limit", "message_bytes"}), "message_bytes"},
      {serve({"--limit", "message_byte=1"}), "message_byte"},
      {serve({"--limit", "message_bytes=many"}), "many"},
      {serve({"--limit", "message_bytes=-1"}), "message_bytes"},
      {serve({"--log-level", "loud"}), "loud"},
      {serve({"--allow-origin", "docs.example.org"}), "is no origin"},
      {serve({"--allow-host", "http://x"}), "is no host name"},
      {serve({"--trusted-proxy", "proxy"}), "is no IP address"},
      {serve({"extra"}), "extra"},
  };
  for (const auto& entry : kCases) {
    SCOPED_TRACE(entry.says);
    Process process(entry.arguments);
    const std::string errors = process.ReadErrors();
    EXPECT_EQ(process.Wait(), 2) << errors;
    EXPECT_THAT(errors, AllOf(testing::StartsWith("coedit: "), HasSubstr(entry.says)));
    EXPECT_EQ(std::count(errors.begin(), errors.end(), '\n'), 1) << errors;
    EXPECT_EQ(process.ReadOutput(), "");
  }
}

TEST(MainTest, WhatIsInTheWayIsSaid) {
  const TemporaryDirectory data;
  TestServer taken;
  const std::string address = absl::StrCat("127.0.0.1:", taken.port());
  data.Write("file", "");
  const struct {
    std::vector<std::string> arguments;
    std::string says;
  } kCases[] = {
      {{"serve", "--data", data.path() + "/a", "--listen", address}, address},
      {{"serve", "--data", data.path() + "/file", "--listen", "127.0.0.1:0"}, "file"},
      {{"serve", "--data", "/proc/none", "--listen", "127.0.0.1:0"}, "/proc/none"},
      {{"serve", "--data", data.path() + "/b", "--listen", "127.0.0.1:0", "--web-root",
        "/does/not/exist"},
       "/does/not/exist"},
      {{"serve", "--data", data.path() + "/c", "--listen", "192.0.2.1:0"}, "192.0.2.1"},
  };
  for (const auto& entry : kCases) {
    SCOPED_TRACE(entry.says);
    Process process(entry.arguments);
    const std::string errors = process.ReadErrors();
    EXPECT_EQ(process.Wait(), 1) << errors;
    EXPECT_THAT(errors, AllOf(testing::StartsWith("coedit: "), HasSubstr(entry.says)));
    EXPECT_EQ(std::count(errors.begin(), errors.end(), '\n'), 1) << errors;
    EXPECT_EQ(process.ReadOutput(), "");
  }
}

TEST(MainTest, TwoProcessesDoNotShareADirectory) {
  const TemporaryDirectory data;
  Process first({"serve", "--data", data.path(), "--listen", "127.0.0.1:0", "--log-level", "off"});
  first.ReadyPort();
  Process second({"serve", "--data", data.path(), "--listen", "127.0.0.1:0"});
  const std::string errors = second.ReadErrors();
  EXPECT_EQ(second.Wait(), 1);
  EXPECT_THAT(errors, HasSubstr(data.path()));
  first.Signal(SIGTERM);
  EXPECT_EQ(first.Wait(), 0);
}

TEST(MainTest, ServesAndStopsOnEitherSignal) {
  for (const int signal : {SIGTERM, SIGINT}) {
    const TemporaryDirectory data;
    Process process({"serve", "--data", data.path() + "/made", "--listen", "127.0.0.1:0"});
    const uint16_t port = process.ReadyPort();
    {
      RawClient client(port);
      EXPECT_EQ(client.Get("/healthz").status, 200);
      ASSERT_TRUE(client.Upgrade());
    }
    process.Signal(signal);
    EXPECT_EQ(process.Wait(), 0);
    EXPECT_EQ(process.ReadOutput(), "") << "only one line stands on stdout";
    EXPECT_THAT(process.ReadErrors(), HasSubstr("stopped"));
  }
}

TEST(MainTest, ASecondSignalEndsItAtOnce) {
  const TemporaryDirectory data;
  Process process({"serve", "--data", data.path(), "--listen", "127.0.0.1:0", "--limit",
                   "drain_seconds=600", "--limit", "close_seconds=600"});
  RawClient client(process.ReadyPort());
  ASSERT_TRUE(client.Upgrade());
  client.Hello();
  process.Signal(SIGTERM);
  // A client that does not answer keeps the process waiting.
  EXPECT_EQ(client.ReadClose().close_code(), 1012);
  process.Signal(SIGTERM);
  EXPECT_EQ(process.Wait(), 128 + SIGTERM);
}

TEST(MainTest, ListensOnIpv6) {
  if (!std::filesystem::exists("/proc/net/if_inet6")) GTEST_SKIP() << "no IPv6 here";
  const TemporaryDirectory data;
  Process process({"serve", "--data", data.path(), "--listen", "[::1]:0"});
  EXPECT_NE(process.ReadyPort(), 0);
}

TEST(MainTest, VersionHelpAndLimits) {
  {
    Process process({"--version"});
    EXPECT_THAT(process.ReadOutput(), MatchesRegex("coedit/[0-9.]+\n"));
    EXPECT_EQ(process.Wait(), 0);
  }
  {
    Process process({"serve", "--help"});
    EXPECT_THAT(process.ReadOutput(), AllOf(HasSubstr("--limit"), HasSubstr("--trusted-proxy")));
    EXPECT_EQ(process.Wait(), 0);
  }
  Process process({"limits"});
  const std::string output = process.ReadOutput();
  EXPECT_EQ(process.Wait(), 0);
  for (const LimitInfo& limit : AllLimits()) EXPECT_THAT(output, HasSubstr(limit.name));
}

}  // namespace
}  // namespace coedit::server
