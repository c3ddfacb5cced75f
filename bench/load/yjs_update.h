// The little of Yjs's update format (version 1) that letters typed into one text need.
#ifndef COEDIT_BENCH_LOAD_YJS_UPDATE_H_
#define COEDIT_BENCH_LOAD_YJS_UPDATE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace coedit::bench {

void AppendVarUint(uint64_t value, std::string* out);
void AppendVarBytes(absl::string_view bytes, std::string* out);

// Reads from the front of a message; what does not fit turns it to failed, and all reads give 0.
class YjsReader {
 public:
  explicit YjsReader(absl::string_view bytes) : rest_(bytes) {}
  uint64_t VarUint();
  absl::string_view VarBytes();
  uint8_t Byte();
  bool ok() const { return ok_; }
  bool done() const { return rest_.empty(); }

 private:
  absl::string_view rest_;
  bool ok_ = true;
};

// An update in which `client` types `letters` behind its own last letter, number `clock` of its
// letters being the first of them, into the text named "text".
std::string TypingUpdate(uint64_t client, uint64_t clock, uint64_t letters);

// Letters of each client in an update.
struct TypedRange {
  uint64_t client = 0;
  uint64_t clock = 0;    // of the first
  uint64_t letters = 0;  // consecutive
};
absl::StatusOr<std::vector<TypedRange>> ReadUpdate(absl::string_view update);

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_YJS_UPDATE_H_
