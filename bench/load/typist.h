// Typist: somebody at a keyboard. Types words at the own caret, takes letters back, starts a new
// line now and then, rarely goes to another place, and in rich text makes a few letters bold.
//
// Pure and seeded. The caret moves with the text as an editor's caret would.
#ifndef COEDIT_BENCH_LOAD_TYPIST_H_
#define COEDIT_BENCH_LOAD_TYPIST_H_

#include <cstdint>

#include "bench/load/random.h"
#include "ot/delta.h"
#include "ot/document.h"
#include "ot/text.h"

namespace coedit::bench {

class Typist {
 public:
  // From this length (units) on a paragraph is deleted when the typist comes to it, so that a long
  // run measures a document of stable size.
  static constexpr int64_t kUnitsMax = 20000;

  Typist(uint64_t seed, ot::DocumentType type) : random_(seed), type_(type) {}

  // The next change of `view`: valid on it and never empty. The last newline of rich text, which is
  // Quill's, is left alone.
  ot::Delta Next(const ot::Text& view);

  // Somebody else changed the view.
  void OnRemoteChange(const ot::Delta& change);

  int64_t caret() const { return caret_; }

 private:
  ot::Delta Insert();
  ot::Delta DeleteBack(const ot::Text& view, int64_t units_max);
  ot::Delta ToggleBold(const ot::Text& view);
  int64_t Boundary(const ot::Text& view, int64_t position) const;

  Random random_;
  const ot::DocumentType type_;
  int64_t caret_ = 0;  // units
  bool placed_ = false;
};

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_TYPIST_H_
