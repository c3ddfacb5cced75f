#include "storage/sqlite_reader.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "storage/log_rows.h"
#include "storage/schema.h"
#include "storage/snapshot_codec.h"
#include "storage/store_errors.h"

namespace coedit::storage {
namespace {

// A read of old segments ends after so much, so that it does not hold up others.
constexpr int64_t kReadBytesMax = int64_t{1} << 20;
constexpr ot::Revision kLast = std::numeric_limits<int64_t>::max();

constexpr absl::string_view kSelectSnapshot =
    "SELECT revision, body FROM snapshots WHERE document = ?1 AND revision <= ?2 "
    "ORDER BY revision DESC LIMIT 1";
// Begins with the block that holds revision ?2, wherever it starts.
constexpr absl::string_view kSelectBlocks =
    "SELECT body, last_revision FROM history_blocks WHERE document = ?1 AND first_revision <= ?3 "
    "AND first_revision >= (SELECT ifnull(max(first_revision), 0) FROM history_blocks "
    "WHERE document = ?1 AND first_revision <= ?2) AND last_revision >= ?2 "
    "ORDER BY first_revision";
// Likewise. The first segments may be packed, then it begins with those that are left.
constexpr absl::string_view kSelectSegments =
    "SELECT body FROM segments WHERE document = ?1 AND first_revision <= ?3 AND first_revision >= "
    "(SELECT ifnull(max(first_revision), 0) FROM segments WHERE document = ?1 "
    "AND first_revision <= ?2) ORDER BY first_revision";
constexpr absl::string_view kSelectShape =
    "SELECT first_revision, last_revision, weight FROM history_blocks WHERE document = ?1 "
    "ORDER BY first_revision";
constexpr absl::string_view kSelectRungs =
    "SELECT (SELECT ifnull(max(revision), 0) FROM snapshots WHERE document = ?1 AND rung = 1), "
    "length(body), substr(body, 1, 1) FROM snapshots WHERE document = ?1 AND revision = ?2";
// Few rows at a time: a read holds up others.
constexpr absl::string_view kSelectOldSegments =
    "SELECT body, last_revision FROM segments WHERE document = ?1 AND first_revision > ?2 "
    "AND last_revision <= ?3 ORDER BY first_revision LIMIT ?4";
constexpr absl::string_view kSelectBlockBodies =
    "SELECT body FROM history_blocks WHERE document = ?1 AND first_revision BETWEEN ?2 AND ?3 "
    "ORDER BY first_revision";
// Looks at so many numbers of documents from ?1 on.
constexpr absl::string_view kFindOldSegments =
    "SELECT id FROM documents WHERE number > ?1 AND number <= ?2 AND EXISTS "
    "(SELECT 1 FROM segments WHERE document = documents.number "
    "AND first_revision <= documents.snapshot_revision) ORDER BY number";

}  // namespace

struct SqliteReader::Stored {
  Found document;
  ot::Revision snapshot_revision = 0;
  std::string snapshot;
  std::vector<LogRow> log;  // after the snapshot
  std::vector<Author> authors;
};

absl::StatusOr<std::unique_ptr<SqliteReader>> SqliteReader::Open(const std::string& path,
                                                                 const std::string& vfs) {
  absl::StatusOr<sqlite::Connection> connection =
      sqlite::Connection::Open(path, sqlite::Access::kReadOnly, vfs);
  if (!connection.ok()) return connection.status();
  std::unique_ptr<SqliteReader> reader(new SqliteReader(*std::move(connection)));
  if (absl::Status prepared = reader->Prepare(); !prepared.ok()) return prepared;
  return reader;
}

absl::Status SqliteReader::Prepare() {
  if (absl::Status done = ConfigureConnection(&connection_); !done.ok()) return done;
  // Documents are read once, when they are opened: what a cache keeps of them is of little use, and
  // the kernel has it too.
  if (absl::Status done = connection_.Execute("PRAGMA cache_size = -512"); !done.ok()) return done;
  for (const auto& [statement, sql] :
       {std::pair(&select_document_, kSelectDocument),
        std::pair(&select_recent_, kSelectRecentAppends),
        std::pair(&select_snapshot_, kSelectSnapshot), std::pair(&select_blocks_, kSelectBlocks),
        std::pair(&select_segments_, kSelectSegments), std::pair(&select_authors_, kSelectAuthors),
        std::pair(&select_shape_, kSelectShape), std::pair(&select_rungs_, kSelectRungs),
        std::pair(&select_old_segments_, kSelectOldSegments),
        std::pair(&select_block_bodies_, kSelectBlockBodies),
        std::pair(&find_old_segments_, kFindOldSegments)}) {
    absl::StatusOr<sqlite::Statement> prepared = connection_.Prepare(sql);
    if (!prepared.ok()) return prepared.status();
    *statement = *std::move(prepared);
  }
  return PrepareQueries();
}

absl::StatusOr<StoredDocument> SqliteReader::Load(absl::string_view document) {
  absl::StatusOr<Stored> stored = ReadStored(document, kLast, kLast);
  if (!stored.ok()) return stored.status();
  absl::StatusOr<Snapshot> snapshot = ParseStoredSnapshot(document, *stored);
  if (!snapshot.ok()) {
    // What is packed need not be held as commits: the text is carried over it.
    if (stored->snapshot_revision == 0) {
      return DamagedDocument(document, snapshot.status().message());
    }
    snapshot = ReadRevision(document, stored->snapshot_revision, stored->snapshot_revision - 1);
    if (!snapshot.ok()) return snapshot.status();
  }

  DocumentRow& row = stored->document.row;
  StoredDocument loaded{.type = row.type,
                        .epoch = std::move(row.epoch),
                        .snapshot = *std::move(snapshot),
                        .tail = {},
                        .authors = std::move(stored->authors)};
  const Head& head = row.head;
  if (loaded.snapshot.head.revision < head.revision) {
    absl::StatusOr<std::vector<ot::Commit>> tail = ParseCommits(
        row, stored->log, loaded.snapshot.head.revision + 1, head.revision, loaded.snapshot.head);
    if (!tail.ok()) return tail.status();
    loaded.tail = *std::move(tail);
  } else if (loaded.snapshot.head != head) {
    return DamagedDocument(document, "the newest snapshot is not the head");
  }
  for (const ot::Commit& commit : loaded.tail) {
    const bool known =
        std::any_of(loaded.authors.begin(), loaded.authors.end(),
                    [&](const Author& author) { return author.number == commit.author; });
    if (!known) {
      return DamagedDocument(document, absl::StrCat("author ", commit.author, " is missing"));
    }
  }
  return loaded;
}

absl::StatusOr<Snapshot> SqliteReader::ReadRevision(absl::string_view document,
                                                    ot::Revision revision) {
  return ReadRevision(document, revision, revision);
}

absl::StatusOr<Snapshot> SqliteReader::ReadRevision(absl::string_view document,
                                                    ot::Revision revision,
                                                    ot::Revision snapshot_max) {
  for (;;) {
    absl::StatusOr<Stored> stored = ReadStored(document, snapshot_max, revision);
    if (!stored.ok()) return stored.status();
    absl::StatusOr<Snapshot> snapshot = ParseStoredSnapshot(document, *stored);
    if (!snapshot.ok()) {
      if (stored->snapshot_revision == 0) {
        return DamagedDocument(document, snapshot.status().message());
      }
      snapshot_max = stored->snapshot_revision - 1;
      continue;
    }
    const DocumentRow& row = stored->document.row;
    absl::Status carried = CarrySnapshot(row, stored->log, revision, &*snapshot);
    if (!carried.ok()) return carried;
    if (revision == row.head.revision && snapshot->head != row.head) {
      return DamagedDocument(document, "the text at the end of the log is not that of the head");
    }
    return snapshot;
  }
}

absl::StatusOr<Snapshot> SqliteReader::ParseStoredSnapshot(absl::string_view document,
                                                           const Stored& stored) {
  absl::StatusOr<Snapshot> snapshot = ParseSnapshot(stored.snapshot);
  if (snapshot.ok() && snapshot->head.revision != stored.snapshot_revision) {
    snapshot = absl::DataLossError("snapshot: stands under another revision");
  }
  if (!snapshot.ok()) {
    damage_.push_back(absl::StrCat("document '", document, "', revision ", stored.snapshot_revision,
                                   ": ", std::string(snapshot.status().message())));
  }
  return snapshot;
}

absl::StatusOr<SqliteReader::Stored> SqliteReader::ReadStored(absl::string_view document,
                                                              ot::Revision snapshot_max,
                                                              ot::Revision last) {
  absl::StatusOr<sqlite::Transaction> transaction =
      sqlite::Transaction::Begin(&connection_, sqlite::Transaction::Mode::kRead);
  if (!transaction.ok()) return transaction.status();
  absl::StatusOr<Found> found_document = Find(document);
  if (!found_document.ok()) return found_document.status();
  Stored stored;
  stored.document = *std::move(found_document);
  const ot::Revision head = stored.document.row.head.revision;
  if (last != kLast && last > head) return NoSuchRevision(document, last, head);
  last = std::min(last, head);

  {
    const sqlite::ResetAtExit reset(&*select_snapshot_);
    select_snapshot_->BindInt64(1, stored.document.row.number).BindUint64(2, snapshot_max);
    const absl::StatusOr<bool> found = select_snapshot_->Step();
    if (!found.ok()) return found.status();
    if (!*found) return DamagedDocument(document, "its snapshots are missing");
    stored.snapshot_revision = select_snapshot_->Uint64(0);
    stored.snapshot = std::string(select_snapshot_->Blob(1));
  }
  if (stored.snapshot_revision < last) {
    absl::StatusOr<std::vector<LogRow>> log =
        ReadLog(stored.snapshot_revision + 1, last, &stored.document);
    if (!log.ok()) return log.status();
    stored.log = *std::move(log);
  }
  absl::StatusOr<std::vector<Author>> authors = ReadAuthors(stored.document);
  if (!authors.ok()) return authors.status();
  stored.authors = *std::move(authors);
  return stored;
}

absl::StatusOr<SqliteReader::Found> SqliteReader::Find(absl::string_view document) {
  absl::StatusOr<DocumentRow> row = FindDocument(&*select_document_, document);
  if (!row.ok()) return row.status();
  Found found;
  found.row = *std::move(row);
  absl::StatusOr<std::vector<RecentAppend>> recent =
      ReadRecentAppends(&*select_recent_, &found.row);
  if (!recent.ok()) return recent.status();
  found.recent = *std::move(recent);
  return found;
}

absl::StatusOr<SqliteReader::Found> SqliteReader::FindNow(absl::string_view document) {
  absl::StatusOr<sqlite::Transaction> transaction =
      sqlite::Transaction::Begin(&connection_, sqlite::Transaction::Mode::kRead);
  if (!transaction.ok()) return transaction.status();
  return Find(document);
}

absl::StatusOr<std::vector<LogRow>> SqliteReader::ReadLog(ot::Revision first, ot::Revision last,
                                                          Found* document) {
  const DocumentRow& row = document->row;
  const ot::Revision in_rows =
      document->recent.empty() ? row.head.revision : document->recent.front().before.revision;
  absl::StatusOr<std::vector<LogRow>> log = std::vector<LogRow>();
  if (first <= in_rows) log = ReadLogRows(row, first, std::min(last, in_rows));
  if (!log.ok()) return log;
  for (RecentAppend& append : document->recent) {
    if (append.after.revision < first || append.before.revision >= last) continue;
    log->push_back({.is_block = false, .body = std::move(append.segment)});
  }
  return log;
}

absl::StatusOr<std::vector<LogRow>> SqliteReader::ReadLogRows(const DocumentRow& row,
                                                              ot::Revision first,
                                                              ot::Revision last) {
  std::vector<LogRow> log;
  ot::Revision packed = 0;
  {
    const sqlite::ResetAtExit reset(&*select_blocks_);
    select_blocks_->BindInt64(1, row.number).BindUint64(2, first).BindUint64(3, last);
    for (;;) {
      const absl::StatusOr<bool> found = select_blocks_->Step();
      if (!found.ok()) return found.status();
      if (!*found) break;
      packed = select_blocks_->Uint64(1);
      log.push_back({.is_block = true, .body = std::string(select_blocks_->Blob(0))});
    }
  }
  if (packed >= last) return log;
  const sqlite::ResetAtExit reset(&*select_segments_);
  select_segments_->BindInt64(1, row.number)
      .BindUint64(2, std::max(first, packed + 1))
      .BindUint64(3, last);
  for (;;) {
    const absl::StatusOr<bool> found = select_segments_->Step();
    if (!found.ok()) return found.status();
    if (!*found) return log;
    log.push_back({.is_block = false, .body = std::string(select_segments_->Blob(0))});
  }
}

absl::StatusOr<std::vector<Author>> SqliteReader::ReadAuthors(const Found& document) {
  const DocumentRow& row = document.row;
  const sqlite::ResetAtExit reset(&*select_authors_);
  select_authors_->BindInt64(1, row.number);
  std::vector<Author> authors;
  for (;;) {
    const absl::StatusOr<bool> found = select_authors_->Step();
    if (!found.ok()) return found.status();
    if (!*found) break;
    absl::StatusOr<Author> author = ReadAuthorRow(row.number, *select_authors_);
    if (!author.ok()) return DamagedDocument(row.id, author.status().message());
    authors.push_back(*std::move(author));
  }
  Advance(document.recent, &authors);
  return authors;
}

absl::StatusOr<std::vector<ot::Commit>> SqliteReader::ReadCommits(absl::string_view document,
                                                                  ot::Revision first,
                                                                  ot::Revision last) {
  absl::StatusOr<Found> found;
  absl::StatusOr<std::vector<LogRow>> log;
  {
    absl::StatusOr<sqlite::Transaction> transaction =
        sqlite::Transaction::Begin(&connection_, sqlite::Transaction::Mode::kRead);
    if (!transaction.ok()) return transaction.status();
    found = Find(document);
    if (!found.ok()) return found.status();
    const ot::Revision head = found->row.head.revision;
    if (first < 1 || last < first || last > head) {
      return NoSuchCommits(document, first, last, head);
    }
    log = ReadLog(first, last, &*found);
    if (!log.ok()) return log.status();
  }
  return ParseCommits(found->row, *log, first, last, std::nullopt);
}

absl::StatusOr<HistoryShape> SqliteReader::ReadShape(absl::string_view document) {
  absl::StatusOr<sqlite::Transaction> transaction =
      sqlite::Transaction::Begin(&connection_, sqlite::Transaction::Mode::kRead);
  if (!transaction.ok()) return transaction.status();
  absl::StatusOr<DocumentRow> row = FindDocument(&*select_document_, document);
  if (!row.ok()) return row.status();
  HistoryShape shape;
  shape.document = *std::move(row);
  {
    const sqlite::ResetAtExit reset(&*select_shape_);
    select_shape_->BindInt64(1, shape.document.number);
    for (;;) {
      const absl::StatusOr<bool> found = select_shape_->Step();
      if (!found.ok()) return found.status();
      if (!*found) break;
      shape.blocks.push_back(
          {select_shape_->Uint64(0), select_shape_->Uint64(1), select_shape_->Int64(2)});
    }
  }
  const sqlite::ResetAtExit reset(&*select_rungs_);
  select_rungs_->BindInt64(1, shape.document.number)
      .BindUint64(2, shape.document.snapshot_revision);
  const absl::StatusOr<bool> found = select_rungs_->Step();
  if (!found.ok()) return found.status();
  if (!*found) return DamagedDocument(document, "its newest snapshot is missing");
  shape.last_rung = select_rungs_->Uint64(0);
  shape.newest_snapshot_bytes = select_rungs_->Int64(1);
  shape.newest_snapshot_packed = IsPackedSnapshot(select_rungs_->Blob(2));
  return shape;
}

absl::StatusOr<std::vector<std::string>> SqliteReader::ReadOldSegments(int64_t document,
                                                                       ot::Revision after,
                                                                       ot::Revision last,
                                                                       int64_t limit) {
  const sqlite::ResetAtExit reset(&*select_old_segments_);
  select_old_segments_->BindInt64(1, document)
      .BindUint64(2, after)
      .BindUint64(3, last)
      .BindInt64(4, limit);
  return ReadBodies(&*select_old_segments_, kReadBytesMax);
}

absl::StatusOr<std::vector<std::string>> SqliteReader::ReadBlocks(int64_t document,
                                                                  ot::Revision first,
                                                                  ot::Revision last) {
  const sqlite::ResetAtExit reset(&*select_block_bodies_);
  select_block_bodies_->BindInt64(1, document).BindUint64(2, first).BindUint64(3, last);
  return ReadBodies(&*select_block_bodies_, std::numeric_limits<int64_t>::max());
}

absl::StatusOr<std::vector<std::string>> SqliteReader::ReadBodies(sqlite::Statement* statement,
                                                                  int64_t bytes_max) {
  std::vector<std::string> bodies;
  int64_t bytes = 0;
  while (bytes < bytes_max) {
    const absl::StatusOr<bool> found = statement->Step();
    if (!found.ok()) return found.status();
    if (!*found) break;
    bodies.emplace_back(statement->Blob(0));
    bytes += static_cast<int64_t>(bodies.back().size());
  }
  return bodies;
}

absl::StatusOr<std::vector<std::string>> SqliteReader::FindOldSegments(int64_t after_number,
                                                                       int64_t last_number) {
  const sqlite::ResetAtExit reset(&*find_old_segments_);
  find_old_segments_->BindInt64(1, after_number).BindInt64(2, last_number);
  std::vector<std::string> documents;
  for (;;) {
    const absl::StatusOr<bool> found = find_old_segments_->Step();
    if (!found.ok()) return found.status();
    if (!*found) return documents;
    documents.emplace_back(find_old_segments_->Text(0));
  }
}

absl::StatusOr<int64_t> SqliteReader::LastDocumentNumber() {
  return connection_.QueryInt64("SELECT ifnull(max(number), 0) FROM documents");
}

}  // namespace coedit::storage
