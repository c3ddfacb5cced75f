// The gate, resume and the fence: what an actor tells whom, and when.

#include "server/document_actor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/server/harness.h"

namespace coedit::server {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::Harness;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::Peer;
using ::testing::SizeIs;

constexpr char kOpen[] = R"({"open":{"request":1,"document":"d","create":"plain-text"}})";

std::string Submit(int sequence, int revision, absl::string_view ops, int channel = 1) {
  return absl::StrCat(R"({"submit":{"channel":)", channel, R"(,"sequence":)", sequence,
                      R"(,"revision":)", revision, R"(,"delta":{"ops":)", ops, "}}}");
}

// What a client knows, as it stands in the store after `revision`.
std::string Known(Harness& server, ot::Revision revision) {
  const auto& document = server.store.memory().documents().at("d");
  const ot::Digest digest = revision == 0 ? 0 : document.log[revision - 1].digest;
  return absl::StrCat(R"("known":{"epoch":")", document.epoch, R"(","revision":)", revision,
                      R"(,"digest":")", absl::Hex(ot::ToReplica(digest), absl::kZeroPad8), "\"}");
}

std::string Reopen(absl::string_view more) {
  return absl::StrCat(R"({"open":{"request":7,"document":"d",)", more, "}}");
}

// ---- the gate ----

TEST(Gate, NothingIsToldBeforeItIsDurable) {
  Harness server;
  Peer& ada = server.Join('a');
  Peer& bob = server.Join('b');
  server.Ask(ada, kOpen);
  server.Ask(bob, kOpen);
  ada.Take();
  bob.Take();
  server.store.hold = true;
  EXPECT_THAT(server.Ask(ada, Submit(1, 0, R"([{"insert":"x"}])")), IsEmpty());
  EXPECT_THAT(bob.Take(), IsEmpty());
  // A resend from a new session is no way around it: the fate waits as well.
  Peer& again = server.Join('a', 2);
  EXPECT_THAT(server.Ask(again, Reopen(absl::StrCat(Known(server, 0), R"(,"inFlight":1)"))),
              IsEmpty());
  // Nor is joining.
  Peer& eve = server.Join('c');
  EXPECT_THAT(server.Ask(eve, kOpen), IsEmpty());

  server.store.LetThrough();
  server.Run();
  EXPECT_THAT(again.Take(),
              ::testing::Contains(
                  AllOf(HasSubstr("\"opened\""),
                        HasSubstr(R"("inFlight":{"sequence":1,"committed":true,"revision":1})"))));
  EXPECT_THAT(eve.Take(),
              ::testing::Contains(AllOf(HasSubstr("\"opened\""), HasSubstr("\"revision\":1"))));
  EXPECT_THAT(bob.Take(), ::testing::Contains(HasSubstr("\"committed\"")));
}

TEST(Gate, WhatOneTurnBringsIsOneAppend) {
  Harness server;
  std::vector<Peer*> peers;
  for (char client : {'a', 'b', 'c', 'd'}) {
    peers.push_back(&server.Join(client));
    server.Ask(*peers.back(), kOpen);
  }
  server.store.hold = true;
  for (Peer* peer : peers) peer->Say(Submit(1, 0, R"([{"insert":"x"}])"));
  server.Run();
  EXPECT_EQ(server.store.waiting(), 1u);
  server.store.LetThrough();
  EXPECT_EQ(server.store.memory().documents().at("d").head.revision, 4u);
}

