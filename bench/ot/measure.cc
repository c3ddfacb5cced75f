#include "bench/ot/measure.h"

#include <time.h>

#include <algorithm>
#include <utility>

#include "ot/check.h"

namespace coedit::bench {

int64_t ProcessorNs() {
  timespec time;
  COEDIT_CHECK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0);
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

Timing Measure(absl::FunctionRef<void()> prepare, absl::FunctionRef<void()> run) {
  constexpr size_t kRuns = 7, kRunsMin = 3;
  constexpr int64_t kEnoughNs = 2'000'000'000;
  std::vector<int64_t> runs_ns;
  int64_t total_ns = 0;
  while (runs_ns.size() < kRuns && (runs_ns.size() < kRunsMin || total_ns < kEnoughNs)) {
    prepare();
    const int64_t begin = ProcessorNs();
    run();
    runs_ns.push_back(ProcessorNs() - begin);
    total_ns += runs_ns.back();
  }
  std::sort(runs_ns.begin(), runs_ns.end());
  return {.median_ns = static_cast<double>(runs_ns[runs_ns.size() / 2]),
          .lowest_ns = static_cast<double>(runs_ns.front()),
          .highest_ns = static_cast<double>(runs_ns.back()),
          .runs = static_cast<int64_t>(runs_ns.size())};
}

Figure MakeFigure(std::string name, std::string peer, std::string unit, const Timing& timing,
                  double parts) {
  const double unit_ns = unit == "ns" ? 1 : unit == "us" ? 1e3 : 1e6;
  COEDIT_CHECK(unit_ns != 1e6 || unit == "ms");
  const double scale = 1 / (parts * unit_ns);
  return {.name = std::move(name),
          .peer = std::move(peer),
          .unit = std::move(unit),
          .value = timing.median_ns * scale,
          .lowest = timing.lowest_ns * scale,
          .highest = timing.highest_ns * scale,
          .runs = timing.runs};
}

}  // namespace coedit::bench
