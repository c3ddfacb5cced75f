// The program itself: flags, exit codes, the line it prints, signals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "ot/check.h"
#include "tests/server/io/raw_client.h"
#include "tests/server/io/test_server.h"

extern char** environ;

namespace coedit::server {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;

// Built beside this test: BUILD/tests/server_io_test and BUILD/coedit.
std::string Program() {
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
  return self.parent_path().parent_path() / "coedit";
}

class Process {
 public:
  explicit Process(const std::vector<std::string>& arguments) {
    EXPECT_EQ(pipe(output_), 0);
    EXPECT_EQ(pipe(errors_), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, output_[1], 1);
    posix_spawn_file_actions_adddup2(&actions, errors_[1], 2);
    for (const int descriptor : {output_[0], output_[1], errors_[0], errors_[1]}) {
      posix_spawn_file_actions_addclose(&actions, descriptor);
    }
    std::string program = Program();
    std::vector<std::string> words = {"coedit"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    const int error =
        posix_spawn(&pid_, program.c_str(), &actions, nullptr, pointers.data(), environ);
    // Without a process there is nothing to go on with, and a signal to pid -1 would go to
    // everyone.
    if (error != 0) std::fprintf(stderr, "%s can't be started\n", program.c_str());
    COEDIT_CHECK(error == 0 && pid_ > 0);
    posix_spawn_file_actions_destroy(&actions);
    close(output_[1]);
    close(errors_[1]);
  }

  ~Process() {
    if (pid_ > 0 && !waited_) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    close(output_[0]);
    close(errors_[0]);
  }

  // One line of stdout, without its end; empty at the end.
  std::string ReadLine() {
    std::string line;
    char byte = 0;
    while (read(output_[0], &byte, 1) == 1 && byte != '\n') line.push_back(byte);
    return line;
  }
  std::string ReadOutput() { return ReadAll(output_[0]); }
  std::string ReadErrors() { return ReadAll(errors_[0]); }

  void Signal(int number) {
    COEDIT_CHECK(pid_ > 0 && !waited_);
    kill(pid_, number);
  }

  int Wait() {
    int status = 0;
    EXPECT_EQ(waitpid(pid_, &status, 0), pid_);
    waited_ = true;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  // Waits for the line that says it is ready.
  uint16_t ReadyPort() {
    const std::string line = ReadLine();
    EXPECT_THAT(line, MatchesRegex("listening on http://(127\\.0\\.0\\.1|\\[::1\\]):[0-9]+"));
    return static_cast<uint16_t>(std::atoi(line.substr(line.rfind(':') + 1).c_str()));
  }

 private:
  static std::string ReadAll(int descriptor) {
    std::string text;
    char block[4096];
    for (ssize_t got = 0; (got = read(descriptor, block, sizeof(block))) > 0;) {
      text.append(block, static_cast<size_t>(got));
    }
    return text;
  }

  pid_t pid_ = -1;
  int output_[2] = {-1, -1};
  int errors_[2] = {-1, -1};
  bool waited_ = false;
};

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
