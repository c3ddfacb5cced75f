#include "ot/canonical.h"

#include <cstring>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "ot/unicode.h"

// The whole hash as inline code: no library to link.
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace coedit::ot {
namespace {

constexpr int kVarintBytesMax = 10;
constexpr uint64_t kKindMask = 3;
constexpr uint64_t kHasAttributes = 4;
constexpr int kLengthShift = 3;

void AppendSized(absl::string_view bytes, std::string* out) {
  AppendVarint(bytes.size(), out);
  out->append(bytes.data(), bytes.size());
}

// Reads one canonical delta from front to back and remembers what is wrong with it.
class Parser {
 public:
  explicit Parser(absl::string_view bytes) : bytes_(bytes), size_(bytes.size()) {}

  absl::StatusOr<Delta> Parse() {
    bool plain_retain_last = false;
    while (!bytes_.empty()) {
      if (!ParseComponent(&plain_retain_last)) {
        return absl::DataLossError(absl::StrCat("canonical delta: ", error_, " before byte ",
                                                size_ - bytes_.size(), " of ", size_));
      }
    }
    if (plain_retain_last) return absl::DataLossError("canonical delta: ends with a plain retain");
    Delta delta = builder_.Build();
    // Of no text; and neighbours too long to be merged have more than one encoding.
    if (delta.base_length() > kComponentUnitsMax || delta.target_length() > kComponentUnitsMax) {
      return absl::DataLossError("canonical delta: longer than any text");
    }
    return delta;
  }

 private:
  bool Fail(const char* error) {
    error_ = error;
    return false;
  }

  bool ParseSized(absl::string_view* text) {
    uint64_t size;
    if (!ConsumeVarint(&bytes_, &size)) return Fail("bad varint");
    if (size == 0) return Fail("empty string");
    if (size > bytes_.size()) return Fail("cut short");
    *text = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return IsValidUtf8(*text) || Fail("bad UTF-8");
  }

  bool ParseAttributes(bool removals_allowed, Attributes* attributes) {
    uint64_t count;
    if (!ConsumeVarint(&bytes_, &count) || count == 0) return Fail("bad number of attributes");
    std::vector<Attributes::Entry> entries;
    for (uint64_t i = 0; i < count; ++i) {
      absl::string_view key;
      absl::string_view value;
      if (!ParseSized(&key) || !ParseSized(&value)) return false;
      if (!entries.empty() && key <= entries.back().key) return Fail("attributes out of order");
      if (!removals_allowed && value == kRemove) return Fail("null attribute of an insert");
      entries.push_back({std::string(key), std::string(value)});
    }
    *attributes = Attributes(std::move(entries));
    return true;
  }

  bool ParseComponent(bool* plain_retain) {
    uint64_t head;
    if (!ConsumeVarint(&bytes_, &head)) return Fail("bad varint");
    const auto kind = static_cast<Kind>(head & kKindMask);
    const bool has_attributes = (head & kHasAttributes) != 0;
    const uint64_t length = head >> kLengthShift;
    if (length == 0 || length > kComponentUnitsMax) return Fail("bad length");
    const bool is_insert = kind == Kind::kInsert || kind == Kind::kEmbed;
    if (is_insert && kind_ == Kind::kDelete && builder_.size() > 0) {
      return Fail("insert after delete");
    }

    absl::string_view text;
    if (is_insert && !ParseSized(&text)) return false;
    if (kind == Kind::kInsert && Utf16Length(text) != static_cast<int64_t>(length)) {
      return Fail("length of an insert that is not that of its text");
    }
    if (kind == Kind::kEmbed && (length != 1 || text.front() != '{' || text.back() != '}')) {
      return Fail("bad embed");
    }
    if (kind == Kind::kDelete && has_attributes) return Fail("delete with attributes");
    Attributes attributes;
    if (has_attributes && !ParseAttributes(kind == Kind::kRetain, &attributes)) return false;

    const size_t size_before = builder_.size();
    builder_.Push({kind, static_cast<int64_t>(length), text, attributes});
    if (builder_.size() == size_before) return Fail("neighbours that are not merged");
    kind_ = kind;
    *plain_retain = kind == Kind::kRetain && !has_attributes;
    return true;
  }

  absl::string_view bytes_;
  const size_t size_;
  const char* error_ = "";
  DeltaBuilder builder_;
  Kind kind_ = Kind::kRetain;  // of the last component
};

}  // namespace

void AppendVarint(uint64_t value, std::string* out) {
  char bytes[kVarintBytesMax];
  int size = 0;
  while (value >= 0x80) {
    bytes[size++] = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  bytes[size++] = static_cast<char>(value);
  out->append(bytes, size);
}

bool ConsumeVarint(absl::string_view* bytes, uint64_t* value) {
  uint64_t result = 0;
  for (int i = 0; i < kVarintBytesMax; ++i) {
    if (bytes->empty()) return false;
    const auto byte = static_cast<unsigned char>(bytes->front());
    bytes->remove_prefix(1);
    // The tenth byte holds bit 63 alone.
    if (i == kVarintBytesMax - 1 && byte > 1) return false;
    result |= uint64_t{byte & 0x7Fu} << (7 * i);
    if (byte < 0x80) {
      *value = result;
      return i == 0 || byte != 0;  // else a shorter form exists
    }
  }
  return false;
}

void AppendCanonical(const Delta& delta, std::string* out) {
  for (const Component component : delta) {
    const bool has_attributes = !component.attributes.empty();
    AppendVarint(static_cast<uint64_t>(component.length) << kLengthShift |
                     (has_attributes ? kHasAttributes : 0) | static_cast<uint64_t>(component.kind),
                 out);
    if (component.IsInsert()) AppendSized(component.text, out);
    if (!has_attributes) continue;
    AppendVarint(component.attributes.entries().size(), out);
    for (const Attributes::Entry& entry : component.attributes.entries()) {
      AppendSized(entry.key, out);
      AppendSized(entry.value, out);
    }
  }
}

absl::StatusOr<Delta> ParseCanonical(absl::string_view bytes) { return Parser(bytes).Parse(); }

uint64_t HashBytes(absl::string_view bytes, uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

uint32_t Fnv1a(absl::string_view bytes, uint32_t state) {
  for (const char byte : bytes) state = (state ^ static_cast<unsigned char>(byte)) * 0x01000193;
  return state;
}

}  // namespace coedit::ot
