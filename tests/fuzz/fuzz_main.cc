// libFuzzer's entry: COEDIT_FUZZ_TARGET names the target.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/fuzz_targets.h"

namespace {

const coedit::fuzz::FuzzTarget* chosen = nullptr;

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  const char* const wanted = std::getenv("COEDIT_FUZZ_TARGET");
  for (const coedit::fuzz::FuzzTarget& target : coedit::fuzz::FuzzTargets()) {
    if (wanted != nullptr && target.name == wanted) chosen = &target;
  }
  if (chosen != nullptr) return 0;
  std::fprintf(stderr, "COEDIT_FUZZ_TARGET names none of:\n");
  for (const coedit::fuzz::FuzzTarget& target : coedit::fuzz::FuzzTargets()) {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(target.name.size()), target.name.data());
  }
  std::exit(2);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  chosen->run({reinterpret_cast<const char*>(data), size});
  return 0;
}
