#include "storage/sqlite_writer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ot/check.h"
#include "ot/mutation.h"
#include "storage/bytes.h"
#include "storage/failpoint.h"
#include "storage/schema.h"
#include "storage/segment.h"
#include "storage/snapshot_codec.h"
#include "storage/store_errors.h"

namespace coedit::storage {
namespace {

// A segment is read as a whole. Appends are not joined beyond these; one alone may be larger.
constexpr int64_t kJoinedCommitsMax = 256;
constexpr int64_t kJoinedBytesMax = 256 * 1024;
// A larger append gains nothing by waiting among the recent ones, and would be written twice.
constexpr int64_t kRecentAppendBytesMax = 4 * 1024;

// In the log each page has a head of its own.
constexpr int64_t kWalFrameHeadBytes = 24;

constexpr absl::string_view kInsertDocument =
    "INSERT INTO documents (id, type, epoch, created_ms, changed_ms, head_revision, head_digest, "
    "snapshot_revision, tail_bytes, checksum, number, title) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
constexpr absl::string_view kUpdateDocument =
    "UPDATE documents SET changed_ms = ?2, head_revision = ?3, head_digest = ?4, "
    "snapshot_revision = ?5, tail_bytes = ?6, checksum = ?7 WHERE number = ?1";
// Changes no row if the number is that of another client or the sequence does not grow.
constexpr absl::string_view kPutAuthor =
    "INSERT INTO authors (document, number, client_id, user_id, name, color, last_sequence, "
    "last_revision, last_hash, checksum) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) "
    "ON CONFLICT (document, number) DO UPDATE SET user_id = ?4, name = ?5, color = ?6, "
    "last_sequence = ?7, last_revision = ?8, last_hash = ?9, checksum = ?10 "
    "WHERE client_id = ?3 AND last_sequence < ?11";
// Of a row that is known to be there, with the same user fields and an earlier sequence.
constexpr absl::string_view kUpdateAuthor =
    "UPDATE authors SET last_sequence = ?3, last_revision = ?4, last_hash = ?5, checksum = ?6 "
    "WHERE document = ?1 AND number = ?2";
constexpr absl::string_view kInsertSegment =
    "INSERT INTO segments (document, first_revision, last_revision, body) "
    "VALUES (?1, ?2, ?3, ?4)";
constexpr absl::string_view kInsertSnapshot =
    "INSERT INTO snapshots (document, revision, body) VALUES (?1, ?2, ?3)";
// The first stays because the history begins with it, the last but one in case the last is damaged,
// rungs so that no old revision is far from a text.
constexpr absl::string_view kDeleteSnapshots =
    "DELETE FROM snapshots WHERE document = ?1 AND revision > 0 AND revision < ?2 AND rung = 0";
// Commits in the rows that lie in ?2..?3, and the last of them.
constexpr absl::string_view kCountReplaced =
    "SELECT total(last_revision - first_revision + 1), max(last_revision) FROM "
    "(SELECT first_revision, last_revision FROM segments "
    "WHERE document = ?1 AND first_revision BETWEEN ?2 AND ?3 UNION ALL "
    "SELECT first_revision, last_revision FROM history_blocks "
    "WHERE document = ?1 AND first_revision BETWEEN ?2 AND ?3)";
constexpr absl::string_view kDeleteSegments =
    "DELETE FROM segments WHERE document = ?1 AND first_revision BETWEEN ?2 AND ?3";
constexpr absl::string_view kDeleteBlocks =
    "DELETE FROM history_blocks WHERE document = ?1 AND first_revision BETWEEN ?2 AND ?3";
constexpr absl::string_view kInsertBlock =
    "INSERT INTO history_blocks (document, first_revision, last_revision, weight, body) "
    "VALUES (?1, ?2, ?3, ?4, ?5)";
constexpr absl::string_view kPutRung =
    "INSERT INTO snapshots (document, revision, body, rung) VALUES (?1, ?2, ?3, 1) "
    "ON CONFLICT (document, revision) DO UPDATE SET body = ?3, rung = 1";
constexpr absl::string_view kUpdateSnapshot =
    "UPDATE snapshots SET body = ?3 WHERE document = ?1 AND revision = ?2";

int CountWalPages(void* pages, sqlite3*, const char*, int count) {
  *static_cast<int64_t*>(pages) = count;
  return SQLITE_OK;
}

// One segment of all commits that are staged.
std::string SegmentOf(const std::vector<const EncodedAppend*>& staged) {
  if (staged.size() == 1) return staged.front()->segment;
  std::vector<absl::string_view> segments;
  segments.reserve(staged.size());
  for (const EncodedAppend* append : staged) segments.push_back(append->segment);
  return JoinSegments(segments);
}

absl::Status UseWriteAheadLog(sqlite::Connection* connection) {
  absl::StatusOr<sqlite::Statement> pragma = connection->Prepare("PRAGMA journal_mode = WAL");
  if (!pragma.ok()) return pragma.status();
  const absl::StatusOr<bool> row = pragma->Step();
  if (!row.ok()) return row.status();
  // The answer is the mode that holds now, not an error.
  if (*row && pragma->Text(0) == "wal") return absl::OkStatus();
  return absl::UnavailableError("sqlite: no write-ahead log on this file system");
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteWriter>> SqliteWriter::Open(const std::string& path,
                                                                 const std::string& vfs,
                                                                 const SnapshotRule& snapshot_rule,
                                                                 int64_t recent_bytes_max) {
  auto log_buffer = std::make_unique<LogBuffer>(vfs);
  // Without syncs nothing would ever be written to the log.
  const std::string& layer = Mutated(Mutation::kFsyncSkipped) ? vfs : log_buffer->vfs();
  absl::StatusOr<sqlite::Connection> connection =
      sqlite::Connection::Open(path, sqlite::Access::kReadWrite, layer);
  if (!connection.ok()) return connection.status();
  std::unique_ptr<SqliteWriter> writer(new SqliteWriter(
      std::move(log_buffer), *std::move(connection), snapshot_rule, recent_bytes_max));
  if (absl::Status prepared = writer->Prepare(); !prepared.ok()) return prepared;
  return writer;
}

absl::Status SqliteWriter::Prepare() {
  if (absl::Status done = ConfigureConnection(&connection_); !done.ok()) return done;
  // FULL, not NORMAL: an answer promises that the commit survives a power cut.
  const char* const synchronous =
      Mutated(Mutation::kFsyncSkipped) ? "PRAGMA synchronous = OFF" : "PRAGMA synchronous = FULL";
  if (absl::Status done = connection_.Execute(synchronous); !done.ok()) return done;
  // What was deleted is overwritten, not only forgotten; some builds of SQLite do so anyway.
  if (absl::Status done = connection_.Execute("PRAGMA secure_delete = ON"); !done.ok()) return done;
  // Less than SQLite's own: a transaction changes few pages. What does not fit goes to the log
  // early.
  if (absl::Status done = connection_.Execute("PRAGMA cache_size = -1024"); !done.ok()) return done;
  // Before the file is turned to WAL, so that what is not ours is refused untouched.
  if (absl::Status done = MigrateSchema(&connection_); !done.ok()) return done;
  if (absl::Status done = UseWriteAheadLog(&connection_); !done.ok()) return done;
  const absl::StatusOr<int64_t> page_bytes = connection_.QueryInt64("PRAGMA page_size");
  if (!page_bytes.ok()) return page_bytes.status();
  wal_page_bytes_ = *page_bytes + kWalFrameHeadBytes;
  // Takes the place of SQLite's own checkpoints, which would run within a COMMIT.
  sqlite3_wal_hook(connection_.handle(), &CountWalPages, wal_pages_.get());

  for (const auto& [statement, sql] :
       {std::pair(&select_document_, kSelectDocument),
        std::pair(&insert_document_, kInsertDocument),
        std::pair(&update_document_, kUpdateDocument), std::pair(&put_author_, kPutAuthor),
        std::pair(&update_author_, kUpdateAuthor), std::pair(&insert_segment_, kInsertSegment),
        std::pair(&insert_snapshot_, kInsertSnapshot),
        std::pair(&delete_snapshots_, kDeleteSnapshots),
        std::pair(&count_replaced_, kCountReplaced), std::pair(&delete_segments_, kDeleteSegments),
        std::pair(&delete_blocks_, kDeleteBlocks), std::pair(&insert_block_, kInsertBlock),
        std::pair(&put_rung_, kPutRung), std::pair(&update_snapshot_, kUpdateSnapshot)}) {
    absl::StatusOr<sqlite::Statement> prepared = connection_.Prepare(sql);
    if (!prepared.ok()) return prepared.status();
    *statement = *std::move(prepared);
  }
  if (absl::Status done = recent_.Prepare(&connection_); !done.ok()) return done;
  return LoadRecentAppends();
}

absl::StatusOr<sqlite::Transaction> SqliteWriter::Begin() {
  staged_.clear();
  rows_written_ = {};
  absl::StatusOr<sqlite::Transaction> transaction =
      sqlite::Transaction::Begin(&connection_, sqlite::Transaction::Mode::kImmediate);
  if (!transaction.ok()) return transaction;
  if (std::exchange(is_committed_, false)) {
    known_.KeepSmall();
    return transaction;
  }
  // What was read and changed in a transaction that was rolled back may never have been.
  if (absl::Status loaded = LoadRecentAppends(); !loaded.ok()) return loaded;
  return transaction;
}

absl::Status SqliteWriter::Commit(sqlite::Transaction* transaction) {
  COEDIT_CHECK(staged_.empty());
  absl::Status done = transaction->Commit();
  is_committed_ = done.ok();
  return done;
}

absl::StatusOr<KnownDocument*> SqliteWriter::Know(absl::string_view document) {
  if (KnownDocument* known = known_.Find(document)) return known;
  const auto damaged = damaged_.find(document);
  if (damaged != damaged_.end()) return damaged->second;
  absl::StatusOr<DocumentRow> row = FindDocument(&*select_document_, document);
  if (!row.ok()) return row.status();
  return known_.Add(*std::move(row));
}

absl::Status SqliteWriter::Forget(absl::string_view document) {
  KnownDocument* known = known_.Find(document);
  if (known == nullptr) return absl::OkStatus();
  if (absl::Status done = PutRows(nullptr, known); !done.ok()) return done;
  std::erase(staged_, known);
  known_.Forget(document);
  return absl::OkStatus();
}

absl::StatusOr<SqliteWriter::Appended> SqliteWriter::Append(const EncodedAppend& append,
                                                            AppendResult* conflict) {
  const absl::StatusOr<KnownDocument*> known = Know(append.document);
  if (absl::IsNotFound(known.status())) {
    *conflict = UnknownDocumentConflict(append.document);
    return Appended::kConflict;
  }
  if (!known.ok()) return known.status();
  KnownDocument& document = **known;
  DocumentRow& row = document.row;
  // Nobody else can write between this comparison and the commit: the transaction is immediate.
  if (row.head != append.expected) {
    *conflict = HeadConflict(append.document, append.expected, row.head);
    return Appended::kConflict;
  }

  const auto bytes = static_cast<int64_t>(append.segment.size());
  const int64_t commits = document.recent_commits + document.staged_commits + append.commit_count;
  const auto recent_bytes = static_cast<int64_t>(document.recent.size());
  if (commits > kJoinedCommitsMax ||
      recent_bytes + document.staged_bytes + bytes > kJoinedBytesMax) {
    if (absl::Status done = PutRows(nullptr, &document); !done.ok()) return done;
  }
  for (const Author& author : append.authors) {
    if (!known_.Stage(author, &document)) {
      return absl::AlreadyExistsError(AuthorConflict(row.id, author.number).text);
    }
  }
  if (document.staged.empty()) staged_.push_back(&document);
  document.staged.push_back(&append);
  document.staged_commits += append.commit_count;
  document.staged_bytes += bytes;
  row.head = append.after;
  row.changed_ms = append.changed_ms;

  const int64_t tail_commits = row.head.revision - row.snapshot_revision;
  const int64_t tail_bytes =
      row.tail_bytes + static_cast<int64_t>(document.recent.size()) + document.staged_bytes;
  if (!append.text || !snapshot_rule_.Due(tail_commits, tail_bytes, append.text->bytes())) {
    return Appended::kCommits;
  }
  // A segment ends where the snapshot stands.
  if (absl::Status done = PutRows(&*append.text, &document); !done.ok()) return done;
  return Appended::kCommitsAndSnapshot;
}

absl::Status SqliteWriter::Flush() {
  for (KnownDocument* document : staged_) {
    if (document->staged.empty()) continue;
    absl::Status done =
        BelongsInRows(*document) ? PutRows(nullptr, document) : PutRecentAppend(document);
    if (!done.ok()) return done;
    PassFailpoint(Failpoint::kAfterAppend);
  }
  staged_.clear();
  while (recent_.bytes() > recent_bytes_max_) {
    KnownDocument* const oldest = recent_.Oldest();
    if (oldest == nullptr) break;
    if (absl::Status done = PutRows(nullptr, oldest); !done.ok()) return done;
    PassFailpoint(Failpoint::kInRecentAppends);
  }
  return recent_.DeleteTaken();
}

absl::Status SqliteWriter::FlushAll() {
  absl::StatusOr<sqlite::Transaction> transaction = Begin();
  if (!transaction.ok()) return transaction.status();
  while (KnownDocument* const oldest = recent_.Oldest()) {
    if (absl::Status done = PutRows(nullptr, oldest); !done.ok()) return done;
  }
  if (absl::Status done = recent_.DeleteTaken(); !done.ok()) return done;
  return Commit(&*transaction);
}

bool SqliteWriter::BelongsInRows(const KnownDocument& document) const {
  if (recent_bytes_max_ == 0 || document.staged_bytes > kRecentAppendBytesMax) return true;
  // Whether a new author fits must be known before anybody is answered.
  return std::any_of(document.authors.begin(), document.authors.end(),
                     [](const KnownAuthor& author) { return author.is_staged && !author.has_row; });
}

absl::Status SqliteWriter::PutRecentAppend(KnownDocument* document) {
  RecentAppend recent = {.before = document->staged.front()->expected,
                         .after = document->row.head,
                         .changed_ms = document->row.changed_ms,
                         .authors = {},
                         .segment = SegmentOf(document->staged)};
  for (const EncodedAppend* append : document->staged) {
    for (const Author& author : append->authors) {
      const auto known =
          std::find_if(recent.authors.begin(), recent.authors.end(),
                       [&](const RecentAuthor& other) { return other.number == author.number; });
      if (known == recent.authors.end()) {
        recent.authors.push_back({author.number, author.state});
      } else {
        known->state = author.state;
      }
    }
  }
  if (absl::Status done = recent_.Insert(recent, document); !done.ok()) return done;
  AppendSized(recent.segment, &document->recent);
  document->recent_commits += document->staged_commits;
  document->ForgetStaged();
  ++rows_written_.recent_appends;
  return absl::OkStatus();
}

absl::Status SqliteWriter::PutRows(const ot::Text* text, KnownDocument* document) {
  recent_.Take(*document);
  if (document->recent.empty() && document->staged.empty()) return absl::OkStatus();
  DocumentRow& row = document->row;
  int64_t segment_bytes = 0;
  absl::Status done = PutSegment(*document, &segment_bytes);
  if (!done.ok()) return done;
  document->recent = {};
  document->recent_commits = 0;
  document->ForgetStaged();
  for (KnownAuthor& author : document->authors) {
    if (!author.is_staged) continue;
    if (done = PutAuthor(row, author); !done.ok()) return done;
    author.is_staged = false;
    author.has_row = true;
  }

  ++rows_written_.segments;
  rows_written_.segment_bytes += segment_bytes;
  row.tail_bytes += segment_bytes;
  if (text != nullptr) {
    if (done = PutSnapshot(row, EncodeSnapshot(row.head, *text)); !done.ok()) return done;
    row.snapshot_revision = row.head.revision;
    row.tail_bytes = 0;
  }
  return update_document_->BindInt64(1, row.number)
      .BindInt64(2, row.changed_ms)
      .BindUint64(3, row.head.revision)
      .BindUint64(4, row.head.digest)
      .BindUint64(5, row.snapshot_revision)
      .BindInt64(6, row.tail_bytes)
      .BindUint64(7, RowChecksum(row))
      .Run();
}

absl::Status SqliteWriter::PutSegment(const KnownDocument& document, int64_t* bytes) {
  std::vector<absl::string_view> segments;
  absl::string_view recent = document.recent;
  while (!recent.empty()) COEDIT_CHECK(ConsumeSized(&recent, &segments.emplace_back()));
  for (const EncodedAppend* append : document.staged) segments.push_back(append->segment);
  std::string joined;
  if (segments.size() > 1) joined = JoinSegments(segments);
  const absl::string_view segment = joined.empty() ? segments.front() : joined;
  *bytes = static_cast<int64_t>(segment.size());
  const int64_t commits = document.recent_commits + document.staged_commits;
  const ot::Revision last = document.row.head.revision;
  return insert_segment_->BindInt64(1, document.row.number)
      .BindUint64(2, last - static_cast<ot::Revision>(commits) + 1)
      .BindUint64(3, last)
      .BindBlob(4, segment)
      .Run();
}

absl::Status SqliteWriter::PutAuthor(const DocumentRow& row, const KnownAuthor& known) {
  const Author& author = known.author;
  const ot::AuthorState& state = author.state;
  const uint64_t checksum = RowChecksum(row.number, author);
  absl::Status done = known.has_row ? update_author_->BindInt64(1, row.number)
                                          .BindUint64(2, author.number)
                                          .BindUint64(3, state.last_sequence)
                                          .BindUint64(4, state.last_revision)
                                          .BindUint64(5, state.last_hash)
                                          .BindUint64(6, checksum)
                                          .Run()
                                    : put_author_->BindInt64(1, row.number)
                                          .BindUint64(2, author.number)
                                          .BindText(3, author.client_id)
                                          .BindText(4, author.user_id)
                                          .BindText(5, author.name)
                                          .BindText(6, author.color)
                                          .BindUint64(7, state.last_sequence)
                                          .BindUint64(8, state.last_revision)
                                          .BindUint64(9, state.last_hash)
                                          .BindUint64(10, checksum)
                                          .BindUint64(11, known.first_sequence)
                                          .Run();
  // A client id that has another number violates a constraint; a number that has another client id
  // changes nothing.
  if (absl::IsAlreadyExists(done) || (done.ok() && connection_.Changes() != 1)) {
    return absl::AlreadyExistsError(AuthorConflict(row.id, author.number).text);
  }
  return done;
}

absl::Status SqliteWriter::PutSnapshot(const DocumentRow& row, absl::string_view body) {
  absl::Status done = insert_snapshot_->BindInt64(1, row.number)
                          .BindUint64(2, row.head.revision)
                          .BindBlob(3, body)
                          .Run();
  if (!done.ok()) return done;
  PassFailpoint(Failpoint::kInSnapshotWrite);
  return delete_snapshots_->BindInt64(1, row.number).BindUint64(2, row.snapshot_revision).Run();
}

absl::Status SqliteWriter::Create(const EncodedCreate& create) {
  const absl::StatusOr<KnownDocument*> found = Know(create.document);
  if (found.ok()) return DocumentExists(create.document);
  if (!absl::IsNotFound(found.status())) return found.status();

  // The number is part of the checksum, so it is chosen here, as SQLite would.
  const absl::StatusOr<int64_t> number =
      connection_.QueryInt64("SELECT ifnull(max(number), 0) + 1 FROM documents");
  if (!number.ok()) return number.status();
  const DocumentRow row{.number = *number,
                        .id = create.document,
                        .type = create.type,
                        .epoch = create.epoch,
                        .created_ms = create.now_ms,
                        .changed_ms = create.now_ms,
                        .head = {},
                        .title = create.title};
  absl::Status done = insert_document_->BindText(1, row.id)
                          .BindInt64(2, static_cast<int64_t>(row.type))
                          .BindText(3, row.epoch)
                          .BindInt64(4, row.created_ms)
                          .BindInt64(5, row.changed_ms)
                          .BindUint64(6, row.head.revision)
                          .BindUint64(7, row.head.digest)
                          .BindUint64(8, row.snapshot_revision)
                          .BindInt64(9, row.tail_bytes)
                          .BindUint64(10, RowChecksum(row))
                          .BindInt64(11, row.number)
                          .BindOptionalText(12, row.title)
                          .Run();
  if (!done.ok()) return done;
  return insert_snapshot_->BindInt64(1, row.number)
      .BindUint64(2, 0)
      .BindBlob(3, create.snapshot)
      .Run();
}

absl::Status SqliteWriter::Replace(const PackedHistory& packed) {
  const absl::StatusOr<DocumentRow> row = FindDocument(&*select_document_, packed.document);
  if (!row.ok()) return row.status();
  if (row->epoch != packed.epoch) return NoSuchDocument(packed.document);
  if (!packed.block.empty()) {
    if (absl::Status done = ReplaceRows(*row, packed); !done.ok()) return done;
  }
  if (!packed.rung.empty()) {
    absl::Status done = put_rung_->BindInt64(1, row->number)
                            .BindUint64(2, packed.last)
                            .BindBlob(3, packed.rung)
                            .Run();
    if (!done.ok()) return done;
  }
  // A newer snapshot may stand by now; it will be packed in its turn.
  if (packed.last_snapshot.empty() || row->snapshot_revision != packed.last_snapshot_revision) {
    return absl::OkStatus();
  }
  absl::Status done = update_snapshot_->BindInt64(1, row->number)
                          .BindUint64(2, packed.last_snapshot_revision)
                          .BindBlob(3, packed.last_snapshot)
                          .Run();
  if (!done.ok()) return done;
  return delete_snapshots_->BindInt64(1, row->number)
      .BindUint64(2, packed.last_snapshot_revision)
      .Run();
}

absl::Status SqliteWriter::ReplaceRows(const DocumentRow& row, const PackedHistory& packed) {
  const absl::Status stale = absl::FailedPreconditionError(
      absl::StrCat("the rows of document '", packed.document, "' from revision ", packed.first,
                   " to ", packed.last, " are not those that were packed"));
  if (packed.last > row.snapshot_revision) return stale;
  {
    const sqlite::ResetAtExit reset(&*count_replaced_);
    count_replaced_->BindInt64(1, row.number)
        .BindUint64(2, packed.first)
        .BindUint64(3, packed.last);
    const absl::StatusOr<bool> found = count_replaced_->Step();
    if (!found.ok()) return found.status();
    if (count_replaced_->Uint64(0) != packed.last - packed.first + 1 ||
        count_replaced_->Uint64(1) != packed.last) {
      return stale;
    }
  }
  for (const auto& statement : {&delete_segments_, &delete_blocks_}) {
    absl::Status done = (*statement)
                            ->BindInt64(1, row.number)
                            .BindUint64(2, packed.first)
                            .BindUint64(3, packed.last)
                            .Run();
    if (!done.ok()) return done;
  }
  return insert_block_->BindInt64(1, row.number)
      .BindUint64(2, packed.first)
      .BindUint64(3, packed.last)
      .BindInt64(4, packed.weight_bytes)
      .BindBlob(5, packed.block)
      .Run();
}

absl::Status SqliteWriter::RunCheckpoint(Checkpoint mode, absl::Duration wait) {
  absl::Status done = connection_.Checkpoint(
      mode == Checkpoint::kPassive ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_TRUNCATE, wait);
  if (done.ok() && mode == Checkpoint::kTruncate) *wal_pages_ = 0;
  return done;
}

absl::StatusOr<std::string> SqliteWriter::Setting(absl::string_view pragma) {
  absl::StatusOr<sqlite::Statement> statement =
      connection_.Prepare(absl::StrCat("PRAGMA ", pragma));
  if (!statement.ok()) return statement.status();
  const absl::StatusOr<bool> row = statement->Step();
  if (!row.ok()) return row.status();
  return std::string(statement->Text(0));
}

void SqliteWriter::Abandon() {
  sqlite3_db_config(connection_.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

}  // namespace coedit::storage
