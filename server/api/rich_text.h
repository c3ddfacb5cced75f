// What the renderers (html.h, markdown.h) share: the lines of a rich text as Quill understands
// them, and what of foreign attribute values may be used at all.
//
// A line ends with "\n", whose attributes are the line's format; the last one may lack it.
// Everything a value says is foreign: it is checked against a list of what is allowed and dropped
// if it is something else. Pure.
#ifndef COEDIT_SERVER_API_RICH_TEXT_H_
#define COEDIT_SERVER_API_RICH_TEXT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "ot/delta.h"

namespace coedit::server::api {

// A run of one line; the views point into the document.
struct RichSpan {
  bool embed = false;
  absl::string_view text;  // of an embed: a JSON object with one key
  const ot::Attributes* format = nullptr;
};

struct RichLine {
  std::vector<RichSpan> spans;
  ot::Attributes format;  // of the line feed
};

// `document` holds inserts only.
void ForEachLine(const ot::Delta& document, absl::FunctionRef<void(const RichLine&)> visit);

enum class ListKind : uint8_t { kNone, kBullet, kOrdered, kChecked, kUnchecked };

// What a line is; at most one of them is set, in the order code, header, list, quote.
struct LineFormat {
  bool code_block = false;
  std::string code_language;  // letters, digits, "+", "#" and "-"; empty: none told
  int header = 0;             // 1 to 6
  ListKind list = ListKind::kNone;
  bool blockquote = false;
  int indent = 0;           // 0 to 8
  absl::string_view align;  // "center", "right", "justify" or empty
  bool right_to_left = false;
};
LineFormat FormatOf(const RichLine& line);

// Values of attributes. A flag is JSON `true`.
bool IsSet(const ot::Attributes& attributes, absl::string_view key);
std::optional<std::string> StringOf(const ot::Attributes& attributes, absl::string_view key);

// An address that a link may lead to: http, https or mailto, absolute, without blanks and controls.
bool IsLinkTarget(absl::string_view url);
// An address that a picture may be loaded from: https, or the picture itself as data:image/... of a
// kind that holds no script.
bool IsImageSource(absl::string_view url);
// #rgb, #rrggbb, rgb(1, 2, 3), rgba(...) or a word.
bool IsColor(absl::string_view color);

// An embed, taken apart: {"image":"https://..."}.
struct RichEmbed {
  std::string type;
  std::string source;  // empty if its value is no string
};
RichEmbed ReadEmbed(absl::string_view json);

}  // namespace coedit::server::api

#endif  // COEDIT_SERVER_API_RICH_TEXT_H_
