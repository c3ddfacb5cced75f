// MemoryStore: the reference store. It says what a Store does, in the plainest code, and is the
// disk of the simulator: its documents are a value that can be copied (a crash), looked into (a
// check) and given to a new MemoryStore (a restart).
//
// Deterministic, for one thread; callbacks run inside the call.
#ifndef COEDIT_STORAGE_MEMORY_STORE_H_
#define COEDIT_STORAGE_MEMORY_STORE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "storage/snapshot_rule.h"
#include "storage/store.h"

namespace coedit::storage {

class MemoryStore final : public Store {
 public:
  struct Document {
    ot::DocumentType type = ot::DocumentType::kRichText;
    std::string epoch;
    std::optional<std::string> title;
    int64_t created_ms = 0;
    int64_t changed_ms = 0;
    Head head;
    ot::Text initial;             // at revision 0
    Snapshot snapshot;            // the newest
    int64_t tail_bytes = 0;       // of the deltas after the snapshot
    std::vector<ot::Commit> log;  // commit r stands at r - 1
    std::map<ot::AuthorNumber, Author> authors;
    std::map<VersionNumber, Version> versions;
    VersionNumber last_version = 0;  // the greatest number given so far
  };
  using Documents = std::map<std::string, Document>;

  explicit MemoryStore(Documents documents = {}, SnapshotRule snapshot_rule = {})
      : documents_(std::move(documents)), snapshot_rule_(snapshot_rule) {}

  // All that is durable, now.
  const Documents& documents() const { return documents_; }

  void Load(std::string document, Callback<absl::StatusOr<StoredDocument>> done) override;
  void Create(std::string document, ot::DocumentType type, ot::Text initial, std::string epoch,
              int64_t now_ms, Callback<absl::StatusOr<StoredDocument>> done) override;
  void Append(AppendRequest request, Callback<AppendResult> done) override;
  void ReadCommits(std::string document, ot::Revision first, ot::Revision last,
                   Callback<absl::StatusOr<std::vector<ot::Commit>>> done) override;
  void ReadRevision(std::string document, ot::Revision revision,
                    Callback<absl::StatusOr<Snapshot>> done) override;
  void List(DocumentQuery query, Callback<absl::StatusOr<DocumentPage>> done) override;
  void Info(std::string document, Callback<absl::StatusOr<DocumentInfo>> done) override;
  void Authors(std::string document, Callback<absl::StatusOr<std::vector<Author>>> done) override;
  void FindRevision(std::string document, int64_t at_ms,
                    Callback<absl::StatusOr<ot::Revision>> done) override;
  void ReadTimeline(std::string document, int64_t points,
                    Callback<absl::StatusOr<Timeline>> done) override;
  void ListVersions(std::string document,
                    Callback<absl::StatusOr<std::vector<Version>>> done) override;
  void SetTitle(std::string document, std::optional<std::string> title,
                Callback<absl::Status> done) override;
  void AddVersion(std::string document, Version version,
                  Callback<absl::StatusOr<Version>> done) override;
  void DeleteVersion(std::string document, VersionNumber number,
                     Callback<absl::Status> done) override;
  void Delete(std::string document, Callback<absl::Status> done) override;

 private:
  AppendResult DoAppend(AppendRequest request);
  // nullptr if there is none.
  Document* Find(const std::string& document);

  Documents documents_;
  SnapshotRule snapshot_rule_;
};

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_MEMORY_STORE_H_
