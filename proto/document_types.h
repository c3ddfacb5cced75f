// The document types by the names they have on the wire and in exported files.
#ifndef COEDIT_PROTO_DOCUMENT_TYPES_H_
#define COEDIT_PROTO_DOCUMENT_TYPES_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "ot/document.h"

namespace coedit::proto {

// "rich-text" or "plain-text".
absl::string_view TypeName(ot::DocumentType type);
std::optional<ot::DocumentType> ParseDocumentType(absl::string_view name);

}  // namespace coedit::proto

#endif  // COEDIT_PROTO_DOCUMENT_TYPES_H_
