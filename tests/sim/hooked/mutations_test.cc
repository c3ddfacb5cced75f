// Would the simulator find a bug? Known ones are put back, one after the other, and each must be
// found within a bounded number of worlds.
//
// Each mutation runs in a child process, this program again, because many a bug ends in a failed
// CHECK, and because a mutation is chosen when a process starts.
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "ot/mutation.h"
#include "tests/sim/world.h"

extern char** environ;

namespace coedit::sim {
namespace {

constexpr int kWorldsMax = 2000;
constexpr char kWorldsVariable[] = "COEDIT_MUTATION_WORLDS";

// In the child: worlds 1, 2, ... until one breaks a promise. Each is announced before it runs.
TEST(MutationChild, DISABLED_RunsUntilAWorldBreaks) {
  int worlds = 0;
  ASSERT_TRUE(absl::SimpleAtoi(std::getenv(kWorldsVariable), &worlds));
  for (int seed = 1; seed <= worlds; ++seed) {
    std::cout << "world " << seed << std::endl;
    World world(RandomPlan(seed));
    const std::string broken = world.Run();
    if (broken.empty()) continue;
    std::cout << "broken: " << broken << std::endl;
    std::_Exit(1);
  }
}

struct Outcome {
  bool found = false;
  int worlds = 0;
  std::string how;
};

Outcome RunChild(const char* mutation, int worlds) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  posix_spawn_file_actions_addclose(&actions, ends[0]);
  std::vector<std::string> variables = {absl::StrCat("COEDIT_MUTATION=", mutation),
                                        absl::StrCat(kWorldsVariable, "=", worlds)};
  for (char** variable = environ; *variable != nullptr; ++variable) {
    // Those of GoogleTest are for the parent: its shard and its report.
    if (std::string(*variable).rfind("GTEST_", 0) != 0) variables.push_back(*variable);
  }
  std::vector<std::string> words = {"/proc/self/exe", "--gtest_also_run_disabled_tests",
                                    "--gtest_filter=MutationChild.*"};
  const auto pointers = [](std::vector<std::string>* texts) {
    std::vector<char*> all;
    for (std::string& text : *texts) all.push_back(text.data());
    all.push_back(nullptr);
    return all;
  };
  std::vector<char*> arguments = pointers(&words);
  std::vector<char*> environment = pointers(&variables);
  pid_t process = 0;
  EXPECT_EQ(posix_spawn(&process, "/proc/self/exe", &actions, nullptr, arguments.data(),
                        environment.data()),
            0);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);

  Outcome outcome;
  FILE* output = fdopen(ends[0], "r");
  char line[4096];
  while (std::fgets(line, sizeof(line), output) != nullptr) {
    std::string text(line);
    if (!text.empty() && text.back() == '\n') text.pop_back();
    if (text.rfind("world ", 0) == 0 && absl::SimpleAtoi(text.substr(6), &outcome.worlds)) continue;
    if (text.find("broken: ") == 0) outcome.how = text.substr(8);
    if (text.find("check failed") != std::string::npos) outcome.how = text;
  }
  std::fclose(output);
  int status = 0;
  waitpid(process, &status, 0);
  outcome.found = !WIFEXITED(status) || WEXITSTATUS(status) != 0;
  return outcome;
}

class MutationsTest : public ::testing::TestWithParam<int> {};

TEST_P(MutationsTest, IsFound) {
  const char* name = kMutationNames[GetParam()];
  const Outcome outcome = RunChild(name, kWorldsMax);
  EXPECT_TRUE(outcome.found) << name << ": not found in " << outcome.worlds << " worlds";
  std::printf("%-34s found after %4d worlds: %s\n", name, outcome.worlds,
              outcome.how.substr(0, 120).c_str());
}

// The other side of it: without a mutation nothing is found.
TEST(MutationTest, NoneIsFoundWhereNoneIs) {
  const Outcome outcome = RunChild("none", 300);
  EXPECT_FALSE(outcome.found) << "world " << outcome.worlds << ": " << outcome.how;
  EXPECT_EQ(outcome.worlds, 300);
}

INSTANTIATE_TEST_SUITE_P(Mutations, MutationsTest,
                         ::testing::Range(1, static_cast<int>(std::size(kMutationNames))),
                         [](const auto& info) {
                           std::string name = kMutationNames[info.param];
                           for (char& letter : name) {
                             if (letter == '-') letter = '_';
                           }
                           return name;
                         });

}  // namespace
}  // namespace coedit::sim