TEST(Gate, AppendsFollowEachOtherAndAreToldInOrder) {
  Harness server;
  std::vector<Peer*> peers;
  for (char client : {'a', 'b', 'c'}) {
    peers.push_back(&server.Join(client));
    server.Ask(*peers.back(), kOpen);
  }
  server.store.hold = true;
  for (Peer* peer : peers) server.Ask(*peer, Submit(1, 0, R"([{"insert":"x"}])"));
  EXPECT_EQ(server.store.waiting(), 3u);
  for (Peer* peer : peers) peer->Take();
  for (size_t told = 0; told < peers.size(); ++told) {
    server.store.LetThrough();
    server.Run();
    for (size_t peer = 0; peer < peers.size(); ++peer) {
      EXPECT_THAT(peers[peer]->Take(),
                  ElementsAre(HasSubstr(peer == told ? "\"ack\"" : "\"committed\"")));
    }
  }
  EXPECT_EQ(server.store.memory().documents().at("d").head.revision, 3u);
}

TEST(Gate, WhoOpensBehindSeveralAppendsSeesThemAll) {
  Harness server;
  Peer& ada = server.Join('a');
  Peer& bob = server.Join('b');
  Peer& eve = server.Join('e');
  server.Ask(ada, kOpen);
  server.Ask(bob, kOpen);
  server.store.hold = true;
  server.Ask(ada, Submit(1, 0, R"([{"insert":"x"}])"));
  server.Ask(bob, Submit(1, 0, R"([{"insert":"y"}])"));
  EXPECT_THAT(server.Ask(eve, kOpen), IsEmpty());
  server.store.LetThrough();
  server.Run();
  EXPECT_THAT(eve.Take(), IsEmpty()) << "she would be shown what is not durable";
  server.store.LetThrough();
  server.Run();
  EXPECT_THAT(eve.Take(), ElementsAre(HasSubstr("\"revision\":2")));
}

TEST(Gate, IfAnAppendFailsThoseBehindItAreNotTold) {
  Harness server;
  Peer& ada = server.Join('a');
  Peer& bob = server.Join('b');
  server.Ask(ada, kOpen);
  server.Ask(bob, kOpen);
  ada.Take();
  server.store.hold = true;
  server.Ask(ada, Submit(1, 0, R"([{"insert":"x"}])"));
  server.Ask(bob, Submit(1, 0, R"([{"insert":"y"}])"));
  server.store.Fail({.outcome = storage::AppendOutcome::kUnknown}, /*written=*/true);
  server.store.LetThrough();
  server.Run();
  EXPECT_THAT(ada.Take(), ElementsAre(HasSubstr("\"unavailable\"")));
  EXPECT_THAT(bob.Take(), ElementsAre(HasSubstr("\"unavailable\"")));
}

TEST(Gate, ARejectionDoesNotOvertake) {
  Harness server;
  Peer& ada = server.Join('a');
  Peer& bob = server.Join('b');
  server.Ask(ada, kOpen);
  server.Ask(bob, kOpen);
  ada.Take();
  server.store.hold = true;
  server.Ask(ada, Submit(1, 0, R"([{"insert":"x"}])"));
  EXPECT_THAT(server.Ask(bob, Submit(1, 0, R"([{"delete":9}])")), IsEmpty());
  server.store.LetThrough();
  server.Run();
  EXPECT_THAT(bob.Take(), ElementsAre(HasSubstr("\"committed\""), HasSubstr("\"rejected\"")));
}

struct Failure {
  const char* why;
  storage::AppendResult result;
  bool written;
  const char* code;
};

