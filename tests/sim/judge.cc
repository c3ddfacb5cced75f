#include "tests/sim/judge.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ot/apply.h"
#include "server/document_types.h"
#include "storage/batch_writer.h"
#include "storage/shared_reader.h"
#include "storage/sqlite.h"
#include "tests/sim/sim_store.h"

namespace coedit::sim {
namespace {

absl::Status CheckIntegrity(const storage::SimulatedDisk& disk) {
  absl::StatusOr<storage::sqlite::Connection> connection =
      storage::sqlite::Connection::Open(kDatabase, storage::sqlite::Access::kReadOnly, disk.vfs());
  if (!connection.ok()) return connection.status();
  absl::StatusOr<storage::sqlite::Statement> check =
      connection->Prepare("PRAGMA integrity_check(1)");
  if (!check.ok()) return check.status();
  const absl::StatusOr<bool> row = check->Step();
  if (!row.ok()) return row.status();
  if (check->Text(0) == "ok") return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("integrity_check: ", std::string(check->Text(0))));
}

absl::StatusOr<ColdDocuments> ReadAll(storage::SqliteReader* reader) {
  const absl::StatusOr<storage::DocumentPage> page = reader->List({.limit = 1000});
  if (!page.ok()) return page.status();
  ColdDocuments documents;
  for (const storage::DocumentInfo& info : page->documents) {
    ColdDocument& document = documents[info.id];
    absl::StatusOr<storage::StoredDocument> stored = reader->Load(info.id);
    if (!stored.ok()) return stored.status();
    document.stored = *std::move(stored);
    if (info.head.revision == 0) continue;
    absl::StatusOr<std::vector<ot::Commit>> log =
        reader->ReadCommits(info.id, 1, info.head.revision);
    if (!log.ok()) return log.status();
    document.log = *std::move(log);
  }
  for (const std::string& damage : reader->TakeDamage()) return absl::DataLossError(damage);
  return documents;
}

// Who committed what, where.
using Places = std::map<std::pair<ot::AuthorNumber, ot::Sequence>, ot::Revision>;

// L2, L4, L6: the log alone gives the text.
std::string FoldLog(const ColdDocument& document, ot::Text* text, Places* places) {
  const storage::Snapshot& snapshot = document.stored.snapshot;
  *text = server::InitialText(document.stored.type);
  ot::Digest digest = 0;
  for (size_t i = 0; i <= document.log.size(); ++i) {
    if (snapshot.head.revision == i && (snapshot.text != *text || snapshot.head.digest != digest)) {
      return absl::StrCat("the snapshot at ", i, " is not what the log makes");
    }
    if (i == document.log.size()) break;
    const ot::Commit& commit = document.log[i];
    if (commit.revision != i + 1) return absl::StrCat("revision ", commit.revision, " at ", i);
    if (!ot::Validate(commit.delta, *text).ok()) {
      return absl::StrCat("commit ", commit.revision, " does not fit");
    }
    ot::Apply(commit.delta, text);
    digest = ot::ExtendDigest(digest, commit.author, commit.sequence, commit.delta);
    if (commit.digest != digest) return absl::StrCat("chain broken at ", commit.revision);
    if (!places->emplace(std::make_pair(commit.author, commit.sequence), commit.revision).second) {
      return absl::StrCat("author ", commit.author, " sequence ", commit.sequence,
                          " is in the log twice");
    }
  }
  return "";
}

// L1 and L3: what was promised to one client.
std::string CheckLedger(const Ledger& ledger, std::optional<ot::AuthorNumber> author,
                        const Places& places, const std::vector<absl::Duration>& backups) {
  const auto find = [&](ot::Sequence sequence) {
    return author.has_value() ? places.find({*author, sequence}) : places.end();
  };
  for (const auto& [sequence, acked] : ledger.acked) {
    bool in_copies = true;  // what came after a backup went with its restore
    for (size_t i = acked.history; i < backups.size(); ++i) {
      in_copies = in_copies && acked.at < backups[i];
    }
    if (!in_copies) continue;
    const auto place = find(sequence);
    if (place == places.end()) {
      return absl::StrCat("sequence ", sequence, ", acknowledged as revision ", acked.revision,
                          ", is gone");
    }
    if (place->second != acked.revision) {
      return absl::StrCat("sequence ", sequence, " was acknowledged as revision ", acked.revision,
                          " and stands at ", place->second);
    }
  }
  for (const auto& [sequence, history] : ledger.denied) {
    if (history < static_cast<int64_t>(backups.size())) continue;
    const auto place = find(sequence);
    if (place == places.end()) continue;
    return absl::StrCat("sequence ", sequence, ", said never to be committed, is revision ",
                        place->second);
  }
  return "";
}

}  // namespace

