#include "server/api/markdown.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/api/rich_text.h"

namespace coedit::server::api {
namespace {

size_t LongestRun(absl::string_view text, char of) {
  size_t longest = 0;
  size_t run = 0;
  for (const char c : text) {
    run = c == of ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest;
}

// A fence that does not stand in `code`.
std::string FenceFor(absl::string_view code) {
  return std::string(std::max<size_t>(3, LongestRun(code, '`') + 1), '`');
}

void AppendFenced(absl::string_view code, absl::string_view language, std::string* out) {
  const std::string fence = FenceFor(code);
  absl::StrAppend(out, fence, language, "\n", code);
  if (!code.empty() && code.back() != '\n') out->push_back('\n');
  absl::StrAppend(out, fence, "\n");
}

// What can be markup anywhere in a line. Braces are for dialects that compute what stands in them.
bool IsMarkup(char c) {
  return absl::string_view("\\`*_[]{}<>&~|$@").find(c) != absl::string_view::npos;
}

void AppendEscaped(absl::string_view text, std::string* out) {
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      // Four blanks make code, and a tab counts as that; other controls are no characters of a
      // text.
      out->append(c == '\t' ? "&#9;" : "\xEF\xBF\xBD");
      continue;
    }
    // Before a link an exclamation mark makes a picture of it; an address becomes a link by itself.
    const bool before_link = c == '!' && at + 1 == text.size();
    const bool address = c == ':' && text.substr(at, 3) == "://";
    if (IsMarkup(c) || before_link || address) out->push_back('\\');
    out->push_back(c);
  }
}

// Inside <...>: everything that could end it, or be read as markup, percent-encoded.
void AppendTarget(absl::string_view url, std::string* out) {
  for (const char c : url) {
    if (c == '&') {
      out->append("&amp;");
    } else if (absl::string_view("<>\\()[]\"'`|*").find(c) != absl::string_view::npos) {
      absl::StrAppend(out, "%", absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2));
    } else {
      out->push_back(c);
    }
  }
}

class MarkdownWriter {
 public:
  explicit MarkdownWriter(std::string* out) : out_(*out) {}

  void Line(const RichLine& line) {
    const LineFormat format = FormatOf(line);
    if (format.code_block) {
      if (in_code_ && format.code_language != code_language_) CloseCode();
      in_code_ = true;
      code_language_ = format.code_language;
      for (const RichSpan& span : line.spans) {
        if (!span.embed) absl::StrAppend(&code_, span.text);
      }
      code_.push_back('\n');
      return;
    }
    CloseCode();
    std::string content = Content(line);
    if (format.list != ListKind::kNone) return ListItem(format, content);
    list_depth_ = -1;
    // A line without text is the space between paragraphs, which stands there anyway.
    if (content.empty()) return;
    Separate(Block::kParagraph);
    if (format.header != 0) absl::StrAppend(&out_, std::string(format.header, '#'), " ");
    if (format.blockquote) out_.append("> ");
    absl::StrAppend(&out_, content, "\n");
  }

  void Finish() { CloseCode(); }

 private:
  enum class Block : uint8_t { kNone, kParagraph, kList };

  // One empty line between blocks, none between the items of a list.
  void Separate(Block next) {
    if (last_ != Block::kNone && !(last_ == Block::kList && next == Block::kList)) {
      out_.push_back('\n');
    }
    last_ = next;
  }

  void ListItem(const LineFormat& format, const std::string& content) {
    const bool ordered = format.list == ListKind::kOrdered;
    // Deeper than one below the item before it would be code.
    const int depth = std::min(format.indent, list_depth_ + 1);
    if (depth == 0 && list_depth_ >= 0 && ordered != top_ordered_) last_ = Block::kParagraph;
    if (depth == 0) top_ordered_ = ordered;
    Separate(Block::kList);
    list_depth_ = depth;
    absl::StrAppend(&out_, std::string(4 * depth, ' '), ordered ? "1. " : "- ");
    if (format.list == ListKind::kChecked) out_.append("[x] ");
    if (format.list == ListKind::kUnchecked) out_.append("[ ] ");
    absl::StrAppend(&out_, content, "\n");
  }

  void CloseCode() {
    if (!in_code_) return;
    in_code_ = false;
    list_depth_ = -1;
    Separate(Block::kParagraph);
    AppendFenced(code_, code_language_, &out_);
    code_.clear();
  }

