// Documents on several executors, as clients and transports see them: what crosses, what moves, and
// what is counted for all together.

#include "server/shards.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/remote_link.h"
#include "tests/server/harness.h"

namespace coedit::server {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::Harness;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Peer;

std::string Open(absl::string_view document, int request = 1) {
  return absl::StrCat(R"({"open":{"request":)", request, R"(,"document":")", document,
                      R"(","create":"rich-text"}})");
}

std::string Type(int channel, int sequence, int revision, absl::string_view text) {
  return absl::StrCat(R"({"submit":{"channel":)", channel, R"(,"sequence":)", sequence,
                      R"(,"revision":)", revision, R"(,"delta":{"ops":[{"insert":")", text,
                      R"("}]}}})");
}

constexpr char kPing[] = R"({"ping":{"nonce":5}})";

TEST(Shards, SpreadDocumentsByTheirIds) {
  Harness server({}, 3);
  std::vector<int> documents(3);
  for (int i = 0; i < 3000; ++i) {
    const std::string document = absl::StrCat("document-", i);
    const size_t shard = server.shards->ShardOf(document);
    EXPECT_EQ(shard, server.shards->ShardOf(document));
    ++documents.at(shard);
  }
  for (const int count : documents) EXPECT_NEAR(count, 1000, 150);
  const Harness alone;
  EXPECT_EQ(alone.shards->ShardOf("whatever"), 0u);
}

TEST(Shards, OneSessionHasDocumentsOfTwo) {
  Harness server({}, 2);
  const std::string near = server.DocumentOn(0);
  const std::string far = server.DocumentOn(1);
  Peer& ada = server.Join('a');
  Peer& bob = server.Join('b');
  EXPECT_THAT(server.Ask(ada, absl::StrCat(Open(near, 1), ",", Open(far, 2))),
              ElementsAre(AllOf(HasSubstr("\"request\":1"), HasSubstr("\"channel\":1")),
                          AllOf(HasSubstr("\"request\":2"), HasSubstr("\"channel\":2"))))
      << "channels differ between shards";
  EXPECT_EQ(server.shards->hub(0).open_documents(), 1u);
  EXPECT_EQ(server.shards->hub(1).open_documents(), 1u);
  EXPECT_EQ(server.shards->open_documents(), 2);
  server.Ask(bob, Open(far));
  ada.Take();

  EXPECT_THAT(server.Ask(ada, absl::StrCat(Type(1, 1, 0, "x"), ",", Type(2, 1, 0, "y"))),
              ElementsAre(AllOf(HasSubstr("\"ack\""), HasSubstr("\"channel\":1")),
                          AllOf(HasSubstr("\"ack\""), HasSubstr("\"channel\":2"))));
  EXPECT_THAT(bob.Take(), ElementsAre(AllOf(HasSubstr("\"committed\""), HasSubstr("\"y\""))));
  // The rest of the protocol goes the same way.
  EXPECT_THAT(
      server.Ask(
          ada,
          R"({"submit":{"channel":2,"sequence":2,"revision":1,"delta":{"ops":[{"delete":-4}]}}})"),
      ElementsAre(HasSubstr("\"rejected\"")));
  server.Ask(ada, R"({"presence":{"channel":2,"revision":1,"ranges":[]}})");
  server.Ask(ada, R"({"signal":{"channel":2,"topic":"t","payload":{}}})");
  EXPECT_THAT(bob.Take(), ElementsAre(HasSubstr("\"presence\""), HasSubstr("\"signal\"")));
  EXPECT_THAT(server.Ask(ada, R"({"leave":{"channel":2}})"), IsEmpty());
  EXPECT_THAT(bob.Take(), ElementsAre(HasSubstr("\"left\"")));
  EXPECT_THAT(server.Ask(ada, Open(far, 3)), ElementsAre(HasSubstr("\"opened\"")));
}

TEST(Shards, WhoDisconnectsLeavesTheDocumentsOfAll) {
  Harness server({}, 2);
  Peer& ada = server.Join('a');
  Peer& bob = server.Join('b');
  server.Ask(bob, absl::StrCat(Open(server.DocumentOn(0), 1), ",", Open(server.DocumentOn(1), 2)));
  server.Ask(ada, absl::StrCat(Open(server.DocumentOn(0), 1), ",", Open(server.DocumentOn(1), 2)));
  bob.Take();
  ada.session->OnDisconnected();
  server.Run();
  EXPECT_THAT(bob.Take(), ElementsAre(HasSubstr("\"left\""), HasSubstr("\"left\"")));
}

TEST(Shards, AnOpenUnderWayIsTakenBackByADisconnect) {
  Harness server({}, 2);
  Peer& ada = server.Join('a');
  ada.Say(Open(server.DocumentOn(1)));
  ada.session->OnDisconnected();
  server.Run();
  Peer& bob = server.Join('b');
  bob.Take();
  EXPECT_THAT(server.Ask(bob, Open(server.DocumentOn(1))),
              ElementsAre(AllOf(HasSubstr("\"opened\""), Not(HasSubstr("\"Na\"")))));
}

