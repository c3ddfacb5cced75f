#include "storage/memory_store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "ot/apply.h"
#include "storage/append_check.h"
#include "storage/queries.h"
#include "storage/store_errors.h"

namespace coedit::storage {
namespace {

StoredDocument Stored(const MemoryStore::Document& document) {
  StoredDocument stored{
      .type = document.type,
      .epoch = document.epoch,
      .snapshot = document.snapshot,
      .tail = {document.log.begin() + document.snapshot.head.revision, document.log.end()},
      .authors = {}};
  for (const auto& [number, author] : document.authors) stored.authors.push_back(author);
  return stored;
}

DocumentInfo InfoOf(const std::string& id, const MemoryStore::Document& document) {
  return {.id = id,
          .type = document.type,
          .epoch = document.epoch,
          .title = document.title,
          .head = document.head,
          .created_ms = document.created_ms,
          .changed_ms = document.changed_ms};
}

// True if `author` may follow what is known of the authors: the same client under the same number,
// with a later sequence; or a number and a client id that are both new.
bool Fits(const std::map<ot::AuthorNumber, Author>& known, const Author& author) {
  const auto same_number = known.find(author.number);
  if (same_number != known.end()) {
    return same_number->second.client_id == author.client_id &&
           same_number->second.state.last_sequence < author.state.last_sequence;
  }
  return std::none_of(known.begin(), known.end(), [&](const auto& entry) {
    return entry.second.client_id == author.client_id;
  });
}

}  // namespace

void MemoryStore::Load(std::string document, Callback<absl::StatusOr<StoredDocument>> done) {
  const auto found = documents_.find(document);
  if (found == documents_.end()) return std::move(done)(NoSuchDocument(document));
  std::move(done)(Stored(found->second));
}

void MemoryStore::Create(std::string document, ot::DocumentType type, ot::Text initial,
                         std::string epoch, int64_t now_ms,
                         Callback<absl::StatusOr<StoredDocument>> done) {
  const auto [created, is_new] = documents_.try_emplace(document);
  if (!is_new) return std::move(done)(DocumentExists(document));
  Document& made = created->second;
  made.type = type;
  made.epoch = std::move(epoch);
  made.created_ms = made.changed_ms = now_ms;
  made.initial = initial;
  made.snapshot.text = std::move(initial);
  std::move(done)(Stored(made));
}

void MemoryStore::Append(AppendRequest request, Callback<AppendResult> done) {
  std::move(done)(DoAppend(std::move(request)));
}

AppendResult MemoryStore::DoAppend(AppendRequest request) {
  CheckAppendRequest(request);
  const auto found = documents_.find(request.document);
  if (found == documents_.end()) return UnknownDocumentConflict(request.document);
  Document& document = found->second;
  if (document.head != request.expected) {
    return HeadConflict(request.document, request.expected, document.head);
  }
  std::map<ot::AuthorNumber, Author> authors = document.authors;
  for (Author& author : request.authors) {
    const ot::AuthorNumber number = author.number;
    if (!Fits(authors, author)) return AuthorConflict(request.document, number);
    authors[number] = std::move(author);
  }

  document.authors = std::move(authors);
  for (ot::Commit& commit : request.commits) {
    document.head = {commit.revision, commit.digest};
    document.changed_ms = commit.time_ms;
    document.tail_bytes += static_cast<int64_t>(commit.delta.text_bytes());
    document.log.push_back(std::move(commit));
  }
  const int64_t tail_commits = document.head.revision - document.snapshot.head.revision;
  if (request.text &&
      snapshot_rule_.Due(tail_commits, document.tail_bytes, request.text->bytes())) {
    document.snapshot = {document.head, *std::move(request.text)};
    document.tail_bytes = 0;
  }
  return {.outcome = AppendOutcome::kCommitted, .text = {}};
}

void MemoryStore::ReadCommits(std::string document, ot::Revision first, ot::Revision last,
                              Callback<absl::StatusOr<std::vector<ot::Commit>>> done) {
  const auto found = documents_.find(document);
  if (found == documents_.end()) return std::move(done)(NoSuchDocument(document));
  const std::vector<ot::Commit>& log = found->second.log;
  if (first < 1 || last < first || last > log.size()) {
    return std::move(done)(NoSuchCommits(document, first, last, log.size()));
  }
  std::move(done)(std::vector<ot::Commit>(log.begin() + (first - 1), log.begin() + last));
}

void MemoryStore::ReadRevision(std::string document, ot::Revision revision,
                               Callback<absl::StatusOr<Snapshot>> done) {
  const auto found = documents_.find(document);
  if (found == documents_.end()) return std::move(done)(NoSuchDocument(document));
  const std::vector<ot::Commit>& log = found->second.log;
  if (revision > log.size()) {
    return std::move(done)(NoSuchRevision(document, revision, log.size()));
  }
  Snapshot snapshot{Head{}, found->second.initial};
  for (ot::Revision at = 0; at < revision; ++at) {
    ot::Apply(log[at].delta, &snapshot.text);
    snapshot.head = {log[at].revision, log[at].digest};
  }
  std::move(done)(std::move(snapshot));
}

void MemoryStore::List(DocumentQuery query, Callback<absl::StatusOr<DocumentPage>> done) {
  const Search search(query.search);
  DocumentPage page;
  for (auto document = documents_.lower_bound(query.prefix);
       document != documents_.end() && absl::StartsWith(document->first, query.prefix);
       ++document) {
    if (document->first <= query.after) continue;
    DocumentInfo info = InfoOf(document->first, document->second);
    if (!search.Finds(info.id, info.title)) continue;
    if (static_cast<int64_t>(page.documents.size()) >= query.limit) {
      if (!page.documents.empty()) page.next = page.documents.back().id;
      break;
    }
    page.documents.push_back(std::move(info));
  }
  std::move(done)(std::move(page));
}

void MemoryStore::Info(std::string document, Callback<absl::StatusOr<DocumentInfo>> done) {
  const Document* found = Find(document);
  if (found == nullptr) return std::move(done)(NoSuchDocument(document));
  std::move(done)(InfoOf(document, *found));
}

void MemoryStore::Authors(std::string document,
                          Callback<absl::StatusOr<std::vector<Author>>> done) {
  const Document* found = Find(document);
  if (found == nullptr) return std::move(done)(NoSuchDocument(document));
  std::vector<Author> authors;
  for (const auto& [number, author] : found->authors) authors.push_back(author);
  std::move(done)(std::move(authors));
}

void MemoryStore::FindRevision(std::string document, int64_t at_ms,
                               Callback<absl::StatusOr<ot::Revision>> done) {
  const Document* found = Find(document);
  if (found == nullptr) return std::move(done)(NoSuchDocument(document));
  ot::Revision revision = found->head.revision;
  while (revision > 0 && found->log[revision - 1].time_ms > at_ms) --revision;
  std::move(done)(revision);
}

void MemoryStore::ReadTimeline(std::string document, int64_t points,
                               Callback<absl::StatusOr<Timeline>> done) {
  const Document* found = Find(document);
  if (found == nullptr) return std::move(done)(NoSuchDocument(document));
  Timeline timeline{.document = InfoOf(document, *found), .points = {}};
  for (const ot::Revision revision : SpreadEvenly(found->head.revision, points)) {
    const ot::Commit& commit = found->log[revision - 1];
    timeline.points.push_back({revision, commit.time_ms, commit.author});
  }
  std::move(done)(std::move(timeline));
}

void MemoryStore::ListVersions(std::string document,
                               Callback<absl::StatusOr<std::vector<Version>>> done) {
  const Document* found = Find(document);
  if (found == nullptr) return std::move(done)(NoSuchDocument(document));
  std::vector<Version> versions;
  for (const auto& [number, version] : found->versions) versions.push_back(version);
  std::stable_sort(versions.begin(), versions.end(),
                   [](const Version& a, const Version& b) { return a.revision < b.revision; });
  std::move(done)(std::move(versions));
}

void MemoryStore::SetTitle(std::string document, std::optional<std::string> title,
                           Callback<absl::Status> done) {
  Document* found = Find(document);
  if (found == nullptr) return std::move(done)(NoSuchDocument(document));
  found->title = std::move(title);
  std::move(done)(absl::OkStatus());
}

void MemoryStore::AddVersion(std::string document, Version version,
                             Callback<absl::StatusOr<Version>> done) {
  Document* found = Find(document);
  if (found == nullptr) return std::move(done)(NoSuchDocument(document));
  if (version.revision > found->head.revision) {
    return std::move(done)(NoSuchRevision(document, version.revision, found->head.revision));
  }
  if (static_cast<int64_t>(found->versions.size()) >= kVersionsMax) {
    return std::move(done)(TooManyVersions(document));
  }
  version.number = ++found->last_version;
  found->versions[version.number] = version;
  std::move(done)(std::move(version));
}

void MemoryStore::DeleteVersion(std::string document, VersionNumber number,
                                Callback<absl::Status> done) {
  Document* found = Find(document);
  if (found == nullptr) return std::move(done)(NoSuchDocument(document));
  if (found->versions.erase(number) == 0) return std::move(done)(NoSuchVersion(document, number));
  std::move(done)(absl::OkStatus());
}

void MemoryStore::Delete(std::string document, Callback<absl::Status> done) {
  if (documents_.erase(document) == 0) return std::move(done)(NoSuchDocument(document));
  std::move(done)(absl::OkStatus());
}

MemoryStore::Document* MemoryStore::Find(const std::string& document) {
  const auto found = documents_.find(document);
  return found == documents_.end() ? nullptr : &found->second;
}

}  // namespace coedit::storage
