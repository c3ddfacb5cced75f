// Plan: all that happens in one simulated world, as a value and as text.
//
// Settings come first, one a line, then the events, one a line, in any order:
//
//   clients 3
//   limit history_in_memory 5
//   fault bad_submit 10
//   @1.250000 type client=0 document=1 seed=77
//   @2.000000 power-cut how=scatter seed=4 ms=300
//
// What is not in the plan (delays on the wire, how long the store takes) is drawn from `seed` by
// dice that each connection and each life of the server has for itself: an event that is taken out
// leaves most of the rest as it was. `./dev sim` prints and runs plans.
#ifndef COEDIT_TESTS_SIM_PLAN_H_
#define COEDIT_TESTS_SIM_PLAN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/limits.h"

namespace coedit::sim {

// How often something goes wrong by itself. Percent, unless the name says otherwise.
struct Faults {
  int64_t wire_delay_ms_max = 80;   // of one message, each direction; a connection keeps its order
  int64_t store_delay_ms_max = 20;  // of a batch or a read, and again of its answer
  int64_t spike = 0;                // of messages: seconds late, and all behind them
  int64_t bad_submit = 0;           // of submits: the server will refuse it
  int64_t never_composed = 0;       // of opens: the client takes single commits only
  int64_t resend_frozen =
      0;  // of operations never committed: sent again as they were, on their base
  int64_t abandon_open = 0;  // of connections: given up just after `open` was sent
  int64_t duplicate = 0;     // of acks and opens: what was acknowledged is sent once more
};

enum class EventKind : uint8_t {
  kType,         // client, document, seed: one edit
  kBranch,       // client, document, count, seed: that many edits at once
  kCaret,        // client, seed
  kSpoil,        // client, document: its next submit is one the server refuses
  kLeave,        // client (or all), ms: leaves its documents, comes back after that time
  kCut,          // client, how (both, half-open, to-server, to-client): the connection is lost
  kOffline,      // client, ms: away for that time
  kLate,         // client, ms: what it sends from now on arrives only after that time
  kSlow,         // client, ms: its connection drains slowly for that time
  kPersist,      // client: what it knows is written to its own disk
  kClientCrash,  // client: it dies and starts with what is on its own disk
  kForget,       // client: its disk is lost, and its counters with it
  kKill,         // ms: the server's process dies, and starts after that time
  kPowerCut,     // how (keep, lose, prefix, scatter), seed, ms, count: the same for its machine, in
                 // the midst of the count-th change of its disk (0: now)
  kStall,        // ms: the store's disk answers nothing for that time
  kFsyncFails,   // how (keeps, loses, forgets), count, document (0: of the log, 1: the database)
  kIoFails,      // count: the disk's change after that many fails
  kDiskFull,     // ms: for that time no file can grow
  kClockJump,    // ms: the wall clock jumps by that much, perhaps back
  kBackup,       // a copy of the disk is put aside
  kRestore,      // how (same-epoch, new-epoch), ms: the server dies and starts from that copy
};

struct Event {
  absl::Duration at;
  EventKind kind = EventKind::kType;
  int64_t client = 0;  // -1: all
  int64_t document = 0;
  int64_t count = 0;
  int64_t ms = 0;
  int64_t how = 0;  // index into the names of the kind
  uint64_t seed = 0;
  friend bool operator==(const Event&, const Event&) = default;
};

// `how` of the events that have one.
enum CutHow : int64_t { kCutBoth, kCutHalfOpen, kCutToServer, kCutToClient };
enum RestoreHow : int64_t { kRestoreSameEpoch, kRestoreNewEpoch };

struct Plan {
  uint64_t seed = 1;
  int64_t clients = 3;
  int64_t documents = 1;
  int64_t documents_each = 1;  // client i opens these many, from document i on
  int64_t rich = 1;
  int64_t twins = 0;             // the last client has the first one's id
  int64_t shards = 1;            // executors of the server
  int64_t fresh_disk = 0;        // the database does not exist yet
  int64_t duration_ms = 60'000;  // then everything heals
  int64_t checkpoint_bytes = 4 << 20;
  int64_t snapshot_bytes = 128 << 10;
  server::Limits limits;
  Faults faults;
  std::vector<Event> events;
};

// A plan with everything drawn from the seed.
Plan RandomPlan(uint64_t seed);

std::string FormatPlan(const Plan& plan);
std::string FormatEvent(const Event& event);
// kInvalidArgument names the line.
absl::StatusOr<Plan> ParsePlan(absl::string_view text);

}  // namespace coedit::sim

#endif  // COEDIT_TESTS_SIM_PLAN_H_
