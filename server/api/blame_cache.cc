#include "server/api/blame_cache.h"

#include <algorithm>

namespace coedit::server::api {

std::shared_ptr<const Blame> BlameCache::Find(absl::string_view document, absl::string_view epoch,
                                              ot::Revision revision) {
  const auto found = std::find_if(blames_.begin(), blames_.end(), [&](const auto& blame) {
    return blame->document == document && blame->epoch == epoch && blame->revision <= revision;
  });
  if (found == blames_.end()) return nullptr;
  blames_.splice(blames_.begin(), blames_, found);
  return blames_.front();
}

void BlameCache::Keep(std::shared_ptr<const Blame> blame) {
  for (auto kept = blames_.begin(); kept != blames_.end(); ++kept) {
    if ((*kept)->document != blame->document) continue;
    if ((*kept)->epoch == blame->epoch && (*kept)->revision >= blame->revision) return;
    blames_.erase(kept);
    break;
  }
  blames_.push_front(std::move(blame));
  int64_t spans = 0;
  size_t kept = 0;
  for (const auto& each : blames_) {
    spans += each->authorship.span_count();
    if (spans > kSpansMax || kept == kBlamesMax) break;
    ++kept;
  }
  blames_.resize(kept);
}

}  // namespace coedit::server::api
