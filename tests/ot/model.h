// The oracle of the engine's tests: a document as an array of UTF-16 units, each with its own map
// of attributes, and a change as what happens to each of them. Slow, obvious, and it shares no code
// with ot/ but the types it reads.
#ifndef COEDIT_TESTS_OT_MODEL_H_
#define COEDIT_TESTS_OT_MODEL_H_

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "ot/delta.h"

namespace coedit::ot::testing {

class Model {
 public:
  using Format = std::map<std::string, std::string>;
  struct Unit {
    char16_t code = 0;  // one UTF-16 unit; 0 for an embed
    std::string embed;
    Format format;

    friend bool operator==(const Unit&, const Unit&) = default;
  };

  Model() = default;
  explicit Model(const Delta& document) { Apply(document); }

  void Apply(const Delta& change);
  // What both changes, made on this text at the same time, must come to, told unit by unit: each
  // unit goes if either deletes it and takes the formats of both; each gap takes the inserts of
  // both. `left` comes first and its formats win.
  Model Merged(const Delta& left, const Delta& right) const;
  // In normal form.
  Delta ToDelta() const;

  const std::vector<Unit>& units() const { return units_; }
  size_t length() const { return units_.size(); }
  // True if no surrogate pair would be cut at `position`.
  bool IsBoundary(size_t position) const;

  friend bool operator==(const Model&, const Model&) = default;

 private:
  std::vector<Unit> units_;
};

// UTF-8 to UTF-16 and back, character by character. The first aborts on bad UTF-8.
std::u16string ToUtf16(absl::string_view utf8);
std::string ToUtf8(std::u16string_view utf16);

// True if `delta` is in normal form, as delta.h defines it.
bool IsNormal(const Delta& delta);

}  // namespace coedit::ot::testing

#endif  // COEDIT_TESTS_OT_MODEL_H_
