#include "storage/history_outline.h"

#include <algorithm>
#include <utility>

#include "storage/history_runs.h"
#include "storage/segment.h"

namespace coedit::storage {

absl::StatusOr<HistoryOutline> HistoryOutline::OfBlock(absl::string_view bytes) {
  absl::string_view text;
  uint64_t text_bytes;
  absl::StatusOr<HistoryBlock> block = HistoryBlock::ParseNumbers(bytes, &text, &text_bytes);
  if (!block.ok()) return block.status();
  absl::StatusOr<TimeTrack> times = block->Times();
  if (!times.ok()) return times.status();
  return HistoryOutline(Block{*std::move(block), *std::move(times)});
}

absl::StatusOr<HistoryOutline> HistoryOutline::OfSegment(absl::string_view bytes) {
  absl::StatusOr<Points> points = ParseSegmentPoints(bytes);
  if (!points.ok()) return points.status();
  return HistoryOutline(*std::move(points));
}

ot::Revision HistoryOutline::first() const {
  if (const auto* points = std::get_if<Points>(&row_)) return points->front().revision;
  return std::get<Block>(row_).block.before().revision + 1;
}

ot::Revision HistoryOutline::last() const {
  if (const auto* points = std::get_if<Points>(&row_)) return points->back().revision;
  return std::get<Block>(row_).block.after().revision;
}

std::optional<ot::Revision> HistoryOutline::LastNotAfter(int64_t time_ms,
                                                         ot::Revision last_wanted) const {
  const ot::Revision end = std::min(last_wanted, last()) + 1;
  if (const auto* points = std::get_if<Points>(&row_)) {
    for (ot::Revision revision = end; revision-- > first();) {
      if ((*points)[revision - first()].time_ms <= time_ms) return revision;
    }
    return std::nullopt;
  }
  const std::optional<int64_t> index =
      std::get<Block>(row_).times.LastNotAfter(time_ms, static_cast<int64_t>(end - first()));
  if (!index) return std::nullopt;
  return first() + static_cast<ot::Revision>(*index);
}

absl::Status HistoryOutline::AppendPoints(absl::Span<const ot::Revision> revisions,
                                          std::vector<TimelinePoint>* points) const {
  if (const auto* all = std::get_if<Points>(&row_)) {
    for (const ot::Revision revision : revisions) points->push_back((*all)[revision - first()]);
    return absl::OkStatus();
  }
  const Block& row = std::get<Block>(row_);
  std::vector<int64_t> indices;
  indices.reserve(revisions.size());
  for (const ot::Revision revision : revisions) {
    indices.push_back(static_cast<int64_t>(revision - first()));
  }
  const std::vector<int64_t> times = row.times.TimesAt(indices);
  HistoryRuns runs(row.block);
  Run run{};
  int64_t passed = 0;
  for (size_t i = 0; i < indices.size(); ++i) {
    while (passed <= indices[i]) {
      const absl::StatusOr<bool> found = runs.NextAuthor(&run);
      if (!found.ok()) return found.status();
      if (!*found) return DamagedBlock("fewer commits than it says");
      passed += run.commits;
    }
    points->push_back({revisions[i], times[i], run.author});
  }
  return absl::OkStatus();
}

}  // namespace coedit::storage
