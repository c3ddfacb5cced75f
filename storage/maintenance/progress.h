// Progress: how a long task tells how far it is, and learns that it is to stop.
#ifndef COEDIT_STORAGE_MAINTENANCE_PROGRESS_H_
#define COEDIT_STORAGE_MAINTENANCE_PROGRESS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace coedit::storage {

class Progress {
 public:
  virtual ~Progress() = default;

  // Called often, between two steps of which none is half done. `stage` says what is being done, as
  // "verifying"; `done` of `total` are `unit`, `total` is 0 where nobody knows it. kCancelled if
  // the task is to stop: it then ends with that status and leaves nothing half behind.
  virtual absl::Status Step(absl::string_view stage, int64_t done, int64_t total,
                            absl::string_view unit) = 0;
};

// Nobody looks.
class NoProgress final : public Progress {
 public:
  absl::Status Step(absl::string_view, int64_t, int64_t, absl::string_view) override {
    return absl::OkStatus();
  }
};

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_MAINTENANCE_PROGRESS_H_
