// What a joining or returning client is given to reach the head: a snapshot, the commits it missed,
// or commits and then one composed change.
#ifndef COEDIT_SERVER_CATCH_UP_H_
#define COEDIT_SERVER_CATCH_UP_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "ot/document.h"
#include "proto/messages.h"
#include "server/seams.h"

namespace coedit::server {

// What a client takes of a gap.
struct GapForm {
  ot::AuthorNumber own = 0;
  bool composed = false;
  // This many commits after the own last one are still sent one by one.
  size_t single_commits_max = 0;
};

// The commits a client missed: those that had to be read, then those that memory holds.
class MissedCommits {
 public:
  // None.
  MissedCommits() = default;
  // The commits after..to. `read` holds those up to the floor of memory, perhaps earlier ones
  // before.
  MissedCommits(absl::Span<const ot::Commit> read, const ot::Document& document, ot::Revision after,
                ot::Revision to);

  size_t size() const { return read_.size() + (to_ - floor_); }
  // Calls use(ot::CommitView) with each, in order. Those of memory are unpacked one by one: a walk
  // over many keeps none.
  template <typename Use>
  void ForEach(Use use) const {
    for (const ot::Commit& commit : read_) {
      use(ot::CommitView{commit.revision, commit.author, commit.sequence, commit.delta});
    }
    if (document_ == nullptr) return;
    ot::CommitReader commits = document_->Read(floor_, to_);
    while (const auto commit = commits.Next()) use(*commit);
  }

 private:
  absl::Span<const ot::Commit> read_;
  const ot::Document* document_ = nullptr;
  ot::Revision floor_ = 0;  // what follows, up to to_, is in memory
  ot::Revision to_ = 0;
};

// Puts the commits of a gap into `opened`. Where the client takes composed changes and many commits
// follow its own last one, these come as one: it transforms nothing on the server, so D1
// (docs/ot.md) is kept. The own ones never lie inside.
void AddMissedCommits(const MissedCommits& missed, const GapForm& form, proto::Opened* opened);

// Bounds what snapshots and catch-ups occupy in the queues of all connections together.
class CatchUpBudget {
 public:
  // 0: no bound.
  explicit CatchUpBudget(int64_t bytes_max) : bytes_max_(bytes_max) {}

  // A piece that counts against the budget until its last owner drops it; nullptr if it does not
  // fit now. One piece always fits an empty budget, however large.
  Piece Charge(std::string bytes);

 private:
  int64_t bytes_max_;
  // Shared with the pieces, which may outlive the hub.
  std::shared_ptr<std::atomic<int64_t>> queued_ = std::make_shared<std::atomic<int64_t>>(0);
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_CATCH_UP_H_
