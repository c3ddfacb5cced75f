#include "bench/load/commit_cache.h"

#include <gtest/gtest.h>

#include "proto/codec.h"

namespace coedit::bench {
namespace {

std::string Frame(const std::vector<proto::ServerMessage>& messages) {
  std::string frame;
  for (const proto::ServerMessage& message : messages) {
    frame += proto::EncodePiece(proto::Encoding::kProtobuf, message);
  }
  return frame;
}

proto::Committed Commit(uint64_t revision) {
  ot::DeltaBuilder builder;
  builder.Insert("x");
  return {.channel = 1, .revision = revision, .author = 2, .delta = builder.Build()};
}

// A frame is its messages' frames, one after the other: what the cache rests on.
TEST(CommitCacheTest, AFrameFallsIntoItsMessages) {
  const std::string whole = Frame({Commit(7), proto::Ack{1, 3, 8}, Commit(9)});
  absl::string_view rest = whole;
  EXPECT_EQ(CommitCache::TakeMessage(&rest), Frame({Commit(7)}));
  EXPECT_EQ(CommitCache::TakeMessage(&rest), Frame({proto::Ack{1, 3, 8}}));
  EXPECT_EQ(CommitCache::TakeMessage(&rest), Frame({Commit(9)}));
  EXPECT_EQ(CommitCache::TakeMessage(&rest), std::nullopt);
}

TEST(CommitCacheTest, WhatIsCutIsLeftToTheDecoder) {
  const std::string whole = Frame({Commit(7)});
  for (size_t size = 0; size < whole.size(); ++size) {
    absl::string_view rest = absl::string_view(whole).substr(0, size);
    EXPECT_EQ(CommitCache::TakeMessage(&rest), std::nullopt) << size;
    EXPECT_EQ(rest.size(), size);
  }
}

TEST(CommitCacheTest, RemembersBytesForBytes) {
  CommitCache cache;
  EXPECT_EQ(cache.Find(Frame({Commit(7)})), nullptr);
  for (uint64_t revision = 1; revision <= 20'000; ++revision) {
    cache.Remember(Frame({Commit(revision)}), Commit(revision));
    const proto::Committed* found = cache.Find(Frame({Commit(revision)}));
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(*found, Commit(revision));
    EXPECT_EQ(cache.Find(Frame({Commit(revision + 1)})), nullptr);
  }
}

}  // namespace
}  // namespace coedit::bench
