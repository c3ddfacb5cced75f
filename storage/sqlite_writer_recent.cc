// SqliteWriter: takes over the recent appends that it finds, those of a former process or those
// that are left when a transaction was rolled back.
#include <map>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "storage/bytes.h"
#include "storage/log_rows.h"
#include "storage/segment.h"
#include "storage/sqlite_writer.h"

namespace coedit::storage {
namespace {

// The author as it is after the append.
absl::StatusOr<Author> FindAuthor(sqlite::Statement* select, int64_t document,
                                  const RecentAuthor& recent) {
  const sqlite::ResetAtExit reset(select);
  select->BindInt64(1, document).BindUint64(2, recent.number);
  const absl::StatusOr<bool> found = select->Step();
  if (!found.ok()) return found.status();
  if (!*found) return absl::DataLossError(absl::StrCat("author ", recent.number, " is missing"));
  absl::StatusOr<Author> author = ReadAuthorRow(document, *select);
  if (author.ok()) author->state = recent.state;
  return author;
}

}  // namespace

struct SqliteWriter::LoadedAppend {
  int64_t number = 0;
  std::string body;
};

absl::Status SqliteWriter::LoadRecentAppends() {
  known_.Clear();
  damaged_.clear();
  recent_.Clear();
  std::map<int64_t, std::vector<LoadedAppend>> by_document;
  std::vector<std::pair<RecentAppendKey, int64_t>> rows;  // with the size of the body
  {
    absl::StatusOr<sqlite::Statement> select = connection_.Prepare(kSelectAllRecentAppends);
    if (!select.ok()) return select.status();
    for (;;) {
      const absl::StatusOr<bool> found = select->Step();
      if (!found.ok()) return found.status();
      if (!*found) break;
      const RecentAppendKey key = {select->Int64(0), select->Int64(2)};
      const absl::string_view body = select->Blob(1);
      rows.emplace_back(key, body.size());
      by_document[key.document].push_back({key.number, std::string(body)});
    }
  }
  absl::flat_hash_map<int64_t, KnownDocument*> sound;
  for (const auto& [number, appends] : by_document) {
    const absl::StatusOr<KnownDocument*> document = LoadDocument(number, appends);
    if (document.ok()) {
      sound[number] = *document;
    } else if (!absl::IsDataLoss(document.status())) {
      return document.status();
    }
  }
  for (const auto& [key, bytes] : rows) {
    const auto found = sound.find(key.document);
    if (found == sound.end()) {
      // It stays, for whoever repairs the document or deletes it.
      recent_.Skip(key);
    } else {
      recent_.Add(key, bytes, found->second->recent.empty() ? nullptr : found->second);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<KnownDocument*> SqliteWriter::LoadDocument(
    int64_t number, const std::vector<LoadedAppend>& appends) {
  absl::StatusOr<sqlite::Statement> select = connection_.Prepare(kSelectDocumentByNumber);
  if (!select.ok()) return select.status();
  const absl::StatusOr<bool> found = select->BindInt64(1, number).Step();
  if (!found.ok()) return found.status();
  if (!*found) return absl::DataLossError(absl::StrCat("there is no document ", number));
  absl::StatusOr<DocumentRow> row = ReadDocumentRow(*select);
  if (!row.ok()) return row.status();
  KnownDocument* const document = known_.Add(*std::move(row));
  const int64_t tail_bytes = document->row.tail_bytes;  // of what is in rows

  const auto damaged = [&](const absl::Status& status) {
    if (!absl::IsDataLoss(status)) return status;
    const std::string id = document->row.id;
    known_.Forget(id);
    return damaged_[id] = DamagedDocument(id, status.message());
  };
  absl::StatusOr<sqlite::Statement> select_author = connection_.Prepare(kSelectAuthor);
  if (!select_author.ok()) return select_author.status();
  for (const LoadedAppend& loaded : appends) {
    const absl::StatusOr<RecentAppend> append =
        ParseRecentAppend({loaded.number, number}, loaded.body);
    if (!append.ok()) return damaged(append.status());
    if (IsInRows(*append, document->row)) continue;
    // What is joined later is not looked at any more.
    const absl::StatusOr<Segment> segment = ParseSegment(append->segment);
    if (!segment.ok()) return damaged(segment.status());
    if (const absl::Status fits = Advance(*append, &document->row); !fits.ok()) {
      return damaged(fits);
    }
    AppendSized(append->segment, &document->recent);
    document->recent_commits +=
        static_cast<int64_t>(append->after.revision - append->before.revision);
    for (const RecentAuthor& recent : append->authors) {
      const absl::StatusOr<Author> author =
          FindAuthor(&*select_author, document->row.number, recent);
      if (!author.ok()) return damaged(author.status());
      if (!known_.Stage(*author, document)) {
        return damaged(absl::DataLossError(absl::StrCat("recent append ", loaded.number,
                                                        ": author ", recent.number,
                                                        " does not follow what is known of it")));
      }
    }
  }
  document->row.tail_bytes = tail_bytes;
  for (KnownAuthor& author : document->authors) author.has_row = true;
  return document;
}

}  // namespace coedit::storage
