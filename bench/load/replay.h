// coedit-load replay: a recorded session through a running server, one client per recorded author.
#ifndef COEDIT_BENCH_LOAD_REPLAY_H_
#define COEDIT_BENCH_LOAD_REPLAY_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bench/load/endpoint.h"
#include "bench/load/histogram.h"
#include "bench/traces.h"
#include "ot/delta.h"
#include "ot/text.h"
#include "proto/codec.h"

namespace coedit::bench {

struct ReplayOptions {
  Endpoint endpoint;
  proto::Encoding encoding = proto::Encoding::kProtobuf;
  std::string document;  // plain text; new, so that it is empty
  absl::Duration deadline = absl::Seconds(120);
  uint64_t seed = 1;  // mode free: how much is typed at a time
};

struct ReplayReport {
  size_t transactions = 0;
  size_t operations = 0;            // committed
  size_t passed_over = 0;           // transactions of which nothing was left to submit
  size_t carried = 0;               // operations the server had to carry over at least one commit
  size_t commits_carried_over = 0;  // in all
  double seconds = 0;
  Histogram ack_ns;
  size_t clients = 0;
  ot::Text text;  // which all clients and a cold reader hold
  uint64_t revision = 0;
};

// Mode recorded: every transaction is one operation, committed in recorded order, on the text its
// author saw. OK only if every commit is the one the recording demands, and all clients and a cold
// reader hold one text at the end.
absl::StatusOr<ReplayReport> ReplayRecorded(const Trace& trace, const ReplayOptions& options);

// Mode free: every author types its own transactions, in their order, into what its own client
// shows, and on as soon as an acknowledgement comes. Positions are fitted to the text; where it is
// shorter than the recorded one, less is deleted. OK only if all end on one text.
absl::StatusOr<ReplayReport> ReplayFree(const Trace& trace, const ReplayOptions& options);

// `patch` as far as it fits `view`, moved off the middle of surrogate pairs. May be empty.
ot::Delta FittedPatch(const Patch& patch, const ot::Text& view);

// The sha256 a replay in mode recorded must end on; empty if the session is not known.
std::string ExpectedSha256(absl::string_view trace_name);

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_REPLAY_H_
