// The document types by their wire names, and what a new document of each holds.
#ifndef COEDIT_SERVER_DOCUMENT_TYPES_H_
#define COEDIT_SERVER_DOCUMENT_TYPES_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "ot/document.h"

namespace coedit::server {

absl::string_view TypeName(ot::DocumentType type);
std::optional<ot::DocumentType> ParseDocumentType(absl::string_view name);

// Rich text begins as one line feed, Quill's empty document; plain text begins empty.
ot::Text InitialText(ot::DocumentType type);

}  // namespace coedit::server

#endif  // COEDIT_SERVER_DOCUMENT_TYPES_H_