TEST(Gate, AFailedAppendIsNeverAckedNorRejected) {
  using storage::AppendOutcome;
  const Failure table[] = {
      {"unknown, written", {.outcome = AppendOutcome::kUnknown}, true, "unavailable"},
      {"unknown, not written", {.outcome = AppendOutcome::kUnknown}, false, "unavailable"},
      {"conflict", {.outcome = AppendOutcome::kConflict}, false, "unavailable"},
      {"disk full",
       {.outcome = AppendOutcome::kUnavailable, .disk_full = true},
       false,
       "storage_full"},
  };
  for (const Failure& row : table) {
    SCOPED_TRACE(row.why);
    Harness server;
    Peer& ada = server.Join('a');
    Peer& bob = server.Join('b');
    server.Ask(ada, kOpen);
    server.Ask(bob, kOpen);
    const std::string known = Known(server, 0);
    ada.Take();
    bob.Take();
    server.store.hold = true;
    server.Ask(ada, Submit(1, 0, R"([{"insert":"x"}])"));
    server.Ask(bob, Submit(1, 0, R"([{"insert":"y"}])"));
    server.store.Fail(row.result, row.written);
    server.Run();
    for (Peer* peer : {&ada, &bob}) {
      EXPECT_THAT(peer->Take(),
                  ElementsAre(AllOf(HasSubstr("\"closed\""), HasSubstr(row.code),
                                    HasSubstr("\"retry\":true"), HasSubstr("afterMs"))));
    }
    // The fate comes on reopening, from the disk.
    server.store.hold = false;
    const std::vector<std::string> fate =
        server.Ask(ada, Reopen(absl::StrCat(known, R"(,"inFlight":1)")));
    ASSERT_THAT(fate, SizeIs(1));
    EXPECT_THAT(fate[0], HasSubstr(row.written ? R"("committed":true,"revision":1)"
                                               : R"("committed":false)"));
  }
}

// ---- resume ----

TEST(Resume, GivesTheCommitsMissedTheOwnAmongThem) {
  Harness server;
  Peer& ada = server.Join('a');
  Peer& bob = server.Join('b');
  server.Ask(ada, kOpen);
  server.Ask(bob, kOpen);
  server.Ask(bob, Submit(1, 0, R"([{"insert":"b"}])"));
  server.Ask(ada, Submit(1, 1, R"([{"insert":"a"}])"));
  server.Ask(bob, Submit(2, 2, R"([{"insert":"c"}])"));
  ada.session->OnDisconnected();
  server.Run();
  Peer& again = server.Join('a', 2);
  const std::vector<std::string> got =
      server.Ask(again, Reopen(absl::StrCat(Known(server, 0), R"(,"inFlight":1)")));
  ASSERT_THAT(got, SizeIs(1));
  EXPECT_THAT(got[0], AllOf(Not(HasSubstr("snapshot")), HasSubstr("\"lastSequence\":1"),
                            HasSubstr(R"("revision":1,)"), HasSubstr(R"("revision":2,)"),
                            HasSubstr(R"("revision":3,)")));
}

TEST(Resume, ReadsWhatMemoryForgot) {
  Limits limits;
  limits.history_in_memory = 2;
  Harness server(limits);
  Peer& ada = server.Join('a');
  server.Ask(ada, kOpen);
  for (int i = 1; i <= 20; ++i) server.Ask(ada, Submit(i, i - 1, R"([{"insert":"x"}])"));
  for (int known : {0, 1, 5, 17, 19, 20}) {
    SCOPED_TRACE(known);
    Peer& bob = server.Join('b', 1);
    const std::vector<std::string> got = server.Ask(bob, Reopen(Known(server, known)));
    ASSERT_THAT(got, SizeIs(1));
    EXPECT_THAT(got[0], Not(HasSubstr("snapshot")));
    int commits = 0;
    for (size_t at = 0; (at = got[0].find("\"delta\":", at)) != std::string::npos; ++at) {
      ++commits;
    }
    EXPECT_EQ(commits, 20 - known);
  }
  // An operation on an old base, too.
  Peer& eve = server.Join('c');
  server.Ask(eve, kOpen);
  EXPECT_THAT(server.Ask(eve, Submit(1, 3, R"([{"retain":3},{"insert":"y"}])")),
              ElementsAre(AllOf(HasSubstr("\"ack\""), HasSubstr("\"revision\":21"))));
}

