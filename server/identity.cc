#include "server/identity.h"

#include <sha2.h>

#include <algorithm>
#include <array>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace coedit::server {
namespace {

// Readable on white and on dark grey.
constexpr std::array<absl::string_view, 12> kColors = {"#c92a2a", "#a61e4d", "#862e9c", "#5f3dc4",
                                                       "#364fc7", "#1864ab", "#0b7285", "#087f5b",
                                                       "#2b8a3e", "#5c940d", "#e67700", "#d9480f"};

// Characters that could make a name look like something else: controls, direction marks and
// overrides, zero-width characters, line and paragraph separators, the byte order mark.
bool IsDeceptive(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
         (c >= 0xfff9 && c <= 0xfffb);
}

bool IsCombining(char32_t c) {
  return (c >= 0x300 && c <= 0x36f) || (c >= 0x483 && c <= 0x489) || (c >= 0x1ab0 && c <= 0x1aff) ||
         (c >= 0x1dc0 && c <= 0x1dff) || (c >= 0x20d0 && c <= 0x20ff) ||
         (c >= 0xfe20 && c <= 0xfe2f);
}

// `name` is well-formed UTF-8 (the codecs check).
std::string CleanName(absl::string_view name, int64_t characters_max) {
  std::string clean;
  int64_t characters = 0;
  int combining_in_a_row = 0;
  for (size_t i = 0; i < name.size() && characters < characters_max;) {
    const unsigned char lead = name[i];
    const size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    char32_t c = size == 1 ? lead : lead & (0x7f >> size);
    for (size_t k = 1; k < size; ++k) c = (c << 6) | (name[i + k] & 0x3f);
    combining_in_a_row = IsCombining(c) ? combining_in_a_row + 1 : 0;
    if (!IsDeceptive(c) && combining_in_a_row <= 2) {
      absl::StrAppend(&clean, name.substr(i, size));
      ++characters;
    }
    i += size;
  }
  return std::string(absl::StripAsciiWhitespace(clean));
}

bool IsColor(absl::string_view color) {
  return color.size() == 7 && color[0] == '#' &&
         std::all_of(color.begin() + 1, color.end(), absl::ascii_isxdigit);
}

}  // namespace

proto::User MakeUser(const proto::Hello& hello, int64_t name_characters_max) {
  // One way: the client id is a secret, the user id is shown to everyone.
  SHA2_CTX context;
  SHA256Init(&context);
  SHA256Update(&context, reinterpret_cast<const uint8_t*>(hello.client_id.data()),
               hello.client_id.size());
  std::array<uint8_t, SHA256_DIGEST_LENGTH> digest;
  SHA256Final(digest.data(), &context);
  proto::User user;
  user.id = absl::StrCat("u-", absl::BytesToHexString(absl::string_view(
                                   reinterpret_cast<const char*>(digest.data()), 8)));
  user.name = CleanName(hello.name.value_or(""), name_characters_max);
  if (user.name.empty()) user.name = "Guest";
  user.color = hello.color.has_value() && IsColor(*hello.color)
                   ? absl::AsciiStrToLower(*hello.color)
                   : std::string(kColors[digest.back() % kColors.size()]);
  return user;
}

}  // namespace coedit::server
