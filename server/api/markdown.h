// A rich text as Markdown (CommonMark with the strikes and check boxes of GitHub's).
//
// Nothing of a user's text becomes markup or HTML: what could is escaped with a backslash, and
// foreign values get in only through the checks of rich_text.h. What Markdown has no form for
// (colours, sizes, alignment) is left out; underlines and sub- and superscripts are the HTML tags
// that Markdown lets through. Pure.
#ifndef COEDIT_SERVER_API_MARKDOWN_H_
#define COEDIT_SERVER_API_MARKDOWN_H_

#include <string>

#include "ot/delta.h"
#include "ot/document.h"

namespace coedit::server::api {

// `document` holds inserts only; a plain text becomes one fenced block.
std::string RenderMarkdown(const ot::Delta& document, ot::DocumentType type);

}  // namespace coedit::server::api

#endif  // COEDIT_SERVER_API_MARKDOWN_H_
