#include "proto/canonical_json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "ot/check.h"
#include "proto/error_text.h"

namespace coedit::proto {
namespace {

absl::Status AppendObject(JsonValue object, int64_t depth_max, std::string* out) {
  absl::InlinedVector<JsonMember, 4> members;
  for (const JsonMember member : object.members()) {
    if (IsPrototypeName(member.key)) {
      return absl::InvalidArgumentError(
          absl::StrCat("key ", Quoted(member.key), " is a name of Object.prototype"));
    }
    members.push_back(member);
  }
  std::sort(members.begin(), members.end(),
            [](const JsonMember& a, const JsonMember& b) { return LessUtf16(a.key, b.key); });
  out->push_back('{');
  bool first = true;
  for (const JsonMember& member : members) {
    if (!first) out->push_back(',');
    first = false;
    AppendJsonString(member.key, out);
    out->push_back(':');
    const absl::Status status = AppendCanonicalJson(member.value, depth_max, out);
    if (!status.ok()) return status;
  }
  out->push_back('}');
  return absl::OkStatus();
}

absl::Status AppendArray(JsonValue array, int64_t depth_max, std::string* out) {
  out->push_back('[');
  bool first = true;
  for (const JsonValue item : array.items()) {
    if (!first) out->push_back(',');
    first = false;
    const absl::Status status = AppendCanonicalJson(item, depth_max, out);
    if (!status.ok()) return status;
  }
  out->push_back(']');
  return absl::OkStatus();
}

}  // namespace

// Recursive; the parser ended at kJsonParseDepthMax levels already.
absl::Status AppendCanonicalJson(JsonValue value, int64_t depth_max, std::string* out) {
  const absl::Status fault = value.Fault();
  if (!fault.ok()) return fault;
  switch (value.kind()) {
    case JsonKind::kNull:
      out->append("null");
      return absl::OkStatus();
    case JsonKind::kFalse:
      out->append("false");
      return absl::OkStatus();
    case JsonKind::kTrue:
      out->append("true");
      return absl::OkStatus();
    case JsonKind::kNumber:
      AppendJsonNumber(value.number(), out);
      return absl::OkStatus();
    case JsonKind::kString:
      AppendJsonString(value.string(), out);
      return absl::OkStatus();
    case JsonKind::kArray:
    case JsonKind::kObject:
      break;
  }
  if (depth_max <= 0) {
    return absl::InvalidArgumentError(absl::StrCat("nesting is too deep at ", value.Describe()));
  }
  return value.Is(JsonKind::kArray) ? AppendArray(value, depth_max - 1, out)
                                    : AppendObject(value, depth_max - 1, out);
}

absl::StatusOr<std::string> CanonicalJson(absl::string_view text, int64_t depth_max) {
  const absl::StatusOr<JsonTree> tree = JsonTree::Parse(text);
  if (!tree.ok()) return tree.status();
  std::string canonical;
  const absl::Status status = AppendCanonicalJson(tree->root(), depth_max, &canonical);
  if (!status.ok()) return status;
  return canonical;
}

bool IsPrototypeName(absl::string_view key) {
  static constexpr std::array<absl::string_view, 12> kNames = {
      "__defineGetter__", "__defineSetter__", "__lookupGetter__",     "__lookupSetter__",
      "__proto__",        "constructor",      "hasOwnProperty",       "isPrototypeOf",
      "toLocaleString",   "toString",         "propertyIsEnumerable", "valueOf"};
  return std::find(kNames.begin(), kNames.end(), key) != kNames.end();
}

bool LessUtf16(absl::string_view a, absl::string_view b) {
  const auto [at_a, at_b] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (at_a == a.end() || at_b == b.end()) return a.size() < b.size();
  const unsigned char byte_a = static_cast<unsigned char>(*at_a);
  const unsigned char byte_b = static_cast<unsigned char>(*at_b);
  // The order of UTF-8 is that of code points. The order of UTF-16 differs in one case: characters
  // above U+FFFF (first byte from F0) begin with a surrogate, which is below U+E000 (first byte
  // EE).
  if (byte_a >= 0xEE && byte_b >= 0xEE) {
    const bool pair_a = byte_a >= 0xF0;
    const bool pair_b = byte_b >= 0xF0;
    if (pair_a != pair_b) return pair_a;
  }
  return byte_a < byte_b;
}

void AppendJsonNumber(double value, std::string* out) {
  COEDIT_CHECK(std::isfinite(value));
  if (value == 0) {  // -0 too
    out->push_back('0');
    return;
  }
  std::array<char, 32> buffer;
  const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                     std::chars_format::scientific);
  COEDIT_CHECK(written.ec == std::errc());
  absl::string_view text(buffer.data(), written.ptr - buffer.data());
  if (text.front() == '-') {
    out->push_back('-');
    text.remove_prefix(1);
  }
  const size_t mark = text.find('e');
  int exponent = 0;
  const char* exponent_begin = text.data() + mark + (text[mark + 1] == '+' ? 2 : 1);
  std::from_chars(exponent_begin, text.data() + text.size(), exponent);
  std::string digits(text.substr(0, 1));
  if (mark > 1) digits.append(text.data() + 2, mark - 2);

  // The names of the rule in ECMAScript: k digits, and the decimal point stands after n of them.
  const int k = static_cast<int>(digits.size());
  const int n = exponent + 1;
  if (k <= n && n <= 21) {
    out->append(digits).append(n - k, '0');
  } else if (0 < n && n <= 21) {
    out->append(digits, 0, n).append(1, '.').append(digits, n);
  } else if (-6 < n && n <= 0) {
    out->append("0.").append(-n, '0').append(digits);
  } else {
    out->append(digits, 0, 1);
    if (k > 1) out->append(1, '.').append(digits, 1);
    absl::StrAppend(out, n - 1 < 0 ? "e-" : "e+", std::abs(n - 1));
  }
}

void AppendJsonString(absl::string_view utf8, std::string* out) {
  static constexpr char kHexDigits[] = "0123456789abcdef";
  out->push_back('"');
  size_t plain_begin = 0;
  for (size_t i = 0; i < utf8.size(); ++i) {
    const unsigned char byte = static_cast<unsigned char>(utf8[i]);
    if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
    out->append(utf8.data() + plain_begin, i - plain_begin);
    plain_begin = i + 1;
    out->push_back('\\');
    switch (byte) {
      case '"':
      case '\\':
        out->push_back(static_cast<char>(byte));
        break;
      case '\b':
        out->push_back('b');
        break;
      case '\f':
        out->push_back('f');
        break;
      case '\n':
        out->push_back('n');
        break;
      case '\r':
        out->push_back('r');
        break;
      case '\t':
        out->push_back('t');
        break;
      default:
        out->append("u00");
        out->push_back(kHexDigits[byte >> 4]);
        out->push_back(kHexDigits[byte & 15]);
    }
  }
  out->append(utf8.data() + plain_begin, utf8.size() - plain_begin);
  out->push_back('"');
}

}  // namespace coedit::proto
