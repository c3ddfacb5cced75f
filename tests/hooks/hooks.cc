// What the hooks do in a hooked program (ot/mutation.h, storage/failpoint.h).
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <thread>

#include "ot/mutation.h"
#include "storage/failpoint.h"

namespace coedit {
namespace {

[[noreturn]] void Complain(const char* variable, const char* value) {
  std::fprintf(stderr, "%s=%s means nothing here\n", variable, value);
  std::_Exit(2);
}

Mutation ChosenMutation() {
  const char* name = std::getenv("COEDIT_MUTATION");
  if (name == nullptr) return Mutation::kNone;
  for (size_t i = 0; i < std::size(kMutationNames); ++i) {
    if (std::strcmp(name, kMutationNames[i]) == 0) return static_cast<Mutation>(i);
  }
  Complain("COEDIT_MUTATION", name);
}

// The place, and how often it may still be passed; the last time is the end.
struct ChosenFailpoint {
  ChosenFailpoint() {
    const char* text = std::getenv("COEDIT_FAILPOINT");
    if (text == nullptr) return;
    const char* colon = std::strchr(text, ':');
    if (colon == nullptr) Complain("COEDIT_FAILPOINT", text);
    const auto length = static_cast<size_t>(colon - text);
    for (size_t i = 0; i < std::size(kFailpointNames); ++i) {
      if (std::strlen(kFailpointNames[i]) != length) continue;
      if (std::strncmp(text, kFailpointNames[i], length) == 0) place = static_cast<int>(i);
    }
    char* end = nullptr;
    left = std::strtoll(colon + 1, &end, 10);
    if (place < 0 || left < 1 || *end != '\0') Complain("COEDIT_FAILPOINT", text);
  }
  int place = -1;
  std::atomic<int64_t> left{0};
};

// Read before main, so that a wrong name is noticed at once.
const Mutation chosen_mutation = ChosenMutation();
ChosenFailpoint chosen_failpoint;

}  // namespace

bool Mutated(Mutation mutation) { return mutation == chosen_mutation; }

void PassFailpoint(Failpoint failpoint) {
  if (static_cast<int>(failpoint) != chosen_failpoint.place) return;
  if (--chosen_failpoint.left != 0) return;
  // As on a disk that hangs: what other threads told too early gets out before the end.
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  std::raise(SIGKILL);
}

}  // namespace coedit
