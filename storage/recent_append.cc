#include "storage/recent_append.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "ot/canonical.h"
#include "storage/bytes.h"
#include "storage/log_rows.h"
#include "storage/segment.h"

namespace coedit::storage {
namespace {

constexpr char kFormat = 1;
// Number, sequence and revision take a byte each, at least; the hash has eight.
constexpr uint64_t kAuthorBytesMin = 11;
// All but the segment, usually.
constexpr size_t kHeadBytes = 64;

absl::Status Damaged(const RecentAppendKey& key, absl::string_view what) {
  return absl::DataLossError(absl::StrCat("recent append ", key.number, ": ", what));
}

}  // namespace

std::string EncodeRecentAppend(const RecentAppendKey& key, const RecentAppend& append) {
  std::string body(1, kFormat);
  body.reserve(kHeadBytes + append.segment.size());
  ot::AppendVarint(static_cast<uint64_t>(key.number), &body);
  ot::AppendVarint(static_cast<uint64_t>(key.document), &body);
  ot::AppendVarint(append.after.revision, &body);
  AppendFixed64(append.after.digest, &body);
  ot::AppendVarint(ZigZag(append.changed_ms), &body);
  ot::AppendVarint(append.authors.size(), &body);
  for (const RecentAuthor& author : append.authors) {
    ot::AppendVarint(author.number, &body);
    ot::AppendVarint(author.state.last_sequence, &body);
    ot::AppendVarint(author.state.last_revision, &body);
    AppendFixed64(author.state.last_hash, &body);
  }
  AppendSized(append.segment, &body);
  AppendChecksum(&body);
  return body;
}

absl::StatusOr<RecentAppend> ParseRecentAppend(const RecentAppendKey& key,
                                               absl::string_view bytes) {
  const absl::StatusOr<absl::string_view> sound = StripChecksum(bytes, "recent append");
  if (!sound.ok()) return sound.status();
  absl::string_view body = *sound;
  if (body.empty() || body.front() != kFormat) return Damaged(key, "unknown format");
  body.remove_prefix(1);
  uint64_t number;
  uint64_t document;
  RecentAppend append;
  uint64_t changed_ms;
  uint64_t authors;
  if (!ot::ConsumeVarint(&body, &number) || !ot::ConsumeVarint(&body, &document) ||
      !ot::ConsumeVarint(&body, &append.after.revision) ||
      !ConsumeFixed64(&body, &append.after.digest) || !ot::ConsumeVarint(&body, &changed_ms) ||
      !ot::ConsumeVarint(&body, &authors)) {
    return Damaged(key, "cut short in its head");
  }
  if (number != static_cast<uint64_t>(key.number) ||
      document != static_cast<uint64_t>(key.document)) {
    return Damaged(key, absl::StrCat("is number ", number, " of document ", document,
                                     ", but stands at document ", key.document));
  }
  append.changed_ms = UnZigZag(changed_ms);
  if (authors > body.size() / kAuthorBytesMin) {
    return Damaged(key, absl::StrCat(authors, " authors in ", body.size(), " bytes"));
  }
  append.authors.resize(authors);
  for (RecentAuthor& author : append.authors) {
    if (!ot::ConsumeVarint(&body, &author.number) ||
        !ot::ConsumeVarint(&body, &author.state.last_sequence) ||
        !ot::ConsumeVarint(&body, &author.state.last_revision) ||
        !ConsumeFixed64(&body, &author.state.last_hash)) {
      return Damaged(key, "cut short in its authors");
    }
  }
  absl::string_view segment;
  if (!ConsumeSized(&body, &segment)) return Damaged(key, "cut short in its segment");
  if (!body.empty()) return Damaged(key, absl::StrCat(body.size(), " bytes after its segment"));
  const absl::StatusOr<SegmentStart> start = ParseSegmentStart(segment);
  if (!start.ok()) return Damaged(key, start.status().message());
  append.before = start->before;
  if (append.after.revision != append.before.revision + start->commits) {
    return Damaged(key, absl::StrCat(start->commits, " commits lead from revision ",
                                     append.before.revision, " to ", append.after.revision));
  }
  append.segment = std::string(segment);
  return append;
}

bool IsInRows(const RecentAppend& append, const DocumentRow& row) {
  return append.after.revision <= row.head.revision;
}

absl::Status Advance(const RecentAppend& append, DocumentRow* row) {
  if (append.before != row->head) {
    return absl::DataLossError(absl::StrCat("a recent append after revision ",
                                            append.before.revision,
                                            " does not continue the head at ", row->head.revision));
  }
  row->head = append.after;
  row->changed_ms = append.changed_ms;
  row->tail_bytes += static_cast<int64_t>(append.segment.size());
  return absl::OkStatus();
}

absl::StatusOr<std::vector<RecentAppend>> ReadRecentAppends(sqlite::Statement* select,
                                                            DocumentRow* row) {
  const sqlite::ResetAtExit reset(select);
  select->BindInt64(1, row->number);
  std::vector<RecentAppend> appends;
  for (;;) {
    const absl::StatusOr<bool> found = select->Step();
    if (!found.ok()) return found.status();
    if (!*found) return appends;
    absl::StatusOr<RecentAppend> append =
        ParseRecentAppend({select->Int64(0), row->number}, select->Blob(1));
    if (!append.ok()) return DamagedDocument(row->id, append.status().message());
    if (IsInRows(*append, *row)) continue;
    if (const absl::Status fits = Advance(*append, row); !fits.ok()) {
      return DamagedDocument(row->id, fits.message());
    }
    appends.push_back(*std::move(append));
  }
}

void Advance(const std::vector<RecentAppend>& appends, std::vector<Author>* authors) {
  for (const RecentAppend& append : appends) {
    for (const RecentAuthor& recent : append.authors) {
      const auto author = std::find_if(authors->begin(), authors->end(), [&](const Author& known) {
        return known.number == recent.number;
      });
      // One that is missing is noticed where the commits are read.
      if (author != authors->end()) author->state = recent.state;
    }
  }
}

absl::StatusOr<absl::flat_hash_map<int64_t, RecentAppend>> ReadLastRecentAppends(
    sqlite::Statement* select) {
  const sqlite::ResetAtExit reset(select);
  absl::flat_hash_map<int64_t, RecentAppend> last;
  for (;;) {
    const absl::StatusOr<bool> found = select->Step();
    if (!found.ok()) return found.status();
    if (!*found) return last;
    const RecentAppendKey key = {select->Int64(0), select->Int64(2)};
    absl::StatusOr<RecentAppend> append = ParseRecentAppend(key, select->Blob(1));
    if (append.ok()) last[key.document] = *std::move(append);
  }
}

}  // namespace coedit::storage