TEST(Resume, ComposesALongGapButNeverOwnCommits) {
  Limits limits;
  limits.submits_per_second = 0;
  Harness server(limits);
  Peer& ada = server.Join('a');
  Peer& bob = server.Join('b');
  server.Ask(ada, kOpen);
  server.Ask(bob, kOpen);
  server.Ask(ada, Submit(1, 0, R"([{"insert":"a"}])"));
  for (int i = 1; i <= 400; ++i) server.Ask(bob, Submit(i, i, R"([{"insert":"x"}])"));
  server.Ask(ada, R"({"leave":{"channel":1}})");
  const std::vector<std::string> got =
      server.Ask(ada, Reopen(absl::StrCat(Known(server, 0), R"(,"composed":true)")));
  ASSERT_THAT(got, SizeIs(1));
  EXPECT_THAT(got[0], AllOf(HasSubstr(R"("commits":[{"revision":1,)"),
                            HasSubstr(absl::StrCat(R"("composed":{"ops":[{"insert":")",
                                                   std::string(400, 'x'), "\"}]}"))));
}

TEST(Resume, AnotherHistoryIsNoticed) {
  Harness server;
  Peer& ada = server.Join('a');
  server.Ask(ada, kOpen);
  server.Ask(ada, Submit(1, 0, R"([{"insert":"a"}])"));
  Peer& bob = server.Join('b');
  const std::string epoch = server.store.memory().documents().at("d").epoch;
  // The same epoch, but not this log: at the head, before it, ahead of it.
  for (const char* known :
       {R"("revision":1,"digest":"12345678")", R"("revision":0,"digest":"12345678")",
        R"("revision":2,"digest":"12345678")"}) {
    SCOPED_TRACE(known);
    EXPECT_THAT(
        server.Ask(bob, Reopen(absl::StrCat(R"("known":{"epoch":")", epoch, "\",", known, "}"))),
        ElementsAre(AllOf(HasSubstr("\"refused\""), HasSubstr("\"resync\""))));
  }
  const std::vector<std::string> got =
      server.Ask(bob, Reopen(R"("known":{"epoch":"e-other","revision":1,"digest":"00000000"})"));
  ASSERT_THAT(got, SizeIs(1));
  EXPECT_THAT(got[0], AllOf(HasSubstr("\"snapshot\""), Not(HasSubstr("\"commits\""))));
}

TEST(Resume, TooFarBackGetsASnapshotIfItIsOfThisHistory) {
  Limits limits;
  limits.history_in_memory = 1;
  limits.catch_up_revisions = 5;
  Harness server(limits);
  Peer& ada = server.Join('a');
  server.Ask(ada, kOpen);
  for (int i = 1; i <= 10; ++i) server.Ask(ada, Submit(i, i - 1, R"([{"insert":"x"}])"));
  const std::string other =
      absl::StrCat(R"("known":{"epoch":")", server.store.memory().documents().at("d").epoch,
                   R"(","revision":4,"digest":"12345678"})");
  EXPECT_THAT(server.Ask(server.Join('b'), Reopen(other)), ElementsAre(HasSubstr("resync")));
  EXPECT_THAT(server.Ask(server.Join('c'), Reopen(Known(server, 4))),
              ElementsAre(AllOf(HasSubstr("\"snapshot\""), Not(HasSubstr("\"commits\"")))));
  EXPECT_THAT(server.Ask(server.Join('d'), Reopen(Known(server, 5))),
              ElementsAre(AllOf(HasSubstr("\"commits\""), Not(HasSubstr("\"snapshot\"")))));
  EXPECT_THAT(
      server.Ask(server.Join('e'), Reopen(absl::StrCat(Known(server, 0), R"(,"composed":true)"))),
      ElementsAre(HasSubstr("\"commits\"")));
}

// ---- the fence ----

TEST(Fence, ASecondSessionOfAClientReplacesTheFirst) {
  Harness server;
  Peer& first = server.Join('a', 1);
  server.Ask(first, kOpen);
  first.Take();
  Peer& second = server.Join('a', 2);
  EXPECT_THAT(server.Ask(second, kOpen), ElementsAre(HasSubstr("\"opened\"")));
  EXPECT_THAT(first.Take(), ElementsAre(AllOf(HasSubstr("\"closed\""), HasSubstr("replaced"),
                                              HasSubstr("\"retry\":false"))));
  // What the first still sends is nobody's.
  EXPECT_THAT(server.Ask(first, Submit(1, 0, R"([{"insert":"x"}])")), IsEmpty());
  EXPECT_EQ(server.store.memory().documents().at("d").head.revision, 0u);
}

