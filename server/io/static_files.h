// The files of the web demo, read and compressed once at start and served from memory. After Load
// it never changes: any thread.
#ifndef COEDIT_SERVER_IO_STATIC_FILES_H_
#define COEDIT_SERVER_IO_STATIC_FILES_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/io/http_request.h"
#include "server/io/http_response.h"

namespace coedit::server {

// The encodings a file may be kept in, the one we like most first.
enum class ContentCoding : uint8_t { kBrotli, kGzip, kIdentity };
inline constexpr int kContentCodingCount = 3;

// What an Accept-Encoding list allows of "br" and "gzip"; a quality of 0 forbids.
bool AcceptsCoding(const std::vector<absl::string_view>& accept_encoding, absl::string_view coding);

class StaticFiles {
 public:
  static constexpr int64_t kFileBytesMax = 32 << 20;
  static constexpr int64_t kTotalBytesMax = 256 << 20;

  // Nothing to serve but a plain page at "/" that says what this is.
  StaticFiles() = default;

  // Reads `directory` with what lies below it; names that begin with a dot and links that lead out
  // of it are left out. kNotFound if it is no directory or has no index.html, kResourceExhausted if
  // it is too large, kUnavailable if a file cannot be read.
  static absl::StatusOr<StaticFiles> Load(const std::string& directory);

  // Answers GET and HEAD for every path; a path is looked up in a table, never in a file system.
  // "/" and "/d/<document id>" are the demo's page.
  HttpResponse Answer(const HttpRequest& request) const;

  size_t file_count() const { return files_.size(); }
  int64_t total_bytes() const { return total_bytes_; }

 private:
  struct Variant {
    std::shared_ptr<const std::string> body;  // null: not kept in this coding
    std::string etag;
  };
  struct File {
    absl::string_view type;
    bool page = false;       // HTML: gets the content security policy
    bool immutable = false;  // its name changes with its content
    bool compressible = false;
    Variant variants[kContentCodingCount];
  };

  absl::Status Add(const std::string& path, std::string content);

  absl::flat_hash_map<std::string, File> files_;  // by path, "/index.html"
  int64_t total_bytes_ = 0;
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IO_STATIC_FILES_H_
