// Timing a piece of work: processor time, several runs, the median.
#ifndef COEDIT_BENCH_OT_MEASURE_H_
#define COEDIT_BENCH_OT_MEASURE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"

namespace coedit::bench {

// One line of the table.
struct Figure {
  std::string name;  // what we did
  std::string peer;  // the case of the peers it is held against; empty if there is none
  std::string unit;  // "ns", "us", "ms": per what `name` says; "bytes/byte"; "exponent"
  double value = 0;  // in `unit`
  double lowest = 0, highest = 0;  // of the runs
  int64_t runs = 0;
};

struct Timing {
  double median_ns = 0, lowest_ns = 0, highest_ns = 0;  // of one run
  int64_t runs = 0;
};

// Processor time of this process so far, ns.
int64_t ProcessorNs();

// Calls `run` several times, `prepare` before each one outside the measured time. Seven runs, fewer
// (three at least) once they took two seconds together.
Timing Measure(absl::FunctionRef<void()> prepare, absl::FunctionRef<void()> run);

// A figure of `timing` shared between `parts` equal pieces of work; picks no unit by itself.
Figure MakeFigure(std::string name, std::string peer, std::string unit, const Timing& timing,
                  double parts);

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_OT_MEASURE_H_
