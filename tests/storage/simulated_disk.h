// SimulatedDisk: a disk in memory, as a SQLite file system layer, that forgets what was not synced.
//
// Every file has what a reader sees (the page cache) and what is on the platter; a sync carries the
// changes between the two over, in order. Cut() takes the power away: of the unsynced changes all,
// none, some, or parts of some survive, as a seed decides. Faults can be switched on at any time.
//
//   SimulatedDisk disk;
//   SqliteStore::Open(directory, {.vfs = disk.vfs()});      // the path is only a name on it
//   disk.Cut(PowerCut::kScatter, seed);                     // from here on every call fails
//   ... close all handles ...
//   disk.Start();
//
// Not modelled: names come and go at once and for good, as if the directory were synced each time.
//
// Threads: SQLite's calls may come from any; Cut and Start while no other thread is in a call.
#ifndef COEDIT_TESTS_STORAGE_SIMULATED_DISK_H_
#define COEDIT_TESTS_STORAGE_SIMULATED_DISK_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace coedit::storage {

// What becomes of unsynced changes when the power goes.
enum class PowerCut : uint8_t {
  kKeepAll,  // they survive: it was the process that died, not the machine
  kLoseAll,
  kPrefix,   // the first ones survive, the next one is torn at a sector
  kScatter,  // any of them, whole or torn at sectors of 512 bytes
};

// What a failed sync leaves behind.
enum class FailedSync : uint8_t {
  kKeeps,   // the changes are still to be synced
  kLoses,   // they are gone: readers see what is on the platter
  kForgets  // readers still see them, but no later sync writes them
};

struct DiskFaults {
  // SQLITE_FULL where the database grows, and for the log with every write: the room that was made
  // behind it counts as used up.
  std::atomic<bool> database_full{false};
  std::atomic<bool> log_full{false};
  // All files together; 0: no bound.
  std::atomic<int64_t> capacity_bytes{0};
  // No file can be opened.
  std::atomic<bool> open_fails{false};
  // Of the calls that write, sync or truncate, the one after this many fails, once: SQLITE_IOERR.
  // Negative: none.
  std::atomic<int64_t> fail_after{-1};
  // After this many such calls the power goes, as if by Cut. Negative: never.
  std::atomic<int64_t> cut_after{-1};
  // This many syncs of the log, of the database, fail.
  std::atomic<int64_t> failing_log_syncs{0};
  std::atomic<int64_t> failing_database_syncs{0};
  std::atomic<FailedSync> failed_sync{FailedSync::kKeeps};
  // Counts, of the log and the database.
  std::atomic<int64_t> syncs{0};

  void Clear();
};

// A file: what readers see, what is on the platter, and the changes between the two.
class DiskFile {
 public:
  DiskFile() = default;
  explicit DiskFile(std::string content) : seen_(content), platter_(std::move(content)) {}

  const std::string& seen() const { return seen_; }
  void Write(int64_t offset, absl::string_view bytes);
  void Truncate(int64_t size);
  void Sync();
  void FailSync(FailedSync what);
  // What is there after the power is back.
  std::string Survivor(PowerCut cut, uint64_t seed) const;

 private:
  // A write, or with `truncate` the cut to `offset` bytes.
  struct Change {
    bool truncate;
    int64_t offset;
    std::string bytes;
  };
  static void Apply(const Change& change, std::string* content);

  std::string seen_;
  std::string platter_;
  std::vector<Change> unsynced_;
};

class SimulatedDisk {
 public:
  // Files by their names.
  using Image = std::map<std::string, std::string>;

  explicit SimulatedDisk(const Image& image = {});
  SimulatedDisk(const SimulatedDisk&) = delete;
  SimulatedDisk& operator=(const SimulatedDisk&) = delete;
  // After all handles are closed.
  ~SimulatedDisk();

  // SQLite's name of it, unique in the process.
  const std::string& vfs() const { return vfs_; }
  DiskFaults& faults() { return faults_; }
  // Calls so far that write, sync or truncate.
  int64_t changes() const { return changes_; }
  // What readers see.
  Image image() const;

  void Cut(PowerCut cut, uint64_t seed);
  // True after Cut, and after faults().cut_after was reached.
  bool is_off() const { return off_; }
  // CHECKs that nothing is open.
  void Start();
  // Starts with other files.
  void Start(const Image& image);

  // From now on every change is written down; the image after any number of them can be had.
  void Record();
  size_t recorded() const;
  // As if the power had gone after the first `events` of them.
  Image ImageAfter(size_t events, PowerCut cut, uint64_t seed) const;

 private:
  struct Vfs;
  struct Handle;
  struct Shared;
  struct Inode;

  enum class EventKind : uint8_t { kCreate, kDelete, kWrite, kTruncate, kSync };
  struct Event {
    EventKind kind;
    std::string file;
    int64_t offset = 0;
    std::string bytes;
  };
  void Note(EventKind kind, const std::string& file, int64_t offset = 0,
            absl::string_view bytes = {});
  int64_t BytesUsed() const;

  std::string vfs_;
  std::unique_ptr<Vfs> registered_;
  DiskFaults faults_;
  mutable std::unique_ptr<Shared> shared_;  // the lock, and what it guards
  std::atomic<int64_t> changes_{0};
  std::atomic<bool> off_{false};
  bool recording_ = false;
  std::map<std::string, DiskFile> recorded_from_;
  std::vector<Event> record_;
};

}  // namespace coedit::storage

#endif  // COEDIT_TESTS_STORAGE_SIMULATED_DISK_H_
