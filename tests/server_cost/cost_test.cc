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
#include "tests/server_cost/typing_room.h"

namespace coedit::server {
namespace {

using coedit::testing::HeapNow;
using testing::Harness;
using Room = testing::TypingRoom;

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
    request.session = std::make_shared<const SessionInfo>(SessionInfo{
        .session_id = absl::StrCat(absl::Hex(index, absl::kZeroPad16), "fedcba9876543210"),
        .identity = {.client_id =
                         absl::StrCat(absl::Hex(index, absl::kZeroPad16), "0123456789abcdef"),
                     .user = {.id = "", .name = "Ada Lovelace", .color = "#aabbcc"}},
        .attempt = 1});
    request.open = {.request = 1, .document = "d"};
    actor->Open(std::move(request));
  }
  ASSERT_EQ(actor->room().size(), static_cast<size_t>(kMembers));
  EXPECT_LE((HeapNow().live_bytes - opened) / kMembers, 600);
  RecordProperty("document_bytes", static_cast<int>(opened - before));
  RecordProperty("member_bytes", static_cast<int>((HeapNow().live_bytes - opened) / kMembers));
  actor->Forget();
}

}  // namespace
}  // namespace coedit::server
