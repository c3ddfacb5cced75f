// Which limits of the server a load exceeds: the flags without which the server would slow the load
// down or refuse it, and the figures would tell about the limit instead of the server.
#ifndef COEDIT_BENCH_LOAD_NEEDED_LIMITS_H_
#define COEDIT_BENCH_LOAD_NEEDED_LIMITS_H_

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace coedit::bench {

struct LoadSize {
  int64_t documents = 1;
  int64_t clients_per_document = 1;
  // Per client; a closed loop is bound by nothing but the server.
  double operations_per_second = std::numeric_limits<double>::infinity();
};

// "name=value" for --limit, in no more cases than the server's defaults demand.
std::vector<std::string> NeededLimits(const LoadSize& load);

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_NEEDED_LIMITS_H_
