#include "server/api/html.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "server/api/rich_text.h"

namespace coedit::server::api {
namespace {

constexpr absl::string_view kStyle =
    "body{font-family:sans-serif;line-height:1.5;max-width:48em;margin:2em auto;padding:0 1em}"
    "p,h1,h2,h3,h4,h5,h6,li,blockquote{white-space:pre-wrap;margin:.3em 0}"
    "pre{background:#f3f4f6;padding:.6em;overflow:auto}"
    "blockquote{border-left:4px solid #ccc;padding-left:1em}img{max-width:100%}";

void AppendEscaped(absl::string_view text, std::string* out) {
  for (const char c : text) {
    switch (c) {
      case '&':
        out->append("&amp;");
        break;
      case '<':
        out->append("&lt;");
        break;
      case '>':
        out->append("&gt;");
        break;
      case '"':
        out->append("&quot;");
        break;
      case '\'':
        out->append("&#39;");
        break;
      default: {
        // Controls are no characters of HTML.
        const auto byte = static_cast<unsigned char>(c);
        const bool control = (byte < 0x20 && c != '\t' && c != '\n') || byte == 0x7f;
        absl::StrAppend(out, control ? "\xEF\xBF\xBD" : absl::string_view(&c, 1));
      }
    }
  }
}

class HtmlWriter {
 public:
  explicit HtmlWriter(std::string* out) : out_(*out) {}

  void Line(const RichLine& line) {
    const LineFormat format = FormatOf(line);
    if (format.code_block) {
      CloseLists(0);
      if (!in_code_ || format.code_language != code_language_) {
        CloseCode();
        out_.append("<pre>\n");  // a line feed right after <pre> would be dropped, but for this one
        in_code_ = true;
        code_language_ = format.code_language;
      }
      for (const RichSpan& span : line.spans) {
        if (!span.embed) AppendEscaped(span.text, &out_);
      }
      out_.push_back('\n');
      return;
    }
    CloseCode();
    if (format.list != ListKind::kNone) return ListItem(line, format);
    CloseLists(0);
    std::string tag = "p";
    if (format.header != 0) tag = absl::StrCat("h", format.header);
    if (format.blockquote) tag = "blockquote";
    OpenBlock(tag, format, format.indent);
    Content(line);
    absl::StrAppend(&out_, "</", tag, ">\n");
  }

  void Finish() {
    CloseCode();
    CloseLists(0);
  }

 private:
  void OpenBlock(absl::string_view tag, const LineFormat& format, int indent) {
    absl::StrAppend(&out_, "<", tag);
    if (format.right_to_left) out_.append(" dir=\"rtl\"");
    if (!format.align.empty() || indent > 0) {
      out_.append(" style=\"");
      if (!format.align.empty()) absl::StrAppend(&out_, "text-align:", format.align, ";");
      if (indent > 0) absl::StrAppend(&out_, "margin-left:", 3 * indent, "em;");
      out_.push_back('"');
    }
    out_.push_back('>');
  }

  // An item stands in as many lists as it is indented, one more than that.
  void ListItem(const RichLine& line, const LineFormat& format) {
    const bool ordered = format.list == ListKind::kOrdered;
    const auto depth = static_cast<size_t>(format.indent) + 1;
    CloseLists(depth);
    if (lists_.size() == depth && lists_.back() != ordered) CloseLists(depth - 1);
    if (lists_.size() == depth) out_.append("</li>\n");
    while (lists_.size() < depth) {
      out_.append(ordered ? "<ol>" : "<ul>");
      lists_.push_back(ordered);
      // A list inside a list stands in an item.
      if (lists_.size() < depth) out_.append("<li>");
    }
    OpenBlock("li", format, 0);
    if (format.list == ListKind::kChecked)
      out_.append("<input type=\"checkbox\" checked disabled> ");
    if (format.list == ListKind::kUnchecked) out_.append("<input type=\"checkbox\" disabled> ");
    Content(line);
  }

  void CloseLists(size_t depth) {
    while (lists_.size() > depth) {
      out_.append(lists_.back() ? "</li></ol>" : "</li></ul>");
      lists_.pop_back();
      if (lists_.empty()) out_.push_back('\n');
    }
  }

  void CloseCode() {
    if (in_code_) out_.append("</pre>\n");
    in_code_ = false;
  }

