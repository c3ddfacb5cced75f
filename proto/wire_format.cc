#include "proto/wire_format.h"

#include <limits>

#include "ot/canonical.h"
#include "ot/unicode.h"
#include "proto/error_text.h"

namespace coedit::proto {
namespace {

uint64_t Tag(int field, WireType type) {
  return static_cast<uint64_t>(field) << 3 | static_cast<uint64_t>(type);
}

uint64_t LittleEndian(absl::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = bytes.size(); i > 0; --i) {
    value = value << 8 | static_cast<unsigned char>(bytes[i - 1]);
  }
  return value;
}

}  // namespace

bool WireReader::FailShort() {
  Fail(
      Wrong("", "cut short or malformed with ", rest_.size(), " bytes left, after field ", field_));
  return false;
}

bool WireReader::Next() {
  if (!status_.ok() || rest_.empty()) return false;
  uint64_t tag = 0;
  if (!ot::ConsumeVarint(&rest_, &tag)) return FailShort();
  if (tag >> 3 == 0 || tag > std::numeric_limits<uint32_t>::max()) {
    Fail(Wrong("", "field number ", tag >> 3, " does not exist"));
    return false;
  }
  field_ = static_cast<uint32_t>(tag >> 3);
  type_ = static_cast<WireType>(tag & 7);
  size_t size = 0;
  switch (type_) {
    case WireType::kVarint:
      return ot::ConsumeVarint(&rest_, &number_) || FailShort();
    case WireType::kFixed64:
    case WireType::kFixed32:
      size = type_ == WireType::kFixed64 ? 8 : 4;
      if (rest_.size() < size) return FailShort();
      number_ = LittleEndian(rest_.substr(0, size));
      break;
    case WireType::kBytes: {
      uint64_t length = 0;
      if (!ot::ConsumeVarint(&rest_, &length) || length > rest_.size()) return FailShort();
      size = length;
      bytes_ = rest_.substr(0, size);
      break;
    }
    default:
      Fail(Wrong("", "field ", field_, " has wire type ", tag & 7));
      return false;
  }
  rest_.remove_prefix(size);
  return true;
}

bool WireReader::Expect(absl::string_view name, WireType type) {
  if (type_ == type) return true;
  Fail(Wrong(name, "wire type ", static_cast<int>(type_), " instead of ", static_cast<int>(type)));
  return false;
}

uint64_t WireReader::Varint(absl::string_view name) {
  return Expect(name, WireType::kVarint) ? number_ : 0;
}

uint32_t WireReader::Uint32(absl::string_view name) {
  const uint64_t value = Varint(name);
  if (value > std::numeric_limits<uint32_t>::max()) {
    Fail(Wrong(name, value, " is beyond 32 bits"));
    return 0;
  }
  return static_cast<uint32_t>(value);
}

uint32_t WireReader::Fixed32(absl::string_view name) {
  return Expect(name, WireType::kFixed32) ? static_cast<uint32_t>(number_) : 0;
}

absl::string_view WireReader::Bytes(absl::string_view name) {
  return Expect(name, WireType::kBytes) ? bytes_ : absl::string_view();
}

std::string WireReader::Text(absl::string_view name) {
  const absl::string_view bytes = Bytes(name);
  if (!ot::IsValidUtf8(bytes)) {
    Fail(Wrong(name, bytes.size(), " bytes that are not UTF-8"));
    return {};
  }
  return std::string(bytes);
}

WireWriter& WireWriter::Fixed32(int field, uint32_t value) {
  if (value == 0) return *this;
  ot::AppendVarint(Tag(field, WireType::kFixed32), out_);
  for (int shift = 0; shift < 32; shift += 8) {
    out_->push_back(static_cast<char>(value >> shift & 0xFF));
  }
  return *this;
}

void WireWriter::AppendVarintField(int field, uint64_t value) {
  ot::AppendVarint(Tag(field, WireType::kVarint), out_);
  ot::AppendVarint(value, out_);
}

void WireWriter::AppendBytesField(int field, absl::string_view value) {
  ot::AppendVarint(Tag(field, WireType::kBytes), out_);
  ot::AppendVarint(value.size(), out_);
  out_->append(value.data(), value.size());
}

size_t WireWriter::BeginBytes(int field) {
  ot::AppendVarint(Tag(field, WireType::kBytes), out_);
  out_->push_back('\0');
  return out_->size();
}

void WireWriter::EndBytes(size_t begin) {
  const size_t bytes = out_->size() - begin;
  if (bytes < 0x80) {
    (*out_)[begin - 1] = static_cast<char>(bytes);
    return;
  }
  std::string length;
  ot::AppendVarint(bytes, &length);
  out_->replace(begin - 1, 1, length);
}

}  // namespace coedit::proto
