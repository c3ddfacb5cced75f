// Documents and changes made of the bytes of a fuzzer: every byte means something, and a small
// change of the bytes is a small change of what they mean. Valid by construction, as those of
// tests/ot/generators.h, but chosen by what the fuzzer has seen.
//
// A change is a row of components, one byte each and what belongs to it behind:
//
//   bits 0-2   0 retain, 1 retain with attributes, 2 delete, 3 text, 4 text with attributes,
//              5 embed with attributes, 6 a long run of text, 7 the end of this change
//   bits 3-7   units of a retain or delete (31: the next byte times eight), or which text
//
// Attributes are one byte: two bits for each of three keys.
#ifndef COEDIT_TESTS_FUZZ_BYTE_SOURCE_H_
#define COEDIT_TESTS_FUZZ_BYTE_SOURCE_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "ot/attributes.h"
#include "ot/delta.h"
#include "ot/text.h"

namespace coedit::fuzz {

class ByteSource {
 public:
  explicit ByteSource(absl::string_view bytes) : bytes_(bytes) {}

  bool empty() const { return bytes_.empty(); }
  // 0 when all are used up.
  uint8_t Byte();
  // In [0, bound), 0 < bound <= 2^16.
  int64_t Below(int64_t bound);

  ot::Attributes ReadAttributes(bool removals);
  // Inserts only.
  ot::Delta ReadDocument();
  // Valid on `text`.
  ot::Delta ReadChange(const ot::Text& text);
  // Lengths up to 2^16 each, on no text.
  ot::Delta ReadUnboundChange();

 private:
  // A piece of inserted text, or an embed; chosen by `byte` and what follows.
  void ReadInsert(uint8_t byte, ot::DeltaBuilder* out);
  int64_t ReadUnits(uint8_t byte);

  absl::string_view bytes_;
};

}  // namespace coedit::fuzz

#endif  // COEDIT_TESTS_FUZZ_BYTE_SOURCE_H_
