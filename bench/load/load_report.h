// What a load measured: the figures, as a table for people and as JSON.
#ifndef COEDIT_BENCH_LOAD_LOAD_REPORT_H_
#define COEDIT_BENCH_LOAD_LOAD_REPORT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "bench/load/histogram.h"

namespace coedit::bench {

// What was asked for.
struct LoadShape {
  size_t documents = 1;
  size_t clients = 1;          // per document
  size_t writers = 1;          // of these, who type
  std::optional<double> rate;  // edits per second of each writer; unset: a closed loop
  std::string protocol;        // what is spoken and what is typed, such as "protobuf, rich text"
  uint64_t seed = 1;
};

struct LoadReport {
  double seconds = 0;      // measured
  int64_t edits = 0;       // typed; in an open loop several may leave as one operation
  int64_t operations = 0;  // acknowledged
  int64_t deliveries = 0;  // operations that reached another client
  // The same in edits, which is what compares where servers and clients join them differently.
  int64_t edits_acked = 0;
  int64_t edits_delivered = 0;
  // One sample per edit (and receiver): from the moment it was typed, in an open loop from the
  // moment it should have been typed, to its ack, or to its arrival.
  Histogram ack_ns;
  Histogram delivery_ns;
  // WebSocket payload of all clients.
  int64_t bytes_up = 0;
  int64_t bytes_down = 0;
  int64_t frames_up = 0;
  int64_t frames_down = 0;
  double own_cpu_seconds = 0;  // of this tool, which must not be the bottleneck
  struct Server {
    double cpu_seconds = 0;
    int64_t resident_bytes = 0;  // at the end of the measured time
    int64_t resident_bytes_max = 0;
  };
  std::optional<Server> server;
  uint64_t revisions = 0;  // of all documents at the end, 0 where the server counts none
};

std::string ReportText(const LoadShape& shape, const LoadReport& report);
std::string ReportJson(const LoadShape& shape, const LoadReport& report);

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_LOAD_REPORT_H_
