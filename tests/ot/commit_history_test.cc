// CommitHistory beside a deque that keeps everything as it came.
#include "ot/commit_history.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <vector>

#include "gtest/gtest.h"
#include "ot/apply.h"
#include "tests/ot/property.h"

namespace coedit::ot {
namespace {

using testing::ForEachCase;
using testing::RandomChange;
using testing::RandomDocument;
using testing::RandomKeystroke;
using testing::RandomShape;
using testing::Rng;
using testing::Shape;

// The whole log, and how much of it a history is to know.
class Model {
 public:
  Model(int64_t length, Revision revision, Digest digest)
      : first_(revision), lengths_{length}, digests_{digest}, floor_(revision) {}

  Revision floor() const { return floor_; }
  Revision head() const { return first_ + commits_.size(); }
  const Commit& At(Revision revision) const { return commits_[revision - first_ - 1]; }
  int64_t LengthAt(Revision revision) const { return lengths_[revision - first_]; }
  std::optional<Digest> DigestAt(Revision revision) const {
    if (revision < floor_ || revision > head() || (revision == floor_ && !floor_digest_known_)) {
      return std::nullopt;
    }
    return digests_[revision - first_];
  }
  Digest digest() const { return digests_.back(); }

  void Append(const Commit& commit) {
    commits_.push_back(commit);
    lengths_.push_back(lengths_.back() + commit.delta.growth());
    digests_.push_back(commit.digest);
  }
  // The `count` commits before the floor.
  std::vector<Commit> Prepend(uint64_t count) {
    const auto end = commits_.begin() + static_cast<int64_t>(floor_ - first_);
    floor_ -= count;
    if (count > 0) floor_digest_known_ = floor_ == 0;
    return {end - static_cast<int64_t>(count), end};
  }
  void Drop(Revision revision) {
    if (std::min(revision, head()) <= floor_) return;
    floor_ = std::min(revision, head());
    floor_digest_known_ = true;
  }
  Revision first() const { return first_; }

 private:
  Revision first_;  // of the log
  std::deque<Commit> commits_;
  std::deque<int64_t> lengths_;
  std::deque<Digest> digests_;
  Revision floor_;
  bool floor_digest_known_ = true;
};

// Mostly of one byte, some of two or three, some of ten.
uint64_t RandomNumber(Rng& rng) {
  switch (rng.Below(8)) {
    case 0:
      return rng.Next();
    case 1:
      return static_cast<uint64_t>(rng.Between(100, 40'000));
    default:
      return static_cast<uint64_t>(rng.Between(1, 3));
  }
}

void ExpectSame(const CommitView& commit, const Commit& expected) {
  ASSERT_EQ(commit.revision, expected.revision);
  ASSERT_EQ(commit.author, expected.author);
  ASSERT_EQ(commit.sequence, expected.sequence);
  ASSERT_EQ(commit.delta, expected.delta);
}

void ExpectSameSpan(const CommitHistory& history, const Model& model, Revision after, Revision to) {
  CommitReader commits = history.Read(after, to);
  for (Revision revision = after + 1; revision <= to; ++revision) {
    const std::optional<CommitView> commit = commits.Next();
    ASSERT_TRUE(commit.has_value()) << revision;
    ExpectSame(*commit, model.At(revision));
    if (::testing::Test::HasFatalFailure()) return;
  }
  ASSERT_FALSE(commits.Next().has_value());
}

void ExpectSameAt(const CommitHistory& history, const Model& model, Revision revision) {
  ASSERT_EQ(history.DigestAt(revision), model.DigestAt(revision)) << revision;
  if (revision < model.floor() || revision > model.head()) return;
  ASSERT_EQ(history.LengthAt(revision), model.LengthAt(revision)) << revision;
  if (revision == model.floor()) return;
  const Commit commit = history.At(revision);
  ASSERT_EQ(commit.revision, revision);
  ASSERT_EQ(commit.digest, model.At(revision).digest);
  ASSERT_EQ(commit.author, model.At(revision).author);
  ASSERT_EQ(commit.sequence, model.At(revision).sequence);
  ASSERT_EQ(commit.delta, model.At(revision).delta);
}

TEST(CommitHistoryAgainstModel, WhateverIsAppendedPrependedAndDropped) {
  ForEachCase(300, [](Rng& rng) {
    const Shape shape = rng.Chance(50) ? Shape{.document_units = 20} : RandomShape(rng);
    Text text(RandomDocument(rng, shape));
    const Revision start = rng.Chance(50) ? 0 : RandomNumber(rng) >> 1;
    const Digest start_digest = start == 0 ? 0 : rng.Next();
    Model model(text.length(), start, start_digest);
    CommitHistory history(start, start_digest, text.length());

    const auto append = [&](int64_t count) {
      for (; count > 0; --count) {
        Commit commit = {.revision = model.head() + 1,
                         .author = RandomNumber(rng),
                         .sequence = RandomNumber(rng),
                         .delta = rng.Chance(90) ? RandomKeystroke(rng, text, shape)
                                                 : RandomChange(rng, text, shape)};
        commit.digest = ExtendDigest(model.digest(), commit.author, commit.sequence, commit.delta);
        Apply(commit.delta, &text);
        model.Append(commit);
        history.Append(commit, EncodeCommit(commit.author, commit.sequence, commit.delta),
                       text.length());
      }
    };
    // Anywhere between, and often at one of the two.
    const auto between = [&](Revision low, Revision high) {
      if (rng.Chance(20)) return low;
      if (rng.Chance(20)) return high;
      return low + static_cast<Revision>(rng.Below(static_cast<int64_t>(high - low) + 1));
    };

    append(rng.Below(300));
    for (int step = 0; step < 30; ++step) {
      switch (rng.Below(7)) {
        case 0:
          append(rng.Below(100));
          break;
        case 1:
          append(rng.Below(4));
          break;
        case 2: {
          const Revision at = between(model.floor(), model.head() + 1);
          model.Drop(at);
          history.Drop(at);
          break;
        }
        case 3:
          history.Prepend(model.Prepend(model.floor() - between(model.first(), model.floor())));
          break;
        case 4:
          history.OperationReachesBack(static_cast<uint64_t>(rng.Below(300)));
          break;
        case 5: {
          const Revision after = between(model.floor(), model.head());
          ExpectSameSpan(history, model, after, between(after, model.head()));
          break;
        }
        default:
          ExpectSameAt(
              history, model,
              between(model.floor() - std::min<Revision>(model.floor(), 1), model.head() + 1));
      }
      if (::testing::Test::HasFatalFailure()) return;
      ASSERT_EQ(history.floor(), model.floor());
      ASSERT_EQ(history.head(), model.head());
    }
    ExpectSameSpan(history, model, model.floor(), model.head());
    for (Revision revision = model.floor(); revision <= model.head(); ++revision) {
      ExpectSameAt(history, model, revision);
      if (::testing::Test::HasFatalFailure()) return;
    }
  });
}

TEST(CommitHistory, AReaderOfNothing) {
  const CommitHistory history(7, 1, 0);
  CommitReader none = history.Read(7, 7);
  EXPECT_FALSE(none.Next().has_value());
  EXPECT_EQ(history.head(), 7u);
  EXPECT_EQ(history.DigestAt(7), std::optional<Digest>(1));
}

}  // namespace
}  // namespace coedit::ot
