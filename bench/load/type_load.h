// coedit-load type: documents full of typing clients, for a time.
#ifndef COEDIT_BENCH_LOAD_TYPE_LOAD_H_
#define COEDIT_BENCH_LOAD_TYPE_LOAD_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bench/load/endpoint.h"
#include "bench/load/histogram.h"
#include "ot/document.h"
#include "proto/codec.h"

namespace coedit::bench {

struct TypeOptions {
  Endpoint endpoint;
  proto::Encoding encoding = proto::Encoding::kProtobuf;
  ot::DocumentType type = ot::DocumentType::kRichText;
  size_t documents = 1;
  size_t clients = 1;                         // per document
  absl::Duration warm_up = absl::Seconds(1);  // typing, not measured
  absl::Duration time = absl::Seconds(10);    // measured
  // Edits per second of each client: an open loop, in which an edit has its time whatever the
  // server does. Unset: a closed loop, in which the next edit follows the acknowledgement of the
  // last.
  std::optional<double> rate;
  std::optional<int64_t> server_pid;
  // For all but warm-up and time: connecting, settling, checking.
  absl::Duration deadline = absl::Seconds(120);
  uint64_t seed = 1;
};

struct TypeReport {
  double seconds = 0;      // measured
  int64_t edits = 0;       // typed; in an open loop several may leave as one operation
  int64_t operations = 0;  // acknowledged
  int64_t deliveries = 0;  // commits that reached another client
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
  uint64_t revisions = 0;  // of all documents at the end
};

// OK only if, at the end, all clients of every document and a cold reader hold one text.
absl::StatusOr<TypeReport> RunTypeLoad(const TypeOptions& options);

// The table for people, and one JSON object.
std::string ReportText(const TypeOptions& options, const TypeReport& report);
std::string ReportJson(const TypeOptions& options, const TypeReport& report);

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_TYPE_LOAD_H_
