#include "storage/head_mark.h"

#include <fcntl.h>
#include <unistd.h>

#include "ot/canonical.h"
#include "storage/bytes.h"

namespace coedit::storage {
namespace {

// One sector, which is written as a whole; always as many bytes, so that a full disk has room.
constexpr size_t kFileBytes = 512;
constexpr char kFormat = 1;

std::string Encode(absl::string_view document, const Head& head) {
  std::string bytes(1, kFormat);
  AppendSized(document, &bytes);
  ot::AppendVarint(head.revision, &bytes);
  AppendFixed64(head.digest, &bytes);
  AppendChecksum(&bytes);
  return bytes;
}

}  // namespace

std::optional<MarkedHead> HeadMark::Read(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return std::nullopt;
  std::string bytes(kFileBytes, '\0');
  const ssize_t got = pread(descriptor, bytes.data(), bytes.size(), 0);
  close(descriptor);
  if (got != static_cast<ssize_t>(bytes.size())) return std::nullopt;
  absl::string_view rest = bytes;
  absl::string_view document;
  MarkedHead marked;
  if (rest.front() != kFormat) return std::nullopt;
  rest.remove_prefix(1);
  if (!ConsumeSized(&rest, &document) || !ot::ConsumeVarint(&rest, &marked.head.revision) ||
      !ConsumeFixed64(&rest, &marked.head.digest)) {
    return std::nullopt;
  }
  marked.document = std::string(document);
  const std::string expected = Encode(marked.document, marked.head);
  if (bytes.compare(0, expected.size(), expected) != 0) return std::nullopt;
  return marked;
}

HeadMark::HeadMark(const std::string& path)
    : descriptor_(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
  WriteFile(std::string(kFileBytes, '\0'));
}

HeadMark::~HeadMark() {
  if (descriptor_ >= 0) close(descriptor_);
}

void HeadMark::Write(absl::string_view document, const Head& head) {
  std::string bytes = Encode(document, head);
  if (bytes.size() > kFileBytes) return;
  bytes.resize(kFileBytes, '\0');
  WriteFile(bytes);
}

void HeadMark::Clear() {
  WriteFile(std::string(kFileBytes, '\0'));
  if (descriptor_ < 0 || fdatasync(descriptor_) != 0) {
    // After a power cut just now the old mark may stand there: a start then tells of a loss that
    // was none.
  }
}

void HeadMark::WriteFile(absl::string_view bytes) {
  if (descriptor_ < 0 || pwrite(descriptor_, bytes.data(), bytes.size(), 0) < 0) {
    // Without the mark less damage is noticed; nothing else is different.
  }
}

}  // namespace coedit::storage
