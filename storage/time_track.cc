#include "storage/time_track.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "ot/canonical.h"
#include "ot/check.h"
#include "storage/bytes.h"

namespace coedit::storage {
namespace {

constexpr uint64_t kCoarseUnitMs = 1000;
constexpr uint64_t kExactUnitMs = 1;
// What a clock shows: 0 to this. Products of such a time and a number of commits fit in 64 bits.
constexpr int64_t kClockMsMax = int64_t{1} << 43;
constexpr int64_t kLineCommitsMax = int64_t{1} << 19;

// Arithmetic that goes round instead of overflowing: foreign numbers may be anything.
int64_t Add(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}
int64_t Subtract(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
}
int64_t Multiply(int64_t a, uint64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) * b);
}

int64_t ToUnit(int64_t ms) { return (ms + int64_t{kCoarseUnitMs} / 2) / int64_t{kCoarseUnitMs}; }

// Rounded down, for any sign.
int64_t FloorDivide(int64_t a, int64_t b) {
  const int64_t quotient = a / b;
  return a % b != 0 && (a % b < 0) != (b < 0) ? quotient - 1 : quotient;
}

// The time `index` commits along a line of `count` commits and `step_ms`.
int64_t OnLine(int64_t knot_ms, int64_t step_ms, int64_t index, int64_t count) {
  return Add(knot_ms, index == count ? step_ms : FloorDivide(step_ms * index, count));
}

absl::Status Damaged(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("times: ", what));
}

}  // namespace

TimeTrack TimeTrack::Fit(absl::Span<const int64_t> times_ms) {
  TimeTrack track;
  track.size_ = static_cast<int64_t>(times_ms.size());
  if (times_ms.empty()) return track;
  const bool is_clock = std::all_of(times_ms.begin(), times_ms.end(),
                                    [](int64_t ms) { return ms >= 0 && ms < kClockMsMax; });
  if (!is_clock) {
    track.unit_ms_ = kExactUnitMs;
    track.start_ = times_ms[0];
    for (size_t i = 1; i < times_ms.size(); ++i) {
      track.lines_.push_back({1, Subtract(times_ms[i], times_ms[i - 1])});
    }
    return track;
  }

  // From each knot the longest line that passes every commit within the tolerance. The slopes that
  // do narrow with each commit; reading rounds down by less than a millisecond.
  constexpr double kUnit = kCoarseUnitMs;
  constexpr double kTolerance = kToleranceMs - 1;
  track.start_ = ToUnit(times_ms[0]);
  int64_t knot = track.start_;
  size_t begin = 0;
  while (begin + 1 < times_ms.size()) {
    const double knot_ms = static_cast<double>(knot) * kUnit;
    double slope_min = -std::numeric_limits<double>::infinity();
    double slope_max = std::numeric_limits<double>::infinity();
    Line best{0, 0};
    const size_t end = std::min(times_ms.size(), begin + kLineCommitsMax);
    for (size_t i = begin + 1; i < end; ++i) {
      const double distance = static_cast<double>(i - begin);
      const double rise = static_cast<double>(times_ms[i]) - knot_ms;
      slope_min = std::max(slope_min, (rise - kTolerance) / distance);
      slope_max = std::min(slope_max, (rise + kTolerance) / distance);
      if (slope_min > slope_max) break;
      const double step_min = std::ceil(slope_min * distance / kUnit);
      const double step_max = std::floor(slope_max * distance / kUnit);
      if (step_min > step_max) continue;
      const double step = std::clamp(std::round(rise / kUnit), step_min, step_max);
      best = {static_cast<int64_t>(i - begin), static_cast<int64_t>(step)};
    }
    COEDIT_CHECK(best.count > 0);  // a whole second lies within the tolerance of any time
    track.lines_.push_back(best);
    knot += best.step;
    begin += best.count;
  }
  return track;
}

int64_t TimeTrack::end() const {
  int64_t end = start_;
  for (const Line& line : lines_) end = Add(end, line.step);
  return end;
}

void TimeTrack::MakeExact() {
  start_ = Multiply(start_, unit_ms_);
  for (Line& line : lines_) line.step = Multiply(line.step, unit_ms_);
  unit_ms_ = kExactUnitMs;
}

void TimeTrack::Append(const TimeTrack& later) {
  if (later.size_ == 0) return;
  if (size_ == 0) {
    *this = later;
    return;
  }
  TimeTrack added = later;
  if (unit_ms_ != added.unit_ms_) {
    MakeExact();
    added.MakeExact();
  }
  lines_.push_back({1, Subtract(added.start_, end())});
  lines_.insert(lines_.end(), added.lines_.begin(), added.lines_.end());
  size_ += added.size_;
}

