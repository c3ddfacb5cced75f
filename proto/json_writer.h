// Writes JSON objects straight into a string.
//
//   JsonObjectWriter object(&out);
//   object.Number("channel", 7).Text("code", "too_slow");   // {"channel":7,"code":"too_slow"}
//
// The object is closed when the writer goes.
#ifndef COEDIT_PROTO_JSON_WRITER_H_
#define COEDIT_PROTO_JSON_WRITER_H_

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "proto/canonical_json.h"

namespace coedit::proto {

class JsonObjectWriter {
 public:
  explicit JsonObjectWriter(std::string* out) : out_(out) { out_->push_back('{'); }
  JsonObjectWriter(const JsonObjectWriter&) = delete;
  JsonObjectWriter& operator=(const JsonObjectWriter&) = delete;
  ~JsonObjectWriter() { out_->push_back('}'); }

  // Names are our own and need no escapes. The value is written by the caller.
  std::string* Key(absl::string_view name) {
    absl::StrAppend(out_, separator_, name, "\":");
    separator_ = ",\"";
    return out_;
  }
  JsonObjectWriter& Number(absl::string_view name, uint64_t value) {
    absl::StrAppend(Key(name), value);
    return *this;
  }
  JsonObjectWriter& Bool(absl::string_view name, bool value) {
    Key(name)->append(value ? "true" : "false");
    return *this;
  }
  JsonObjectWriter& Text(absl::string_view name, absl::string_view utf8) {
    AppendJsonString(utf8, Key(name));
    return *this;
  }
  // `json` is JSON already.
  JsonObjectWriter& Json(absl::string_view name, absl::string_view json) {
    Key(name)->append(json.data(), json.size());
    return *this;
  }
  // "9c1f02ab"
  JsonObjectWriter& Digest(absl::string_view name, uint32_t digest) {
    absl::StrAppend(Key(name), "\"", absl::Hex(digest, absl::kZeroPad8), "\"");
    return *this;
  }

 private:
  std::string* out_;
  absl::string_view separator_ = "\"";
};

// Writes [a,b,c], each item by `write(item)`.
template <typename Items, typename Write>
void AppendJsonArray(const Items& items, std::string* out, const Write& write) {
  out->push_back('[');
  bool first = true;
  for (const auto& item : items) {
    if (!first) out->push_back(',');
    first = false;
    write(item);
  }
  out->push_back(']');
}

}  // namespace coedit::proto

#endif  // COEDIT_PROTO_JSON_WRITER_H_
