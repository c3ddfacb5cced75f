#include "storage/sqlite_reader.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "storage/schema.h"
#include "storage/segment.h"
#include "storage/snapshot_codec.h"
#include "storage/store_errors.h"

namespace coedit::storage {
namespace {

constexpr absl::string_view kSelectSnapshot =
    "SELECT revision, body FROM snapshots WHERE document = ?1 AND revision <= ?2 "
    "ORDER BY revision DESC LIMIT 1";
// Begins with the segment that holds revision ?2, wherever it starts.
constexpr absl::string_view kSelectSegments =
    "SELECT body FROM segments WHERE document = ?1 AND first_revision <= ?3 AND first_revision >= "
    "(SELECT ifnull(max(first_revision), 0) FROM segments WHERE document = ?1 "
    "AND first_revision <= ?2) ORDER BY first_revision";
constexpr absl::string_view kListDocuments =
    "SELECT id, type, created_ms, changed_ms, head_revision, head_digest FROM documents "
    "WHERE id >= ?1 AND id > ?2 ORDER BY id LIMIT ?3";

absl::Status Damaged(absl::string_view document, absl::string_view what) {
  return absl::DataLossError(absl::StrCat("document '", document, "': ", what));
}

// The commits first..last out of `bodies`. kDataLoss if a segment is damaged, or if the segments do
// not make one chain from `before` (the head that `first` follows, if it is known) to the head of
// the row.
absl::StatusOr<std::vector<ot::Commit>> ParseCommits(const DocumentRow& row,
                                                     const std::vector<std::string>& bodies,
                                                     ot::Revision first, ot::Revision last,
                                                     const std::optional<Head>& before) {
  std::vector<ot::Commit> commits;
  std::optional<Head> head;
  for (const std::string& body : bodies) {
    absl::StatusOr<Segment> segment = ParseSegment(body);
    if (!segment.ok()) return Damaged(row.id, segment.status().message());
    if (head && segment->before != *head) {
      return Damaged(row.id, absl::StrCat("the segment after revision ", head->revision,
                                          " does not continue the one before"));
    }
    head = segment->before;
    for (ot::Commit& commit : segment->commits) {
      if (commit.revision == first && before && *before != *head) {
        return Damaged(row.id, "the log does not continue the snapshot");
      }
      head = Head{commit.revision, commit.digest};
      if (commit.revision == row.head.revision && *head != row.head) {
        return Damaged(row.id, "the end of the log is not the head");
      }
      if (first <= commit.revision && commit.revision <= last) commits.push_back(std::move(commit));
    }
  }
  if (commits.size() != last - first + 1) {
    return Damaged(row.id, absl::StrCat("of the commits ", first, " to ", last, " ", commits.size(),
                                        " were found"));
  }
  return commits;
}

}  // namespace

struct SqliteReader::Stored {
  DocumentRow row;
  ot::Revision snapshot_revision = 0;
  std::string snapshot;
  std::vector<std::string> segments;  // after the snapshot
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
  for (const auto& [statement, sql] :
       {std::pair(&select_document_, kSelectDocument),
        std::pair(&select_snapshot_, kSelectSnapshot),
        std::pair(&select_segments_, kSelectSegments), std::pair(&select_authors_, kSelectAuthors),
        std::pair(&list_documents_, kListDocuments)}) {
    absl::StatusOr<sqlite::Statement> prepared = connection_.Prepare(sql);
    if (!prepared.ok()) return prepared.status();
    *statement = *std::move(prepared);
  }
  return absl::OkStatus();
}

absl::StatusOr<StoredDocument> SqliteReader::Load(absl::string_view document) {
  std::optional<ot::Revision> snapshot_max;
  for (;;) {
    absl::StatusOr<Stored> stored =
        ReadStored(document, snapshot_max.value_or(std::numeric_limits<int64_t>::max()));
    if (!stored.ok()) return stored.status();
    absl::StatusOr<Snapshot> snapshot = ParseSnapshot(stored->snapshot);
    if (snapshot.ok() && snapshot->head.revision != stored->snapshot_revision) {
      snapshot = absl::DataLossError("snapshot: stands under another revision");
    }
    if (!snapshot.ok()) {
      damage_.push_back(absl::StrCat("document '", document, "', revision ",
                                     stored->snapshot_revision, ": ", snapshot.status().message()));
      if (stored->snapshot_revision == 0) return Damaged(document, snapshot.status().message());
      snapshot_max = stored->snapshot_revision - 1;
      continue;
    }

    StoredDocument loaded{.type = stored->row.type,
                          .epoch = std::move(stored->row.epoch),
                          .snapshot = *std::move(snapshot),
                          .tail = {},
                          .authors = std::move(stored->authors)};
    const Head& head = stored->row.head;
    if (loaded.snapshot.head.revision < head.revision) {
      absl::StatusOr<std::vector<ot::Commit>> tail =
          ParseCommits(stored->row, stored->segments, loaded.snapshot.head.revision + 1,
                       head.revision, loaded.snapshot.head);
      if (!tail.ok()) return tail.status();
      loaded.tail = *std::move(tail);
    } else if (loaded.snapshot.head != head) {
      return Damaged(document, "the newest snapshot is not the head");
    }
    for (const ot::Commit& commit : loaded.tail) {
      const bool known =
          std::any_of(loaded.authors.begin(), loaded.authors.end(),
                      [&](const Author& author) { return author.number == commit.author; });
      if (!known) return Damaged(document, absl::StrCat("author ", commit.author, " is missing"));
    }
    return loaded;
  }
}

absl::StatusOr<SqliteReader::Stored> SqliteReader::ReadStored(absl::string_view document,
                                                              ot::Revision snapshot_max) {
  absl::StatusOr<sqlite::Transaction> transaction =
      sqlite::Transaction::Begin(&connection_, sqlite::Transaction::Mode::kRead);
  if (!transaction.ok()) return transaction.status();
  absl::StatusOr<DocumentRow> row = FindDocument(&*select_document_, document);
  if (!row.ok()) return row.status();
  Stored stored;
  stored.row = *std::move(row);

  {
    const sqlite::ResetAtExit reset(&*select_snapshot_);
    select_snapshot_->BindInt64(1, stored.row.number).BindUint64(2, snapshot_max);
    const absl::StatusOr<bool> found = select_snapshot_->Step();
    if (!found.ok()) return found.status();
    if (!*found) return Damaged(document, "its snapshots are missing");
    stored.snapshot_revision = select_snapshot_->Uint64(0);
    stored.snapshot = std::string(select_snapshot_->Blob(1));
  }
  if (stored.snapshot_revision < stored.row.head.revision) {
    absl::StatusOr<std::vector<std::string>> segments =
        ReadSegments(stored.row, stored.snapshot_revision + 1, stored.row.head.revision);
    if (!segments.ok()) return segments.status();
    stored.segments = *std::move(segments);
  }
  absl::StatusOr<std::vector<Author>> authors = ReadAuthors(stored.row);
  if (!authors.ok()) return authors.status();
  stored.authors = *std::move(authors);
  return stored;
}

absl::StatusOr<std::vector<std::string>> SqliteReader::ReadSegments(const DocumentRow& row,
                                                                    ot::Revision first,
                                                                    ot::Revision last) {
  const sqlite::ResetAtExit reset(&*select_segments_);
  select_segments_->BindInt64(1, row.number).BindUint64(2, first).BindUint64(3, last);
  std::vector<std::string> bodies;
  for (;;) {
    const absl::StatusOr<bool> found = select_segments_->Step();
    if (!found.ok()) return found.status();
    if (!*found) return bodies;
    bodies.emplace_back(select_segments_->Blob(0));
  }
}

absl::StatusOr<std::vector<Author>> SqliteReader::ReadAuthors(const DocumentRow& row) {
  const sqlite::ResetAtExit reset(&*select_authors_);
  select_authors_->BindInt64(1, row.number);
  std::vector<Author> authors;
  for (;;) {
    const absl::StatusOr<bool> found = select_authors_->Step();
    if (!found.ok()) return found.status();
    if (!*found) return authors;
    absl::StatusOr<Author> author = ReadAuthorRow(row.number, *select_authors_);
    if (!author.ok()) return Damaged(row.id, author.status().message());
    authors.push_back(*std::move(author));
  }
}

absl::StatusOr<std::vector<ot::Commit>> SqliteReader::ReadCommits(absl::string_view document,
                                                                  ot::Revision first,
                                                                  ot::Revision last) {
  absl::StatusOr<DocumentRow> row;
  absl::StatusOr<std::vector<std::string>> bodies;
  {
    absl::StatusOr<sqlite::Transaction> transaction =
        sqlite::Transaction::Begin(&connection_, sqlite::Transaction::Mode::kRead);
    if (!transaction.ok()) return transaction.status();
    row = FindDocument(&*select_document_, document);
    if (!row.ok()) return row.status();
    if (first < 1 || last < first || last > row->head.revision) {
      return NoSuchCommits(document, first, last, row->head.revision);
    }
    bodies = ReadSegments(*row, first, last);
    if (!bodies.ok()) return bodies.status();
  }
  return ParseCommits(*row, *bodies, first, last, std::nullopt);
}

absl::StatusOr<std::vector<DocumentInfo>> SqliteReader::List(absl::string_view prefix,
                                                             absl::string_view after,
                                                             int64_t limit) {
  const sqlite::ResetAtExit reset(&*list_documents_);
  list_documents_->BindText(1, prefix).BindText(2, after).BindInt64(3, std::max<int64_t>(limit, 0));
  std::vector<DocumentInfo> infos;
  for (;;) {
    const absl::StatusOr<bool> found = list_documents_->Step();
    if (!found.ok()) return found.status();
    // Ids that begin with the prefix stand together.
    if (!*found || !absl::StartsWith(list_documents_->Text(0), prefix)) return infos;
    infos.push_back({.id = std::string(list_documents_->Text(0)),
                     .type = static_cast<ot::DocumentType>(list_documents_->Int64(1)),
                     .head = {list_documents_->Uint64(4), list_documents_->Uint64(5)},
                     .created_ms = list_documents_->Int64(2),
                     .changed_ms = list_documents_->Int64(3)});
  }
}

}  // namespace coedit::storage
