#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/storage/cases.h"
#include "bench/storage/row_per_operation.h"
#include "bench/traces.h"
#include "ot/apply.h"
#include "storage/maintenance/sha256.h"
#include "storage/time_track.h"

namespace coedit::bench {
namespace {

constexpr char kDocument[] = "paper";
// Of bench/data/automerge-paper, as its publishers give it.
constexpr char kPaperSha256[] = "a489e9022976c14e46627aea174d07797edcb3fd17df42605956d4cf01bf9039";
constexpr size_t kCommitsPerAppend = 16;
constexpr int kRevisions = 200;

// The recording has no times: those of somebody who types about five letters a second, stops to
// think now and then, and seldom goes away.
int64_t GapMs(std::mt19937_64* random) {
  std::normal_distribution<double> normal;
  const double kind = std::uniform_real_distribution<double>()(*random);
  double gap = 160 * std::exp(0.5 * normal(*random));
  if (kind < 0.00005) {
    gap += 3.6e6;
  } else if (kind < 0.002) {
    gap += 5000 * std::exp(1.2 * normal(*random));
  } else if (kind < 0.012) {
    gap += 1500 * std::exp(0.8 * normal(*random));
  } else if (kind < 0.06) {
    gap += 400 * std::exp(0.6 * normal(*random));
  }
  return static_cast<int64_t>(gap);
}

absl::Status Wrong(absl::string_view what) { return absl::DataLossError(what); }

struct History {
  std::vector<ot::Commit> commits;
  std::map<ot::Revision, ot::Text> texts;  // at some revisions
};

History MakeHistory(const Trace& trace) {
  History history;
  std::mt19937_64 random(1);
  while (history.texts.size() < kRevisions) {
    history.texts.try_emplace(random() % (trace.transactions.size() + 1));
  }
  ot::Text text;
  storage::Head head;
  int64_t time_ms = 1'700'000'000'000;
  for (const Transaction& transaction : trace.transactions) {
    time_ms += GapMs(&random);
    history.commits.push_back(NextCommit(head, TransactionDelta(transaction), time_ms));
    head = {history.commits.back().revision, history.commits.back().digest};
    ot::Apply(history.commits.back().delta, &text);
    const auto kept = history.texts.find(head.revision);
    if (kept != history.texts.end()) kept->second = text;
  }
  return history;
}

absl::Status Fill(storage::SqliteStore* store, const History& history) {
  if (absl::Status made = CreateDocument(store, kDocument, {}); !made.ok()) return made;
  storage::Head head;
  ot::Text text;
  for (size_t begin = 0; begin < history.commits.size(); begin += kCommitsPerAppend) {
    const size_t end = std::min(begin + kCommitsPerAppend, history.commits.size());
    storage::AppendRequest request =
        OneAuthorRequest(kDocument, head,
                         {history.commits.begin() + static_cast<int64_t>(begin),
                          history.commits.begin() + static_cast<int64_t>(end)});
    head = {request.commits.back().revision, request.commits.back().digest};
    for (const ot::Commit& commit : request.commits) ot::Apply(commit.delta, &text);
    request.text = text;
    if (absl::Status done = AppendAndWait(store, std::move(request)); !done.ok()) return done;
  }
  return absl::OkStatus();
}

// Everything is there, the times within their tolerance.
absl::Status Check(storage::SqliteStore* store, const History& history) {
  const size_t count = history.commits.size();
  const auto commits = ReadHistory(store, kDocument, 1, count);
  if (!commits.ok()) return commits.status();
  if (commits->size() != count) return Wrong("commits are missing");
  for (size_t i = 0; i < count; ++i) {
    const ot::Commit& a = (*commits)[i];
    const ot::Commit& b = history.commits[i];
    if (a.digest != b.digest || a.author != b.author || a.sequence != b.sequence ||
        !(a.delta == b.delta) ||
        std::abs(a.time_ms - b.time_ms) > storage::TimeTrack::kToleranceMs) {
      return Wrong(absl::StrCat("commit ", b.revision, " is another one"));
    }
  }
  const auto text = ReadTextAt(store, kDocument, count);
  if (!text.ok()) return text.status();
  if (storage::Sha256Hex(text->text.ToString()) != kPaperSha256)
    return Wrong("the text is another one");
  return absl::OkStatus();
}

absl::StatusOr<int64_t> UsedBytes(const std::string& database) {
  int64_t numbers[3];
  int i = 0;
  for (const char* pragma : {"PRAGMA page_count", "PRAGMA freelist_count", "PRAGMA page_size"}) {
    const absl::StatusOr<int64_t> number = QueryDatabase(database, pragma);
    if (!number.ok()) return number.status();
    numbers[i++] = *number;
  }
  return (numbers[0] - numbers[1]) * numbers[2];
}

// What is told of a history without reading it; then the document goes.
absl::Status OutlineCases(storage::SqliteStore* store, const History& history,
                          StorageFigures* figures) {
  Samples timelines;
  Samples at_times;
  for (int i = 0; i < 50; ++i) {
    double processor_at = ProcessorMs();
    const auto timeline = ReadTimeline(store, kDocument, storage::kTimelinePointsMax);
    timelines.Add(ProcessorMs() - processor_at);
    if (!timeline.ok()) return timeline.status();
    const ot::Commit& commit = history.commits[i * (history.commits.size() - 1) / 49];
    processor_at = ProcessorMs();
    const auto revision = FindRevision(store, kDocument, commit.time_ms);
    at_times.Add(ProcessorMs() - processor_at);
    if (!revision.ok()) return revision.status();
  }
  figures->push_back(
      {"timeline of 1,000 points, processor time, median", timelines.Quantile(0.5), "ms", ""});
  figures->push_back(
      {"timeline of 1,000 points, processor time, largest", timelines.Quantile(1), "ms", ""});
  figures->push_back(
      {"revision at a time, processor time, median", at_times.Quantile(0.5), "ms", ""});
  figures->push_back(
      {"revision at a time, processor time, largest", at_times.Quantile(1), "ms", ""});
  const int64_t log_bytes = store->Statistics().wal_bytes;
  const double at = NowMs();
  if (absl::Status deleted = DeleteDocument(store, kDocument); !deleted.ok()) return deleted;
  figures->push_back({"deletion of the document", NowMs() - at, "ms", ""});
  figures->push_back({"deletion of the document: what the log grew by",
                      static_cast<double>(store->Statistics().wal_bytes - log_bytes) / 1024, "KiB",
                      ""});
  return absl::OkStatus();
}

}  // namespace

absl::Status HistoryCases(const std::string& trace_path, const std::string& directory,
                          StorageFigures* figures) {
  const absl::StatusOr<Trace> trace = ReadTrace(trace_path);
  if (!trace.ok()) return trace.status();
  const History history = MakeHistory(*trace);
  const auto count = static_cast<double>(history.commits.size());

  BenchDirectory empty(directory);
  if (auto made = storage::SqliteStore::Open(empty.path()); !made.ok()) return made.status();
  const absl::StatusOr<int64_t> empty_bytes = UsedBytes(empty.database());
  if (!empty_bytes.ok()) return empty_bytes.status();

  BenchDirectory folder(directory);
  storage::SqliteStoreOptions options;
  options.settle_after = absl::Milliseconds(1);
  auto store = storage::SqliteStore::Open(folder.path(), options);
  if (!store.ok()) return store.status();
  if (absl::Status filled = Fill(store->get(), history); !filled.ok()) return filled;
  const double begin_ms = NowMs();
  (*store)->WaitUntilPacked();
  const double behind_ms = NowMs() - begin_ms;
  // Once more, now that nobody writes: everything is settled.
  store->reset();
  store = storage::SqliteStore::Open(folder.path(), options);
  if (!store.ok()) return store.status();
  const std::string unsettled =
      "SELECT count(*) FROM snapshots WHERE substr(body, 1, 1) <> x'02' AND revision > 0";
  for (;;) {
    (*store)->WaitUntilPacked();
    const absl::StatusOr<int64_t> left = QueryDatabase(folder.database(), unsettled);
    if (!left.ok()) return left.status();
    if (*left == 0) break;
  }
  (*store)->WaitUntilPacked();
  if (absl::Status right = Check(store->get(), history); !right.ok()) return right;

  const auto per_operation = [&](const std::string& name, const std::string& sql,
                                 const std::string& aim) -> absl::Status {
    const absl::StatusOr<int64_t> bytes = QueryDatabase(folder.database(), sql);
    if (!bytes.ok()) return bytes.status();
    figures->push_back({name, static_cast<double>(*bytes) / count, "B/op", aim});
    return absl::OkStatus();
  };
  absl::Status done;
  done.Update(per_operation("packed: history blocks",
                            "SELECT sum(length(body)) FROM history_blocks", "0.45 / 0.30"));
  done.Update(per_operation("packed: snapshots that stay (rungs)",
                            "SELECT ifnull(sum(length(body)), 0) FROM snapshots WHERE rung = 1 "
                            "AND revision < (SELECT snapshot_revision FROM documents)",
                            ""));
  done.Update(per_operation("packed: newest snapshot",
                            "SELECT length(body) FROM snapshots WHERE revision = "
                            "(SELECT snapshot_revision FROM documents)",
                            ""));
  done.Update(per_operation("packed: segments after it",
                            "SELECT ifnull(sum(length(body)), 0) FROM segments", ""));
  if (!done.ok()) return done;
  const absl::StatusOr<int64_t> used = UsedBytes(folder.database());
  if (!used.ok()) return used.status();
  const double used_above_empty = static_cast<double>(*used - *empty_bytes) / count;
  figures->push_back(
      {"packed: pages of the file, all of the above", used_above_empty, "B/op", "0.45 / 0.30"});
  figures->push_back({"packed: the file, with the pages of an empty one",
                      static_cast<double>(*used) / count, "B/op", ""});
  figures->push_back({"packer behind the writer at the end", behind_ms, "ms", ""});

  absl::StatusOr<RowPerOperation> rows = RowPerOperation::Open(folder.path() + "/rows.db");
  if (!rows.ok()) return rows.status();
  if (absl::Status put = rows->Append(1, history.commits); !put.ok()) return put;
  const absl::StatusOr<int64_t> row_bytes = rows->FileBytes();
  if (!row_bytes.ok()) return row_bytes.status();
  figures->push_back(
      {"row per operation: the file", static_cast<double>(*row_bytes) / count, "B/op", ""});
  figures->push_back({"row per operation / packed pages",
                      static_cast<double>(*row_bytes) / count / used_above_empty, "times", ""});

  Samples times;
  Samples processor_times;
  for (const auto& [revision, text] : history.texts) {
    const double processor_at = ProcessorMs();
    const double at = NowMs();
    const auto snapshot = ReadTextAt(store->get(), kDocument, revision);
    times.Add(NowMs() - at);
    processor_times.Add(ProcessorMs() - processor_at);
    if (!snapshot.ok()) return snapshot.status();
    if (!(snapshot->text == text)) {
      return Wrong(absl::StrCat("revision ", revision, " is another text"));
    }
  }
  figures->push_back({"past revision, median of 200", times.Quantile(0.5), "ms", "5 / 1"});
  figures->push_back({"past revision, slowest", times.Quantile(1), "ms", "5 / 1"});
  figures->push_back(
      {"past revision, processor time, median", processor_times.Quantile(0.5), "ms", ""});
  figures->push_back(
      {"past revision, processor time, largest", processor_times.Quantile(1), "ms", ""});
  return OutlineCases(store->get(), history, figures);
}

}  // namespace coedit::bench
