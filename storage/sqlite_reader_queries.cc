// SqliteReader: what is asked about documents beside their texts and commits.
#include <limits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "storage/queries.h"
#include "storage/sqlite_reader.h"
#include "storage/store_errors.h"

namespace coedit::storage {
namespace {

// A search looks at so many documents at once, a few milliseconds: others wait for the connection.
constexpr int64_t kSearchedAtOnce = 4096;
// Segments read at once while going back in time.
constexpr int64_t kSegmentsBack = 256;
constexpr int64_t kBytesBack = int64_t{1} << 20;

constexpr absl::string_view kSelectSegmentsBack =
    "SELECT body FROM segments WHERE document = ?1 AND first_revision <= ?2 "
    "ORDER BY first_revision DESC LIMIT ?3";
constexpr absl::string_view kSelectBlockBack =
    "SELECT body FROM history_blocks WHERE document = ?1 AND first_revision <= ?2 "
    "ORDER BY first_revision DESC LIMIT 1";

}  // namespace

absl::Status SqliteReader::PrepareQueries() {
  for (const auto& [statement, sql] : {std::pair(&list_documents_, kSelectDocumentsFrom),
                                       std::pair(&select_all_recent_, kSelectAllRecentAppends),
                                       std::pair(&select_versions_, kSelectVersions),
                                       std::pair(&select_segments_back_, kSelectSegmentsBack),
                                       std::pair(&select_block_back_, kSelectBlockBack)}) {
    absl::StatusOr<sqlite::Statement> prepared = connection_.Prepare(sql);
    if (!prepared.ok()) return prepared.status();
    *statement = *std::move(prepared);
  }
  return absl::OkStatus();
}

absl::StatusOr<DocumentPage> SqliteReader::List(const DocumentQuery& query) {
  const Search search(query.search);
  const int64_t looked_at_max =
      search.finds_all() ? std::numeric_limits<int64_t>::max() : kSearchedAtOnce;
  absl::StatusOr<sqlite::Transaction> transaction =
      sqlite::Transaction::Begin(&connection_, sqlite::Transaction::Mode::kRead);
  if (!transaction.ok()) return transaction.status();
  const absl::StatusOr<absl::flat_hash_map<int64_t, RecentAppend>> recent =
      ReadLastRecentAppends(&*select_all_recent_);
  if (!recent.ok()) return recent.status();
  const sqlite::ResetAtExit reset(&*list_documents_);
  list_documents_->BindText(1, query.prefix).BindText(2, query.after);
  DocumentPage page;
  std::string last;
  for (int64_t looked_at = 0;; ++looked_at) {
    const absl::StatusOr<bool> found = list_documents_->Step();
    if (!found.ok()) return found.status();
    // Ids that begin with the prefix stand together.
    if (!*found || !absl::StartsWith(list_documents_->Text(1), query.prefix)) return page;
    if (static_cast<int64_t>(page.documents.size()) >= query.limit || looked_at == looked_at_max) {
      page.next = std::move(last);
      return page;
    }
    // A damaged one is listed as it stands there; whoever opens it is told.
    const DocumentRow row = ReadUncheckedDocumentRow(*list_documents_);
    DocumentInfo info = InfoOf(row);
    const auto last_append = recent->find(row.number);
    if (last_append != recent->end() && !IsInRows(last_append->second, row)) {
      info.head = last_append->second.after;
      info.changed_ms = last_append->second.changed_ms;
    }
    last = info.id;
    if (search.Finds(info.id, info.title)) page.documents.push_back(std::move(info));
  }
}

absl::StatusOr<DocumentInfo> SqliteReader::Info(absl::string_view document) {
  const absl::StatusOr<Found> found = FindNow(document);
  if (!found.ok()) return found.status();
  return InfoOf(found->row);
}

absl::StatusOr<std::vector<Author>> SqliteReader::Authors(absl::string_view document) {
  absl::StatusOr<sqlite::Transaction> transaction =
      sqlite::Transaction::Begin(&connection_, sqlite::Transaction::Mode::kRead);
  if (!transaction.ok()) return transaction.status();
  const absl::StatusOr<Found> found = Find(document);
  if (!found.ok()) return found.status();
  return ReadAuthors(*found);
}

absl::StatusOr<std::vector<Version>> SqliteReader::ListVersions(absl::string_view document) {
  absl::StatusOr<sqlite::Transaction> transaction =
      sqlite::Transaction::Begin(&connection_, sqlite::Transaction::Mode::kRead);
  if (!transaction.ok()) return transaction.status();
  const absl::StatusOr<DocumentRow> row = FindDocument(&*select_document_, document);
  if (!row.ok()) return row.status();
  const sqlite::ResetAtExit reset(&*select_versions_);
  select_versions_->BindInt64(1, row->number);
  std::vector<Version> versions;
  for (;;) {
    const absl::StatusOr<bool> found = select_versions_->Step();
    if (!found.ok()) return found.status();
    if (!*found) return versions;
    absl::StatusOr<Version> version = ReadVersionRow(row->number, *select_versions_);
    if (!version.ok()) return DamagedDocument(row->id, version.status().message());
    versions.push_back(*std::move(version));
  }
}

// The two below read row after row, each by itself: what is packed between two reads is found in
// its block then, since that has taken the place of its segments in one transaction; recent appends
// are at hand from the first.

absl::StatusOr<ot::Revision> SqliteReader::FindRevision(absl::string_view document, int64_t at_ms) {
  const absl::StatusOr<Found> found_document = FindNow(document);
  if (!found_document.ok()) return found_document.status();
  ot::Revision last = found_document->row.head.revision;
  while (last > 0) {
    const absl::StatusOr<std::vector<HistoryOutline>> outlines =
        ReadOutlines(*found_document, last, kSegmentsBack);
    if (!outlines.ok()) return outlines.status();
    for (const HistoryOutline& outline : *outlines) {
      if (const auto found = outline.LastNotAfter(at_ms, last)) return *found;
      last = outline.first() - 1;
    }
  }
  return 0;
}

absl::StatusOr<Timeline> SqliteReader::ReadTimeline(absl::string_view document, int64_t points) {
  const absl::StatusOr<Found> found = FindNow(document);
  if (!found.ok()) return found.status();
  Timeline timeline{.document = InfoOf(found->row), .points = {}};
  const std::vector<ot::Revision> revisions = SpreadEvenly(found->row.head.revision, points);
  for (size_t begin = 0; begin < revisions.size();) {
    const absl::StatusOr<std::vector<HistoryOutline>> outlines =
        ReadOutlines(*found, revisions[begin], /*limit=*/1);
    if (!outlines.ok()) return outlines.status();
    const HistoryOutline& outline = outlines->front();
    size_t end = begin;
    while (end < revisions.size() && revisions[end] <= outline.last()) ++end;
    const absl::Status told = outline.AppendPoints(
        absl::MakeConstSpan(revisions).subspan(begin, end - begin), &timeline.points);
    if (!told.ok()) return DamagedDocument(document, told.message());
    begin = end;
  }
  return timeline;
}

absl::StatusOr<std::vector<HistoryOutline>> SqliteReader::ReadOutlines(const Found& document,
                                                                       ot::Revision revision,
                                                                       int64_t limit) {
  const DocumentRow& row = document.row;
  const auto read = [&](sqlite::Statement* statement) {
    const sqlite::ResetAtExit reset(statement);
    statement->BindInt64(1, row.number).BindUint64(2, revision);
    if (statement == &*select_segments_back_) statement->BindInt64(3, limit);
    return ReadBodies(statement, kBytesBack);
  };
  // Recent appends are what follows the segments, and these what follows the blocks.
  absl::StatusOr<std::vector<std::string>> bodies;
  bodies.emplace();
  for (auto append = document.recent.rbegin();
       append != document.recent.rend() && static_cast<int64_t>(bodies->size()) < limit; ++append) {
    if (append->before.revision < revision) bodies->push_back(append->segment);
  }
  if (bodies->empty()) bodies = read(&*select_segments_back_);
  if (!bodies.ok()) return bodies.status();
  const bool is_block = bodies->empty();
  if (is_block) bodies = read(&*select_block_back_);
  if (!bodies.ok()) return bodies.status();
  std::vector<HistoryOutline> outlines;
  ot::Revision next = revision;
  for (const std::string& body : *bodies) {
    absl::StatusOr<HistoryOutline> outline =
        is_block ? HistoryOutline::OfBlock(body) : HistoryOutline::OfSegment(body);
    // What is damaged further back may not be needed.
    if (!outline.ok() && !outlines.empty()) break;
    if (!outline.ok()) return DamagedDocument(row.id, outline.status().message());
    if (next < outline->first() || next > outline->last()) break;
    next = outline->first() - 1;
    outlines.push_back(*std::move(outline));
  }
  if (outlines.empty()) {
    return DamagedDocument(row.id, absl::StrCat("commit ", revision, " is missing"));
  }
  return outlines;
}

}  // namespace coedit::storage
