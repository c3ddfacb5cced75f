// Random texts and changes for property tests, always valid: in bounds, no surrogate pair cut, no
// nulls on inserts.
//
// They know: ASCII, accents in both forms, combining marks, emoji (surrogate pairs, joined
// sequences), LF, embeds, several attributes with null, nested and non-string values, long runs,
// and adversarial shapes: alternating insert and delete, every edit at one spot, formatting of
// every character. docs/ot.md says what they never make.
#ifndef COEDIT_TESTS_OT_GENERATORS_H_
#define COEDIT_TESTS_OT_GENERATORS_H_

#include <cstdint>
#include <string>

#include "ot/attributes.h"
#include "ot/delta.h"
#include "ot/text.h"

namespace coedit::ot::testing {

// Small, quick and the same on every machine (SplitMix64), so that a seed printed anywhere can be
// repeated everywhere.
class Rng {
 public:
  explicit Rng(uint64_t seed) : state_(seed) {}

  uint64_t Next();
  // Uniform in [0, bound), bound > 0.
  int64_t Below(int64_t bound);
  // Uniform in [low, high].
  int64_t Between(int64_t low, int64_t high);
  // True `percent` times of a hundred.
  bool Chance(int percent);
  // For a sub-task that must not change what follows.
  Rng Fork() { return Rng(Next()); }

 private:
  uint64_t state_;
};

// The seed of this run: COEDIT_SEED from the environment, else a fresh one. Prints it once.
uint64_t RunSeed();

// `normal` cases, or COEDIT_CASES from the environment times as many percent: the long run sets
// COEDIT_CASES=10000 for a hundred times the cases.
int64_t Cases(int64_t normal);

struct Shape {
  bool rich = true;             // attributes and embeds
  int64_t document_units = 40;  // about this many at most
  int64_t insert_units = 8;     // of one insert, mostly
  int components = 6;           // of a change, about this many at most
};

// Mostly small texts, where changes meet; some long ones with long runs; now and then a change of
// up to 4,096 components. `plain` percent of them have neither attributes nor embeds.
Shape RandomShape(Rng& rng, int plain = 20);

// Text for an insert: 1 to about `units` units, UTF-8.
std::string RandomString(Rng& rng, int64_t units);
// `removals`: null values may occur, as on retains.
Attributes RandomAttributes(Rng& rng, bool removals);

// A document: inserts only, possibly empty.
Delta RandomDocument(Rng& rng, const Shape& shape = {});
// A change that is valid on `text`, possibly empty.
Delta RandomChange(Rng& rng, const Text& text, const Shape& shape = {});
// What people do: a word typed, some letters deleted, a stretch formatted. One to four components.
Delta RandomKeystroke(Rng& rng, const Text& text, const Shape& shape = {});
// A boundary in [0, text.length()].
int64_t RandomBoundary(Rng& rng, const Text& text);

}  // namespace coedit::ot::testing

#endif  // COEDIT_TESTS_OT_GENERATORS_H_
