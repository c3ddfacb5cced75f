// Failpoint: a named place where a server under test can be killed.
//
//   PassFailpoint(Failpoint::kBeforeCommit);
//
// In a normal build that is nothing. In a hooked one (see ot/mutation.h; the server is the program
// coedit_hooked) COEDIT_FAILPOINT=before-commit:3 makes the process kill itself with SIGKILL when
// it comes by for the third time. Any thread.
#ifndef COEDIT_STORAGE_FAILPOINT_H_
#define COEDIT_STORAGE_FAILPOINT_H_

#include <cstdint>

namespace coedit {

enum class Failpoint : uint8_t {
  kBeforeAppend,     // the actor has a batch for the store
  kAfterAppend,      // the rows of one request are in the open transaction
  kBeforeCommit,     // all rows are written, COMMIT is next
  kAfterCommit,      // COMMIT has returned, nobody is told
  kBeforeBroadcast,  // a commit is durable, the others in the room are next
  kAfterBroadcast,
  kBeforeAck,  // ... its author is next
  kAfterAck,
  kInRecentAppends,  // recent appends are in the rows of their document too, not yet deleted
  kInSnapshotWrite,  // the new snapshot is in the transaction, the old one not yet deleted
  kBeforeCheckpoint,
  kAfterCheckpoint,
};

// Stands in COEDIT_FAILPOINT before the colon.
inline constexpr const char* kFailpointNames[] = {
    "before-append",     "after-append",      "before-commit",     "after-commit",
    "before-broadcast",  "after-broadcast",   "before-ack",        "after-ack",
    "in-recent-appends", "in-snapshot-write", "before-checkpoint", "after-checkpoint",
};

#ifdef COEDIT_TEST_HOOKS
void PassFailpoint(Failpoint failpoint);
#else
constexpr void PassFailpoint(Failpoint) {}
#endif

}  // namespace coedit

#endif  // COEDIT_STORAGE_FAILPOINT_H_