  void Content(const RichLine& line) {
    if (line.spans.empty()) out_.append("<br>");
    for (const RichSpan& span : line.spans) Span(span);
  }

  void Span(const RichSpan& span) {
    const ot::Attributes& format = *span.format;
    std::string end;
    const auto open = [&](absl::string_view tag, absl::string_view attributes = "") {
      absl::StrAppend(&out_, "<", tag, attributes, ">");
      end = absl::StrCat("</", tag, ">", end);
    };
    if (!format.empty()) {
      if (const auto link = StringOf(format, "link"); link.has_value() && IsLinkTarget(*link)) {
        out_.append("<a href=\"");
        AppendEscaped(*link, &out_);
        out_.append("\" rel=\"noopener noreferrer nofollow\" target=\"_blank\">");
        end = "</a>";
      }
      if (const std::string style = StyleOf(format); !style.empty()) {
        open("span", absl::StrCat(" style=\"", style, "\""));
      }
      if (IsSet(format, "bold")) open("strong");
      if (IsSet(format, "italic")) open("em");
      if (IsSet(format, "underline")) open("u");
      if (IsSet(format, "strike")) open("s");
      const std::string script = StringOf(format, "script").value_or("");
      if (script == "sub" || script == "super") open(script == "sub" ? "sub" : "sup");
      if (IsSet(format, "code")) open("code");
    }
    if (span.embed) {
      Embed(span);
    } else {
      AppendEscaped(span.text, &out_);
    }
    out_.append(end);
  }

  static std::string StyleOf(const ot::Attributes& format) {
    std::string style;
    const auto color = [&](absl::string_view key, absl::string_view property) {
      const std::optional<std::string> value = StringOf(format, key);
      if (value.has_value() && IsColor(*value)) absl::StrAppend(&style, property, ":", *value, ";");
    };
    color("color", "color");
    color("background", "background-color");
    const std::string size = StringOf(format, "size").value_or("");
    if (size == "small") style.append("font-size:.75em;");
    if (size == "large") style.append("font-size:1.5em;");
    if (size == "huge") style.append("font-size:2.5em;");
    const std::string font = StringOf(format, "font").value_or("");
    if (font == "serif" || font == "monospace") absl::StrAppend(&style, "font-family:", font, ";");
    return style;
  }

  void Embed(const RichSpan& span) {
    const RichEmbed embed = ReadEmbed(span.text);
    if (embed.type == "image" && IsImageSource(embed.source)) {
      out_.append("<img src=\"");
      AppendEscaped(embed.source, &out_);
      out_.append("\" alt=\"");
      AppendEscaped(StringOf(*span.format, "alt").value_or(""), &out_);
      out_.append("\">");
    } else if (embed.type == "video" && IsLinkTarget(embed.source)) {
      out_.append("<a href=\"");
      AppendEscaped(embed.source, &out_);
      out_.append("\" rel=\"noopener noreferrer nofollow\" target=\"_blank\">[video]</a>");
    } else if (embed.type == "formula") {
      out_.append("<code>");
      AppendEscaped(embed.source, &out_);
      out_.append("</code>");
    } else {
      out_.push_back('[');
      AppendEscaped(embed.type, &out_);
      out_.push_back(']');
    }
  }

  std::string& out_;
  bool in_code_ = false;
  std::string code_language_;
  std::vector<bool> lists_;  // those that are open, from the outside; true: ordered
};

}  // namespace

std::string RenderHtml(const ot::Delta& document, ot::DocumentType type, absl::string_view title) {
  std::string out = "<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n<title>";
  AppendEscaped(title, &out);
  absl::StrAppend(&out, "</title>\n<style>", kStyle, "</style>\n</head>\n<body>\n");
  if (type == ot::DocumentType::kPlainText) {
    // A line feed right after <pre> would be dropped, but for this one.
    out.append("<pre>\n");
    for (const ot::Component component : document) AppendEscaped(component.text, &out);
    out.append("</pre>\n");
  } else {
    HtmlWriter writer(&out);
    ForEachLine(document, [&writer](const RichLine& line) { writer.Line(line); });
    writer.Finish();
  }
  out.append("</body>\n</html>\n");
  return out;
}

}  // namespace coedit::server::api
