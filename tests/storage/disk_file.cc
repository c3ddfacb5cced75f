#include <algorithm>
#include <cstring>
#include <utility>

#include "tests/ot/generators.h"
#include "tests/storage/simulated_disk.h"

namespace coedit::storage {
namespace {

constexpr int64_t kSectorBytes = 512;

}  // namespace

void DiskFaults::Clear() {
  database_full = log_full = open_fails = false;
  fail_after = cut_after = -1;
  capacity_bytes = failing_log_syncs = failing_database_syncs = syncs = 0;
  failed_sync = FailedSync::kKeeps;
}

void DiskFile::Apply(const Change& change, std::string* content) {
  const auto offset = static_cast<size_t>(change.offset);
  if (change.truncate) {
    // Truncation never makes a file longer here: SQLite does not ask for that.
    if (offset < content->size()) content->resize(offset);
    return;
  }
  if (content->size() < offset + change.bytes.size()) content->resize(offset + change.bytes.size());
  std::memcpy(content->data() + offset, change.bytes.data(), change.bytes.size());
}

void DiskFile::Write(int64_t offset, absl::string_view bytes) {
  unsynced_.push_back({false, offset, std::string(bytes)});
  Apply(unsynced_.back(), &seen_);
}

void DiskFile::Truncate(int64_t size) {
  unsynced_.push_back({true, size, {}});
  Apply(unsynced_.back(), &seen_);
}

void DiskFile::Sync() {
  for (const Change& change : unsynced_) Apply(change, &platter_);
  unsynced_.clear();
}

void DiskFile::FailSync(FailedSync what) {
  if (what == FailedSync::kKeeps) return;
  if (what == FailedSync::kLoses) seen_ = platter_;
  unsynced_.clear();
}

std::string DiskFile::Survivor(PowerCut cut, uint64_t seed) const {
  if (cut == PowerCut::kKeepAll) return seen_;
  std::string content = platter_;
  if (cut == PowerCut::kLoseAll || unsynced_.empty()) return content;
  ot::testing::Rng rng(seed);
  // The sectors of a change for which `survives` is true.
  const auto apply_torn = [&](const Change& change, auto survives) {
    if (change.truncate) {
      if (survives()) Apply(change, &content);
      return;
    }
    const int64_t end = change.offset + static_cast<int64_t>(change.bytes.size());
    for (int64_t at = change.offset; at < end;) {
      const int64_t next = std::min((at / kSectorBytes + 1) * kSectorBytes, end);
      if (survives()) {
        Apply({false, at, change.bytes.substr(at - change.offset, next - at)}, &content);
      }
      at = next;
    }
  };
  if (cut == PowerCut::kPrefix) {
    const auto whole = static_cast<size_t>(rng.Below(static_cast<int64_t>(unsynced_.size()) + 1));
    for (size_t i = 0; i < whole; ++i) Apply(unsynced_[i], &content);
    if (whole < unsynced_.size()) {
      int64_t sectors = rng.Below(8);
      apply_torn(unsynced_[whole], [&] { return sectors-- > 0; });
    }
    return content;
  }
  for (const Change& change : unsynced_) {
    const int64_t fate = rng.Below(3);
    if (fate == 0) Apply(change, &content);
    if (fate == 1) apply_torn(change, [&] { return rng.Chance(50); });
  }
  return content;
}

}  // namespace coedit::storage
