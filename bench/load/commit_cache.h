// CommitCache: commits by their encoded bytes. A server encodes a commit once for all members of a
// document, so in a document of a thousand the tool would decode the same bytes a thousand times;
// this way it can keep up with a server that does not.
//
// It rests on what docs/protocol.md says of frames in protobuf: encoded repeated fields
// concatenate. One thread; holds at most a few thousand commits of at most 256 encoded bytes.
#ifndef COEDIT_BENCH_LOAD_COMMIT_CACHE_H_
#define COEDIT_BENCH_LOAD_COMMIT_CACHE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "proto/messages.h"

namespace coedit::bench {

class CommitCache {
 public:
  CommitCache();

  // Takes the first message with its header off the front of `frame`: a frame of its own. Nothing
  // if the bytes are not of that form; then they are for the decoder to judge.
  static std::optional<absl::string_view> TakeMessage(absl::string_view* frame);

  // Valid until the next Remember; null if it is not known.
  const proto::Committed* Find(absl::string_view message) const;
  void Remember(absl::string_view message, const proto::Committed& committed);

 private:
  struct Entry {
    std::string message;
    proto::Committed committed;
  };
  static size_t PlaceOf(absl::string_view message);

  std::vector<Entry> entries_;  // each commit has one place, which later ones take
};

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_COMMIT_CACHE_H_
