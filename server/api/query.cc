#include "server/api/query.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "ot/unicode.h"
#include "proto/error_text.h"

namespace coedit::server::api {
namespace {

int HexDigit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  const char lower = absl::ascii_tolower(static_cast<unsigned char>(digit));
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Percent-decoding, "+" being a blank; nullopt for a broken escape or what is no UTF-8.
std::optional<std::string> Decode(absl::string_view text) {
  std::string decoded;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '%') {
      if (at + 2 >= text.size()) return std::nullopt;
      const int high = HexDigit(text[at + 1]);
      const int low = HexDigit(text[at + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      decoded.push_back(static_cast<char>(high << 4 | low));
      at += 2;
    } else {
      decoded.push_back(text[at] == '+' ? ' ' : text[at]);
    }
  }
  if (!ot::IsValidUtf8(decoded)) return std::nullopt;
  return decoded;
}

}  // namespace

Query::Query(absl::string_view raw, std::initializer_list<absl::string_view> known) {
  if (raw.empty()) return;
  for (const absl::string_view pair : absl::StrSplit(raw, '&')) {
    const size_t equals = pair.find('=');
    const std::optional<std::string> name = Decode(pair.substr(0, equals));
    const std::optional<std::string> value =
        equals == absl::string_view::npos ? "" : Decode(pair.substr(equals + 1));
    if (!name.has_value() || !value.has_value()) {
      Fail(proto::Wrong(proto::Quoted(pair), "a parameter with a broken escape"));
      return;
    }
    if (std::find(known.begin(), known.end(), *name) == known.end()) {
      Fail(proto::Wrong(proto::Quoted(*name), "there is no such parameter here"));
      return;
    }
    if (Text(*name).has_value()) {
      Fail(proto::Wrong(*name, "the parameter comes twice"));
      return;
    }
    parameters_.emplace_back(*name, *value);
  }
}

std::optional<std::string> Query::Text(absl::string_view name) const {
  if (!status_.ok()) return std::nullopt;
  for (const auto& [known, value] : parameters_) {
    if (known == name) return value;
  }
  return std::nullopt;
}

std::optional<uint64_t> Query::Integer(absl::string_view name, uint64_t min, uint64_t max) {
  const std::optional<std::string> text = Text(name);
  if (!text.has_value()) return std::nullopt;
  uint64_t value = 0;
  // No sign, no blanks.
  const bool digits = !text->empty() && std::all_of(text->begin(), text->end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
  if (!digits || !absl::SimpleAtoi(*text, &value) || value < min || value > max) {
    Fail(proto::Wrong(name, proto::Quoted(*text), " is not an integer from ", min, " to ", max));
    return std::nullopt;
  }
  return value;
}

}  // namespace coedit::server::api
