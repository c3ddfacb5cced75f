// coedit-sim: runs simulated worlds by hand.
//
//   coedit-sim --seed N [--print]         one world; or its plan, to be edited
//   coedit-sim --plan FILE                the world of that plan
//                          [--trace]      tells what happens
//   coedit-sim --runs N [--first SEED]    that many, from that seed on
//
// Exit codes: 0 all promises were kept, 1 one was broken, 2 a wrong command line.
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>

#include "absl/strings/numbers.h"
#include "tests/sim/world.h"

namespace coedit::sim {
namespace {

int Fail(const std::string& sentence) {
  std::cerr
      << "coedit-sim: " << sentence << "\n"
      << "usage: coedit-sim --seed N [--print] | --plan FILE [--trace] | --runs N [--first SEED]\n";
  return 2;
}

// True if all promises were kept.
bool RunOne(const Plan& plan, bool trace) {
  World world(plan);
  if (trace) world.Trace(&std::cout);
  const std::string broken = world.Run();
  std::cout << "seed " << plan.seed << ": " << plan.events.size() << " events, " << world.edits()
            << " edits, " << world.commits() << " commits in " << world.batches() << " batches, "
            << world.starts() << " starts of the server, " << world.tasks()
            << " steps: " << (broken.empty() ? "all promises kept" : broken) << "\n";
  return broken.empty();
}

int RunMany(uint64_t first, uint64_t runs) {
  int64_t edits = 0;
  int64_t tasks = 0;
  for (uint64_t seed = first; seed < first + runs; ++seed) {
    World world(RandomPlan(seed));
    const std::string broken = world.Run();
    if (!broken.empty()) {
      std::cout << "seed " << seed << ": " << broken << "\n";
      return 1;
    }
    edits += world.edits();
    tasks += world.tasks();
  }
  std::cout << runs << " worlds, " << edits << " edits, " << tasks << " steps: all promises kept\n";
  return 0;
}

int Main(int argc, char** argv) {
  std::optional<uint64_t> seed;
  std::optional<uint64_t> runs;
  uint64_t first = 1;
  std::string file;
  bool print = false;
  bool trace = false;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    if (option == "--print" || option == "--trace") {
      (option == "--print" ? print : trace) = true;
      continue;
    }
    if (i + 1 == argc) return Fail(option + " wants a value");
    const std::string value = argv[++i];
    uint64_t number = 0;
    if (option == "--plan") {
      file = value;
      continue;
    }
    if (!absl::SimpleAtoi(value, &number)) return Fail(value + " is no number");
    if (option == "--seed") {
      seed = number;
    } else if (option == "--runs") {
      runs = number;
    } else if (option == "--first") {
      first = number;
    } else {
      return Fail("there is no option " + option);
    }
  }
  if (runs.has_value()) return RunMany(first, *runs);
  Plan plan;
  if (!file.empty()) {
    std::ifstream in(file);
    if (!in) return Fail("can't read " + file);
    std::stringstream text;
    text << in.rdbuf();
    absl::StatusOr<Plan> parsed = ParsePlan(text.str());
    if (!parsed.ok()) return Fail(file + ": " + std::string(parsed.status().message()));
    plan = *std::move(parsed);
  } else if (seed.has_value()) {
    plan = RandomPlan(*seed);
  } else {
    return Fail("nothing to run");
  }
  if (print) {
    std::cout << FormatPlan(plan);
    return 0;
  }
  return RunOne(plan, trace) ? 0 : 1;
}

}  // namespace
}  // namespace coedit::sim

int main(int argc, char** argv) { return coedit::sim::Main(argc, argv); }
