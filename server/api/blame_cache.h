// BlameCache: the latest authorship of a few documents, so that the next blame goes on from there,
// and how many are being made. The log of one epoch only grows, so what was true stays true.
#ifndef COEDIT_SERVER_API_BLAME_CACHE_H_
#define COEDIT_SERVER_API_BLAME_CACHE_H_

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "ot/document.h"
#include "server/api/authorship.h"

namespace coedit::server::api {

struct Blame {
  std::string document;
  std::string epoch;
  ot::Revision revision = 0;
  Authorship authorship;
};

class BlameCache {
 public:
  // What can be gone on from to `revision`, or nullptr.
  std::shared_ptr<const Blame> Find(absl::string_view document, absl::string_view epoch,
                                    ot::Revision revision);
  // Takes it in place of an earlier one of the document; drops those unused for longest beyond the
  // bounds.
  void Keep(std::shared_ptr<const Blame> blame);

  // At most so many are made at a time.
  [[nodiscard]] bool Begin() { return running_ < kRunningMax && ++running_ > 0; }
  void End() { --running_; }

  size_t size() const { return blames_.size(); }

 private:
  static constexpr int kRunningMax = 16;
  static constexpr size_t kBlamesMax = 16;
  static constexpr int64_t kSpansMax = 1 << 20;  // in all: about 40 MiB

  std::list<std::shared_ptr<const Blame>> blames_;  // the latest used first
  int running_ = 0;
};

}  // namespace coedit::server::api

#endif  // COEDIT_SERVER_API_BLAME_CACHE_H_
