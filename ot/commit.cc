#include "ot/commit.h"

#include "ot/canonical.h"

namespace coedit::ot {

CommitBytes EncodeCommit(AuthorNumber author, Sequence sequence, const Delta& delta) {
  CommitBytes encoded;
  AppendVarint(author, &encoded.bytes);
  AppendCanonical(delta, &encoded.bytes);
  encoded.replica_bytes = encoded.bytes.size();
  AppendVarint(sequence, &encoded.bytes);
  return encoded;
}

Digest ExtendDigest(Digest previous, AuthorNumber author, Sequence sequence, const Delta& delta) {
  return ExtendDigest(previous, EncodeCommit(author, sequence, delta));
}

Digest ExtendDigest(Digest previous, absl::string_view bytes, size_t replica_bytes) {
  const ReplicaDigest lower = Fnv1a(bytes.substr(0, replica_bytes), ToReplica(previous));
  const Digest upper = HashBytes(bytes, previous) >> 32;
  return upper << 32 | lower;
}

ReplicaDigest ExtendReplicaDigest(ReplicaDigest previous, AuthorNumber author, const Delta& delta) {
  std::string bytes;
  AppendVarint(author, &bytes);
  AppendCanonical(delta, &bytes);
  return Fnv1a(bytes, previous);
}

}  // namespace coedit::ot
