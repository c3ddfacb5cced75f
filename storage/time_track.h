// TimeTrack: when each of a row of commits was made, kept coarsely in little space.
//
// Times are points on a few straight lines whose ends lie on whole seconds. Each time read back is
// within kToleranceMs of what was put in; a typist's pauses below that are lost. Times a clock does
// not show (before 1970, after 2248) are kept exactly. A track can be appended to another without
// losing more.
#ifndef COEDIT_STORAGE_TIME_TRACK_H_
#define COEDIT_STORAGE_TIME_TRACK_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace coedit::storage {

class TimeTrack {
 public:
  static constexpr int64_t kToleranceMs = 2000;

  TimeTrack() = default;  // of no commit

  // A track for commits made at `times_ms` (Unix epoch), as few lines as it can do with.
  static TimeTrack Fit(absl::Span<const int64_t> times_ms);

  // Adds the commits of `later` behind these.
  void Append(const TimeTrack& later);

  int64_t size() const { return size_; }
  // The time of each commit, ms since 1970.
  std::vector<int64_t> Times() const;
  // The time of the commits at `indices`, which rise and are below size().
  std::vector<int64_t> TimesAt(absl::Span<const int64_t> indices) const;
  // The greatest index below `end` whose commit was made at or before `time_ms`.
  std::optional<int64_t> LastNotAfter(int64_t time_ms, int64_t end) const;

  // Bytes of the numbers below, one column each; docs/storage.md has the format.
  struct Columns {
    std::string counts;
    std::string steps;
  };
  uint64_t unit_ms() const { return unit_ms_; }
  void AppendColumns(Columns* columns) const;
  // kDataLoss unless the columns hold a track of `size` commits.
  static absl::StatusOr<TimeTrack> Parse(uint64_t unit_ms, int64_t size, absl::string_view counts,
                                         absl::string_view steps);

 private:
  // A line to a commit `count` commits later and `step` units later.
  struct Line {
    int64_t count;
    int64_t step;
  };

  // In units of one millisecond, for good.
  void MakeExact();
  int64_t end() const;

  uint64_t unit_ms_ = 1000;
  int64_t size_ = 0;
  int64_t start_ = 0;  // of the first commit, in units
  std::vector<Line> lines_;
};

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_TIME_TRACK_H_