absl::StatusOr<ColdDocuments> ReadCold(const Plan& plan, const storage::SimulatedDisk& disk) {
  absl::StatusOr<ColdDocuments> documents;
  {
    const storage::SqliteStoreOptions options = StoreOptions(plan, disk);
    storage::SharedReader reader;
    storage::BatchWriter writer(kDatabase, options, &reader);
    if (absl::Status opened = writer.Open(); !opened.ok()) return opened;
    documents = reader.With(&ReadAll);
    if (!documents.ok()) return documents.status();
  }
  if (absl::Status sound = CheckIntegrity(disk); !sound.ok()) return sound;
  return documents;
}

absl::Status WriteAnew(const Plan& plan, const storage::SimulatedDisk& disk,
                       const ColdDocuments& documents, const std::string& suffix) {
  const storage::SqliteStoreOptions options = StoreOptions(plan, disk);
  storage::SharedReader reader;
  storage::BatchWriter writer(kDatabase, options, &reader);
  if (absl::Status opened = writer.Open(); !opened.ok()) return opened;
  for (const auto& [id, document] : documents) {
    const ot::DocumentType type = document.stored.type;
    std::vector<storage::Write> writes;
    writes.push_back(storage::MakeCreateWrite(id, type, server::InitialText(type),
                                              document.stored.epoch + suffix, 1, nullptr));
    if (!document.log.empty()) {
      writes.push_back(storage::MakeAppendWrite({.document = id,
                                                 .expected = {},
                                                 .commits = document.log,
                                                 .authors = document.stored.authors,
                                                 .text = std::nullopt},
                                                nullptr));
    }
    writer.Run(&writes);
    const auto* append = std::get_if<storage::AppendWrite>(&writes.back());
    if (!std::get<storage::CreateWrite>(writes.front()).result.ok() ||
        (append != nullptr && append->result.outcome != storage::AppendOutcome::kCommitted)) {
      return absl::InternalError(absl::StrCat("document ", id, " can't be written anew"));
    }
  }
  return absl::OkStatus();
}

std::string JudgeDocuments(const ColdDocuments& documents,
                           const std::vector<std::unique_ptr<SimClient>>& clients,
                           const std::vector<absl::Duration>& backups) {
  for (const auto& [id, document] : documents) {
    ot::Text text;
    Places places;
    if (const std::string broken = FoldLog(document, &text, &places); !broken.empty()) {
      return absl::StrCat("document ", id, ": ", broken);
    }
    std::map<std::string, ot::AuthorNumber> authors;
    for (const storage::Author& author : document.stored.authors) {
      authors[author.client_id] = author.number;
    }
    for (const auto& client : clients) {
      for (const auto& replica : client->replicas()) {
        if (replica->document != id) continue;
        const std::string who = absl::StrCat("document ", id, ", client ", client->client_id());
        // L5: the same text everywhere.
        if (!client->stopped() && replica->state->view() != text) {
          return absl::StrCat(who, " ends on another text:\n  log    ",
                              text.ToDelta().DebugString(), "\n  client ",
                              replica->state->view().ToDelta().DebugString());
        }
        const auto number = authors.find(client->client_id());
        const std::string broken = CheckLedger(
            replica->ledger, number == authors.end() ? std::nullopt : std::optional(number->second),
            places, backups);
        if (!broken.empty()) return absl::StrCat(who, ": ", broken);
      }
    }
  }
  for (const auto& client : clients) {
    if (backups.empty() && client->happened().recovery_copies > 0) {
      return absl::StrCat("client ", client->client_id(),
                          " was told of another history, and there is none");
    }
  }
  return "";
}

}  // namespace coedit::sim
