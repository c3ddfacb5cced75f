// BackgroundPacker: the thread that packs history while the store serves. Which documents need it,
// when, and how what was made gets to the writer.
//
// A document is looked at when a snapshot of it was written, and again when it has been left alone
// for a while since (then it is settled). At the start all documents are gone through, a few at a
// time, and those that a former process, or an older coedit, has left unpacked count as written
// now.
//
// The thread computes with low priority; the only things it does to others are short reads and one
// transaction at a time on the writer's thread, between two batches.
#ifndef COEDIT_STORAGE_BACKGROUND_PACKER_H_
#define COEDIT_STORAGE_BACKGROUND_PACKER_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "storage/history_packer.h"

namespace coedit::storage {

class BackgroundPacker {
 public:
  // `wake_writer` is called from the thread when something waits for RunOnWriter.
  BackgroundPacker(SharedReader* reader, const PackRule& rule, const SnapshotRule& snapshot_rule,
                   absl::Duration settle_after, absl::AnyInvocable<void()> wake_writer);
  ~BackgroundPacker();  // Stop()

  void Start();
  // Ends after the step at hand; what waits for the writer is dropped.
  void Stop();

  // From any thread: a snapshot of the document was written.
  void SnapshotWritten(const std::string& document);

  // On the writer's thread: writes what waits, if anything does.
  void RunOnWriter(absl::FunctionRef<absl::Status(const PackedHistory&)> write);

  // Returns when nothing is left to do now; what is only due later does not count.
  void WaitUntilIdle();

  // What the last step that failed said, and how many did.
  std::string last_error() const;
  int64_t failures() const;

 private:
  using SteadyClock = std::chrono::steady_clock;
  struct Quiet {
    SteadyClock::time_point since;
    std::string document;
  };

  void Run();
  // All steps of one document.
  void Pack(const std::string& document, bool settle);
  absl::Status Write(PackedHistory packed);
  void LookAtMore();
  // With mutex_ held: that it may be left alone from now on.
  void Remember(const std::string& document);
  // Likewise: the next document to work at, and whether it is left alone.
  std::optional<std::pair<std::string, bool>> NextDocument();
  void Fail(const absl::Status& status);

  SharedReader* const reader_;
  HistoryPacker packer_;
  const std::chrono::nanoseconds settle_after_;
  absl::AnyInvocable<void()> wake_writer_;

  mutable std::mutex mutex_;
  std::condition_variable wakeup_;
  std::condition_variable idle_;
  bool stopping_ = false;
  bool busy_ = false;
  std::deque<std::string> due_;  // had a snapshot written
  std::deque<Quiet> quiet_;      // by time; older entries of a document count no more
  absl::flat_hash_map<std::string, SteadyClock::time_point> last_snapshots_;  // of those in quiet_
  int64_t looked_at_ = 0;  // number of the last document that was looked at since the start
  bool looked_at_all_ = false;
  std::optional<PackedHistory> waiting_;  // for the writer
  std::optional<absl::Status> written_;   // what became of it
  int64_t failures_ = 0;
  std::string last_error_;

  std::thread thread_;
};

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_BACKGROUND_PACKER_H_
