#include "ot/apply.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "ot/check.h"

namespace coedit::ot {
namespace {

const char* Name(Kind kind) { return kind == Kind::kDelete ? "delete" : "retain"; }

}  // namespace

absl::Status Validate(const Delta& delta, const Text& text) {
  int64_t position = 0;
  for (const Component component : delta) {
    if (component.IsInsert()) continue;
    if (component.length > text.length() - position) {
      return absl::InvalidArgumentError(
          absl::StrCat(Name(component.kind), " of ", component.length, " at ", position,
                       " passes the end of a document of ", text.length(), " units"));
    }
    position += component.length;
    if (!text.IsBoundary(position)) {
      return absl::InvalidArgumentError(absl::StrCat(Name(component.kind), " of ", component.length,
                                                     " ends inside a surrogate "
                                                     "pair, at ",
                                                     position));
    }
  }
  return absl::OkStatus();
}

void Apply(const Delta& delta, Text* text) {
  int64_t position = 0;
  for (const Component component : delta) {
    switch (component.kind) {
      case Kind::kRetain:
        COEDIT_CHECK(component.length <= text->length() - position);
        text->Format(position, component.length, component.attributes);
        position += component.length;
        break;
      case Kind::kDelete:
        text->Delete(position, component.length);
        break;
      case Kind::kInsert:
      case Kind::kEmbed:
        text->Insert(position, component);
        position += component.length;
        break;
    }
  }
}

Text Applied(Text text, const Delta& delta) {
  Apply(delta, &text);
  return text;
}

Delta Invert(const Delta& delta, const Text& base) {
  COEDIT_CHECK(delta.base_length() <= base.length());
  DeltaBuilder inverse;
  int64_t position = 0;
  for (const Component component : delta) {
    if (component.IsInsert()) {
      inverse.Delete(component.length);
      continue;
    }
    const int64_t end = position + component.length;
    if (component.kind == Kind::kDelete) {
      base.ForEach(position, end, [&](const Component& removed) { inverse.Push(removed); });
    } else if (component.attributes.empty()) {
      inverse.Retain(component.length);
    } else {
      base.ForEach(position, end, [&](const Component& run) {
        inverse.Retain(run.length, InvertAttributes(component.attributes, run.attributes));
      });
    }
    position = end;
  }
  return inverse.Build();
}

}  // namespace coedit::ot
