// Which limits of the server a load exceeds: the flags without which the server would slow the load
// down or refuse it, and the figures would tell about the limit instead of the server.
#ifndef COEDIT_BENCH_LOAD_NEEDED_LIMITS_H_
#define COEDIT_BENCH_LOAD_NEEDED_LIMITS_H_

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "bench/load/endpoint.h"
#include "bench/load/load.h"

namespace coedit::bench {

struct LoadSize {
  int64_t documents = 1;
  int64_t members_per_document = 1;  // the newcomer at the end among them
  int64_t units_per_document = 1;    // in the end, as far as one can know
  int64_t connections = 1;
  int64_t connections_at_once = 1;  // that are nobody yet
  // Per client; a closed loop is bound by nothing but the server.
  double operations_per_second = std::numeric_limits<double>::infinity();
  double presence_per_second = 0;
};
LoadSize SizeOf(const LoadOptions& options);

// "name=value" for --limit, in no more cases than the server's defaults demand.
std::vector<std::string> NeededLimits(const LoadSize& load);

// The command line that starts a server for the load.
std::string ServeCommand(const Endpoint& endpoint, absl::Span<const std::string> limits);

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_NEEDED_LIMITS_H_
