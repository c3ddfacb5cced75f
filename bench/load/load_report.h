// What a load measured: the figures, as a table for people and as JSON.
#ifndef COEDIT_BENCH_LOAD_LOAD_REPORT_H_
#define COEDIT_BENCH_LOAD_LOAD_REPORT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/load/histogram.h"
#include "bench/load/load.h"
#include "bench/load/process_usage.h"
#include "bench/load/websocket_client.h"

namespace coedit::bench {

// What passed in one measured time.
struct LoadFigures {
  double seconds = 0;
  bool disturbed = false;   // the time was not what was asked for: this tool was kept from running
  int64_t connections = 0;  // open at its end
  int64_t edits = 0;        // typed; in an open loop several may leave as one operation
  int64_t operations = 0;   // acknowledged
  int64_t deliveries = 0;   // operations that reached another client
  // The same in edits, which is what compares where servers and clients join them differently.
  int64_t edits_acked = 0;
  int64_t edits_delivered = 0;
  // One sample per edit (and receiver): from the moment it was typed, in an open loop from the
  // moment it was due, to its ack, or to its arrival.
  Histogram ack_ns;
  Histogram delivery_ns;
  Histogram lag_ns;  // open loop: how late this tool was itself; part of the two above
  int64_t presence_shown = 0;
  int64_t presence_seen = 0;  // by another client
  Histogram presence_ns;      // from when it was due to its arrival
  Histogram join_ns;          // of visitors: from connecting to the open document
  WebSocketClient::Traffic traffic;
  double own_cpu_seconds = 0;  // of this tool, which must not be the bottleneck
  struct Server {
    double cpu_seconds = 0;
    int64_t resident_bytes = 0;  // at the end of the measured time
    int64_t resident_bytes_max = 0;
  };
  std::optional<Server> server;
  // How the idle connections of this step came: so many more, in this time, by which the server
  // grew.
  int64_t connected = 0;
  double connect_seconds = 0;
  int64_t connect_resident_bytes = 0;

  // An ack, a delivery, or somebody's presence at another client.
  int64_t messages() const { return operations + deliveries + presence_seen; }
};

struct StormReport {
  int64_t connections = 0;  // cut at once
  Histogram back_ns;        // of each, from the cut until its document was open and caught up
  int64_t refused = 0;      // attempts that failed and were made again later
  int64_t skipped = 0;      // of them, who got a text instead of what they missed
};

struct SlowReport {
  int64_t readers = 0;
  int64_t dropped = 0;            // by the server
  std::string reason;             // of the first that was dropped
  int64_t backlog_bytes_max = 0;  // what one of them still got once it read again
};

struct LoadReport {
  std::vector<LoadFigures> steps;  // one, or one for each number of connections
  std::optional<StormReport> storm;
  std::optional<SlowReport> slow;
  uint64_t edits = 0;    // of the whole run, which everybody has
  size_t newcomers = 0;  // who were asked for what the server holds
};

std::string ReportText(const LoadOptions& options, const LoadReport& report);
std::string ReportJson(const LoadOptions& options, const LoadReport& report);

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_LOAD_REPORT_H_
