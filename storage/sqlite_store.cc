#include "storage/sqlite_store.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "storage/log_check.h"
#include "storage/overloaded.h"

namespace coedit::storage {
namespace {

// What a request takes beside its segment or snapshot, about.
constexpr int64_t kRequestBytes = 512;

size_t BytesOf(const DocumentChange& change) {
  if (const auto* titled = std::get_if<NewTitle>(&change.what)) {
    return titled->title ? titled->title->size() : 0;
  }
  const auto* added = std::get_if<NewVersion>(&change.what);
  return added == nullptr ? 0 : added->version.name.size();
}

int64_t BytesOf(const Write& write) {
  return kRequestBytes + static_cast<int64_t>(std::visit(
                             Overloaded{
                                 [](const AppendWrite& w) { return w.append.segment.size(); },
                                 [](const CreateWrite& w) { return w.create.snapshot.size(); },
                                 [](const ChangeWrite& w) { return BytesOf(w.change); },
                             },
                             write));
}

int64_t OperationsOf(const Write& write) {
  const auto* append = std::get_if<AppendWrite>(&write);
  return append == nullptr ? 1 : append->append.commit_count;
}

// Marks it to be answered kUnavailable in its turn, and frees what it takes.
void Refuse(Write* write) {
  std::visit(Overloaded{
                 [](AppendWrite& w) {
                   w.refused = true;
                   w.append.segment = {};
                   w.append.text.reset();
                 },
                 [](CreateWrite& w) {
                   w.refused = true;
                   w.create.snapshot = {};
                   w.created = {};
                 },
                 [](ChangeWrite& w) { w.refused = true; },
             },
             *write);
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteStore>> SqliteStore::Open(const std::string& directory,
                                                               SqliteStoreOptions options) {
  absl::StatusOr<std::unique_ptr<DataDirectory>> held = DataDirectory::Open(directory);
  if (!held.ok()) return held.status();
  const auto named = [&](const absl::Status& status) {
    return absl::Status(status.code(), absl::StrCat("store '", directory, "': ", status.message()));
  };
  const DataDirectory& data = **held;
  const absl::StatusOr<std::optional<std::string>> lost = FindLostCommits(data, options.vfs);
  if (!lost.ok()) return named(lost.status());
  std::string lost_before;
  if (lost->has_value()) {
    // Opening empties the log, so without a copy of it nothing is opened.
    const absl::StatusOr<std::string> kept = KeepLog(data);
    if (!kept.ok()) return named(kept.status());
    lost_before = absl::StrCat(**lost, kept->empty() ? "" : "; the log is kept as ", *kept);
  }
  std::unique_ptr<SqliteStore> store(new SqliteStore(*std::move(held), std::move(options)));
  if (absl::Status opened = store->batch_writer_.Open(); !opened.ok()) return named(opened);
  // All that the log held is in the database now.
  store->mark_ = std::make_unique<HeadMark>(data.mark_path());
  store->batch_writer_.UseMark(store->mark_.get());
  store->lost_before_ = std::move(lost_before);
  if (absl::Status synced = data.Sync(); !synced.ok()) return named(synced);
  store->writer_thread_ = std::thread([&store = *store] { store.RunWriter(); });
  store->reader_thread_ = std::thread([&store = *store] { store.RunReader(); });
  if (store->options_.pack_history) store->packer_.Start();
  return store;
}

SqliteStore::SqliteStore(std::unique_ptr<DataDirectory> directory, SqliteStoreOptions options)
    : directory_(std::move(directory)),
      options_(std::move(options)),
      batch_writer_(directory_->database_path(), options_, &reader_),
      packer_(&reader_, options_.pack_rule, options_.snapshot_rule, options_.settle_after, [this] {
        const std::lock_guard<std::mutex> lock(mutex_);
        pack_waits_ = true;
        writer_wakeup_.notify_one();
      }) {}

SqliteStore::~SqliteStore() {
  packer_.Stop();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  writer_wakeup_.notify_one();
  reader_wakeup_.notify_one();
  // Without threads if the database could not be opened.
  if (writer_thread_.joinable()) writer_thread_.join();
  if (reader_thread_.joinable()) reader_thread_.join();
}

template <typename Use>
auto SqliteStore::WithReader(Use use) {
  using Result = decltype(use(static_cast<SqliteReader*>(nullptr)));
  return reader_.With([&](SqliteReader* reader) -> Result {
    if (reader == nullptr) {
      return absl::UnavailableError("the database is closed after an I/O error");
    }
    Result result = use(reader);
    for (std::string& damage : reader->TakeDamage()) {
      const std::lock_guard<std::mutex> lock(mutex_);
      ++damaged_snapshots_;
      last_damage_ = std::move(damage);
    }
    return result;
  });
}

template <typename T, typename Use>
void SqliteStore::EnterRead(std::string document, Callback<absl::StatusOr<T>> done, Use use) {
  std::string lane = document;
  Enter(std::move(lane), Read([this, document = std::move(document), done = std::move(done),
                               use = std::move(use)]() mutable {
          std::move(done)(WithReader([&](SqliteReader* reader) { return use(reader, document); }));
          const std::lock_guard<std::mutex> lock(mutex_);
          Leave(document);
        }));
}

void SqliteStore::Load(std::string document, Callback<absl::StatusOr<StoredDocument>> done) {
  EnterRead(std::move(document), std::move(done),
            [](SqliteReader* reader, const std::string& id) { return reader->Load(id); });
}

void SqliteStore::ReadCommits(std::string document, ot::Revision first, ot::Revision last,
                              Callback<absl::StatusOr<std::vector<ot::Commit>>> done) {
  EnterRead(std::move(document), std::move(done),
            [first, last](SqliteReader* reader, const std::string& id) {
              return reader->ReadCommits(id, first, last);
            });
}

void SqliteStore::ReadRevision(std::string document, ot::Revision revision,
                               Callback<absl::StatusOr<Snapshot>> done) {
  EnterRead(std::move(document), std::move(done),
            [revision](SqliteReader* reader, const std::string& id) {
              return reader->ReadRevision(id, revision);
            });
}

void SqliteStore::List(DocumentQuery query, Callback<absl::StatusOr<DocumentPage>> done) {
  // In no lane: it is of no document.
  const std::lock_guard<std::mutex> lock(mutex_);
  reads_.push_back([this, query = std::move(query), done = std::move(done)]() mutable {
    std::move(done)(WithReader([&](SqliteReader* reader) { return reader->List(query); }));
  });
  reader_wakeup_.notify_one();
}

void SqliteStore::Info(std::string document, Callback<absl::StatusOr<DocumentInfo>> done) {
  EnterRead(std::move(document), std::move(done),
            [](SqliteReader* reader, const std::string& id) { return reader->Info(id); });
}

void SqliteStore::Authors(std::string document,
                          Callback<absl::StatusOr<std::vector<Author>>> done) {
  EnterRead(std::move(document), std::move(done),
            [](SqliteReader* reader, const std::string& id) { return reader->Authors(id); });
}

void SqliteStore::FindRevision(std::string document, int64_t at_ms,
                               Callback<absl::StatusOr<ot::Revision>> done) {
  EnterRead(std::move(document), std::move(done),
            [at_ms](SqliteReader* reader, const std::string& id) {
              return reader->FindRevision(id, at_ms);
            });
}

void SqliteStore::ReadTimeline(std::string document, int64_t points,
                               Callback<absl::StatusOr<Timeline>> done) {
  EnterRead(std::move(document), std::move(done),
            [points](SqliteReader* reader, const std::string& id) {
              return reader->ReadTimeline(id, points);
            });
}

void SqliteStore::ListVersions(std::string document,
                               Callback<absl::StatusOr<std::vector<Version>>> done) {
  EnterRead(std::move(document), std::move(done),
            [](SqliteReader* reader, const std::string& id) { return reader->ListVersions(id); });
}

void SqliteStore::EnterWrite(Write write) {
  std::string lane = DocumentOf(write);
  Enter(std::move(lane), std::move(write));
}

void SqliteStore::SetTitle(std::string document, std::optional<std::string> title,
                           Callback<absl::Status> done) {
  EnterWrite(MakeTitleWrite(std::move(document), std::move(title), std::move(done)));
}

void SqliteStore::AddVersion(std::string document, Version version,
                             Callback<absl::StatusOr<Version>> done) {
  EnterWrite(MakeVersionWrite(std::move(document), std::move(version), std::move(done)));
}

void SqliteStore::DeleteVersion(std::string document, VersionNumber number,
                                Callback<absl::Status> done) {
  EnterWrite(MakeVersionDeletionWrite(std::move(document), number, std::move(done)));
}

void SqliteStore::Delete(std::string document, Callback<absl::Status> done) {
  EnterWrite(MakeDeletionWrite(std::move(document), std::move(done)));
}

void SqliteStore::Append(AppendRequest request, Callback<AppendResult> done) {
  EnterWrite(MakeAppendWrite(std::move(request), std::move(done)));
}

void SqliteStore::Create(std::string document, ot::DocumentType type, ot::Text initial,
                         std::string epoch, int64_t now_ms,
                         Callback<absl::StatusOr<StoredDocument>> done) {
  EnterWrite(MakeCreateWrite(std::move(document), type, std::move(initial), std::move(epoch),
                             now_ms, std::move(done)));
}

SqliteStoreStatistics SqliteStore::Statistics() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  SqliteStoreStatistics statistics = statistics_;
  statistics.waiting_bytes = waiting_bytes_;
  statistics.damaged_snapshots = damaged_snapshots_;
  statistics.last_damage = last_damage_;
  statistics.pack_failures = packer_.failures();
  statistics.last_pack_error = packer_.last_error();
  return statistics;
}

void SqliteStore::Enter(std::string document, Request request) {
  const std::lock_guard<std::mutex> lock(mutex_);
  auto* write = std::get_if<Write>(&request);
  if (write != nullptr) {
    // A request larger than the bound may still wait alone.
    if (waiting_bytes_ > 0 && waiting_bytes_ + BytesOf(*write) > options_.waiting_bytes_max) {
      Refuse(write);
    }
    waiting_bytes_ += BytesOf(*write);
  }
  Lane& lane = lanes_[std::move(document)];
  if (lane.waiting.empty() && (lane.on_the_way == 0 || lane.writes == (write != nullptr))) {
    Dispatch(&lane, std::move(request));
  } else {
    lane.waiting.push_back(std::move(request));
  }
}

void SqliteStore::Dispatch(Lane* lane, Request request) {
  ++lane->on_the_way;
  lane->writes = std::holds_alternative<Write>(request);
  if (!lane->writes) {
    reads_.push_back(std::get<Read>(std::move(request)));
    reader_wakeup_.notify_one();
    return;
  }
  const bool was_full =
      batch_operations_ >= options_.batch_operations || batch_bytes_ >= options_.batch_bytes;
  Write& write = std::get<Write>(request);
  batch_operations_ += OperationsOf(write);
  batch_bytes_ += BytesOf(write);
  writes_.push_back(std::move(write));
  const bool is_full =
      batch_operations_ >= options_.batch_operations || batch_bytes_ >= options_.batch_bytes;
  // Within the interval a full batch is all that the writer is woken for.
  if (is_full != was_full || (writer_idles_ && writes_.size() == 1)) writer_wakeup_.notify_one();
}

void SqliteStore::Leave(const std::string& document) {
  const auto found = lanes_.find(document);
  Lane& lane = found->second;
  if (--lane.on_the_way > 0) return;
  size_t next = 0;
  while (
      next < lane.waiting.size() &&
      (lane.on_the_way == 0 || lane.writes == std::holds_alternative<Write>(lane.waiting[next]))) {
    Dispatch(&lane, std::move(lane.waiting[next++]));
  }
  lane.waiting.erase(lane.waiting.begin(), lane.waiting.begin() + next);
  if (lane.on_the_way > 0) return;
  lanes_.erase(found);
  if (!IsFinished()) return;
  writer_wakeup_.notify_one();
  reader_wakeup_.notify_one();
}

void SqliteStore::RunWriter() {
  BatchWriter::SteadyClock::time_point next_start = BatchWriter::SteadyClock::now();
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    writer_wakeup_.wait_until(lock, next_start, [&] {
      return stopping_ || batch_operations_ >= options_.batch_operations ||
             batch_bytes_ >= options_.batch_bytes;
    });
    const auto has_work = [&] { return !writes_.empty() || pack_waits_ || IsFinished(); };
    writer_idles_ = true;
    if (const auto recover_at = batch_writer_.recover_at()) {
      writer_wakeup_.wait_until(lock, *recover_at, has_work);
      if (BatchWriter::SteadyClock::now() >= *recover_at) {
        lock.unlock();
        batch_writer_.Recover();
        lock.lock();
      }
    } else {
      writer_wakeup_.wait(lock, has_work);
    }
    writer_idles_ = false;
    // One step for each batch: commits wait for no more than that.
    if (std::exchange(pack_waits_, false)) {
      lock.unlock();
      packer_.RunOnWriter(
          [this](const PackedHistory& packed) { return batch_writer_.Replace(packed); });
      batch_writer_.CheckpointIfDue();
      lock.lock();
      statistics_ = batch_writer_.statistics();
    }
    if (writes_.empty()) {
      if (IsFinished()) return;
      continue;
    }
    std::vector<Write> batch = std::exchange(writes_, {});
    batch_operations_ = 0;
    batch_bytes_ = 0;
    lock.unlock();

    next_start = BatchWriter::SteadyClock::now() +
                 absl::ToChronoNanoseconds(std::min(
                     options_.commit_interval,
                     static_cast<int64_t>(batch.size()) * options_.commit_interval_per_request));
    std::vector<std::string> documents;
    documents.reserve(batch.size());
    int64_t bytes = 0;
    for (const Write& write : batch) {
      documents.push_back(DocumentOf(write));
      bytes += BytesOf(write);
    }
    batch_writer_.Run(&batch);

    // The figures first, so that whoever is called back finds itself counted.
    lock.lock();
    statistics_ = batch_writer_.statistics();
    waiting_bytes_ -= bytes;
    lock.unlock();
    for (Write& write : batch) {
      const auto* append = std::get_if<AppendWrite>(&write);
      if (append != nullptr && append->wrote_snapshot) {
        packer_.SnapshotWritten(append->append.document);
      }
      CallBack(std::move(write));
    }
    lock.lock();
    for (const std::string& document : documents) Leave(document);
    lock.unlock();

    batch_writer_.CheckpointIfDue();
    lock.lock();
  }
}

void SqliteStore::RunReader() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    reader_wakeup_.wait(lock, [&] { return !reads_.empty() || IsFinished(); });
    if (reads_.empty()) return;
    std::vector<Read> reads = std::exchange(reads_, {});
    lock.unlock();
    for (Read& read : reads) std::move(read)();
    lock.lock();
  }
}

}  // namespace coedit::storage
