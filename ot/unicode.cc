#include "ot/unicode.h"

#include <cstring>

namespace coedit::ot {
namespace {

// Text is scanned eight bytes at a time; a word's byte lanes count independently.
constexpr size_t kWord = sizeof(uint64_t);
constexpr uint64_t kOnes = 0x0101010101010101;
constexpr uint64_t kHighBits = 0x8080808080808080;

uint64_t Load(const char* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, kWord);
  return word;
}

// 1 in each lane that begins a character.
uint64_t LeadLanes(uint64_t word) { return ((~word >> 7) | (word >> 6)) & kOnes; }

// 1 in each lane that begins a character of four bytes, the ones that take two units.
uint64_t PairLanes(uint64_t word) {
  return (word >> 7) & (word >> 6) & (word >> 5) & (word >> 4) & kOnes;
}

// Sum of the lanes, if it is below 256.
int SumLanes(uint64_t lanes) { return static_cast<int>((lanes * kOnes) >> 56); }

bool IsContinuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

int UnitsStartedBy(char byte) {
  const auto value = static_cast<unsigned char>(byte);
  return (IsContinuation(value) ? 0 : 1) + (value >= 0xF0 ? 1 : 0);
}

// Length of the well-formed character that begins `bytes`, whose first byte is not ASCII; 0 if it
// is not well-formed. The first continuation byte has a narrower range after some lead bytes: that
// excludes overlong forms, surrogates and what is above U+10FFFF.
size_t MultibyteLength(const unsigned char* bytes, size_t available) {
  const unsigned char lead = bytes[0];
  size_t length;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  } else {
    return 0;
  }
  if (available < length || bytes[1] < low || bytes[1] > high) return 0;
  for (size_t i = 2; i < length; ++i) {
    if (!IsContinuation(bytes[i])) return 0;
  }
  return length;
}

}  // namespace

bool IsValidUtf8(absl::string_view bytes) {
  const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
  const auto* const end = at + bytes.size();
  while (at < end) {
    if (end - at >= static_cast<std::ptrdiff_t>(kWord) &&
        (Load(reinterpret_cast<const char*>(at)) & kHighBits) == 0) {
      at += kWord;
      continue;
    }
    if (*at < 0x80) {
      ++at;
      continue;
    }
    const size_t length = MultibyteLength(at, static_cast<size_t>(end - at));
    if (length == 0) return false;
    at += length;
  }
  return true;
}

int64_t Utf16Length(absl::string_view utf8) {
  const char* at = utf8.data();
  const char* const end = at + utf8.size();
  int64_t units = 0;
  while (end - at >= static_cast<std::ptrdiff_t>(kWord)) {
    // A lane grows by at most 2 a word and the sum of all must stay below 256.
    uint64_t lanes = 0;
    for (int i = 0; i < 15 && end - at >= static_cast<std::ptrdiff_t>(kWord); ++i, at += kWord) {
      const uint64_t word = Load(at);
      lanes += LeadLanes(word) + PairLanes(word);
    }
    units += SumLanes(lanes);
  }
  for (; at < end; ++at) units += UnitsStartedBy(*at);
  return units;
}

std::optional<size_t> ByteOffset(absl::string_view utf8, int64_t units) {
  const char* at = utf8.data();
  const char* const end = at + utf8.size();
  int64_t left = units;
  // Whole words while they start fewer units than are left. Stopping inside a character is fine:
  // its continuation bytes start nothing and are skipped below.
  while (end - at >= static_cast<std::ptrdiff_t>(kWord)) {
    const uint64_t word = Load(at);
    const int started = SumLanes(LeadLanes(word) + PairLanes(word));
    if (started > left) break;
    left -= started;
    at += kWord;
  }
  for (; at < end; ++at) {
    const int started = UnitsStartedBy(*at);
    if (started == 0) continue;
    if (left == 0) break;
    if (started > left) return std::nullopt;
    left -= started;
  }
  if (left != 0) return std::nullopt;
  return static_cast<size_t>(at - utf8.data());
}

}  // namespace coedit::ot
