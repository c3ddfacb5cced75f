#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/storage/cases.h"
#include "bench/storage/row_per_operation.h"
#include "ot/canonical.h"

namespace coedit::bench {
namespace {

constexpr int kSingles = 300;
constexpr auto kIdle = std::chrono::milliseconds(4);

std::string Name(int document) { return absl::StrCat("d", document); }

std::vector<ot::Commit> TypeAt(storage::Head* head, int commits) {
  std::vector<ot::Commit> made;
  for (int i = 0; i < commits; ++i) {
    made.push_back(NextCommit(
        *head, ot::DeltaBuilder().Retain(static_cast<int64_t>(head->revision)).Insert("e").Build(),
        1'700'000'000'000 + static_cast<int64_t>(head->revision)));
    *head = {made.back().revision, made.back().digest};
  }
  return made;
}

struct Load {
  std::string name;
  int documents;
  int commits_per_append;
  int appends_per_document;
  int on_the_way;  // appends of a document that are asked for before the first is answered
  std::string aim;
};

// Every document has so many appends on its way; the next one follows an answer. The requests are
// made beforehand, and given by a thread of their own.
absl::Status Saturate(const Load& load, const std::string& directory, StorageFigures* figures) {
  BenchDirectory folder(directory);
  auto store = storage::SqliteStore::Open(folder.path());
  if (!store.ok()) return store.status();
  std::vector<std::vector<storage::AppendRequest>> requests(load.documents);
  std::vector<storage::Head> heads(load.documents);
  for (int document = 0; document < load.documents; ++document) {
    if (absl::Status made = CreateDocument(store->get(), Name(document), {}); !made.ok()) {
      return made;
    }
    for (int i = 0; i < load.appends_per_document; ++i) {
      const storage::Head before = heads[document];
      requests[document].push_back(OneAuthorRequest(
          Name(document), before, TypeAt(&heads[document], load.commits_per_append)));
    }
  }

  std::mutex mutex;
  std::condition_variable answered;
  std::deque<int> ready;
  std::vector<size_t> next(load.documents, 0);
  std::vector<size_t> next_answer(load.documents, 0);
  std::vector<std::vector<double>> asked_ms(
      load.documents, std::vector<double>(static_cast<size_t>(load.appends_per_document)));
  Samples acks;
  int64_t refused = 0;
  for (int i = 0; i < load.on_the_way; ++i) {
    for (int document = 0; document < load.documents; ++document) ready.push_back(document);
  }
  const storage::SqliteStoreStatistics before = (*store)->Statistics();
  const double processor_ms = ProcessorMs();
  const double begin_ms = NowMs();
  int finished = 0;
  while (finished < load.documents * load.on_the_way) {
    int document;
    {
      std::unique_lock<std::mutex> lock(mutex);
      answered.wait(lock, [&] { return !ready.empty(); });
      document = ready.front();
      ready.pop_front();
    }
    if (next[document] == requests[document].size()) {
      ++finished;
      continue;
    }
    const size_t number = next[document]++;
    storage::AppendRequest request = std::move(requests[document][number]);
    asked_ms[document][number] = NowMs();
    (*store)->Append(std::move(request), [&, document](storage::AppendResult result) {
      const double now_ms = NowMs();
      const std::lock_guard<std::mutex> lock(mutex);
      acks.Add(now_ms - asked_ms[document][next_answer[document]++]);
      refused += result.outcome != storage::AppendOutcome::kCommitted;
      ready.push_back(document);
      answered.notify_one();
    });
  }
  const double seconds = (NowMs() - begin_ms) / 1000;
  const double used_ms = ProcessorMs() - processor_ms;
  const storage::SqliteStoreStatistics after = (*store)->Statistics();
  if (refused > 0) return absl::InternalError(absl::StrCat(refused, " appends were refused"));
  for (int document = 0; document < load.documents; ++document) {
    const auto stored = LoadDocument(store->get(), Name(document));
    if (!stored.ok()) return stored.status();
    if (stored->tail.empty() || stored->tail.back().digest != heads[document].digest) {
      return absl::DataLossError(absl::StrCat(Name(document), " ends otherwise"));
    }
  }
  const auto operations = static_cast<double>(after.operations - before.operations);
  const auto fsyncs = static_cast<double>(after.transactions - before.transactions);
  figures->push_back({load.name + ": durable", operations / seconds, "ops/s", load.aim});
  figures->push_back({load.name + ": processor time", 1000 * used_ms / operations, "us/op", ""});
  figures->push_back({load.name + ": per fsync", operations / fsyncs, "ops", ""});
  figures->push_back({load.name + ": ack, median", acks.Quantile(0.5), "ms", "- / 2"});
  figures->push_back({load.name + ": ack, p99", acks.Quantile(0.99), "ms", "10 / 6"});
  figures->push_back({load.name + ": rows written for one operation",
                      static_cast<double>(after.segments - before.segments) / operations, "rows",
                      ""});
  figures->push_back({load.name + ": segments",
                      static_cast<double>(after.segment_bytes - before.segment_bytes) / operations,
                      "B/op", "64"});
  return absl::OkStatus();
}

// The same load, a row for each operation.
absl::Status SaturateRows(const Load& load, const std::string& directory, StorageFigures* figures) {
  BenchDirectory folder(directory);
  absl::StatusOr<RowPerOperation> rows = RowPerOperation::Open(folder.database());
  if (!rows.ok()) return rows.status();
  std::vector<std::vector<ot::Commit>> batches;
  storage::Head head;
  for (int i = 0; i < load.appends_per_document; ++i) {
    batches.push_back(TypeAt(&head, load.documents * load.commits_per_append));
  }
  Samples acks;
  const double processor_ms = ProcessorMs();
  const double begin_ms = NowMs();
  for (const std::vector<ot::Commit>& batch : batches) {
    const double at = NowMs();
    if (absl::Status done = rows->Append(1, batch); !done.ok()) return done;
    acks.Add(NowMs() - at);
  }
  const double seconds = (NowMs() - begin_ms) / 1000;
  const double used_ms = ProcessorMs() - processor_ms;
  figures->push_back({load.name + ": row per operation, " +
                          absl::StrCat(load.documents * load.commits_per_append) + " a transaction",
                      static_cast<double>(head.revision) / seconds, "ops/s", ""});
  figures->push_back({load.name + ": row per operation, processor time",
                      1000 * used_ms / static_cast<double>(head.revision), "us/op", ""});
  figures->push_back({load.name + ": row per operation, ack p99", acks.Quantile(0.99), "ms", ""});
  return absl::OkStatus();
}

absl::Status Singles(const std::string& directory, StorageFigures* figures) {
  BenchDirectory folder(directory);
  auto store = storage::SqliteStore::Open(folder.path());
  if (!store.ok()) return store.status();
  if (absl::Status made = CreateDocument(store->get(), "one", {}); !made.ok()) return made;
  absl::StatusOr<RowPerOperation> rows = RowPerOperation::Open(folder.path() + "/rows.db");
  if (!rows.ok()) return rows.status();
  Samples ours;
  Samples theirs;
  storage::Head head;
  const storage::SqliteStoreStatistics before = (*store)->Statistics();
  for (int i = 0; i < kSingles; ++i) {
    std::this_thread::sleep_for(kIdle);
    const storage::Head expected = head;
    std::vector<ot::Commit> commits = TypeAt(&head, 1);
    storage::AppendRequest request = OneAuthorRequest("one", expected, commits);
    double at = NowMs();
    if (absl::Status done = AppendAndWait(store->get(), std::move(request)); !done.ok()) {
      return done;
    }
    ours.Add(NowMs() - at);
    std::this_thread::sleep_for(kIdle);
    at = NowMs();
    if (absl::Status done = rows->Append(1, commits); !done.ok()) return done;
    theirs.Add(NowMs() - at);
  }
  const storage::SqliteStoreStatistics after = (*store)->Statistics();
  figures->push_back(
      {"single operation, idle store: ack, median", ours.Quantile(0.5), "ms", "0.5 / 0.25"});
  figures->push_back(
      {"single operation, idle store: ack, p99", ours.Quantile(0.99), "ms", "2 / 0.6"});
  figures->push_back(
      {"single operation: row per operation, same thread, median", theirs.Quantile(0.5), "ms", ""});
  figures->push_back(
      {"single operation: row per operation, same thread, p99", theirs.Quantile(0.99), "ms", ""});
  figures->push_back({"single operation: fsyncs",
                      static_cast<double>(after.transactions - before.transactions) / kSingles, "",
                      "1"});
  figures->push_back({"single operation: write-ahead log",
                      static_cast<double>(after.wal_bytes - before.wal_bytes) / kSingles, "B/op",
                      ""});
  return absl::OkStatus();
}

}  // namespace

absl::Status AppendCases(const std::string& directory, StorageFigures* figures) {
  const Load loads[] = {
      {"64 documents x 10", 64, 10, 400, 1, "100k / 300k"},
      {"16 documents x 100", 16, 100, 200, 1, ""},
      {"200 documents x 1", 200, 1, 400, 1, ""},
      {"20 documents x 1, 10 on their way", 20, 1, 4000, 10, ""},
  };
  for (const Load& load : loads) {
    if (absl::Status done = Saturate(load, directory, figures); !done.ok()) return done;
    if (load.on_the_way > 1) continue;  // the same rows as above
    if (absl::Status done = SaturateRows(load, directory, figures); !done.ok()) return done;
  }
  return Singles(directory, figures);
}

}  // namespace coedit::bench
