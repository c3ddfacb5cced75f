#include "storage/append_check.h"

#include "absl/container/flat_hash_map.h"
#include "ot/check.h"
#include "ot/document.h"

namespace coedit::storage {

void CheckAppendRequest(const AppendRequest& request) {
  COEDIT_CHECK(!request.commits.empty());
  absl::flat_hash_map<ot::AuthorNumber, const ot::Commit*> last_commits;
  Head head = request.expected;
  for (const ot::Commit& commit : request.commits) {
    COEDIT_CHECK_EQ(commit.revision, head.revision + 1);
    COEDIT_CHECK_EQ(commit.digest,
                    ot::ExtendDigest(head.digest, commit.author, commit.sequence, commit.delta));
    head = Head{commit.revision, commit.digest};
    const ot::Commit*& last = last_commits[commit.author];
    COEDIT_CHECK(last == nullptr || last->sequence < commit.sequence);
    last = &commit;
  }
  COEDIT_CHECK_EQ(request.authors.size(), last_commits.size());
  for (const Author& author : request.authors) {
    const auto last = last_commits.find(author.number);
    COEDIT_CHECK(last != last_commits.end());
    COEDIT_CHECK_EQ(author.state.last_sequence, last->second->sequence);
    COEDIT_CHECK_EQ(author.state.last_revision, last->second->revision);
  }
}

}  // namespace coedit::storage