  static std::string Content(const RichLine& line) {
    std::string content;
    for (const RichSpan& span : line.spans) AppendSpan(span, &content);
    if (content.empty()) return content;
    // Blanks at the beginning would be dropped, or four of them make code of it; a sign, or a
    // number with a dot, would begin a list or a header.
    if (content.front() == ' ') content.replace(0, 1, "&#32;");
    if (absl::string_view("-+#=").find(content.front()) != absl::string_view::npos) {
      content.insert(0, "\\");
    }
    const size_t digits = content.find_first_not_of("0123456789");
    if (digits != 0 && digits != std::string::npos &&
        (content[digits] == '.' || content[digits] == ')')) {
      content.insert(digits, "\\");
    }
    return content;
  }

  static void AppendSpan(const RichSpan& span, std::string* out) {
    const ot::Attributes& format = *span.format;
    if (span.embed) return AppendEmbed(span, out);
    if (format.empty()) return AppendEscaped(span.text, out);
    // Marks do not work with a blank inside of them at either end.
    absl::string_view text = span.text;
    const absl::string_view inner = absl::StripAsciiWhitespace(text);
    if (inner.empty()) return AppendEscaped(text, out);
    const size_t lead = inner.data() - text.data();
    AppendEscaped(text.substr(0, lead), out);
    AppendMarked(inner, format, out);
    AppendEscaped(text.substr(lead + inner.size()), out);
  }

  static void AppendMarked(absl::string_view text, const ot::Attributes& format, std::string* out) {
    std::string end;
    const auto mark = [&](absl::string_view begin, absl::string_view closing) {
      absl::StrAppend(out, begin);
      end = absl::StrCat(closing, end);
    };
    if (const auto link = StringOf(format, "link"); link.has_value() && IsLinkTarget(*link)) {
      std::string target = "](<";
      AppendTarget(*link, &target);
      mark("[", absl::StrCat(target, ">)"));
    }
    const std::string script = StringOf(format, "script").value_or("");
    if (IsSet(format, "underline")) mark("<u>", "</u>");
    if (script == "sub") mark("<sub>", "</sub>");
    if (script == "super") mark("<sup>", "</sup>");
    if (IsSet(format, "strike")) mark("~~", "~~");
    if (IsSet(format, "bold")) mark("**", "**");
    if (IsSet(format, "italic")) mark("*", "*");
    if (IsSet(format, "code")) {
      // Nothing inside is markup, but for the fence itself. A blank on both sides is dropped.
      const std::string fence(LongestRun(text, '`') + 1, '`');
      absl::StrAppend(out, fence, " ");
      for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        absl::StrAppend(out,
                        byte < 0x20 || byte == 0x7f ? "\xEF\xBF\xBD" : absl::string_view(&c, 1));
      }
      absl::StrAppend(out, " ", fence);
    } else {
      AppendEscaped(text, out);
    }
    absl::StrAppend(out, end);
  }

  static void AppendEmbed(const RichSpan& span, std::string* out) {
    const RichEmbed embed = ReadEmbed(span.text);
    if (embed.type == "image" && IsImageSource(embed.source)) {
      out->append("![");
      AppendEscaped(StringOf(*span.format, "alt").value_or(""), out);
      out->append("](<");
      AppendTarget(embed.source, out);
      out->append(">)");
    } else if (embed.type == "video" && IsLinkTarget(embed.source)) {
      out->append("[video](<");
      AppendTarget(embed.source, out);
      out->append(">)");
    } else {
      out->append("\\[");
      AppendEscaped(embed.type, out);
      out->append("\\]");
    }
  }

  std::string& out_;
  Block last_ = Block::kNone;
  int list_depth_ = -1;  // of the item before; -1: there is none
  bool top_ordered_ = false;
  bool in_code_ = false;
  std::string code_language_;
  std::string code_;
};

}  // namespace

std::string RenderMarkdown(const ot::Delta& document, ot::DocumentType type) {
  std::string out;
  if (type == ot::DocumentType::kPlainText) {
    std::string code;
    for (const ot::Component component : document) absl::StrAppend(&code, component.text);
    AppendFenced(code, "", &out);
    return out;
  }
  MarkdownWriter writer(&out);
  ForEachLine(document, [&writer](const RichLine& line) { writer.Line(line); });
  writer.Finish();
  return out;
}

}  // namespace coedit::server::api
