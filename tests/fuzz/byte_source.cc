#include "tests/fuzz/byte_source.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace coedit::fuzz {
namespace {

using ot::Attributes;
using ot::Delta;
using ot::DeltaBuilder;
using ot::Text;

constexpr absl::string_view kTexts[] = {
    "a",
    "b",
    "ab",
    "\n",
    "a\nb",
    "\xC3\xA9",          // one code point
    "e\xCC\x81",         // the same, combining
    "\xE2\x80\x8D",      // U+200D alone
    "\xEF\xBF\xBF",      // U+FFFF, the last of one unit
    "\xF0\x90\x80\x80",  // U+10000, the first pair
    "\xF0\x9F\x98\x80",  // two emoji that share their first half
    "\xF0\x9F\x98\x81",
    "\xF0\x9F\x98\x80\xF0\x9F\x98\x81",
    "a\xF0\x9F\x98\x80",
    "\xF0\x9F\x98\x80z",
    "the quick brown fox jumps over the lazy dog",
};

constexpr absl::string_view kEmbeds[] = {R"({"i":1})", R"({"i":2})", R"({"j":{"k":null}})"};

constexpr absl::string_view kKeys[] = {"b", "c", "m"};
constexpr absl::string_view kValues[][2] = {
    {"true", "false"}, {"\"red\"", "\"\xF0\x9F\x98\x80\""}, {"{\"a\":null}", "[1,{}]"}};

enum Code : uint8_t { kRetain, kFormat, kDelete, kPlain, kFormatted, kEmbed, kRun, kEnd };

}  // namespace

uint8_t ByteSource::Byte() {
  if (bytes_.empty()) return 0;
  const auto byte = static_cast<uint8_t>(bytes_.front());
  bytes_.remove_prefix(1);
  return byte;
}

int64_t ByteSource::Below(int64_t bound) {
  int64_t value = Byte();
  if (bound > 256) value = value << 8 | Byte();
  return value % bound;
}

Attributes ByteSource::ReadAttributes(bool removals) {
  const uint8_t byte = Byte();
  std::vector<Attributes::Entry> entries;
  for (size_t i = 0; i < std::size(kKeys); ++i) {
    const int choice = byte >> (2 * i) & 3;
    if (choice == 0) continue;
    const absl::string_view value =
        choice == 3 ? (removals ? ot::kRemove : kValues[i][0]) : kValues[i][choice - 1];
    entries.push_back({std::string(kKeys[i]), std::string(value)});
  }
  return Attributes(std::move(entries));
}

int64_t ByteSource::ReadUnits(uint8_t byte) {
  const int64_t units = byte >> 3;
  return units == 31 ? int64_t{8} * Byte() : units;
}

void ByteSource::ReadInsert(uint8_t byte, DeltaBuilder* out) {
  const auto code = static_cast<Code>(byte & 7);
  if (code == kEmbed) {
    out->InsertEmbed(kEmbeds[(byte >> 3) % std::size(kEmbeds)], ReadAttributes(false));
    return;
  }
  const absl::string_view piece = kTexts[(byte >> 3) % std::size(kTexts)];
  if (code != kRun) {
    out->Insert(piece, code == kFormatted ? ReadAttributes(false) : Attributes());
    return;
  }
  std::string run;
  for (int i = Byte() >> 3; i >= 0; --i) run.append(piece.data(), piece.size());
  out->Insert(run, ReadAttributes(false));
}

Delta ByteSource::ReadDocument() {
  DeltaBuilder out;
  while (!empty()) {
    const uint8_t byte = Byte();
    if ((byte & 7) == kEnd) break;
    if ((byte & 7) >= kPlain) ReadInsert(byte, &out);
  }
  return out.Build();
}

Delta ByteSource::ReadChange(const Text& text) {
  DeltaBuilder out;
  int64_t position = 0;
  while (!empty()) {
    const uint8_t byte = Byte();
    const auto code = static_cast<Code>(byte & 7);
    if (code == kEnd) break;
    if (code >= kPlain) {
      ReadInsert(byte, &out);
      continue;
    }
    int64_t end = std::min(text.length(), position + ReadUnits(byte));
    if (!text.IsBoundary(end)) ++end;
    const int64_t units = end - position;
    position = end;
    if (code == kDelete) {
      out.Delete(units);
    } else {
      out.Retain(units, code == kFormat ? ReadAttributes(true) : Attributes());
    }
  }
  return out.Build();
}

Delta ByteSource::ReadUnboundChange() {
  DeltaBuilder out;
  while (!empty()) {
    const uint8_t byte = Byte();
    const auto code = static_cast<Code>(byte & 7);
    if (code == kEnd) break;
    if (code >= kPlain) {
      ReadInsert(byte, &out);
      continue;
    }
    const int64_t units = byte >> 3 == 30 ? Below(1 << 16) : ReadUnits(byte);
    if (code == kDelete) {
      out.Delete(units);
    } else {
      out.Retain(units, code == kFormat ? ReadAttributes(true) : Attributes());
    }
  }
  return out.Build();
}

}  // namespace coedit::fuzz
