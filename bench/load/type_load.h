// coedit-load type: documents full of typing clients, for a time.
#ifndef COEDIT_BENCH_LOAD_TYPE_LOAD_H_
#define COEDIT_BENCH_LOAD_TYPE_LOAD_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bench/load/endpoint.h"
#include "bench/load/load_report.h"
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

// OK only if, at the end, all clients of every document and a cold reader hold one text.
absl::StatusOr<LoadReport> RunTypeLoad(const TypeOptions& options);

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_TYPE_LOAD_H_
