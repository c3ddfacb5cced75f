// What a new document of each type holds.
#ifndef COEDIT_SERVER_DOCUMENT_TYPES_H_
#define COEDIT_SERVER_DOCUMENT_TYPES_H_

#include "ot/document.h"

namespace coedit::server {

// Rich text begins as one line feed, Quill's empty document; plain text begins empty.
ot::Text InitialText(ot::DocumentType type);

}  // namespace coedit::server

#endif  // COEDIT_SERVER_DOCUMENT_TYPES_H_
