// Mutation: a known bug, put back on purpose, so that a test can show it would be found.
//
//   if (Mutated(Mutation::kFlippedTie)) side = Side::kRight;
//
// In a normal build Mutated() is constant false and nothing of it is left. The files that contain
// hooks are compiled a second time with COEDIT_TEST_HOOKS (cmake/hooked.cmake); there one mutation
// can be chosen at run time, by name, in the environment variable COEDIT_MUTATION.
//
// Include this from .cc files only: a class looks the same in both builds.
#ifndef COEDIT_OT_MUTATION_H_
#define COEDIT_OT_MUTATION_H_

#include <cstdint>

namespace coedit {

enum class Mutation : uint8_t {
  kNone,
  // ot
  kFlippedTie,           // the later commit wins
  kBaseOffByOne,         // the first commit after the base is not carried over
  kSquashedHistory,      // an operation is carried over what it missed as one change
  kResendNotRecognised,  // an operation that comes again is committed again
  kDedupeByWindow,       // ... if more than a few commits lie between
  // the document's actor
  kAckBeforeCommit,              // all is told before it is with the store
  kBroadcastBeforeCommit,        // the others are told before it is with the store
  kFateFromMemory,               // an open is answered without waiting at the gate
  kGoOnAfterFailedAppend,        // a failed append is taken for a good one
  kRejectUnknown,                // an append of unknown outcome is told as a rejection
  kOpenOvertakesAppends,         // who opens is answered before what is with the store is durable
  kDropHistoryUnderWaitingOpen,  // commits that a waiting open needs are forgotten
  kNoFence,                      // a former session of the client goes on
  kIgnoreAttempt,                // an older connection replaces a newer one
  kComposeOverOwn,               // a composed gap holds the client's own commit
  kComposedUnasked,              // a gap is composed for whoever has an operation to carry
  kRemoteDeliveriesOvertake,     // between shards an ack comes before a commit told earlier
  // storage
  kFsyncSkipped,           // COMMIT does not wait for the disk
  kRetryAfterFailedFsync,  // after a failed fsync the same handle goes on
  kLogNotRewritten,        // ... or a new one, with a log that may never have reached the disk
};

// Stands in COEDIT_MUTATION.
inline constexpr const char* kMutationNames[] = {
    "none",
    "flipped-tie",
    "base-off-by-one",
    "squashed-history",
    "resend-not-recognised",
    "dedupe-by-window",
    "ack-before-commit",
    "broadcast-before-commit",
    "fate-from-memory",
    "go-on-after-failed-append",
    "reject-unknown",
    "open-overtakes-appends",
    "drop-history-under-waiting-open",
    "no-fence",
    "ignore-attempt",
    "compose-over-own",
    "composed-unasked",
    "remote-deliveries-overtake",
    "fsync-skipped",
    "retry-after-failed-fsync",
    "log-not-rewritten",
};

#ifdef COEDIT_TEST_HOOKS
bool Mutated(Mutation mutation);
#else
constexpr bool Mutated(Mutation) { return false; }
#endif

}  // namespace coedit

#endif  // COEDIT_OT_MUTATION_H_