TEST(Fence, ALateOpenOfAnAbandonedConnectionDoesNotReplace) {
  Harness server;
  Peer& second = server.Join('a', 2);
  server.Ask(second, kOpen);
  Peer& late = server.Join('a', 1);
  EXPECT_THAT(server.Ask(late, kOpen),
              ElementsAre(AllOf(HasSubstr("\"refused\""), HasSubstr("replaced"))));
  EXPECT_THAT(server.Ask(second, Submit(1, 0, R"([{"insert":"x"}])")),
              ElementsAre(HasSubstr("\"ack\"")));
}

TEST(Fence, DiscardsWhatIsStillOnItsWayFromTheFormerSession) {
  Harness server;
  Peer& first = server.Join('a', 1);
  server.Ask(first, kOpen);
  Peer& second = server.Join('a', 2);
  // In this order, before anything runs: the open, then a submit of the former session.
  second.Say(Reopen(absl::StrCat(Known(server, 0), R"(,"inFlight":1)")));
  first.Say(Submit(1, 0, R"([{"insert":"x"}])"));
  second.Take();
  server.Run();
  const std::vector<std::string> got = second.Take();
  ASSERT_THAT(got, SizeIs(1));
  EXPECT_THAT(got[0], HasSubstr(R"("inFlight":{"sequence":1,"committed":false})"));
  EXPECT_EQ(server.store.memory().documents().at("d").head.revision, 0u) << "never means never";
}

TEST(Fence, AResendIsAckedAsTheOriginal) {
  Harness server;
  Peer& ada = server.Join('a', 1);
  server.Ask(ada, kOpen);
  server.Ask(ada, Submit(1, 0, R"([{"insert":"x"}])"));
  Peer& again = server.Join('a', 2);
  server.Ask(again, kOpen);
  EXPECT_THAT(server.Ask(again, Submit(1, 0, R"([{"insert":"x"}])")),
              ElementsAre(AllOf(HasSubstr("\"ack\""), HasSubstr("\"revision\":1"))));
  EXPECT_EQ(server.store.memory().documents().at("d").head.revision, 1u);
  EXPECT_THAT(server.Ask(again, Submit(1, 0, R"([{"insert":"z"}])")),
              ElementsAre(HasSubstr("sequence_conflict")));
}

// ---- presence and signals ----

TEST(Presence, MovesWithTheTextToTheRevisionItIsStampedWith) {
  Harness server;
  Peer& ada = server.Join('a');
  Peer& bob = server.Join('b');
  server.Ask(ada, kOpen);
  server.Ask(bob, kOpen);
  server.Ask(ada, Submit(1, 0, R"([{"insert":"hello"}])"));
  bob.Take();
  // Bob's caret behind "he", named at revision 1; Ada has put two letters in front meanwhile.
  server.Ask(ada, Submit(2, 1, R"([{"insert":"--"}])"));
  server.Ask(bob, R"({"presence":{"channel":1,"revision":1,"ranges":[{"anchor":2,"head":2}]}})");
  EXPECT_THAT(ada.Take(), ElementsAre(AllOf(HasSubstr("\"presence\""), HasSubstr("\"revision\":2"),
                                            HasSubstr(R"("ranges":[{"anchor":4,"head":4}])"))));
  // A joiner sees it too, where it is by then.
  server.Ask(ada, Submit(3, 2, R"([{"insert":"!"}])"));
  Peer& eve = server.Join('c');
  const std::vector<std::string> got = server.Ask(eve, kOpen);
  ASSERT_THAT(got, SizeIs(1));
  EXPECT_THAT(got[0], HasSubstr(R"("revision":3,"ranges":[{"anchor":5,"head":5}])"));
}