std::vector<int64_t> TimeTrack::Times() const {
  std::vector<int64_t> times;
  if (size_ == 0) return times;
  times.reserve(size_);
  int64_t knot_ms = Multiply(start_, unit_ms_);
  times.push_back(knot_ms);
  for (const Line& line : lines_) {
    const int64_t step_ms = Multiply(line.step, unit_ms_);
    for (int64_t i = 1; i <= line.count; ++i) {
      times.push_back(OnLine(knot_ms, step_ms, i, line.count));
    }
    knot_ms = times.back();
  }
  return times;
}

std::vector<int64_t> TimeTrack::TimesAt(absl::Span<const int64_t> indices) const {
  std::vector<int64_t> times;
  times.reserve(indices.size());
  int64_t knot_ms = Multiply(start_, unit_ms_);
  int64_t begin = 0;
  auto line = lines_.begin();
  for (const int64_t index : indices) {
    for (; line != lines_.end() && begin + line->count < index; ++line) {
      begin += line->count;
      knot_ms = Add(knot_ms, Multiply(line->step, unit_ms_));
    }
    times.push_back(index == begin ? knot_ms
                                   : OnLine(knot_ms, Multiply(line->step, unit_ms_), index - begin,
                                            line->count));
  }
  return times;
}

std::optional<int64_t> TimeTrack::LastNotAfter(int64_t time_ms, int64_t end) const {
  std::optional<int64_t> found;
  int64_t knot_ms = Multiply(start_, unit_ms_);
  if (end > 0 && knot_ms <= time_ms) found = 0;
  int64_t begin = 0;
  for (const Line& line : lines_) {
    const int64_t last = std::min(line.count, end - 1 - begin);
    if (last < 1) break;
    const int64_t step_ms = Multiply(line.step, unit_ms_);
    if (OnLine(knot_ms, step_ms, last, line.count) <= time_ms) {
      found = begin + last;
    } else if (step_ms > 0) {  // on a line that falls the others are later still
      int64_t not_after = 0;
      int64_t after = last;
      while (after - not_after > 1) {
        const int64_t middle = not_after + (after - not_after) / 2;
        const bool is_after = OnLine(knot_ms, step_ms, middle, line.count) > time_ms;
        (is_after ? after : not_after) = middle;
      }
      if (not_after > 0) found = begin + not_after;
    }
    begin += line.count;
    knot_ms = Add(knot_ms, step_ms);
  }
  return found;
}

void TimeTrack::AppendColumns(Columns* columns) const {
  ot::AppendVarint(ZigZag(start_), &columns->steps);
  for (const Line& line : lines_) {
    ot::AppendVarint(line.count - 1, &columns->counts);
    ot::AppendVarint(ZigZag(line.step), &columns->steps);
  }
}

absl::StatusOr<TimeTrack> TimeTrack::Parse(uint64_t unit_ms, int64_t size, absl::string_view counts,
                                           absl::string_view steps) {
  if (unit_ms != kCoarseUnitMs && unit_ms != kExactUnitMs) {
    return Damaged(absl::StrCat("unit of ", unit_ms, " ms"));
  }
  TimeTrack track;
  track.unit_ms_ = unit_ms;
  track.size_ = size;
  uint64_t start;
  if (!ot::ConsumeVarint(&steps, &start)) return Damaged("no start");
  track.start_ = UnZigZag(start);
  int64_t rest = size - 1;
  while (rest > 0) {
    uint64_t count;
    uint64_t step;
    if (!ot::ConsumeVarint(&counts, &count) || !ot::ConsumeVarint(&steps, &step)) {
      return Damaged("cut short");
    }
    if (count >= static_cast<uint64_t>(rest) || count >= static_cast<uint64_t>(kLineCommitsMax)) {
      return Damaged(absl::StrCat("a line of ", count, " commits"));
    }
    const Line line{static_cast<int64_t>(count) + 1, UnZigZag(step)};
    // Such a line is never made, and times between its ends could not be told.
    if (line.count > 1 &&
        (line.step > kClockMsMax / int64_t{kCoarseUnitMs} ||
         line.step < -kClockMsMax / int64_t{kCoarseUnitMs}) &&
        unit_ms == kCoarseUnitMs) {
      return Damaged(absl::StrCat("a line of ", line.step, " s"));
    }
    if (line.count > 1 && (line.step > kClockMsMax || line.step < -kClockMsMax)) {
      return Damaged(absl::StrCat("a line of ", line.step, " ms"));
    }
    track.lines_.push_back(line);
    rest -= line.count;
  }
  if (!counts.empty() || !steps.empty()) return Damaged("more lines than commits");
  return track;
}

}  // namespace coedit::storage
