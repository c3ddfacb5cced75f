// The values of the API as JSON, each written in one place.
#ifndef COEDIT_SERVER_API_ANSWERS_H_
#define COEDIT_SERVER_API_ANSWERS_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "ot/document.h"
#include "proto/json_writer.h"
#include "storage/store.h"

namespace coedit::server::api {

using AuthorNumbers = absl::flat_hash_set<ot::AuthorNumber>;

// "id", "type", "title", "revision", "createdMs", "changedMs"
void WriteDocument(const storage::DocumentInfo& document, proto::JsonObjectWriter* object);
std::string DocumentJson(const storage::DocumentInfo& document);
std::string VersionJson(const storage::Version& version);

// Milliseconds since the epoch; what lies before it is 0.
void WriteTime(absl::string_view name, int64_t ms, proto::JsonObjectWriter* object);
// A member with those of `authors` whose number is in `of`.
void WriteAuthors(const std::vector<storage::Author>& authors, const AuthorNumbers& of,
                  proto::JsonObjectWriter* object);

}  // namespace coedit::server::api

#endif  // COEDIT_SERVER_API_ANSWERS_H_
