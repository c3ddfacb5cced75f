#include "server/io/resident_memory.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>

#include "absl/strings/str_cat.h"

namespace coedit::server {
namespace {

// Bytes of files that are mapped and resident.
int64_t ResidentFileBytes() {
  int64_t size = 0, resident = 0, shared = 0;
  std::ifstream("/proc/self/statm") >> size >> resident >> shared;
  return shared * sysconf(_SC_PAGESIZE);
}

TEST(ResidentMemoryTest, PagesOfTheStartGoAndComeBack) {
  const int64_t before = ResidentFileBytes();
  DropStartPages();
  EXPECT_LT(ResidentFileBytes(), before * 3 / 4);
  // Code and constants are there again, what was written was never away.
  static int written = 0;
  written = 17;
  DropStartPages();
  EXPECT_EQ(absl::StrCat("there are ", written), "there are 17");
}

}  // namespace
}  // namespace coedit::server
