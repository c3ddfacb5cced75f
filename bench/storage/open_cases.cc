#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/storage/cases.h"
#include "ot/apply.h"

namespace coedit::bench {
namespace {

constexpr int64_t kShort = 10'000;
constexpr int64_t kLong = 2'600'000;
constexpr int64_t kTail = 100;
constexpr int64_t kCommitsPerAppend = 500;
constexpr int kOpenings = 400;

std::string Prose(size_t bytes) {
  std::string text;
  for (uint64_t number = 1; text.size() < bytes; number = number * 2862933555777941757 + 3037) {
    absl::StrAppend(&text, number >> 52, (number & 64) != 0 ? ". It " : " and ");
  }
  text.resize(bytes);
  return text;
}

// A text of 105 kB in which letters are typed and taken back, here and there: however long its
// history, the text stays the same, and so does what reading it costs.
class Toil {
 public:
  Toil(storage::SqliteStore* store, std::string document)
      : store_(store),
        document_(std::move(document)),
        text_(ot::DeltaBuilder().Insert(Prose(104'852)).Build()) {}

  absl::Status Begin() { return CreateDocument(store_, document_, text_); }

  absl::Status Append(int64_t commits, bool with_text) {
    std::vector<ot::Commit> made;
    storage::Head head = head_;
    for (int64_t i = 0; i < commits; ++i) {
      const auto revision = static_cast<int64_t>(head.revision);
      const int64_t place = revision / 40 * 7919 % 100'000;
      const int64_t step = revision % 20;
      ot::Delta delta = revision / 20 % 2 == 0
                            ? ot::DeltaBuilder().Retain(place + step).Insert("e").Build()
                            : ot::DeltaBuilder().Retain(place + 19 - step).Delete(1).Build();
      ot::Apply(delta, &text_);
      made.push_back(NextCommit(head, std::move(delta), 1'700'000'000'000 + 200 * revision));
      head = {made.back().revision, made.back().digest};
    }
    storage::AppendRequest request = OneAuthorRequest(document_, head_, std::move(made));
    if (with_text) request.text = text_;
    head_ = head;
    return AppendAndWait(store_, std::move(request));
  }

  absl::Status CheckOpened(const storage::StoredDocument& stored) const {
    ot::Text text = stored.snapshot.text;
    for (const ot::Commit& commit : stored.tail) ot::Apply(commit.delta, &text);
    if (text == text_ && stored.tail.back().digest == head_.digest) return absl::OkStatus();
    return absl::DataLossError(absl::StrCat(document_, " opens with another text"));
  }

 private:
  storage::SqliteStore* store_;
  std::string document_;
  ot::Text text_;
  storage::Head head_;
};

}  // namespace

absl::Status OpenCases(const std::string& directory, StorageFigures* figures) {
  BenchDirectory folder(directory);
  auto store = storage::SqliteStore::Open(folder.path());
  if (!store.ok()) return store.status();
  Toil toils[] = {Toil(store->get(), "short"), Toil(store->get(), "long")};
  const int64_t lengths[] = {kShort, kLong};
  for (int i = 0; i < 2; ++i) {
    if (absl::Status begun = toils[i].Begin(); !begun.ok()) return begun;
    for (int64_t done = 0; done < lengths[i] - kTail; done += kCommitsPerAppend) {
      const int64_t commits = std::min(kCommitsPerAppend, lengths[i] - kTail - done);
      absl::Status appended = toils[i].Append(commits, /*with_text=*/true);
      if (!appended.ok()) return appended;
    }
    for (int64_t done = 0; done < kTail; ++done) {
      absl::Status appended = toils[i].Append(1, /*with_text=*/false);
      if (!appended.ok()) return appended;
    }
  }
  (*store)->WaitUntilPacked();

  Samples times[2];
  Samples processor_times[2];
  for (int i = 0; i < 2 * kOpenings; ++i) {
    const double processor_at = ProcessorMs();
    const double at = NowMs();
    const auto stored = LoadDocument(store->get(), i % 2 == 0 ? "short" : "long");
    times[i % 2].Add(NowMs() - at);
    processor_times[i % 2].Add(ProcessorMs() - processor_at);
    if (!stored.ok()) return stored.status();
    if (absl::Status right = toils[i % 2].CheckOpened(*stored); !right.ok()) return right;
  }
  figures->push_back(
      {"open, 10,000 operations, median", times[0].Quantile(0.5), "ms", "0.5 / 0.15"});
  figures->push_back({"open, 10,000 operations, p99", times[0].Quantile(0.99), "ms", "2 / 0.5"});
  figures->push_back(
      {"open, 2,600,000 operations, median", times[1].Quantile(0.5), "ms", "0.5 / 0.15"});
  figures->push_back({"open, 2,600,000 operations, p99", times[1].Quantile(0.99), "ms", "2 / 0.5"});
  figures->push_back({"open, 2,600,000 operations, processor time, median",
                      processor_times[1].Quantile(0.5), "ms", ""});
  figures->push_back({"open, long / short history, processor time",
                      processor_times[1].Quantile(0.5) / processor_times[0].Quantile(0.5), "times",
                      "1.2"});
  figures->push_back({"open, long / short history", times[1].Quantile(0.5) / times[0].Quantile(0.5),
                      "times", "1.2"});
  return absl::OkStatus();
}

}  // namespace coedit::bench
