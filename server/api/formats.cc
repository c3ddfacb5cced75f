#include "server/api/formats.h"

#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace coedit::server::api {
namespace {

struct FormatInfo {
  Format format;
  absl::string_view name;
  absl::string_view media_type;
};

constexpr std::array<FormatInfo, 4> kFormats = {{
    {Format::kJson, "json", "application/json"},
    {Format::kText, "text", "text/plain"},
    {Format::kHtml, "html", "text/html"},
    {Format::kMarkdown, "markdown", "text/markdown"},
}};

// How much of `type` the range names: 0 nothing, 1 "*/*", 2 "text/*", 3 all of it.
int Precision(absl::string_view range, absl::string_view type) {
  if (absl::EqualsIgnoreCase(range, type)) return 3;
  if (range == "*/*") return 1;
  if (!absl::ConsumeSuffix(&range, "/*")) return 0;
  return absl::EqualsIgnoreCase(range, type.substr(0, type.find('/'))) ? 2 : 0;
}

}  // namespace

absl::string_view ContentTypeOf(Format format) {
  switch (format) {
    case Format::kJson:
      return "application/json; charset=utf-8";
    case Format::kText:
      return "text/plain; charset=utf-8";
    case Format::kHtml:
      return "text/html; charset=utf-8";
    case Format::kMarkdown:
      return "text/markdown; charset=utf-8";
  }
  return "";
}

std::optional<Format> ParseFormat(absl::string_view name) {
  for (const FormatInfo& info : kFormats) {
    if (info.name == name) return info.format;
  }
  return std::nullopt;
}

std::optional<Format> AcceptedFormat(absl::string_view accept) {
  if (absl::StripAsciiWhitespace(accept).empty()) return Format::kJson;
  std::optional<Format> best;
  double best_quality = 0;
  for (const FormatInfo& info : kFormats) {
    int precision = 0;
    double quality = 0;
    for (const absl::string_view element : absl::StrSplit(accept, ',')) {
      double weight = 1;
      absl::string_view range;
      bool first = true;
      for (absl::string_view part : absl::StrSplit(element, ';')) {
        part = absl::StripAsciiWhitespace(part);
        if (first) {
          range = part;
          first = false;
        } else if (absl::ConsumePrefix(&part, "q=") && !absl::SimpleAtod(part, &weight)) {
          weight = 0;
        }
      }
      const int found = Precision(range, info.media_type);
      if (found <= precision) continue;
      precision = found;
      quality = weight;
    }
    if (quality > best_quality) {
      best_quality = quality;
      best = info.format;
    }
  }
  return best;
}

}  // namespace coedit::server::api
