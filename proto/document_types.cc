#include "proto/document_types.h"

namespace coedit::proto {

absl::string_view TypeName(ot::DocumentType type) {
  return type == ot::DocumentType::kRichText ? "rich-text" : "plain-text";
}

std::optional<ot::DocumentType> ParseDocumentType(absl::string_view name) {
  if (name == "rich-text") return ot::DocumentType::kRichText;
  if (name == "plain-text") return ot::DocumentType::kPlainText;
  return std::nullopt;
}

}  // namespace coedit::proto