TEST(Presence, AfterAnOwnOperationWaitsForTheGate) {
  Harness server;
  Peer& ada = server.Join('a');
  Peer& bob = server.Join('b');
  server.Ask(ada, kOpen);
  server.Ask(bob, kOpen);
  ada.Take();
  server.store.hold = true;
  server.Ask(ada, Submit(1, 0, R"([{"insert":"AA"}])"));
  server.Ask(bob, Submit(1, 0, R"([{"insert":"bbb"}])"));
  server.Ask(
      bob, R"({"presence":{"channel":1,"revision":0,"after":1,"ranges":[{"anchor":3,"head":3}]}})");
  ada.Take();
  server.store.LetThrough();
  server.Run();
  EXPECT_THAT(ada.Take(), ElementsAre(HasSubstr("\"ack\"")));
  server.store.LetThrough();
  server.Run();
  // Ada's two letters stand left: "AAbbb", the caret behind it.
  EXPECT_THAT(ada.Take(), ElementsAre(HasSubstr("\"committed\""),
                                      HasSubstr(R"("ranges":[{"anchor":5,"head":5}])")));
}

TEST(Presence, IsCoalescedToItsRate) {
  Limits limits;
  limits.presence_per_second = 10;
  Harness server(limits);
  Peer& ada = server.Join('a');
  Peer& bob = server.Join('b');
  server.Ask(ada, kOpen);
  server.Ask(bob, kOpen);
  ada.Take();
  for (int i = 0; i < 5; ++i) {
    server.Ask(bob, absl::StrCat(R"({"presence":{"channel":1,"revision":0,"ranges":[],"state":)", i,
                                 "}}"));
  }
  EXPECT_THAT(ada.Take(), ElementsAre(HasSubstr("\"state\":0")));
  server.Advance(absl::Milliseconds(100));
  EXPECT_THAT(ada.Take(), ElementsAre(HasSubstr("\"state\":4")));
  server.Advance(absl::Seconds(1));
  EXPECT_THAT(ada.Take(), IsEmpty());
}

TEST(Presence, PastTheEndIsBroughtBackToTheEnd) {
  Harness server;
  Peer& ada = server.Join('a');
  Peer& bob = server.Join('b');
  server.Ask(ada, kOpen);
  server.Ask(bob, kOpen);
  ada.Take();
  server.Ask(
      bob,
      R"({"presence":{"channel":1,"revision":0,"ranges":[{"anchor":9007199254740991,"head":7}]}})");
  EXPECT_THAT(ada.Take(), ElementsAre(HasSubstr(R"("ranges":[{"anchor":0,"head":0}])")));
}

TEST(Room, SignalsAndMembers) {
  Harness server;
  Peer& ada = server.Join('a');
  server.Ask(ada, kOpen);
  Peer& bob = server.Join('b');
  server.Ask(bob, kOpen);
  EXPECT_THAT(ada.Take(),
              ElementsAre(AllOf(HasSubstr("\"joined\""), HasSubstr("\"name\":\"Nb\""))));
  server.Ask(bob, R"({"signal":{"channel":1,"topic":"chat","payload":{"text":"hi"}}})");
  EXPECT_THAT(ada.Take(), ElementsAre(AllOf(HasSubstr("\"signal\""), HasSubstr("\"author\":2"),
                                            HasSubstr(R"({"text":"hi"})"))));
  EXPECT_THAT(bob.Take(), IsEmpty());
  bob.session->OnDisconnected();
  server.Run();
  EXPECT_THAT(ada.Take(), ElementsAre(HasSubstr("\"left\"")));
}

// ---- life and death of an actor ----