TEST(Shards, WhatCrossesTheEndOfAChannelIsIgnored) {
  Harness server({}, 2);
  const std::string far = server.DocumentOn(1);
  Peer& ada = server.Join('a');
  Peer& bob = server.Join('b');
  server.Ask(ada, Open(far));
  server.Ask(bob, Open(far));
  ada.Take();
  // Bob's commit is under way to Ada when she leaves.
  bob.Say(Type(1, 1, 0, "x"));
  EXPECT_THAT(server.Ask(ada, R"({"leave":{"channel":1}})"), IsEmpty());
  EXPECT_EQ(ada.close_code, 0);
}

TEST(Shards, TheLimitOfOpenDocumentsIsOneForAll) {
  Limits limits;
  limits.documents_open = 2;
  limits.document_idle_seconds = 1;
  Harness server(limits, 2);
  Peer& peer = server.Join('a');
  peer.Take();
  EXPECT_THAT(server.Ask(peer, absl::StrCat(Open(server.DocumentOn(0), 1), ",",
                                            Open(server.DocumentOn(1), 2))),
              ElementsAre(HasSubstr("\"opened\""), HasSubstr("\"opened\"")));
  std::string third = "another";
  EXPECT_THAT(server.Ask(peer, Open(third, 3)),
              ElementsAre(AllOf(HasSubstr("\"refused\""), HasSubstr("2 documents open already"))));
  server.Ask(peer, R"({"leave":{"channel":1}})");
  server.Advance(absl::Seconds(3));
  EXPECT_EQ(server.shards->open_documents(), 1);
  EXPECT_THAT(server.Ask(peer, Open(third, 4)), ElementsAre(HasSubstr("\"opened\"")));
}

// ---- how far a session may fall behind ----

class Recorder final : public MemberLink {
 public:
  std::vector<Delivery::Kind> kinds;
  proto::Encoding encoding() const override { return proto::Encoding::kProtobuf; }
  void Deliver(Delivery delivery) override { kinds.push_back(delivery.kind); }
};

