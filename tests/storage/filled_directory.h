// A data directory with a few documents in it, for the tests of what works on one.
#ifndef COEDIT_TESTS_STORAGE_FILLED_DIRECTORY_H_
#define COEDIT_TESTS_STORAGE_FILLED_DIRECTORY_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "storage/sqlite_store.h"
#include "tests/storage/store_testing.h"

namespace coedit::storage {

// Rich text with formats, embeds and all that a JSON file could get wrong; the first snapshot and
// two more; a title and three versions, one of them deleted. One in plain text, with a version; one
// nobody has written to.
inline constexpr char kRich[] = "rich";
inline constexpr char kPlain[] = "plain";
inline constexpr char kEmpty[] = "empty";

class FilledDirectory {
 public:
  FilledDirectory();

  const std::string& path() const { return directory_.path(); }
  std::string database() const { return path() + "/coedit.db"; }
  const std::map<std::string, Scribe>& scribes() const { return scribes_; }
  Scribe& scribe(const std::string& document) { return scribes_.at(document); }

  // Runs SQL on the file of a store that is closed; it must change one row.
  void Tamper(const std::string& sql) const;

 private:
  TemporaryDirectory directory_;
  std::map<std::string, Scribe> scribes_;
};

// Opens the store; the test ends if that fails.
std::unique_ptr<SqliteStore> MustOpen(const std::string& directory,
                                      const SqliteStoreOptions& options = {});
void MustAppend(SqliteStore* store, Scribe* scribe);

std::string ReadFile(const std::string& path);
void WriteFile(const std::string& path, const std::string& bytes);

// SQL that changes one byte in the middle of a blob.
std::string FlipBit(const std::string& table, const std::string& where);

}  // namespace coedit::storage

#endif  // COEDIT_TESTS_STORAGE_FILLED_DIRECTORY_H_
