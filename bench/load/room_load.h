// coedit-load room: the same simple load for coedit and for servers of other makers.
//
// Members insert single letters (room_member.h); some only read. Nothing of the texts is kept, so
// the tool is light enough to saturate a server; at the end everybody has to have got every letter
// of everybody else, and a newcomer has to find them all in the document.
#ifndef COEDIT_BENCH_LOAD_ROOM_LOAD_H_
#define COEDIT_BENCH_LOAD_ROOM_LOAD_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bench/load/endpoint.h"
#include "bench/load/load_report.h"
#include "bench/load/room_member.h"

namespace coedit::bench {

struct RoomOptions {
  RoomProtocol protocol = RoomProtocol::kCoedit;
  Endpoint endpoint;
  size_t documents = 1;
  size_t clients = 1;  // per document
  size_t writers = 1;  // of these, who type
  absl::Duration warm_up = absl::Seconds(1);
  absl::Duration time = absl::Seconds(10);
  // Letters per second of each writer, an open loop; unset: a closed loop.
  std::optional<double> rate;
  std::optional<int64_t> server_pid;
  absl::Duration deadline = absl::Seconds(120);  // for all but warm-up and time
  uint64_t seed = 1;
};

absl::StatusOr<LoadReport> RunRoomLoad(const RoomOptions& options);

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_ROOM_LOAD_H_
