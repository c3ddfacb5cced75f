// Histories as people make them: bursts of typing at a caret, letters taken back, words deleted
// ahead, pastes, formats, several authors at once, with the pauses between keystrokes.
#ifndef COEDIT_TESTS_STORAGE_TYPING_H_
#define COEDIT_TESTS_STORAGE_TYPING_H_

#include <cstdint>
#include <random>
#include <vector>

#include "ot/document.h"
#include "ot/text.h"
#include "storage/store.h"

namespace coedit::storage {

// The milliseconds before the next keystroke of somebody who types about five letters a second,
// stops to think now and then, and seldom goes away for an hour.
int64_t TypingGapMs(std::mt19937_64* random);

struct TypedHistory {
  Head before;
  ot::Text initial;
  std::vector<ot::Commit> commits;
  std::vector<ot::Text> texts;  // after each

  std::vector<int64_t> Times() const;
};

// `commits` commits by authors who work in turns of some keystrokes, or of one each if
// `interleaved`.
TypedHistory MakeTypedHistory(uint64_t seed, int commits, int authors, bool interleaved);

}  // namespace coedit::storage

#endif  // COEDIT_TESTS_STORAGE_TYPING_H_
