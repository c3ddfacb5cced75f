#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/load/cold_reader.h"
#include "bench/load/convergence.h"
#include "bench/load/editor.h"
#include "bench/load/event_loop.h"
#include "bench/load/random.h"
#include "bench/load/replay.h"

namespace coedit::bench {
namespace {

// Up to so many transactions are typed at a time, so that the buffer behind the operation in flight
// is used as well.
constexpr uint64_t kTransactionsAtOnceMax = 3;

class FreeRun final : public Editor::Owner {
 public:
  FreeRun(const Trace& trace, const ReplayOptions& options)
      : trace_(trace), options_(options), random_(options.seed), authors_(trace.agents) {}

  absl::StatusOr<ReplayReport> Run() {
    for (const Transaction& transaction : trace_.transactions) {
      authors_[transaction.agent].transactions.push_back(&transaction);
    }
    for (size_t agent = 0; agent < authors_.size(); ++agent) {
      authors_[agent].editor =
          std::make_unique<Editor>(&loop_, ConnectionOptions(agent), this, agent);
    }
    started_ns_ = EventLoop::NowNs();
    loop_.At(started_ns_ + absl::ToInt64Nanoseconds(options_.deadline), [this] {
      Fail(absl::DeadlineExceededError(absl::StrCat(
          "not done after ", absl::FormatDuration(options_.deadline), " (seed ", options_.seed,
          "): ", typed_, " of ", trace_.transactions.size(), " transactions were typed")));
    });
    loop_.Run();
    if (!status_.ok()) return status_;
    return std::move(report_);
  }

 private:
  struct Author {
    std::vector<const Transaction*> transactions;
    size_t next = 0;
    std::unique_ptr<Editor> editor;
    int64_t submitted_ns = 0;
  };

  Connection::Options ConnectionOptions(size_t agent) const {
    return {.endpoint = options_.endpoint,
            .encoding = options_.encoding,
            .document = options_.document,
            .create = "plain-text",
            .name = absl::StrCat("Author ", agent)};
  }

  void OnOpened(Editor* editor) override {
    head_ = std::max(head_, editor->revision());
    // All begin together, so that they type beside each other.
    for (const Author& author : authors_) {
      if (!author.editor->open()) return;
    }
    for (Author& author : authors_) Type(author);
    FinishIfDone();
  }

  void OnDelivered(Editor* editor, const proto::Committed&, const ot::Delta&) override {
    Type(authors_[editor->index()]);
    FinishIfDone();
  }

  void OnAcked(Editor* editor, ot::Sequence) override {
    Author& author = authors_[editor->index()];
    report_.ack_ns.Record(EventLoop::NowNs() - author.submitted_ns);
    ++report_.operations;
    head_ = std::max(head_, editor->revision());
    Type(author);
    FinishIfDone();
  }

  void OnFailed(Editor* editor, const absl::Status& reason) override {
    Fail(absl::Status(reason.code(), absl::StrCat("author ", editor->index(), " (seed ",
                                                  options_.seed, "): ", reason.message())));
  }

  void Type(Author& author) {
    uint64_t count = 1 + random_.Below(kTransactionsAtOnceMax);
    // Goes on while there is nothing to wait for: a deletion behind the end of the text is nothing.
    while (author.next < author.transactions.size() && (count > 0 || author.editor->settled())) {
      for (const Patch& patch : author.transactions[author.next]->patches) {
        const ot::Delta change = FittedPatch(patch, author.editor->view());
        if (!change.empty()) author.editor->Edit(change);
      }
      ++author.next;
      ++typed_;
      if (count > 0) --count;
    }
    if (author.editor->SendPending().has_value()) author.submitted_ns = EventLoop::NowNs();
  }

  void FinishIfDone() {
    if (reader_ != nullptr || !status_.ok()) return;
    for (const Author& author : authors_) {
      if (author.next < author.transactions.size() || !author.editor->settled() ||
          author.editor->revision() < head_) {
        return;
      }
    }
    report_.seconds = static_cast<double>(EventLoop::NowNs() - started_ns_) * 1e-9;
    reader_ = std::make_unique<ColdReader>(
        &loop_, ConnectionOptions(0),
        [this](absl::StatusOr<Holding> cold) { Judge(std::move(cold)); });
  }

  void Judge(absl::StatusOr<Holding> cold) {
    if (!cold.ok()) return Fail(cold.status());
    std::vector<Holding> holdings{*std::move(cold)};
    for (const Author& author : authors_) holdings.push_back(author.editor->Held());
    report_.transactions = typed_;
    report_.clients = authors_.size();
    report_.text = *holdings.front().text;
    report_.revision = holdings.front().revision;
    Fail(CheckConverged(holdings));
  }

  // Ends the run; the first reason counts.
  void Fail(absl::Status status) {
    status_.Update(std::move(status));
    loop_.Stop();
  }

  const Trace& trace_;
  const ReplayOptions& options_;
  EventLoop loop_;
  Random random_;
  std::vector<Author> authors_;
  std::unique_ptr<ColdReader> reader_;
  size_t typed_ = 0;
  ot::Revision head_ = 0;
  int64_t started_ns_ = 0;
  ReplayReport report_;
  absl::Status status_;
};

}  // namespace

ot::Delta FittedPatch(const Patch& patch, const ot::Text& view) {
  int64_t begin = std::min(patch.position, view.length());
  if (!view.IsBoundary(begin)) --begin;
  int64_t end = std::min(begin + patch.deleted, view.length());
  if (!view.IsBoundary(end)) --end;
  ot::DeltaBuilder builder;
  builder.Retain(begin).Insert(patch.inserted).Delete(end - begin);
  return builder.Build();
}

absl::StatusOr<ReplayReport> ReplayFree(const Trace& trace, const ReplayOptions& options) {
  return FreeRun(trace, options).Run();
}

}  // namespace coedit::bench
