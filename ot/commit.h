// Commit: a change in its place in the one order, and the digest that chains it to those before.
#ifndef COEDIT_OT_COMMIT_H_
#define COEDIT_OT_COMMIT_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "ot/delta.h"

namespace coedit::ot {

using Revision = uint64_t;      // number of commits
using Sequence = uint64_t;      // of one client on one document; from 1, increasing, gaps legal
using AuthorNumber = uint64_t;  // from 1, one per (document, client id)
using Digest = uint64_t;        // rolling digest of the log up to a revision; 0 at revision 0
// The lower half of a Digest. It extends by itself, so that every replica of the text can keep it.
using ReplicaDigest = uint32_t;

// A change at its final revision.
struct Commit {
  Revision revision = 0;
  Digest digest = 0;
  AuthorNumber author = 0;
  Sequence sequence = 0;
  int64_t time_ms =
      0;  // wall clock, Unix epoch; set by whoever owns a clock, never part of the order
  Delta delta;
};

// The digest after a commit is appended to a log with digest `previous`.
Digest ExtendDigest(Digest previous, AuthorNumber author, Sequence sequence, const Delta& delta);

// The bytes a digest covers: varint(author), the canonical delta, varint(sequence).
struct CommitBytes {
  std::string bytes;
  size_t replica_bytes;  // without the sequence: what the digest's lower half covers
};
CommitBytes EncodeCommit(AuthorNumber author, Sequence sequence, const Delta& delta);
Digest ExtendDigest(Digest previous, absl::string_view bytes, size_t replica_bytes);
inline Digest ExtendDigest(Digest previous, const CommitBytes& encoded) {
  return ExtendDigest(previous, encoded.bytes, encoded.replica_bytes);
}

// The same for its lower half, which covers what a replica applies: FNV-1a over the author and the
// canonical bytes. ToReplica(ExtendDigest(d, ...)) is ExtendReplicaDigest(ToReplica(d), ...).
ReplicaDigest ExtendReplicaDigest(ReplicaDigest previous, AuthorNumber author, const Delta& delta);
inline ReplicaDigest ToReplica(Digest digest) { return static_cast<ReplicaDigest>(digest); }

}  // namespace coedit::ot

#endif  // COEDIT_OT_COMMIT_H_
