// A rich text as a whole HTML page, formatted as Quill formats it.
//
// Nothing of a user's text becomes markup: text is escaped, tags and their attributes are this
// file's own, and foreign values get in only through the checks of rich_text.h. Where a value is
// not allowed its format is dropped and the text stays. An embed that is no picture or video, or
// whose source is not allowed, is its type in brackets. Pure.
#ifndef COEDIT_SERVER_API_HTML_H_
#define COEDIT_SERVER_API_HTML_H_

#include <string>

#include "absl/strings/string_view.h"
#include "ot/delta.h"
#include "ot/document.h"

namespace coedit::server::api {

// `document` holds inserts only; a plain text becomes one <pre>.
std::string RenderHtml(const ot::Delta& document, ot::DocumentType type, absl::string_view title);

}  // namespace coedit::server::api

#endif  // COEDIT_SERVER_API_HTML_H_
