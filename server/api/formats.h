// In which form a document is asked for: `?format=`, or the Accept header. Pure.
#ifndef COEDIT_SERVER_API_FORMATS_H_
#define COEDIT_SERVER_API_FORMATS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace coedit::server::api {

enum class Format : uint8_t { kJson, kText, kHtml, kMarkdown };

absl::string_view ContentTypeOf(Format format);
// "json", "text", "html" or "markdown".
std::optional<Format> ParseFormat(absl::string_view name);
// The one an Accept list likes most, JSON where it does not care; nullopt if it takes none. What is
// no media range in it is passed over.
std::optional<Format> AcceptedFormat(absl::string_view accept);

}  // namespace coedit::server::api

#endif  // COEDIT_SERVER_API_FORMATS_H_
