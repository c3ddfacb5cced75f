// Every input that the fuzzer found worth keeping runs here, without a fuzzer. The last file named
// before a crash is the one that broke.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/fuzz/fuzz_targets.h"

namespace coedit::fuzz {
namespace {

const std::filesystem::path kCorpus =
    std::filesystem::path(COEDIT_SOURCE_DIR) / "tests/fuzz/corpus";

std::vector<std::filesystem::path> Sorted(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> entries;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    entries.push_back(entry.path());
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

class Corpus : public ::testing::TestWithParam<FuzzTarget> {};

TEST_P(Corpus, Holds) {
  GetParam().run("");
  int files = 0;
  for (const std::filesystem::path& path : Sorted(kCorpus / std::string(GetParam().name))) {
    std::cout << path.filename().string() << std::endl;
    std::ifstream file(path, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)),
                            std::istreambuf_iterator<char>());
    GetParam().run(bytes);
    ++files;
  }
  EXPECT_GE(files, 10);
}

INSTANTIATE_TEST_SUITE_P(Targets, Corpus,
                         ::testing::ValuesIn(FuzzTargets().begin(), FuzzTargets().end()),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(CorpusFolders, BelongToTargets) {
  std::vector<std::string> folders;
  for (const std::filesystem::path& path : Sorted(kCorpus)) folders.push_back(path.filename());
  std::vector<std::string> names;
  for (const FuzzTarget& target : FuzzTargets()) names.emplace_back(target.name);
  std::sort(names.begin(), names.end());
  EXPECT_EQ(folders, names);
}

}  // namespace
}  // namespace coedit::fuzz
