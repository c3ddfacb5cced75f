#include "storage/case_fold.h"

#include <cstddef>
#include <cstdint>

namespace coedit::storage {
namespace {

// Capitals first..last, every `step`-th, become what lies `distance` further on.
struct Capitals {
  uint32_t first;
  uint32_t last;
  uint32_t step;
  int32_t distance;
};

// Two and three bytes of UTF-8 on both sides, so that a folded text is as long or shorter.
constexpr Capitals kCapitals[] = {
    {0x00C0, 0x00D6, 1, 32}, {0x00D8, 0x00DE, 1, 32},     // Latin
    {0x0100, 0x012E, 2, 1},  {0x0130, 0x0130, 1, -199},   // with a dot becomes plain i
    {0x0132, 0x0136, 2, 1},  {0x0139, 0x0147, 2, 1},      //
    {0x014A, 0x0176, 2, 1},  {0x0178, 0x0178, 1, -121},   //
    {0x0179, 0x017D, 2, 1},  {0x017F, 0x017F, 1, -268},   // the long s
    {0x0386, 0x0386, 1, 38}, {0x0388, 0x038A, 1, 37},     // Greek
    {0x038C, 0x038C, 1, 64}, {0x038E, 0x038F, 1, 63},     //
    {0x0391, 0x03A1, 1, 32}, {0x03A3, 0x03AB, 1, 32},     //
    {0x03C2, 0x03C2, 1, 1},                               // the sigma at an end
    {0x0400, 0x040F, 1, 80}, {0x0410, 0x042F, 1, 32},     // Cyrillic
    {0x0460, 0x0480, 2, 1},  {0x048A, 0x04BE, 2, 1},      //
    {0x04C0, 0x04C0, 1, 15}, {0x04C1, 0x04CD, 2, 1},      //
    {0x04D0, 0x052E, 2, 1},  {0x0531, 0x0556, 1, 48},     // Armenian
    {0x1E00, 0x1E94, 2, 1},  {0x1E9E, 0x1E9E, 1, -7615},  // Latin, the capital sharp s
    {0x1EA0, 0x1EFE, 2, 1},  {0xFF21, 0xFF3A, 1, 32},     // full width
};

uint32_t Fold(uint32_t letter) {
  for (const Capitals& capitals : kCapitals) {
    if (letter < capitals.first) break;
    if (letter <= capitals.last && (letter - capitals.first) % capitals.step == 0) {
      return letter + static_cast<uint32_t>(capitals.distance);
    }
  }
  return letter;
}

bool IsContinuation(char byte) { return (byte & 0xC0) == 0x80; }
uint32_t Bits(char byte, uint32_t mask) { return static_cast<unsigned char>(byte) & mask; }

void AppendUtf8(uint32_t letter, std::string* out) {
  if (letter < 0x80) {
    out->push_back(static_cast<char>(letter));
  } else if (letter < 0x800) {
    out->push_back(static_cast<char>(0xC0 | letter >> 6));
    out->push_back(static_cast<char>(0x80 | (letter & 0x3F)));
  } else {
    out->push_back(static_cast<char>(0xE0 | letter >> 12));
    out->push_back(static_cast<char>(0x80 | (letter >> 6 & 0x3F)));
    out->push_back(static_cast<char>(0x80 | (letter & 0x3F)));
  }
}

}  // namespace

std::string FoldCase(absl::string_view utf8) {
  std::string folded;
  folded.reserve(utf8.size());
  for (size_t i = 0; i < utf8.size();) {
    const char byte = utf8[i];
    if ('A' <= byte && byte <= 'Z') {
      folded.push_back(static_cast<char>(byte + ('a' - 'A')));
      ++i;
    } else if ((byte & 0xE0) == 0xC0 && i + 1 < utf8.size() && IsContinuation(utf8[i + 1])) {
      AppendUtf8(Fold(Bits(byte, 0x1F) << 6 | Bits(utf8[i + 1], 0x3F)), &folded);
      i += 2;
    } else if ((byte & 0xF0) == 0xE0 && i + 2 < utf8.size() && IsContinuation(utf8[i + 1]) &&
               IsContinuation(utf8[i + 2])) {
      AppendUtf8(
          Fold(Bits(byte, 0x0F) << 12 | Bits(utf8[i + 1], 0x3F) << 6 | Bits(utf8[i + 2], 0x3F)),
          &folded);
      i += 3;
    } else {
      folded.push_back(byte);
      ++i;
    }
  }
  return folded;
}

}  // namespace coedit::storage
