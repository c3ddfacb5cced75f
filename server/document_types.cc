#include "server/document_types.h"

namespace coedit::server {

ot::Text InitialText(ot::DocumentType type) {
  if (type == ot::DocumentType::kPlainText) return ot::Text();
  ot::DeltaBuilder builder;
  builder.Insert("\n");
  return ot::Text(builder.Build());
}

}  // namespace coedit::server
