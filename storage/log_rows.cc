#include "storage/log_rows.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ot/apply.h"
#include "storage/history_block.h"
#include "storage/segment.h"

namespace coedit::storage {
namespace {

// Follows the chain: each row must continue the one before, and end on the head if it ends there.
class Chain {
 public:
  explicit Chain(const DocumentRow& document) : document_(document) {}

  absl::Status Follow(const Head& before, const Head& after) {
    if (head_ && before != *head_) {
      return DamagedDocument(document_.id, absl::StrCat("the row after revision ", head_->revision,
                                                        " does not continue the one before"));
    }
    head_ = after;
    if (after.revision >= document_.head.revision && after != document_.head) {
      return DamagedDocument(document_.id, "the end of the log is not the head");
    }
    return absl::OkStatus();
  }

 private:
  const DocumentRow& document_;
  std::optional<Head> head_;
};

absl::Status NotTheSnapshots(const DocumentRow& document) {
  return DamagedDocument(document.id, "the log does not continue the snapshot");
}

absl::Status Missing(const DocumentRow& document, ot::Revision first, ot::Revision last,
                     uint64_t found) {
  return DamagedDocument(
      document.id, absl::StrCat("of the commits ", first, " to ", last, " ", found, " were found"));
}

}  // namespace

absl::Status DamagedDocument(absl::string_view document, absl::string_view what) {
  return absl::DataLossError(absl::StrCat("document '", document, "': ", what));
}

absl::StatusOr<std::vector<ot::Commit>> ParseCommits(const DocumentRow& document,
                                                     const std::vector<LogRow>& rows,
                                                     ot::Revision first, ot::Revision last,
                                                     const std::optional<Head>& before) {
  std::vector<ot::Commit> commits;
  Chain chain(document);
  for (const LogRow& row : rows) {
    if (row.is_block) {
      const absl::StatusOr<HistoryBlock> block = HistoryBlock::Parse(row.body);
      if (!block.ok()) return DamagedDocument(document.id, block.status().message());
      if (absl::Status fits = chain.Follow(block->before(), block->after()); !fits.ok()) {
        return fits;
      }
      const ot::Revision begin = std::max(first, block->before().revision + 1);
      const ot::Revision end = std::min(last, block->after().revision);
      if (begin > end) continue;
      if (begin == first && before) {
        const absl::StatusOr<ot::Digest> digest = block->DigestAt(first - 1);
        if (!digest.ok()) return DamagedDocument(document.id, digest.status().message());
        if (*digest != before->digest) return NotTheSnapshots(document);
      }
      if (absl::Status read = block->ReadCommits(begin, end, &commits); !read.ok()) {
        return DamagedDocument(document.id, read.message());
      }
      continue;
    }
    absl::StatusOr<Segment> segment = ParseSegment(row.body);
    if (!segment.ok()) return DamagedDocument(document.id, segment.status().message());
    Head head = segment->before;
    if (absl::Status fits = chain.Follow(head, segment->after()); !fits.ok()) return fits;
    for (ot::Commit& commit : segment->commits) {
      if (commit.revision == first && before && *before != head) return NotTheSnapshots(document);
      head = Head{commit.revision, commit.digest};
      if (first <= commit.revision && commit.revision <= last) commits.push_back(std::move(commit));
    }
  }
  if (commits.size() != last - first + 1) return Missing(document, first, last, commits.size());
  return commits;
}

absl::Status CarrySnapshot(const DocumentRow& document, const std::vector<LogRow>& rows,
                           ot::Revision revision, Snapshot* snapshot) {
  Chain chain(document);
  for (const LogRow& row : rows) {
    if (snapshot->head.revision == revision) break;
    if (row.is_block) {
      const absl::StatusOr<HistoryBlock> block = HistoryBlock::Parse(row.body);
      if (!block.ok()) return DamagedDocument(document.id, block.status().message());
      if (absl::Status fits = chain.Follow(block->before(), block->after()); !fits.ok()) {
        return fits;
      }
      const ot::Revision from = snapshot->head.revision;
      const ot::Revision to = std::min(revision, block->after().revision);
      if (from < block->before().revision || from >= to) continue;
      const absl::StatusOr<ot::Digest> begin = block->DigestAt(from);
      if (!begin.ok()) return DamagedDocument(document.id, begin.status().message());
      if (*begin != snapshot->head.digest) return NotTheSnapshots(document);
      if (absl::Status applied = block->Apply(from, to, &snapshot->text); !applied.ok()) {
        return DamagedDocument(document.id, applied.message());
      }
      const absl::StatusOr<ot::Digest> end = block->DigestAt(to);
      if (!end.ok()) return DamagedDocument(document.id, end.status().message());
      snapshot->head = {to, *end};
      continue;
    }
    const absl::StatusOr<Segment> segment = ParseSegment(row.body);
    if (!segment.ok()) return DamagedDocument(document.id, segment.status().message());
    Head head = segment->before;
    if (absl::Status fits = chain.Follow(head, segment->after()); !fits.ok()) return fits;
    for (const ot::Commit& commit : segment->commits) {
      if (commit.revision > revision) break;
      if (head == snapshot->head) {
        if (absl::Status valid = ot::Validate(commit.delta, snapshot->text); !valid.ok()) {
          return DamagedDocument(document.id, absl::StrCat("commit ", commit.revision, ": ",
                                                           std::string(valid.message())));
        }
        ot::Apply(commit.delta, &snapshot->text);
        snapshot->head = {commit.revision, commit.digest};
      } else if (head.revision == snapshot->head.revision) {
        return NotTheSnapshots(document);
      }
      head = {commit.revision, commit.digest};
    }
  }
  if (snapshot->head.revision == revision) return absl::OkStatus();
  return Missing(document, snapshot->head.revision + 1, revision, 0);
}

}  // namespace coedit::storage
