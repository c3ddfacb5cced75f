#include <algorithm>
#include <vector>

#include "ot/apply.h"
#include "ot/check.h"
#include "tests/fuzz/byte_source.h"
#include "tests/fuzz/fuzz_targets.h"
#include "tests/ot/model.h"

namespace coedit::fuzz {
namespace {

using ot::Applied;
using ot::Component;
using ot::Delta;
using ot::DeltaBuilder;
using ot::Text;
using ot::testing::Model;

// The model keeps a map for each unit.
constexpr int64_t kUnitsMax = 2500;
constexpr size_t kCopiesMax = 3;
constexpr int kStepsMax = 24;

bool Fits(const Delta& change, const Model& model) {
  size_t position = 0;
  for (const Component component : change) {
    if (component.IsInsert()) continue;
    position += static_cast<size_t>(component.length);
    if (position > model.length() || !model.IsBoundary(position)) return false;
  }
  return true;
}

void CheckEqual(const Text& text, const Model& model) {
  const Delta document = model.ToDelta();
  COEDIT_CHECK(text.ToDelta() == document);
  COEDIT_CHECK_EQ(text.length(), static_cast<int64_t>(model.length()));
  COEDIT_CHECK(text == Text(document));
  COEDIT_CHECK_EQ(text.bytes(), static_cast<int64_t>(document.text_bytes()));
}

// What stands in [begin, end), read from the middle of the tree.
void CheckRange(const Text& text, int64_t begin, int64_t end) {
  DeltaBuilder part;
  text.ForEach(begin, end, [&](const Component& component) { part.Push(component); });
  Text rest = text;
  rest.Delete(end, text.length() - end);
  rest.Delete(0, begin);
  COEDIT_CHECK(part.Build() == rest.ToDelta());
}

}  // namespace

void TextEdits(absl::string_view bytes) {
  ByteSource source(bytes);
  const Delta document = source.ReadDocument();
  if (document.target_length() > kUnitsMax) return;
  Text text(document);
  Model model(document);
  struct Copy {
    Text text;
    Model model;
  };
  std::vector<Copy> copies;
  const auto boundary = [&] {
    const int64_t position = source.Below(std::min<int64_t>(text.length() + 1, 1 << 16));
    return text.IsBoundary(position) ? position : position + 1;
  };
  for (int step = 0; step < kStepsMax && !source.empty(); ++step) {
    if (text.length() > kUnitsMax) return;
    switch (source.Below(8)) {
      case 0: {  // a change that may not fit
        const Delta change = source.ReadUnboundChange();
        COEDIT_CHECK_EQ(ot::Validate(change, text).ok(), Fits(change, model));
        break;
      }
      case 1:
        if (copies.size() < kCopiesMax) copies.push_back({text, model});
        break;
      case 2: {  // goes on from an older copy
        if (copies.empty()) break;
        Copy copy = copies[static_cast<size_t>(source.Below(static_cast<int64_t>(copies.size())))];
        text = std::move(copy.text);
        model = std::move(copy.model);
        break;
      }
      case 3: {  // goes to a copy by the difference
        if (copies.empty()) break;
        const Copy& copy = copies.front();
        const Delta diff = ot::Diff(text, copy.text);
        COEDIT_CHECK(ot::Validate(diff, text).ok());
        ot::Apply(diff, &text);
        model.Apply(diff);
        COEDIT_CHECK(text == copy.text);
        break;
      }
      case 4: {
        const int64_t begin = boundary();
        CheckRange(text, begin, std::max(begin, boundary()));
        break;
      }
      case 5: {  // there and back
        const Delta change = source.ReadChange(text);
        const Delta inverse = ot::Invert(change, text);
        Text again = Applied(text, change);
        ot::Apply(inverse, &again);
        COEDIT_CHECK(again == text);
        break;
      }
      default: {
        const Delta change = source.ReadChange(text);
        COEDIT_CHECK(ot::Validate(change, text).ok());
        ot::Apply(change, &text);
        model.Apply(change);
      }
    }
  }
  CheckEqual(text, model);
  for (const Copy& copy : copies) CheckEqual(copy.text, copy.model);
}

}  // namespace coedit::fuzz
