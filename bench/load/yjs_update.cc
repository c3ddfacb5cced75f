#include "bench/load/yjs_update.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace coedit::bench {
namespace {

// The byte before a struct: what it is, and which of its neighbours it names.
constexpr uint8_t kHasOrigin = 0x80;
constexpr uint8_t kHasRightOrigin = 0x40;
constexpr uint8_t kHasParentKey = 0x20;
constexpr uint8_t kKindBits = 0x1f;
constexpr uint8_t kKindCollected = 0;
constexpr uint8_t kKindText = 4;
constexpr uint8_t kKindSkip = 10;

void SkipId(YjsReader* reader) {
  reader->VarUint();
  reader->VarUint();
}

}  // namespace

void AppendVarUint(uint64_t value, std::string* out) {
  for (; value >= 0x80; value >>= 7) out->push_back(static_cast<char>(value | 0x80));
  out->push_back(static_cast<char>(value));
}

void AppendVarBytes(absl::string_view bytes, std::string* out) {
  AppendVarUint(bytes.size(), out);
  out->append(bytes.data(), bytes.size());
}

uint8_t YjsReader::Byte() {
  ok_ = ok_ && !rest_.empty();
  if (!ok_) return 0;
  const auto byte = static_cast<uint8_t>(rest_[0]);
  rest_.remove_prefix(1);
  return byte;
}

uint64_t YjsReader::VarUint() {
  uint64_t value = 0;
  for (int shift = 0; shift < 63; shift += 7) {
    const uint8_t byte = Byte();
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  ok_ = false;
  return 0;
}

absl::string_view YjsReader::VarBytes() {
  const uint64_t size = VarUint();
  ok_ = ok_ && size <= rest_.size();
  if (!ok_) return {};
  const absl::string_view bytes = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return bytes;
}

std::string TypingUpdate(uint64_t client, uint64_t clock, uint64_t letters) {
  std::string update;
  AppendVarUint(1, &update);  // clients
  AppendVarUint(1, &update);  // structs of this one
  AppendVarUint(client, &update);
  AppendVarUint(clock, &update);
  if (clock > 0) {
    update.push_back(static_cast<char>(kKindText | kHasOrigin));
    AppendVarUint(client, &update);
    AppendVarUint(clock - 1, &update);
  } else {
    update.push_back(static_cast<char>(kKindText));
    AppendVarUint(1, &update);  // the parent is a shared type, named
    AppendVarBytes("text", &update);
  }
  AppendVarBytes(std::string(letters, 'x'), &update);
  AppendVarUint(0, &update);  // nothing deleted
  return update;
}

absl::StatusOr<std::vector<TypedRange>> ReadUpdate(absl::string_view update) {
  YjsReader reader(update);
  std::vector<TypedRange> ranges;
  for (uint64_t clients = reader.VarUint(); clients > 0 && reader.ok(); --clients) {
    const uint64_t structs = reader.VarUint();
    TypedRange range;
    range.client = reader.VarUint();
    range.clock = reader.VarUint();
    for (uint64_t i = 0; i < structs && reader.ok(); ++i) {
      const uint8_t info = reader.Byte();
      const uint8_t kind = info & kKindBits;
      if (kind == kKindCollected || kind == kKindSkip) {
        return absl::InternalError("letters are missing in the update");
      }
      if (kind != kKindText) return absl::InternalError(absl::StrCat("a struct of kind ", kind));
      if ((info & kHasOrigin) != 0) SkipId(&reader);
      if ((info & kHasRightOrigin) != 0) SkipId(&reader);
      if ((info & (kHasOrigin | kHasRightOrigin)) == 0) {
        if (reader.VarUint() == 1) {
          reader.VarBytes();
        } else {
          SkipId(&reader);
        }
        if ((info & kHasParentKey) != 0) reader.VarBytes();
      }
      range.letters += reader.VarBytes().size();
    }
    ranges.push_back(range);
  }
  if (reader.VarUint() != 0) return absl::InternalError("the update deletes");
  if (!reader.ok() || !reader.done()) return absl::InternalError("the update does not parse");
  return ranges;
}

}  // namespace coedit::bench
