// SqliteStore: a Store in one SQLite database, for one process.
//
//   the thread that asks     encodes commits into a segment, queues the request
//   writer thread            takes every append, creation and change that waits, of all documents,
//                            in one transaction; the only one that writes and checkpoints
//   reader thread            whatever only reads, on a connection that cannot write; so a large
//                            document that is opened does not hold up anybody's commits
//   packing thread           turns old segments into history blocks (background_packer.h)
//
// Calls of one document are answered in order: writes may be on their way together, or reads may,
// but a read begins only after the writes asked for before it have been answered, and the other way
// round. So a Load sees what was appended before it.
//
// Threads: all of it may be called from any thread. Callbacks run on the store's threads.
#ifndef COEDIT_STORAGE_SQLITE_STORE_H_
#define COEDIT_STORAGE_SQLITE_STORE_H_

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/background_packer.h"
#include "storage/batch_writer.h"
#include "storage/data_directory.h"
#include "storage/head_mark.h"
#include "storage/shared_reader.h"
#include "storage/sqlite_store_options.h"
#include "storage/store.h"

namespace coedit::storage {

class SqliteStore final : public Store {
 public:
  // Makes the directory and the database in it, or opens what is there. kFailedPrecondition if
  // another process has the directory, or if the database is of a newer coedit or another program.
  static absl::StatusOr<std::unique_ptr<SqliteStore>> Open(const std::string& directory,
                                                           SqliteStoreOptions options = {});
  ~SqliteStore() override;

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

  // Returns when nothing is left to pack now. For tests and measurements.
  void WaitUntilPacked() { packer_.WaitUntilIdle(); }

  SqliteStoreStatistics Statistics() const;

  // What had been lost before it was opened, in a sentence for people that names the copy of the
  // damaged log; empty if nothing is known to be. The store works with what is left.
  const std::string& lost_before() const { return lost_before_; }

 private:
  // Reads, answers, and leaves its lane.
  using Read = absl::AnyInvocable<void() &&>;
  using Request = std::variant<Write, Read>;

  // The calls of one document that are not answered yet.
  struct Lane {
    bool writes = false;  // what is on its way: writes, or reads
    int64_t on_the_way = 0;
    std::vector<Request> waiting;  // of the other kind, and what came after
  };

  SqliteStore(std::unique_ptr<DataDirectory> directory, SqliteStoreOptions options);

  void Enter(std::string document, Request request);
  void EnterWrite(Write write);
  // With mutex_ held:
  void Dispatch(Lane* lane, Request request);
  void Leave(const std::string& document);
  bool IsFinished() const { return stopping_ && lanes_.empty(); }

  void RunWriter();
  void RunReader();
  // Queues what is answered with what `use(SqliteReader*, document)` returns.
  template <typename T, typename Use>
  void EnterRead(std::string document, Callback<absl::StatusOr<T>> done, Use use);
  // What `use(SqliteReader*)` returns, a StatusOr.
  template <typename Use>
  auto WithReader(Use use);

  const std::unique_ptr<DataDirectory> directory_;
  const SqliteStoreOptions options_;
  std::string lost_before_;
  std::unique_ptr<HeadMark> mark_;
  SharedReader reader_;
  BatchWriter batch_writer_;  // of the writer thread, once it runs
  BackgroundPacker packer_;

  mutable std::mutex mutex_;
  std::condition_variable writer_wakeup_;
  std::condition_variable reader_wakeup_;
  bool stopping_ = false;
  bool pack_waits_ = false;    // packer_ has something to write
  bool writer_idles_ = false;  // the interval is over and nothing waits
  absl::flat_hash_map<std::string, Lane> lanes_;
  std::vector<Write> writes_;  // for the next batch
  std::vector<Read> reads_;
  int64_t batch_operations_ = 0;  // in writes_
  int64_t batch_bytes_ = 0;
  int64_t waiting_bytes_ = 0;         // in writes_, in the batch that runs and in lanes
  SqliteStoreStatistics statistics_;  // of batch_writer_, after the last batch
  int64_t damaged_snapshots_ = 0;
  std::string last_damage_;

  std::thread writer_thread_;
  std::thread reader_thread_;
};

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_SQLITE_STORE_H_
