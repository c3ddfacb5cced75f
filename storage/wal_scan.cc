#include "storage/wal_scan.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>

#include "absl/strings/string_view.h"
#include "storage/files.h"

namespace coedit::storage {
namespace {

// https://www.sqlite.org/fileformat2.html#walformat
constexpr size_t kHeaderBytes = 32;
constexpr size_t kFrameHeadBytes = 24;
constexpr uint32_t kMagic = 0x377f0682;  // its lowest bit: checksums of big-endian words

struct WalChecksum {
  uint32_t first = 0;
  uint32_t second = 0;
  friend bool operator==(const WalChecksum&, const WalChecksum&) = default;
};

uint32_t BigEndian(const char* bytes) {
  const auto* b = reinterpret_cast<const unsigned char*>(bytes);
  return uint32_t{b[0]} << 24 | uint32_t{b[1]} << 16 | uint32_t{b[2]} << 8 | b[3];
}
uint32_t LittleEndian(const char* bytes) { return __builtin_bswap32(BigEndian(bytes)); }

// `bytes` is a multiple of eight.
WalChecksum Extend(WalChecksum sum, absl::string_view bytes, bool big_endian) {
  for (size_t i = 0; i + 8 <= bytes.size(); i += 8) {
    const char* at = bytes.data() + i;
    sum.first += (big_endian ? BigEndian(at) : LittleEndian(at)) + sum.second;
    sum.second += (big_endian ? BigEndian(at + 4) : LittleEndian(at + 4)) + sum.first;
  }
  return sum;
}

class Log {
 public:
  static absl::StatusOr<WalScan> Scan(int descriptor, const std::string& path, int64_t bytes) {
    Log log(descriptor, path);
    WalScan scan = {.bytes = bytes};
    const absl::StatusOr<bool> begun = log.ReadHeader();
    if (!begun.ok()) return begun.status();
    // A header that does not fit: the log was just begun anew, after all of it had been written
    // into the database. That the header itself is damaged only a HeadMark can tell.
    if (!*begun) return scan;
    const absl::Status scanned = log.ReadFrames(&scan);
    if (!scanned.ok()) return scanned;
    return scan;
  }

 private:
  Log(int descriptor, const std::string& path) : descriptor_(descriptor), path_(path) {}

  // True if the bytes are there.
  absl::StatusOr<bool> ReadAt(int64_t offset, std::string* out) {
    size_t filled = 0;
    while (filled < out->size()) {
      const ssize_t got = pread(descriptor_, out->data() + filled, out->size() - filled,
                                offset + static_cast<int64_t>(filled));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return SystemError("cannot read", path_);
      if (got == 0) return false;
      filled += static_cast<size_t>(got);
    }
    return true;
  }

  absl::StatusOr<bool> ReadHeader() {
    std::string header(kHeaderBytes, '\0');
    const absl::StatusOr<bool> there = ReadAt(0, &header);
    if (!there.ok() || !*there) return there;
    const uint32_t magic = BigEndian(header.data());
    if ((magic & ~uint32_t{1}) != kMagic) return false;
    big_endian_ = (magic & 1) != 0;
    page_bytes_ = BigEndian(header.data() + 8);
    if (page_bytes_ < 512 || page_bytes_ > 65536 || (page_bytes_ & (page_bytes_ - 1)) != 0) {
      return false;
    }
    salts_ = header.substr(16, 8);
    checksum_ = Extend({}, absl::string_view(header).substr(0, 24), big_endian_);
    return checksum_ == Stored(header.data() + 24);
  }

  absl::Status ReadFrames(WalScan* scan) {
    bool sound = true;          // no bad frame yet
    bool after_commit = false;  // the frame before ended a transaction, in a row after a bad frame
    WalChecksum before = checksum_;  // as the frame before has it
    std::string frame(kFrameHeadBytes + page_bytes_, '\0');
    for (int64_t index = 0;; ++index) {
      const absl::StatusOr<bool> there = ReadAt(
          static_cast<int64_t>(kHeaderBytes) + index * static_cast<int64_t>(frame.size()), &frame);
      if (!there.ok()) return there.status();
      if (!*there) return absl::OkStatus();
      const absl::string_view bytes = frame;
      const bool ends_transaction = BigEndian(frame.data() + 4) != 0;
      const WalChecksum stored = Stored(frame.data() + 16);
      const WalChecksum expected = Extend(Extend(before, bytes.substr(0, 8), big_endian_),
                                          bytes.substr(kFrameHeadBytes), big_endian_);
      const bool of_this_log = bytes.substr(8, 8) == salts_;
      // Written right after the frame before, of which only the checksum has to be believed.
      const bool follows = of_this_log && stored == expected;
      if (sound && follows) {
        if (ends_transaction) scan->recovered_frames = index + 1;
      } else {
        if (!sound && follows && after_commit) ++scan->lost_transactions;
        sound = false;
        after_commit = of_this_log && ends_transaction;
      }
      before = stored;
    }
  }

  static WalChecksum Stored(const char* bytes) { return {BigEndian(bytes), BigEndian(bytes + 4)}; }

  const int descriptor_;
  const std::string& path_;
  bool big_endian_ = false;
  size_t page_bytes_ = 0;
  std::string salts_;
  WalChecksum checksum_;
};

}  // namespace

absl::StatusOr<WalScan> ScanWal(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    if (errno == ENOENT) return WalScan();
    return SystemError("cannot read", path);
  }
  struct stat found = {};
  absl::StatusOr<WalScan> scan = fstat(descriptor, &found) == 0
                                     ? Log::Scan(descriptor, path, found.st_size)
                                     : SystemError("cannot read", path);
  close(descriptor);
  return scan;
}

}  // namespace coedit::storage
