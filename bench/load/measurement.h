// Measurement: what passes between two moments of a run, put into its figures.
#ifndef COEDIT_BENCH_LOAD_MEASUREMENT_H_
#define COEDIT_BENCH_LOAD_MEASUREMENT_H_

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bench/load/load_report.h"
#include "bench/load/process_usage.h"
#include "bench/load/websocket_client.h"

namespace coedit::bench {

class Measurement {
 public:
  // `traffic` is that of all clients so far. kNotFound if there is no process `server_pid`.
  static absl::StatusOr<Measurement> Start(std::optional<int64_t> server_pid,
                                           const WebSocketClient::Traffic& traffic);

  // Fills in the time, the traffic and what this process and the server used.
  absl::Status Finish(const WebSocketClient::Traffic& traffic, LoadFigures* figures) const;

 private:
  Measurement() = default;

  int64_t started_ns_ = 0;
  std::optional<int64_t> server_pid_;
  ProcessUsage own_;
  ProcessUsage server_;
  WebSocketClient::Traffic traffic_;
};

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_MEASUREMENT_H_
