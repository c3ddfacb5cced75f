// A request that writes, on its way from whoever asks to BatchWriter and back.
#ifndef COEDIT_STORAGE_WRITE_H_
#define COEDIT_STORAGE_WRITE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/sqlite_writer.h"
#include "storage/store.h"

namespace coedit::storage {

struct AppendWrite {
  EncodedAppend append;
  Store::Callback<AppendResult> done;
  // The queue was full: answered kUnavailable in its turn, so that answers keep their order.
  bool refused = false;
  AppendResult result;          // set by BatchWriter
  bool wrote_snapshot = false;  // likewise
};

struct CreateWrite {
  EncodedCreate create;
  Store::Callback<absl::StatusOr<StoredDocument>> done;
  StoredDocument created;  // the answer if all goes well
  bool refused = false;
  absl::Status result;  // set by BatchWriter
};

struct ChangeWrite {
  DocumentChange change;
  Store::Callback<absl::StatusOr<VersionNumber>> done;
  bool refused = false;
  absl::StatusOr<VersionNumber> result;  // set by BatchWriter
};

using Write = std::variant<AppendWrite, CreateWrite, ChangeWrite>;

// Encode on the thread that asks. The arguments are those of Store.
AppendWrite MakeAppendWrite(AppendRequest request, Store::Callback<AppendResult> done);
CreateWrite MakeCreateWrite(std::string document, ot::DocumentType type, ot::Text initial,
                            std::string epoch, int64_t now_ms,
                            Store::Callback<absl::StatusOr<StoredDocument>> done);
ChangeWrite MakeTitleWrite(std::string document, std::optional<std::string> title,
                           Store::Callback<absl::Status> done);
ChangeWrite MakeVersionWrite(std::string document, Version version,
                             Store::Callback<absl::StatusOr<Version>> done);
ChangeWrite MakeVersionDeletionWrite(std::string document, VersionNumber number,
                                     Store::Callback<absl::Status> done);
ChangeWrite MakeDeletionWrite(std::string document, Store::Callback<absl::Status> done);

const std::string& DocumentOf(const Write& write);
// Answers with the result.
void CallBack(Write write);

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_WRITE_H_
