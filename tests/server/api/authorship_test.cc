// Who wrote what, beside a model that keeps an owner for each unit.
#include "server/api/authorship.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ot/apply.h"
#include "tests/ot/property.h"

namespace coedit::server::api {
namespace {

using ot::testing::Rng;

ot::Commit CommitOf(ot::Revision revision, ot::AuthorNumber author, int64_t time_ms,
                    ot::Delta delta) {
  return {.revision = revision, .author = author, .time_ms = time_ms, .delta = std::move(delta)};
}

ot::Delta Inserting(int64_t at, absl::string_view text) {
  ot::DeltaBuilder builder;
  builder.Retain(at).Insert(text);
  return builder.Build();
}

ot::Delta Deleting(int64_t at, int64_t units) {
  ot::DeltaBuilder builder;
  builder.Retain(at).Delete(units);
  return builder.Build();
}

// "4:1@2" is four units of author 1, at revision 2.
std::string Told(const Authorship& authorship) {
  std::string told;
  for (const AuthorSpan& span : authorship.Spans()) {
    absl::StrAppend(&told, told.empty() ? "" : " ", span.length, ":", span.author, "@",
                    span.revision);
  }
  return told;
}

TEST(Authorship, FollowsInsertsAndDeletes) {
  Authorship text(10, 0);
  EXPECT_EQ(Told(text), "10:0@0");
  ASSERT_TRUE(text.Add(CommitOf(1, 1, 5, Inserting(4, "abc"))).ok());
  EXPECT_EQ(Told(text), "4:0@0 3:1@1 6:0@0");
  ASSERT_TRUE(text.Add(CommitOf(2, 2, 6, Deleting(3, 2))).ok());
  EXPECT_EQ(Told(text), "3:0@0 2:1@1 6:0@0");
  ASSERT_TRUE(text.Add(CommitOf(3, 2, 7, Deleting(0, 11))).ok());
  EXPECT_EQ(Told(text), "");
  ASSERT_TRUE(text.Add(CommitOf(4, 2, 8, Inserting(0, "x"))).ok());
  EXPECT_EQ(Told(text), "1:2@4");
}

TEST(Authorship, FormattingChangesNoOwner) {
  Authorship text(4, 0);
  ot::DeltaBuilder builder;
  builder.Retain(2, ot::Attributes{{"bold", "true"}});
  ASSERT_TRUE(text.Add(CommitOf(1, 1, 5, builder.Build())).ok());
  EXPECT_EQ(Told(text), "4:0@0");
}

TEST(Authorship, NeighboursOfFiveMinutesAreOneSpan) {
  Authorship text;
  ASSERT_TRUE(text.Add(CommitOf(1, 1, 0, Inserting(0, "a"))).ok());
  ASSERT_TRUE(text.Add(CommitOf(2, 1, kSameSpanMs - 1, Inserting(1, "b"))).ok());
  EXPECT_EQ(Told(text), "2:1@2");
  // From the first of them on, not from the last.
  ASSERT_TRUE(text.Add(CommitOf(3, 1, kSameSpanMs, Inserting(2, "c"))).ok());
  EXPECT_EQ(Told(text), "2:1@2 1:1@3");
}

TEST(Authorship, WhatDoesNotFitIsDamage) {
  Authorship text(4, 0);
  EXPECT_EQ(text.Add(CommitOf(1, 1, 0, Deleting(2, 3))).code(), absl::StatusCode::kDataLoss);
}

// Each unit's owner, one by one.
TEST(Authorship, IsThatOfEachUnit) {
  ot::testing::ForEachCase(60, [](Rng& rng) {
    const int64_t length = rng.Below(50);
    ot::Text text(ot::DeltaBuilder().Insert(std::string(length, '.')).Build());
    std::vector<std::pair<ot::AuthorNumber, ot::Revision>> owners(length, {0, 0});
    Authorship authorship(length, 0);
    // Far apart in time, so that no spans are joined; some cases long enough for many blocks.
    const int64_t commits = rng.Chance(20) ? 3000 : rng.Between(1, 60);
    int64_t units = text.length();
    for (int64_t at = 1; at <= commits; ++at) {
      ot::DeltaBuilder builder;
      std::vector<std::pair<ot::AuthorNumber, ot::Revision>> after;
      const ot::AuthorNumber author = rng.Between(1, 3);
      int64_t position = 0;
      for (int64_t part = rng.Between(1, 3); part > 0; --part) {
        const int64_t kept = rng.Below(units - position + 1);
        builder.Retain(kept);
        after.insert(after.end(), owners.begin() + position, owners.begin() + position + kept);
        position += kept;
        if (rng.Chance(70)) {
          const int64_t inserted = rng.Between(1, 4);
          builder.Insert(std::string(inserted, 'x'));
          after.insert(after.end(), inserted, {author, at});
        }
        if (rng.Chance(40)) {
          const int64_t deleted = rng.Below(std::min<int64_t>(units - position, 6) + 1);
          builder.Delete(deleted);
          position += deleted;
        }
      }
      after.insert(after.end(), owners.begin() + position, owners.end());
      owners = std::move(after);
      units = static_cast<int64_t>(owners.size());
      ASSERT_TRUE(authorship.Add(CommitOf(at, author, at * 2 * kSameSpanMs, builder.Build())).ok());
    }
    ASSERT_EQ(authorship.length(), units);
    size_t next = 0;
    for (const AuthorSpan& span : authorship.Spans()) {
      for (int64_t unit = 0; unit < span.length; ++unit, ++next) {
        ASSERT_LT(next, owners.size());
        ASSERT_EQ(owners[next], std::make_pair(span.author, span.revision)) << "unit " << next;
      }
    }
    ASSERT_EQ(next, owners.size());
  });
}

// Deletes in the midst of spans make ever more of them; that must not make each edit slower.
TEST(Authorship, ManyHolesStandInManyBlocks) {
  constexpr int64_t kHoles = 20000;
  Authorship text(3 * kHoles, 0);
  for (int64_t at = 0; at < kHoles; ++at) {
    ASSERT_TRUE(text.Add(CommitOf(at + 1, 1, 0, Deleting(2 * at + 1, 1))).ok());
  }
  EXPECT_EQ(text.length(), 2 * kHoles);
  EXPECT_GE(text.span_count(), kHoles);
  EXPECT_EQ(Told(text), absl::StrCat(2 * kHoles, ":0@0"));
}

}  // namespace
}  // namespace coedit::server::api
