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

// Puts the commits of a gap into `opened`. Where the client takes composed changes and many commits
// follow its own last one, these come as one: it transforms nothing on the server, so D1
// (docs/ot.md) is kept. The own ones never lie inside.
void AddMissedCommits(absl::Span<const ot::Commit* const> missed, const GapForm& form,
                      proto::Opened* opened);

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
