// The cases of coedit-bench-storage. Each checks what it stored before it gives a figure.
#ifndef COEDIT_BENCH_STORAGE_CASES_H_
#define COEDIT_BENCH_STORAGE_CASES_H_

#include <string>

#include "absl/status/status.h"
#include "bench/storage/figures.h"

namespace coedit::bench {

// A recorded text with every edit a commit of its own, packed: what it takes, beside a row for each
// edit, and how long a past revision takes.
absl::Status HistoryCases(const std::string& trace_path, const std::string& directory,
                          StorageFigures* figures);

// Opening a document of a long history and one of a short one, the same text and tail.
absl::Status OpenCases(const std::string& directory, StorageFigures* figures);

// Durable operations: many documents at once, and one at a time on an idle store; beside a row for
// each operation.
absl::Status AppendCases(const std::string& directory, StorageFigures* figures);

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_STORAGE_CASES_H_
