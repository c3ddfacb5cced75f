#include "storage/background_packer.h"

#include <sys/resource.h>
#include <unistd.h>

#include <utility>
#include <vector>

namespace coedit::storage {
namespace {

constexpr int kNiceness = 5;
// Documents looked at in one read at the start.
constexpr int64_t kLookedAtOnce = 64;

}  // namespace

BackgroundPacker::BackgroundPacker(SharedReader* reader, const PackRule& rule,
                                   const SnapshotRule& snapshot_rule, absl::Duration settle_after,
                                   absl::AnyInvocable<void()> wake_writer)
    : reader_(reader),
      packer_(reader, rule, snapshot_rule),
      settle_after_(absl::ToChronoNanoseconds(settle_after)),
      wake_writer_(std::move(wake_writer)) {}

BackgroundPacker::~BackgroundPacker() { Stop(); }

void BackgroundPacker::Start() {
  thread_ = std::thread([this] { Run(); });
}

void BackgroundPacker::Stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  wakeup_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void BackgroundPacker::SnapshotWritten(const std::string& document) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Remember(document);
  due_.push_back(document);
  wakeup_.notify_all();
}

void BackgroundPacker::Remember(const std::string& document) {
  const SteadyClock::time_point now = SteadyClock::now();
  const auto [known, is_new] = last_snapshots_.try_emplace(document, now);
  known->second = now;
  if (is_new) quiet_.push_back({now, document});
}

void BackgroundPacker::RunOnWriter(absl::FunctionRef<absl::Status(const PackedHistory&)> write) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (!waiting_ || stopping_) return;
  const PackedHistory packed = *std::exchange(waiting_, std::nullopt);
  lock.unlock();
  absl::Status written = write(packed);
  lock.lock();
  written_ = std::move(written);
  wakeup_.notify_all();
}

void BackgroundPacker::WaitUntilIdle() {
  std::unique_lock<std::mutex> lock(mutex_);
  idle_.wait(lock, [&] {
    return stopping_ ||
           (!busy_ && looked_at_all_ && due_.empty() &&
            (quiet_.empty() || quiet_.front().since + settle_after_ > SteadyClock::now()));
  });
}

std::string BackgroundPacker::last_error() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return last_error_;
}

int64_t BackgroundPacker::failures() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return failures_;
}

void BackgroundPacker::Run() {
  // Of this thread only, on Linux; those who type come first.
  (void)setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNiceness);
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping_) {
    if (const auto next = NextDocument()) {
      busy_ = true;
      lock.unlock();
      Pack(next->first, next->second);
      lock.lock();
      busy_ = false;
    } else if (!looked_at_all_) {
      lock.unlock();
      LookAtMore();
      lock.lock();
    } else {
      idle_.notify_all();
      const auto has_news = [&] { return stopping_ || !due_.empty(); };
      if (quiet_.empty()) {
        wakeup_.wait(lock, has_news);
      } else {
        wakeup_.wait_until(lock, quiet_.front().since + settle_after_, has_news);
      }
    }
  }
  idle_.notify_all();
}

std::optional<std::pair<std::string, bool>> BackgroundPacker::NextDocument() {
  if (!due_.empty()) {
    std::string document = std::move(due_.front());
    due_.pop_front();
    return std::pair(std::move(document), false);
  }
  while (!quiet_.empty() && quiet_.front().since + settle_after_ <= SteadyClock::now()) {
    Quiet quiet = std::move(quiet_.front());
    quiet_.pop_front();
    const auto last = last_snapshots_.find(quiet.document);
    if (last->second != quiet.since) {  // it went on
      quiet.since = last->second;
      // Those behind it may be older by less than the time of waiting; it does no harm.
      quiet_.push_back(std::move(quiet));
      continue;
    }
    last_snapshots_.erase(last);
    return std::pair(std::move(quiet.document), true);
  }
  return std::nullopt;
}

void BackgroundPacker::Pack(const std::string& document, bool settle) {
  for (;;) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (stopping_) return;
    }
    absl::StatusOr<std::optional<PackedHistory>> step = packer_.Step(document, settle);
    if (!step.ok()) return Fail(step.status());
    if (!*step) return;
    absl::Status written = Write(**std::move(step));
    if (absl::IsNotFound(written)) return;  // deleted meanwhile
    if (!written.ok()) return Fail(written);
  }
}

absl::Status BackgroundPacker::Write(PackedHistory packed) {
  std::unique_lock<std::mutex> lock(mutex_);
  waiting_ = std::move(packed);
  lock.unlock();
  wake_writer_();
  lock.lock();
  wakeup_.wait(lock, [&] { return stopping_ || written_.has_value(); });
  waiting_.reset();
  if (!written_) return absl::CancelledError("the store is closed");
  return *std::exchange(written_, std::nullopt);
}

void BackgroundPacker::LookAtMore() {
  int64_t last_number = 0;
  const absl::StatusOr<std::vector<std::string>> found =
      reader_->With([&](SqliteReader* reader) -> absl::StatusOr<std::vector<std::string>> {
        if (reader == nullptr) return absl::UnavailableError("the database is closed");
        const absl::StatusOr<int64_t> last = reader->LastDocumentNumber();
        if (!last.ok()) return last.status();
        last_number = *last;
        return reader->FindOldSegments(looked_at_, looked_at_ + kLookedAtOnce);
      });
  const std::lock_guard<std::mutex> lock(mutex_);
  looked_at_ += kLookedAtOnce;
  if (!found.ok() || looked_at_ >= last_number) looked_at_all_ = true;
  if (!found.ok()) return;
  for (const std::string& document : *found) Remember(document);
}

void BackgroundPacker::Fail(const absl::Status& status) {
  if (absl::IsCancelled(status)) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  ++failures_;
  last_error_ = std::string(status.message());
}

}  // namespace coedit::storage
