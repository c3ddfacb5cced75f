#include "server/io/resident_memory.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace coedit::server {
namespace {

struct Resident {
  int64_t of_files = 0;
  int64_t anonymous = 0;
};

Resident ResidentBytes() {
  int64_t size = 0, resident = 0, shared = 0;
  std::ifstream("/proc/self/statm") >> size >> resident >> shared;
  const int64_t page = sysconf(_SC_PAGESIZE);
  return {.of_files = shared * page, .anonymous = (resident - shared) * page};
}

TEST(ResidentMemoryTest, PagesOfTheStartGoAndComeBack) {
  const int64_t before = ResidentBytes().of_files;
  DropStartPages();
  EXPECT_LT(ResidentBytes().of_files, before * 3 / 4);
  // Code and constants are there again, what was written was never away.
  static int written = 0;
  written = 17;
  DropStartPages();
  EXPECT_EQ(absl::StrCat("there are ", written), "there are 17");
}

TEST(ResidentMemoryTest, WhatABurstLeavesIsHandedBack) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "malloc is the sanitizer's";
#endif
  constexpr int64_t kBlockBytes = 6000;
  constexpr int64_t kBlocks = 5000;
  std::vector<std::unique_ptr<char[]>> blocks(kBlocks);
  // Some stay, so that the heap does not shrink by itself. What is resident after it.
  const auto burst = [&blocks] {
    for (auto& block : blocks) {
      if (block == nullptr) block = std::make_unique<char[]>(kBlockBytes);
    }
    for (int64_t i = 0; i < kBlocks; ++i) {
      if (i % 50 != 49) blocks[i].reset();
    }
    return ResidentBytes().anonymous;
  };
  const int64_t bytes = kBlocks * kBlockBytes / 2;
  FreeMemory memory;
  int64_t resident = burst();
  memory.OnTick(absl::Seconds(1000));
  EXPECT_LT(ResidentBytes().anonymous, resident - bytes);
  // However often it is called: malloc is looked at every ten seconds.
  resident = burst();
  for (int i = 0; i < 100; ++i) memory.OnTick(absl::Seconds(1000) + i * absl::Milliseconds(99));
  EXPECT_GT(ResidentBytes().anonymous, resident - bytes);
  memory.OnTick(absl::Seconds(1010));
  EXPECT_LT(ResidentBytes().anonymous, resident - bytes);
}

}  // namespace
}  // namespace coedit::server