TEST(Actor, UnloadsWhenIdleAndLoadsAgain) {
  Limits limits;
  limits.document_idle_seconds = 30;
  Harness server(limits);
  Peer& ada = server.Join('a');
  server.Ask(ada, kOpen);
  server.Ask(ada, Submit(1, 0, R"([{"insert":"x"}])"));
  server.Advance(absl::Minutes(10));
  EXPECT_EQ(server.hub->open_documents(), 1u) << "not while someone is there";
  server.Ask(ada, R"({"leave":{"channel":1}})");
  server.Advance(absl::Seconds(20));
  EXPECT_EQ(server.hub->open_documents(), 1u);
  server.Advance(absl::Seconds(50));
  EXPECT_EQ(server.hub->open_documents(), 0u);
  EXPECT_THAT(server.Ask(ada, kOpen),
              ElementsAre(AllOf(HasSubstr("\"channel\":2"), HasSubstr("\"revision\":1"),
                                HasSubstr(R"("snapshot":{"ops":[{"insert":"x"}]})"))));
}

TEST(Actor, DoesNotUnloadBeforeWhatItAcceptedIsDurable) {
  Limits limits;
  limits.document_idle_seconds = 1;
  Harness server(limits);
  Peer& ada = server.Join('a');
  server.Ask(ada, kOpen);
  server.store.hold = true;
  server.Ask(ada, Submit(1, 0, R"([{"insert":"x"}])"));
  ada.session->OnDisconnected();
  server.Advance(absl::Minutes(1));
  EXPECT_EQ(server.hub->open_documents(), 1u);
  server.store.LetThrough();
  server.Advance(absl::Minutes(1));
  EXPECT_EQ(server.hub->open_documents(), 0u);
}

TEST(Actor, AFailedLoadIsNeverAnEmptyDocument) {
  struct Row {
    absl::Status error;
    const char* retry;
  };
  for (const Row& row : {Row{absl::DataLossError("checksum"), "\"retry\":false"},
                         Row{absl::UnavailableError("busy"), "\"retry\":true"}}) {
    Harness server;
    server.store.load_error = row.error;
    Peer& ada = server.Join('a');
    EXPECT_THAT(server.Ask(ada, kOpen),
                ElementsAre(AllOf(HasSubstr("\"refused\""), HasSubstr("unavailable"),
                                  HasSubstr(row.retry))));
    EXPECT_EQ(server.hub->open_documents(), 0u);
    server.store.load_error = absl::OkStatus();
    EXPECT_THAT(server.Ask(ada, kOpen), ElementsAre(HasSubstr("\"opened\"")));
  }
}

TEST(Actor, ShutdownWaitsForTheDisk) {
  Harness server;
  Peer& ada = server.Join('a');
  server.Ask(ada, kOpen);
  server.store.hold = true;
  server.Ask(ada, Submit(1, 0, R"([{"insert":"x"}])"));
  bool done = false;
  server.hub->Shutdown([&] { done = true; });
  server.Run();
  EXPECT_FALSE(done);
  server.store.LetThrough();
  server.Run();
  EXPECT_TRUE(done);
  EXPECT_THAT(ada.Take(), ElementsAre(HasSubstr("\"ack\"")));
  Peer& bob = server.Join('b');
  EXPECT_THAT(server.Ask(bob, kOpen),
              ElementsAre(AllOf(HasSubstr("\"refused\""), HasSubstr("\"retry\":true"))));
}

TEST(Actor, RoomsAreBounded) {
  Limits limits;
  limits.members_per_document = 2;
  Harness server(limits);
  server.Ask(server.Join('a'), kOpen);
  server.Ask(server.Join('b'), kOpen);
  EXPECT_THAT(server.Ask(server.Join('c'), kOpen),
              ElementsAre(AllOf(HasSubstr("\"refused\""), HasSubstr("2 members"))));
  EXPECT_THAT(server.Ask(server.Join('b', 2), kOpen), ElementsAre(HasSubstr("\"opened\"")))
      << "a client that comes back takes its own place";
}

}  // namespace
}  // namespace coedit::server
