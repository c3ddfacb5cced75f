// Reads and writes protobuf messages field by field, without objects between bytes and our types.
//
// The server's half of the binary encoding stands on this and not on the generated classes: two
// foreign bytes can make a generated object of more than a hundred, and a commit is encoded once
// per keystroke. Field numbers come from the generated header; the client's half uses the generated
// classes, so that every round trip holds one against the other.
#ifndef COEDIT_PROTO_WIRE_FORMAT_H_
#define COEDIT_PROTO_WIRE_FORMAT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace coedit::proto {

// The wire types of protobuf that are in use.
enum class WireType : uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

// Walks over the fields of one message. The first problem is kept, ends the walk, and is told by
// status(). Nothing is copied and nothing is believed: a length beyond the message is a problem.
class WireReader {
 public:
  explicit WireReader(absl::string_view message) : rest_(message) {}

  // Goes to the next field; false at the end and after a problem.
  bool Next();
  uint32_t field() const { return field_; }
  WireType type() const { return type_; }

  // The value of the field. `name` is how an error calls it; after an error the value is empty.
  uint64_t Varint(absl::string_view name);
  uint32_t Uint32(absl::string_view name);
  bool Bool(absl::string_view name) { return Varint(name) != 0; }
  uint32_t Fixed32(absl::string_view name);
  absl::string_view Bytes(absl::string_view name);
  std::string Text(absl::string_view name);  // well-formed UTF-8

  void Fail(const absl::Status& status) {
    if (status_.ok()) status_ = status;
  }
  const absl::Status& status() const { return status_; }

 private:
  bool Expect(absl::string_view name, WireType type);
  bool FailShort();

  absl::string_view rest_;
  uint32_t field_ = 0;
  WireType type_ = WireType::kVarint;
  uint64_t number_ = 0;
  absl::string_view bytes_;
  absl::Status status_;
};

// Appends fields to a message. As proto3 has it, a plain field that is zero or empty is left out
// and an optional one stands whenever it has a value.
class WireWriter {
 public:
  explicit WireWriter(std::string* out) : out_(out) {}

  WireWriter& Varint(int field, uint64_t value) {
    if (value != 0) AppendVarintField(field, value);
    return *this;
  }
  template <typename Integer>
  WireWriter& OptionalVarint(int field, const std::optional<Integer>& value) {
    if (value) AppendVarintField(field, *value);
    return *this;
  }
  WireWriter& Bool(int field, bool value) { return Varint(field, value ? 1 : 0); }
  WireWriter& Fixed32(int field, uint32_t value);
  WireWriter& Text(int field, absl::string_view value) {
    if (!value.empty()) AppendBytesField(field, value);
    return *this;
  }
  WireWriter& OptionalText(int field, const std::optional<std::string>& value) {
    if (value) AppendBytesField(field, *value);
    return *this;
  }
  WireWriter& Texts(int field, const std::vector<std::string>& values) {
    for (const std::string& value : values) AppendBytesField(field, value);
    return *this;
  }
  // A message, or packed numbers: write() appends its bytes to the same string.
  template <typename Write>
  WireWriter& Message(int field, const Write& write) {
    const size_t begin = BeginBytes(field);
    write();
    EndBytes(begin);
    return *this;
  }

 private:
  void AppendVarintField(int field, uint64_t value);
  void AppendBytesField(int field, absl::string_view value);
  // Leaves one byte for a length that is known at the end; a longer one moves the bytes.
  size_t BeginBytes(int field);
  void EndBytes(size_t begin);

  std::string* out_;
};

}  // namespace coedit::proto

#endif  // COEDIT_PROTO_WIRE_FORMAT_H_
