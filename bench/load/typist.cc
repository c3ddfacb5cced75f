#include "bench/load/typist.h"

#include <algorithm>

#include "ot/algebra.h"

namespace coedit::bench {
namespace {

// Of a thousand key strokes; the rest are letters.
constexpr uint64_t kGoesElsewhere = 10;
constexpr uint64_t kTakesBack = 80;
constexpr uint64_t kNewLine = 10;
constexpr uint64_t kEmoji = 3;
constexpr uint64_t kBold = 10;

constexpr int64_t kParagraphUnits = 400;
constexpr int64_t kBoldUnits = 8;

// Roughly as often as English has them.
constexpr absl::string_view kLetters =
    "eeeeeeeeeeeetttttttttaaaaaaaaooooooooiiiiiiinnnnnnnsssssshhhhhhrrrrrrddddlllluuuccmmwwffggyypb"
    "vk"
    "                    ,.";

}  // namespace

ot::Delta Typist::Next(const ot::Text& view) {
  const int64_t end = view.length() - (type_ == ot::DocumentType::kRichText ? 1 : 0);
  if (!placed_ || random_.Chance(kGoesElsewhere)) {
    caret_ = static_cast<int64_t>(random_.Below(static_cast<uint64_t>(end) + 1));
    placed_ = true;
  }
  caret_ = Boundary(view, std::clamp<int64_t>(caret_, 0, end));

  ot::Delta change;
  if (view.length() > kUnitsMax) {
    change = DeleteBack(view, kParagraphUnits);
  } else if (random_.Chance(kTakesBack)) {
    change = DeleteBack(view, 1);
  } else if (type_ == ot::DocumentType::kRichText && random_.Chance(kBold)) {
    change = ToggleBold(view);
  }
  if (change.empty()) change = Insert();
  caret_ = ot::TransformPosition(caret_, change, ot::AtInsert::kMove);
  return change;
}

void Typist::OnRemoteChange(const ot::Delta& change) {
  caret_ = ot::TransformPosition(caret_, change, ot::AtInsert::kStay);
}

ot::Delta Typist::Insert() {
  ot::DeltaBuilder builder;
  builder.Retain(caret_);
  if (random_.Chance(kNewLine)) {
    builder.Insert("\n");
  } else if (random_.Chance(kEmoji)) {
    builder.Insert("\xF0\x9F\x99\x82");
  } else {
    builder.Insert(kLetters.substr(random_.Below(kLetters.size()), 1));
  }
  return builder.Build();
}

// What stands before the caret; empty at the beginning.
ot::Delta Typist::DeleteBack(const ot::Text& view, int64_t units_max) {
  const int64_t begin = Boundary(view, std::max<int64_t>(caret_ - units_max, 0));
  ot::DeltaBuilder builder;
  builder.Retain(begin).Delete(caret_ - begin);
  return builder.Build();
}

ot::Delta Typist::ToggleBold(const ot::Text& view) {
  const int64_t begin = Boundary(view, std::max<int64_t>(caret_ - kBoldUnits, 0));
  bool bold = false;
  view.ForEach(begin, caret_, [&](const ot::Component& run) {
    bold = bold || run.attributes.Find("bold") != nullptr;
  });
  ot::DeltaBuilder builder;
  builder.Retain(begin).Retain(caret_ - begin,
                               ot::Attributes{{"bold", bold ? ot::kRemove : "true"}});
  return builder.Build();
}

// `position`, or the place before the character it would cut.
int64_t Typist::Boundary(const ot::Text& view, int64_t position) const {
  return view.IsBoundary(position) ? position : position - 1;
}

}  // namespace coedit::bench
