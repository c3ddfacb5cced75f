// LogComposer: many changes, one after another, as one.
//
//   LogComposer composer;
//   for (const Commit* commit : missed) composer.Add(commit->delta);
//   Delta all = composer.Finish();
//
// The result is that of Compose(... Compose(Compose(first, second), third) ...): Compose is
// associative. Two things make it fast. People type and erase letter by letter at one caret: such a
// run is one change from the start, kept as a place, a count and a string. And runs are composed as
// a tree of neighbours, each of them log2(runs) times, instead of walking the growing result once
// per change.
//
// D1 (docs/ot.md) tells what may be composed. One thread.
#ifndef COEDIT_OT_LOG_COMPOSER_H_
#define COEDIT_OT_LOG_COMPOSER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "ot/delta.h"

namespace coedit::ot {

class LogComposer {
 public:
  // The next change.
  void Add(const Delta& delta);

  // All of them; the composer is empty afterwards.
  Delta Finish();

  // Components given to Compose so far: what the work is made of, for tests of its growth.
  int64_t components_composed() const { return components_composed_; }

 private:
  // A change at one place: behind `position`, `text` is inserted and `deleted` units go.
  struct Splice {
    int64_t position = 0;
    absl::string_view text;
    int64_t units = 0;  // of `text`
    int64_t deleted = 0;
    const Attributes* attributes = nullptr;  // of `text`; nullptr if it is empty
  };
  // False if `delta` is no splice.
  static bool ReadSplice(const Delta& delta, Splice* splice);

  // True if `next` touches the run, which takes it in.
  bool JoinRun(const Splice& next);
  void BeginRun(const Splice& first);
  // The run becomes a change of the tree.
  void EndRun();
  void AddToTree(Delta delta, int height);
  Delta Composed(const Delta& first, const Delta& second);

  // Deltas of decreasing height: one of height h is composed of 2^h.
  struct Subtree {
    Delta delta;
    int height;
  };
  std::vector<Subtree> tree_;

  // The run, a splice whose text grows.
  bool in_run_ = false;
  int64_t position_ = 0;
  int64_t units_ = 0;
  int64_t deleted_ = 0;
  std::string text_;
  Attributes attributes_;

  int64_t components_composed_ = 0;
};

}  // namespace coedit::ot

#endif  // COEDIT_OT_LOG_COMPOSER_H_
