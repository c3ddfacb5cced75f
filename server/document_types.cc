#include "server/document_types.h"

namespace coedit::server {

absl::string_view TypeName(ot::DocumentType type) {
  return type == ot::DocumentType::kRichText ? "rich-text" : "plain-text";
}

std::optional<ot::DocumentType> ParseDocumentType(absl::string_view name) {
  if (name == "rich-text") return ot::DocumentType::kRichText;
  if (name == "plain-text") return ot::DocumentType::kPlainText;
  return std::nullopt;
}

ot::Text InitialText(ot::DocumentType type) {
  if (type == ot::DocumentType::kPlainText) return ot::Text();
  ot::DeltaBuilder builder;
  builder.Insert("\n");
  return ot::Text(builder.Build());
}

}  // namespace coedit::server
