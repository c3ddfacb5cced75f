// What one operation costs on its way through session, actor and gate, in counts: allocations and
// bytes on the wire. Never in time, which says more about the machine.
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/ot_cost/heap.h"
#include "tests/server/harness.h"

namespace coedit::server {
namespace {

using coedit::testing::HeapNow;
using testing::Harness;

// Counts what it is given, and keeps nothing.
class CountingSink final : public FrameSink {
 public:
  int64_t pieces = 0;
  int64_t pieces_that_wait = 0;  // among them
  int64_t bytes = 0;

  void Send(Piece piece) override {
    ++pieces;
    bytes += static_cast<int64_t>(piece->size());
  }
  void SendPaced(Piece piece, absl::Duration) override {
    ++pieces_that_wait;
    Send(std::move(piece));
  }
  size_t queued_bytes() const override { return 0; }
  void Close(uint16_t, absl::string_view) override { ADD_FAILURE() << "closed"; }
};

// A document with one writer and some readers, all in the binary encoding.
class Room {
 public:
  explicit Room(size_t members) : harness_(NoRates()), sinks_(members) {
    for (size_t index = 0; index < members; ++index) {
      sessions_.push_back(Session::Make(harness_.shards.get(), 0, &sinks_[index], kEncoding));
      proto::Hello hello;
      hello.protocol = 1;
      hello.client_id = absl::StrCat(absl::Hex(index + 1, absl::kZeroPad16), "0123456789abcdef");
      hello.attempt = 1;
      Say(index, hello);
      Say(index, proto::Open{.request = 1, .document = "d", .create = "plain-text"});
      harness_.Run();
    }
    for (int warm_up = 0; warm_up < 300; ++warm_up) Type(1);
    Reset();
  }
  ~Room() {
    for (const auto& session : sessions_) session->OnDisconnected();
  }

  // The writer types letters, each in an operation of its own.
  void Type(int letters) {
    for (int letter = 0; letter < letters; ++letter) {
      const proto::ClientMessage submit =
          proto::Submit{.channel = 1,
                        .sequence = revision_ + 1,
                        .revision = revision_,
                        .delta = ot::DeltaBuilder().Retain(revision_).Insert("x").Build()};
      const std::string frame = proto::EncodeClientFrame(kEncoding, {&submit, 1});
      const int64_t before = HeapNow().allocations;
      sessions_[0]->OnFrame(frame);
      harness_.Run();
      allocations_ += HeapNow().allocations - before;
      ++revision_;
    }
  }

  int64_t allocations() const { return allocations_; }
  const CountingSink& writer() const { return sinks_[0]; }
  const CountingSink& reader() const { return sinks_[1]; }

 private:
  static constexpr proto::Encoding kEncoding = proto::Encoding::kProtobuf;

  static Limits NoRates() {
    Limits limits;
    limits.submits_per_second = 0;
    return limits;
  }

  void Say(size_t index, const proto::ClientMessage& message) {
    sessions_[index]->OnFrame(proto::EncodeClientFrame(kEncoding, {&message, 1}));
    harness_.Run();
  }

  void Reset() {
    allocations_ = 0;
    for (CountingSink& sink : sinks_) sink = CountingSink();
  }

  Harness harness_;
  std::vector<CountingSink> sinks_;
  std::vector<std::shared_ptr<Session>> sessions_;
  uint64_t revision_ = 0;
  int64_t allocations_ = 0;
};

constexpr int kLetters = 1000;

TEST(OperationCost, FewAllocations) {
  Room room(2);
  room.Type(kLetters);
  ASSERT_EQ(room.reader().pieces, kLetters);
  // The store in memory and the queue of the test among them.
  EXPECT_LE(room.allocations(), 22 * kLetters);
  RecordProperty("allocations_per_operation", static_cast<int>(room.allocations() / kLetters));
}

TEST(OperationCost, AMemberMoreCostsNoAllocation) {
  Room few(2);
  Room many(52);
  few.Type(kLetters);
  many.Type(kLetters);
  EXPECT_EQ(many.allocations(), few.allocations());
}

TEST(OperationCost, InALargeRoomOnlyTheAckIsUrgent) {
  Room small(63);
  Room large(64);
  small.Type(10);
  large.Type(10);
  EXPECT_EQ(small.reader().pieces_that_wait, 0);
  EXPECT_EQ(large.reader().pieces_that_wait, 10);
  EXPECT_EQ(large.writer().pieces, 10);
  EXPECT_EQ(large.writer().pieces_that_wait, 0);
}

TEST(OperationCost, BytesOnTheWire) {
  Room room(2);
  room.Type(kLetters);
  // Positions and revisions of two bytes.
  EXPECT_LE(room.reader().bytes, 19 * kLetters);
  EXPECT_LE(room.writer().bytes, 12 * kLetters);
}

class NoOwner final : public ActorOwner {
 public:
  void OnActorEnded(const std::string&, const DocumentActor*) override {}
  CatchUpBudget& catch_up_budget() override { return budget_; }

 private:
  CatchUpBudget budget_{0};
};

// Drops what it is told.
class NoLink final : public MemberLink {
 public:
  proto::Encoding encoding() const override { return proto::Encoding::kProtobuf; }
  void Deliver(Delivery) override {}
};

// Heap of an open, empty document and of each member who reads it.
TEST(DocumentMemory, AnEmptyOneAndItsMembersAreSmall) {
  Harness harness;
  harness.store.Create("d", ot::DocumentType::kPlainText, ot::Text(), "e", 0,
                       [](const absl::StatusOr<storage::StoredDocument>&) {});
  NoOwner owner;
  const auto link = std::make_shared<NoLink>();
  const int64_t before = HeapNow().live_bytes;
  const auto actor = std::make_shared<DocumentActor>(&harness.environment, &owner, "d", 1);
  actor->Start();
  harness.Run();
  const int64_t opened = HeapNow().live_bytes;
  EXPECT_LE(opened - before, 2048);
  constexpr int kMembers = 100;
  for (int index = 1; index <= kMembers; ++index) {
    OpenRequest request;
    request.member = index;
    request.link = link;
    request.session_id = absl::StrCat(absl::Hex(index, absl::kZeroPad16), "fedcba9876543210");
    request.client_id = absl::StrCat(absl::Hex(index, absl::kZeroPad16), "0123456789abcdef");
    request.attempt = 1;
    request.user = {.id = "", .name = "Ada Lovelace", .color = "#aabbcc"};
    request.open = {.request = 1, .document = "d"};
    actor->Open(std::move(request));
  }
  ASSERT_EQ(actor->room().size(), static_cast<size_t>(kMembers));
  EXPECT_LE((HeapNow().live_bytes - opened) / kMembers, 700);
  RecordProperty("document_bytes", static_cast<int>(opened - before));
  RecordProperty("member_bytes", static_cast<int>((HeapNow().live_bytes - opened) / kMembers));
  actor->Forget();
}

}  // namespace
}  // namespace coedit::server
