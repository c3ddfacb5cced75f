#include "server/api/rich_text.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "proto/json_tree.h"

namespace coedit::server::api {
namespace {

constexpr int kIndentMax = 8;
constexpr size_t kLanguageBytesMax = 30;

bool IsAlnum(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); }

// The value of `key` as JSON; nullopt if absent.
template <typename Read>
auto ReadValue(const ot::Attributes& attributes, absl::string_view key, const Read& read)
    -> decltype(read(std::declval<proto::JsonValue>())) {
  const std::string* json = attributes.Find(key);
  if (json == nullptr) return std::nullopt;
  const absl::StatusOr<proto::JsonTree> tree = proto::JsonTree::Parse(*json);
  if (!tree.ok()) return std::nullopt;
  return read(tree->root());
}

std::optional<int> IntegerOf(const ot::Attributes& attributes, absl::string_view key, int max) {
  return ReadValue(attributes, key, [max](proto::JsonValue value) -> std::optional<int> {
    if (!value.Is(proto::JsonKind::kNumber) || !value.Fault().ok()) return std::nullopt;
    const std::optional<uint64_t> integer = value.Integer(0, proto::kSafeInteger);
    if (!integer.has_value()) return std::nullopt;
    return static_cast<int>(std::min<uint64_t>(*integer, max));
  });
}

ListKind ListKindOf(const ot::Attributes& format) {
  const std::string list = StringOf(format, "list").value_or("");
  if (list == "bullet") return ListKind::kBullet;
  if (list == "ordered") return ListKind::kOrdered;
  if (list == "checked") return ListKind::kChecked;
  if (list == "unchecked") return ListKind::kUnchecked;
  return ListKind::kNone;
}

bool IsCodeLanguage(absl::string_view language) {
  return !language.empty() && language.size() <= kLanguageBytesMax &&
         std::all_of(language.begin(), language.end(),
                     [](char c) { return IsAlnum(c) || c == '+' || c == '#' || c == '-'; });
}

bool HasBlankOrControl(absl::string_view url) {
  return std::any_of(url.begin(), url.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte == 0x7f;
  });
}

}  // namespace

void ForEachLine(const ot::Delta& document, absl::FunctionRef<void(const RichLine&)> visit) {
  RichLine line;
  for (const ot::Component component : document) {
    if (component.kind == ot::Kind::kEmbed) {
      line.spans.push_back({true, component.text, &component.attributes});
      continue;
    }
    absl::string_view rest = component.text;
    while (!rest.empty()) {
      const size_t end = rest.find('\n');
      const absl::string_view text = rest.substr(0, end);
      if (!text.empty()) line.spans.push_back({false, text, &component.attributes});
      if (end == absl::string_view::npos) break;
      line.format = component.attributes;
      visit(line);
      line.spans.clear();
      rest.remove_prefix(end + 1);
    }
  }
  line.format = ot::Attributes();
  if (!line.spans.empty()) visit(line);
}

LineFormat FormatOf(const RichLine& line) {
  LineFormat format;
  const ot::Attributes& attributes = line.format;
  if (attributes.empty()) return format;
  const std::string align = StringOf(attributes, "align").value_or("");
  for (const absl::string_view known : {"center", "right", "justify"}) {
    if (align == known) format.align = known;
  }
  format.right_to_left = StringOf(attributes, "direction").value_or("") == "rtl";
  format.indent = IntegerOf(attributes, "indent", kIndentMax).value_or(0);
  const std::optional<std::string> language = StringOf(attributes, "code-block");
  if (language.has_value() || IsSet(attributes, "code-block")) {
    format.code_block = true;
    if (language.has_value() && IsCodeLanguage(*language) && *language != "plain") {
      format.code_language = *language;
    }
  } else if (const std::optional<int> header = IntegerOf(attributes, "header", 7);
             header.has_value() && *header >= 1 && *header <= 6) {
    format.header = *header;
  } else if (const ListKind list = ListKindOf(attributes); list != ListKind::kNone) {
    format.list = list;
  } else {
    format.blockquote = IsSet(attributes, "blockquote");
  }
  return format;
}

bool IsSet(const ot::Attributes& attributes, absl::string_view key) {
  const std::string* json = attributes.Find(key);
  return json != nullptr && *json == "true";
}

std::optional<std::string> StringOf(const ot::Attributes& attributes, absl::string_view key) {
  return ReadValue(attributes, key, [](proto::JsonValue value) -> std::optional<std::string> {
    if (!value.Is(proto::JsonKind::kString)) return std::nullopt;
    return std::string(value.string());
  });
}

bool IsLinkTarget(absl::string_view url) {
  if (HasBlankOrControl(url)) return false;
  return absl::StartsWithIgnoreCase(url, "http://") ||
         absl::StartsWithIgnoreCase(url, "https://") || absl::StartsWithIgnoreCase(url, "mailto:");
}

bool IsImageSource(absl::string_view url) {
  if (HasBlankOrControl(url)) return false;
  if (absl::StartsWithIgnoreCase(url, "https://")) return true;
  if (!absl::ConsumePrefix(&url, "data:image/")) return false;
  // Not SVG: it can hold script.
  for (const absl::string_view kind : {"png", "jpeg", "gif", "webp", "avif"}) {
    absl::string_view rest = url;
    if (!absl::ConsumePrefix(&rest, kind) || !absl::ConsumePrefix(&rest, ";base64,")) continue;
    return std::all_of(rest.begin(), rest.end(),
                       [](char c) { return IsAlnum(c) || c == '+' || c == '/' || c == '='; });
  }
  return false;
}

bool IsColor(absl::string_view color) {
  if (absl::ConsumePrefix(&color, "#")) {
    return (color.size() == 3 || color.size() == 6 || color.size() == 8) &&
           std::all_of(color.begin(), color.end(),
                       [](char c) { return absl::ascii_isxdigit(static_cast<unsigned char>(c)); });
  }
  if (absl::ConsumePrefix(&color, "rgb(") || absl::ConsumePrefix(&color, "rgba(")) {
    return absl::ConsumeSuffix(&color, ")") && !color.empty() && color.size() <= 40 &&
           std::all_of(color.begin(), color.end(), [](char c) {
             return absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == ',' || c == ' ' ||
                    c == '.' || c == '%';
           });
  }
  return !color.empty() && color.size() <= 30 &&
         std::all_of(color.begin(), color.end(),
                     [](char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)); });
}

RichEmbed ReadEmbed(absl::string_view json) {
  RichEmbed embed;
  const absl::StatusOr<proto::JsonTree> tree = proto::JsonTree::Parse(json);
  if (!tree.ok() || !tree->root().Is(proto::JsonKind::kObject)) return embed;
  for (const proto::JsonMember member : tree->root().members()) {
    embed.type = std::string(member.key);
    if (member.value.Is(proto::JsonKind::kString)) {
      embed.source = std::string(member.value.string());
    }
  }
  return embed;
}

}  // namespace coedit::server::api
