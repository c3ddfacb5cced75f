#include "tests/server/io/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "ot/check.h"

extern char** environ;

namespace coedit::server {
namespace {

// Built beside this test: BUILD/tests/server_io_test and BUILD/coedit.
std::string Program() {
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
  return self.parent_path().parent_path() / "coedit";
}

std::string ReadAll(int descriptor) {
  std::string text;
  char block[4096];
  for (ssize_t got = 0; (got = read(descriptor, block, sizeof(block))) > 0;) {
    text.append(block, static_cast<size_t>(got));
  }
  return text;
}

}  // namespace

Process::Process(const std::vector<std::string>& arguments) {
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

Process::~Process() {
  if (pid_ > 0 && !waited_) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  close(output_[0]);
  close(errors_[0]);
}

std::string Process::ReadLine() {
  std::string line;
  char byte = 0;
  while (read(output_[0], &byte, 1) == 1 && byte != '\n') line.push_back(byte);
  return line;
}

std::string Process::ReadOutput() { return ReadAll(output_[0]); }
std::string Process::ReadErrors() { return ReadAll(errors_[0]); }

void Process::Signal(int number) {
  COEDIT_CHECK(pid_ > 0 && !waited_);
  kill(pid_, number);
}

pid_t Process::process() const {
  COEDIT_CHECK(pid_ > 0 && !waited_);
  return pid_;
}

int Process::Wait() {
  int status = 0;
  EXPECT_EQ(waitpid(pid_, &status, 0), pid_);
  waited_ = true;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

uint16_t Process::ReadyPort() {
  const std::string line = ReadLine();
  EXPECT_THAT(line,
              testing::MatchesRegex("listening on http://(127\\.0\\.0\\.1|\\[::1\\]):[0-9]+"));
  return static_cast<uint16_t>(std::atoi(line.substr(line.rfind(':') + 1).c_str()));
}

Ended RunCoedit(const std::vector<std::string>& arguments) {
  Process process(arguments);
  Ended ended;
  // The output of these commands fits into the pipe that is read second.
  ended.errors = process.ReadErrors();
  ended.output = process.ReadOutput();
  ended.exit_code = process.Wait();
  return ended;
}

}  // namespace coedit::server
