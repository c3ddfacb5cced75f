// What the storage benchmark measures: figures, samples of times, and a store in a directory of its
// own.
#ifndef COEDIT_BENCH_STORAGE_FIGURES_H_
#define COEDIT_BENCH_STORAGE_FIGURES_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/sqlite_store.h"

namespace coedit::bench {

// One line of the table.
struct StorageFigure {
  std::string name;
  double value = 0;
  std::string unit;
  std::string aim;  // "must / best" of the project's targets; empty if there is none
};
using StorageFigures = std::vector<StorageFigure>;

// Milliseconds of a clock that only goes forward.
double NowMs();
// Processor time of this process so far, all threads, ms: what a shared machine disturbs less.
double ProcessorMs();

class Samples {
 public:
  void Add(double value) { values_.push_back(value); }
  // `share` 0.5 is the median, 1 the largest.
  double Quantile(double share) const;

 private:
  mutable std::vector<double> values_;
};

// A directory below `parent`, removed at the end.
class BenchDirectory {
 public:
  explicit BenchDirectory(const std::string& parent);
  BenchDirectory(const BenchDirectory&) = delete;
  BenchDirectory& operator=(const BenchDirectory&) = delete;
  ~BenchDirectory();

  const std::string& path() const { return path_; }
  std::string database() const { return path_ + "/coedit.db"; }

 private:
  std::string path_;
};

// Calls that wait for their answer.
absl::Status CreateDocument(storage::Store* store, const std::string& document,
                            const ot::Text& text);
absl::StatusOr<storage::StoredDocument> LoadDocument(storage::Store* store,
                                                     const std::string& document);
absl::StatusOr<storage::Snapshot> ReadTextAt(storage::Store* store, const std::string& document,
                                             ot::Revision revision);
absl::StatusOr<std::vector<ot::Commit>> ReadHistory(storage::Store* store,
                                                    const std::string& document, ot::Revision first,
                                                    ot::Revision last);
absl::StatusOr<storage::Timeline> ReadTimeline(storage::Store* store, const std::string& document,
                                               int64_t points);
absl::StatusOr<ot::Revision> FindRevision(storage::Store* store, const std::string& document,
                                          int64_t at_ms);
absl::Status DeleteDocument(storage::Store* store, const std::string& document);
absl::Status AppendAndWait(storage::Store* store, storage::AppendRequest request);

// The request for `commits`, all by author 1, that follow `expected`.
storage::AppendRequest OneAuthorRequest(const std::string& document, const storage::Head& expected,
                                        std::vector<ot::Commit> commits);
// The commit after `head` by author 1; its sequence is its revision.
ot::Commit NextCommit(const storage::Head& head, ot::Delta delta, int64_t time_ms);

// A number from a database that is open elsewhere or nowhere.
absl::StatusOr<int64_t> QueryDatabase(const std::string& path, const std::string& sql);

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_STORAGE_FIGURES_H_
