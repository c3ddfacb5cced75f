// ot_oracle: what ot/ makes of random cases, for node to compare with others.
//
//   ot_oracle deltas --cases N --seed S      also sessions; cases.h says what they are
//   ot_oracle bridge                         answers requests on standard input
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "tests/oracle/cases.h"

namespace coedit::oracle {
namespace {

int WriteCases(std::string (*make)(uint64_t seed), uint64_t cases, uint64_t seed) {
  for (uint64_t i = 0; i < cases; ++i) {
    std::string line = make(seed + i);
    line.push_back('\n');
    if (std::fwrite(line.data(), 1, line.size(), stdout) != line.size()) return 1;
  }
  return 0;
}

int Main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  uint64_t seed = 0;
  uint64_t cases = 0;
  for (int i = 2; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--seed") == 0) seed = std::strtoull(argv[i + 1], nullptr, 10);
    if (std::strcmp(argv[i], "--cases") == 0) cases = std::strtoull(argv[i + 1], nullptr, 10);
  }
  if (mode == "bridge") return ServeBridge();
  if (mode == "deltas" && cases > 0) return WriteCases(DeltaCase, cases, seed);
  if (mode == "sessions" && cases > 0) return WriteCases(SessionCase, cases, seed);
  std::fprintf(stderr, "usage: %s deltas|sessions --cases N --seed S\n       %s bridge\n", argv[0],
               argv[0]);
  return 2;
}

}  // namespace
}  // namespace coedit::oracle

int main(int argc, char** argv) { return coedit::oracle::Main(argc, argv); }