TEST(RemoteLink, BoundsWhatIsUnderWay) {
  sim::Timeline timeline;
  sim::SimExecutor executor(&timeline);
  const auto session = std::make_shared<Recorder>();
  const auto link = std::make_shared<RemoteLink>(session, &executor, /*bytes_max=*/1000);
  EXPECT_EQ(link->encoding(), proto::Encoding::kProtobuf);
  const auto deliver = [&](Delivery::Kind kind, size_t bytes) {
    link->Deliver({.kind = kind, .member = 1, .piece = Piece(std::string(bytes, 'x'))});
  };
  const auto run = [&] { timeline.RunUntil(timeline.now()); };
  using enum Delivery::Kind;
  deliver(kOpened, 100'000);  // bounded elsewhere (CatchUpBudget)
  for (int i = 0; i < 3; ++i) deliver(kMessage, 300);
  EXPECT_THAT(session->kinds, IsEmpty()) << "never inside the call";
  run();
  EXPECT_THAT(session->kinds, ElementsAre(kOpened, kMessage, kMessage, kMessage));
  session->kinds.clear();
  for (int i = 0; i < 5; ++i) deliver(kMessage, 300);  // one by one it would do
  run();
  EXPECT_THAT(session->kinds, ElementsAre(kMessage, kMessage, kMessage, kGivenUp));
  session->kinds.clear();
  deliver(kAnswer, 1);
  run();
  EXPECT_THAT(session->kinds, IsEmpty()) << "after a gap nothing may come";
}

TEST(RemoteLink, AGapEndsTheChannelAndTheClientResumes) {
  Harness server({}, 2);
  const std::string far = server.DocumentOn(1);
  Peer& ada = server.Join('a');
  server.Ask(ada, Open(far));
  const DocumentActor* actor = server.shards->hub(1).Find(far);
  ada.session->Deliver({.kind = Delivery::Kind::kGivenUp,
                        .member = actor->room().members()[0]->id,
                        .channel = actor->channel(),
                        .piece = nullptr});
  server.Run();
  EXPECT_THAT(ada.Take(), ElementsAre(AllOf(HasSubstr("\"closed\""), HasSubstr("too_slow"),
                                            HasSubstr("\"retry\":true"))));
  EXPECT_EQ(server.shards->hub(1).Find(far)->room().size(), 0u);
  EXPECT_THAT(server.Ask(ada, Open(far, 2)), ElementsAre(HasSubstr("\"opened\"")));
}

// ---- moving ----

TEST(Moving, TheFirstOpenTakesTheSessionToItsDocument) {
  Harness server({}, 2);
  const std::string far = server.DocumentOn(1);
  Peer& peer = server.Join('a');
  peer.can_move = true;
  peer.Take();
  // What stands behind the open waits with it; what was read with it, too.
  EXPECT_THAT(server.Ask(peer, absl::StrCat(Open(far), ",", kPing)), IsEmpty());
  EXPECT_THAT(server.Ask(peer, R"({"ping":{"nonce":6}})"), IsEmpty());
  ASSERT_EQ(peer.moves_to, 1u);
  EXPECT_EQ(server.shards->open_documents(), 0) << "nothing is asked before it is there";
  peer.Arrive();
  server.Run();
  EXPECT_THAT(peer.Take(),
              ElementsAre(HasSubstr("\"nonce\":5"), HasSubstr("\"nonce\":6"), HasSubstr("opened")));
  EXPECT_THAT(server.Ask(peer, Type(1, 1, 0, "x")), ElementsAre(HasSubstr("\"ack\"")));
  // It is a session of that shard: what lives there is called directly, by its own link.
  EXPECT_EQ(server.shards->hub(1).Find(far)->room().members()[0]->link, peer.session);
  // And moves no more.
  EXPECT_THAT(server.Ask(peer, Open(server.DocumentOn(0), 2)),
              ElementsAre(HasSubstr("\"opened\"")));
  EXPECT_EQ(peer.moves_to, std::nullopt);
  EXPECT_NE(server.shards->hub(0).Find(server.DocumentOn(0))->room().members()[0]->link,
            peer.session);
}

TEST(Moving, IsAskedForOnlyWhereItIsOfUse) {
  Harness server({}, 2);
  Peer& peer = server.Join('a');
  peer.can_move = true;
  peer.Take();
  EXPECT_THAT(server.Ask(peer, Open(server.DocumentOn(0))), ElementsAre(HasSubstr("\"opened\"")));
  EXPECT_THAT(server.Ask(peer, Open(server.DocumentOn(1), 2)),
              ElementsAre(HasSubstr("\"opened\"")));
  EXPECT_EQ(peer.moves_to, std::nullopt);
}

TEST(Moving, RefusedMeansThatDeliveriesCross) {
  Harness server({}, 2);
  const std::string far = server.DocumentOn(1);
  Peer& peer = server.Join('a');
  peer.Take();
  EXPECT_THAT(server.Ask(peer, absl::StrCat(Open(far), ",", kPing)),
              ElementsAre(HasSubstr("\"pong\""), HasSubstr("\"opened\"")));
  EXPECT_NE(server.shards->hub(1).Find(far)->room().members()[0]->link, peer.session);
}

TEST(Moving, ADisconnectOnTheWayLeavesNothing) {
  for (const bool arrives : {false, true}) {
    Limits limits;
    limits.connections_per_user = 1;
    Harness server(limits, 2);
    Peer& peer = server.Join('a');
    peer.can_move = true;
    server.Ask(peer, Open(server.DocumentOn(1)));
    peer.session->OnDisconnected();
    if (arrives) peer.Arrive();
    server.Run();
    EXPECT_EQ(server.shards->open_documents(), 0);
    EXPECT_EQ(server.Join('a', 2).close_code, 0) << "it does not count any more";
  }
}

TEST(Moving, AShutdownOnTheWaySaysGoodbye) {
  Harness server({}, 2);
  Peer& peer = server.Join('a');
  peer.can_move = true;
  server.Ask(peer, Open(server.DocumentOn(1)));
  peer.session->OnShutdown(absl::Milliseconds(1500));
  peer.Arrive();
  server.Run();
  EXPECT_THAT(peer.Take(), ElementsAre(HasSubstr("\"goAway\"")));
  EXPECT_EQ(peer.close_code, 1012);
  EXPECT_EQ(server.shards->open_documents(), 0);
}

TEST(Moving, WhatWasHeldBackIsCheckedAsEver) {
  Harness server({}, 2);
  Peer& peer = server.Join('a');
  peer.can_move = true;
  server.Ask(peer, Open(server.DocumentOn(1)));
  server.Ask(peer, "]]]");
  EXPECT_EQ(peer.close_code, 0);
  peer.Arrive();
  EXPECT_EQ(peer.close_code, 4400);
  server.Run();
  EXPECT_EQ(server.shards->open_documents(), 0) << "nobody waited for it any more";
}

// ---- the end ----

TEST(Shards, ShutDownTogether) {
  Harness server({}, 2);
  Peer& peer = server.Join('a');
  server.Ask(peer, absl::StrCat(Open(server.DocumentOn(0), 1), ",", Open(server.DocumentOn(1), 2)));
  server.store.hold = true;
  server.Ask(peer, absl::StrCat(Type(1, 1, 0, "x"), ",", Type(2, 1, 0, "y")));
  bool done = false;
  server.shards->Shutdown(&server.executor, [&] { done = true; });
  server.Run();
  EXPECT_FALSE(done);
  EXPECT_THAT(server.Ask(peer, Open("another", 3)),
              ElementsAre(AllOf(HasSubstr("\"refused\""), HasSubstr("shutting down"))));
  server.store.LetThrough();
  server.Run();
  EXPECT_FALSE(done) << "one shard is not all";
  server.store.LetThrough();
  server.Run();
  EXPECT_TRUE(done);
  EXPECT_THAT(peer.Take(), ElementsAre(HasSubstr("\"ack\""), HasSubstr("\"ack\"")));
}

}  // namespace
}  // namespace coedit::server
