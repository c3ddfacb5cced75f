// The protocol's states and refusals, message by message, as a client sees them.

#include "server/session.h"

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
using testing::Peer;

constexpr char kOpen[] = R"({"open":{"request":1,"document":"d","create":"rich-text"}})";
constexpr char kType[] =
    R"({"submit":{"channel":1,"sequence":1,"revision":0,"delta":{"ops":[{"insert":"x"}]}}})";

TEST(Session, WelcomesAHello) {
  Harness server;
  Peer& peer = server.Join('a');
  EXPECT_THAT(peer.Take(),
              ElementsAre(AllOf(HasSubstr("welcome"), HasSubstr("\"name\":\"Na\""),
                                HasSubstr("\"messageBytes\":262144"),
                                HasSubstr("\"heartbeatSeconds\":20"), HasSubstr("parts"))));
  EXPECT_TRUE(peer.session->welcomed());
}

TEST(Session, NeverTellsAClientId) {
  Harness server;
  Peer& ada = server.Join('a');
  Peer& bob = server.Join('b');
  server.Ask(ada, kOpen);
  for (const std::string& message : server.Ask(bob, kOpen)) {
    EXPECT_THAT(message, Not(HasSubstr(std::string(8, 'a'))));
    EXPECT_THAT(message, Not(HasSubstr(std::string(8, 'b'))));
  }
}

struct Ending {
  const char* why;
  bool welcomed;
  const char* says;
  const char* code;
  uint16_t close_code;
};

TEST(Session, EndsWithACode) {
  const Ending table[] = {
      {"no JSON", false, "{", "bad_message", 4400},
      {"another message before hello", false, kOpen, "bad_message", 1008},
      {"a bad submit before hello", false,
       R"({"submit":{"channel":1,"sequence":1,"revision":0,"delta":{"ops":[{"delete":0}]}}})",
       "bad_message", 1008},
      {"another version", false,
       R"({"hello":{"protocol":2,"clientId":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","attempt":1,"sdk":"t"}})",
       "version", 4406},
      {"a client id that is none", false,
       R"({"hello":{"protocol":1,"clientId":"AAAA","attempt":1,"sdk":"t"}})", "bad_message", 4400},
      {"hello twice", true,
       R"({"hello":{"protocol":1,"clientId":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","attempt":1,"sdk":"t"}})",
       "bad_message", 4400},
      {"an unknown kind of message", true, R"({"frobnicate":{}})", "bad_message", 4400},
      {"a channel that never was", true, R"({"leave":{"channel":77}})", "bad_message", 4400},
      {"a token, without authentication", true, R"({"authenticate":{"token":"t"}})", "bad_message",
       4400},
  };
  for (const Ending& row : table) {
    SCOPED_TRACE(row.why);
    Harness server;
    Peer& peer = row.welcomed ? server.Join('a') : server.Connect();
    const std::vector<std::string> said = server.Ask(peer, row.says);
    ASSERT_THAT(said, ::testing::SizeIs(1));
    EXPECT_THAT(said[0], HasSubstr(absl::StrCat("{\"error\":{\"code\":\"", row.code, "\"")));
    EXPECT_EQ(peer.close_code, row.close_code);
    EXPECT_THAT(server.Ask(peer, kOpen), IsEmpty()) << "nothing is heard after the end";
  }
}

TEST(Session, WaitsForHelloOnlySoLong) {
  Harness server;
  Peer& peer = server.Connect();
  server.Advance(absl::Seconds(4));
  peer.session->OnTick();
  EXPECT_EQ(peer.close_code, 0);
  server.Advance(absl::Seconds(1));
  peer.session->OnTick();
  EXPECT_EQ(peer.close_code, 1008);
}

TEST(Session, OnlySoManyConnectionsMayBeNobodyYet) {
  Limits limits;
  limits.connections_before_hello = 2;
  Harness server(limits);
  Peer& first = server.Connect();
  server.Connect();
  EXPECT_EQ(server.Connect().close_code, 1013);
  first.session->OnDisconnected();
  EXPECT_EQ(server.Join('a').close_code, 0) << "who left or said hello makes room";
  EXPECT_EQ(server.Connect().close_code, 0);
}

TEST(Session, OneClientHasOnlySoManyConnections) {
  Limits limits;
  limits.connections_per_user = 2;
  Harness server(limits);
  Peer& first = server.Join('a', 1);
  server.Join('a', 2);
  EXPECT_EQ(server.Join('a', 3).close_code, 4429);
  EXPECT_EQ(server.Join('b').close_code, 0);
  first.session->OnDisconnected();
  EXPECT_EQ(server.Join('a', 4).close_code, 0);
}

TEST(Session, AMistakeOfOneIsNoticedByNobodyElse) {
  Harness server;
  Peer& ada = server.Join('a');
  Peer& bob = server.Join('b');
  server.Ask(ada, kOpen);
  server.Ask(bob, kOpen);
  ada.Take();
  server.Ask(bob, "]]]");
  EXPECT_EQ(bob.close_code, 4400);
  EXPECT_THAT(ada.Take(), ElementsAre(HasSubstr("\"left\""))) << "only that he is gone";
  EXPECT_THAT(server.Ask(ada, kType), ElementsAre(HasSubstr("\"ack\"")));
}

// ---- opening ----

TEST(Session, OpensAndCreates) {
  Harness server;
  Peer& peer = server.Join('a');
  EXPECT_THAT(server.Ask(peer, R"({"open":{"request":9,"document":"d"}})"),
              ElementsAre(AllOf(HasSubstr("\"refused\""), HasSubstr("\"request\":9"),
                                HasSubstr("no_such_document"), HasSubstr("\"retry\":false"))));
  EXPECT_THAT(server.Ask(peer, kOpen),
              ElementsAre(AllOf(HasSubstr("\"opened\""), HasSubstr("\"revision\":0"),
                                HasSubstr("\"digest\":\"00000000\""), HasSubstr("\"author\":1"),
                                HasSubstr(R"("snapshot":{"ops":[{"insert":"\n"}]})"))));
}

TEST(Session, RefusesAnOpenAloneAndByItsRequest) {
  struct Row {
    const char* says;
    const char* code;
  };
  const Row table[] = {
      {R"({"open":{"request":2,"document":"d"}})", "already_open"},
      {R"({"open":{"request":2,"document":"e","create":"plain-text"}})", "type_mismatch"},
      {R"({"open":{"request":2,"document":"e","create":"spreadsheet"}})", "type_mismatch"},
      {R"({"open":{"request":2,"document":"f","create":"spreadsheet"}})", "no_such_document"},
  };
  for (const Row& row : table) {
    SCOPED_TRACE(row.says);
    Harness server;
    Peer& other = server.Join('b');
    server.Ask(other, R"({"open":{"request":1,"document":"e","create":"rich-text"}})");
    Peer& peer = server.Join('a');
    server.Ask(peer, kOpen);
    EXPECT_THAT(server.Ask(peer, row.says),
                ElementsAre(AllOf(HasSubstr("\"refused\""), HasSubstr("\"request\":2"),
                                  HasSubstr(row.code))));
    EXPECT_THAT(server.Ask(peer, absl::StrCat(R"({"ping":{"nonce":5}})")),
                ElementsAre(R"({"pong":{"nonce":5}})"));
  }
}

TEST(Session, CarriesManyDocumentsOnOneConnection) {
  Limits limits;
  limits.documents_per_connection = 2;
  Harness server(limits);
  Peer& peer = server.Join('a');
  EXPECT_THAT(server.Ask(peer, R"({"open":{"request":1,"document":"d","create":"rich-text"}},
                          {"open":{"request":2,"document":"e","create":"plain-text"}})"),
              ElementsAre(HasSubstr("\"channel\":1"), HasSubstr("\"channel\":2")));
  EXPECT_THAT(server.Ask(peer, R"({"open":{"request":3,"document":"f","create":"rich-text"}})"),
              ElementsAre(HasSubstr("\"code\":\"rate\"")));
  EXPECT_THAT(server.Ask(peer, R"({"leave":{"channel":1}})"), IsEmpty());
  EXPECT_THAT(server.Ask(peer, R"({"open":{"request":3,"document":"f","create":"rich-text"}})"),
              ElementsAre(HasSubstr("\"opened\"")));
}

// ---- operations ----

TEST(Session, AcksToTheAuthorAndCommitsToTheOthers) {
  Harness server;
  Peer& ada = server.Join('a');
  Peer& bob = server.Join('b');
  server.Ask(ada, kOpen);
  server.Ask(bob, kOpen);
  bob.Take();
  EXPECT_THAT(server.Ask(ada, kType),
              ElementsAre(AllOf(HasSubstr("\"ack\""), HasSubstr("\"revision\":1"))));
  EXPECT_THAT(bob.Take(), ElementsAre(AllOf(HasSubstr("\"committed\""), HasSubstr("\"author\":1"),
                                            HasSubstr(R"({"ops":[{"insert":"x"}]})"))));
}

TEST(Session, RejectsAnIllegalDeltaAloneAndGoesOn) {
  Harness server;
  Peer& peer = server.Join('a');
  server.Ask(peer, kOpen);
  EXPECT_THAT(
      server.Ask(
          peer,
          R"({"submit":{"channel":1,"sequence":1,"revision":0,"delta":{"ops":[{"delete":-4}]}}})"),
      ElementsAre(AllOf(HasSubstr("\"rejected\""), HasSubstr("\"sequence\":1"),
                        HasSubstr("invalid_operation"), HasSubstr("-4"))));
  EXPECT_THAT(
      server.Ask(
          peer,
          R"({"submit":{"channel":1,"sequence":1,"revision":0,"delta":{"ops":[{"retain":12},{"insert":"x"}]}}})"),
      ElementsAre(AllOf(HasSubstr("\"rejected\""), HasSubstr("12"))));
  EXPECT_THAT(server.Ask(peer, kType), ElementsAre(HasSubstr("\"ack\"")));
}

TEST(Session, OneOperationInFlightPerChannel) {
  Harness server;
  server.store.hold = true;
  Peer& peer = server.Join('a');
  server.Ask(peer, kOpen);
  EXPECT_THAT(server.Ask(peer, kType), IsEmpty());
  EXPECT_THAT(
      server.Ask(
          peer,
          R"({"submit":{"channel":1,"sequence":2,"revision":0,"delta":{"ops":[{"insert":"y"}]}}})"),
      ElementsAre(
          AllOf(HasSubstr("\"rejected\""), HasSubstr("\"sequence\":2"), HasSubstr("\"rate\""))));
  server.store.LetThrough();
  server.Run();
  EXPECT_THAT(peer.Take(), ElementsAre(HasSubstr("\"ack\"")));
}

TEST(Session, HoldsWhoTypesTooFastAndLosesNothing) {
  Limits limits;
  limits.submits_per_second = 2;
  limits.submits_burst = 1;
  Harness server(limits);
  Peer& peer = server.Join('a');
  server.Ask(peer, kOpen);
  EXPECT_THAT(server.Ask(peer, kType), ElementsAre(HasSubstr("\"ack\"")));
  EXPECT_THAT(
      server.Ask(
          peer,
          R"({"submit":{"channel":1,"sequence":2,"revision":1,"delta":{"ops":[{"insert":"y"}]}}},{"ping":{"nonce":1}})"),
      ElementsAre(HasSubstr("pong")))
      << "pings go on";
  server.Advance(absl::Milliseconds(499));
  EXPECT_THAT(peer.Take(), IsEmpty());
  server.Advance(absl::Milliseconds(1));
  EXPECT_THAT(peer.Take(), ElementsAre(HasSubstr("\"ack\"")));
}

TEST(Session, RefusesAFloodOfControlMessages) {
  Limits limits;
  limits.signals_burst = 3;
  Harness server(limits);
  Peer& peer = server.Join('a');
  for (int i = 0; i < 3; ++i) server.Ask(peer, R"({"ping":{"nonce":1}})");
  EXPECT_EQ(peer.close_code, 0);
  EXPECT_THAT(server.Ask(peer, R"({"ping":{"nonce":1}})"), ElementsAre(HasSubstr("\"rate\"")));
  EXPECT_EQ(peer.close_code, 4429);
}

TEST(Session, FinishesWhatWasSentBeforeALeaveWithoutAnAck) {
  Harness server;
  Peer& peer = server.Join('a');
  server.Ask(peer, kOpen);
  EXPECT_THAT(server.Ask(peer, absl::StrCat(kType, R"(,{"leave":{"channel":1}})")), IsEmpty());
  EXPECT_EQ(server.store.memory().documents().at("d").head.revision, 1u);
  EXPECT_THAT(server.Ask(peer, R"({"presence":{"channel":1,"revision":1,"ranges":[]}})"), IsEmpty())
      << "what crosses the end of a channel is ignored";
  EXPECT_EQ(peer.close_code, 0);
}

// ---- slow readers ----

TEST(Session, GivesUpAChannelWhoseReaderIsSlow) {
  Limits limits;
  limits.outbound_bytes = 4096;
  Harness server(limits);
  Peer& ada = server.Join('a');
  Peer& bob = server.Join('b');
  server.Ask(ada, kOpen);
  server.Ask(bob, kOpen);
  bob.Take();
  bob.drains = false;
  const std::string big(1500, 'x');
  std::string last;
  for (int i = 1; i <= 4; ++i) {
    server.Ask(ada, absl::StrCat(R"({"submit":{"channel":1,"sequence":)", i, R"(,"revision":)",
                                 i - 1, R"(,"delta":{"ops":[{"insert":")", big, R"("}]}}})"));
  }
  const std::vector<std::string> seen = bob.Take();
  ASSERT_THAT(seen, ::testing::SizeIs(3));
  EXPECT_THAT(seen[1], HasSubstr("\"revision\":2"));
  EXPECT_THAT(seen[2],
              AllOf(HasSubstr("\"closed\""), HasSubstr("too_slow"), HasSubstr("\"retry\":true")));
  EXPECT_EQ(bob.close_code, 0);
  // It resumes by revision once it reads again.
  bob.drains = true;
  bob.Drain();
  const std::vector<std::string> resumed =
      server.Ask(bob, absl::StrCat(R"({"open":{"request":2,"document":"d","known":{"epoch":")",
                                   server.store.memory().documents().at("d").epoch,
                                   R"(","revision":0,"digest":"00000000"}}})"));
  ASSERT_THAT(resumed, ::testing::SizeIs(1));
  EXPECT_THAT(resumed[0], AllOf(HasSubstr("\"commits\":["), HasSubstr("\"revision\":4")));
}

TEST(Session, KeepsOnlyTheLatestPresenceForASlowReader) {
  Limits limits;
  limits.outbound_bytes = 4096;
  limits.presence_per_second = 0;
  Harness server(limits);
  Peer& ada = server.Join('a');
  Peer& bob = server.Join('b');
  server.Ask(ada, kOpen);
  server.Ask(bob, kOpen);
  bob.Take();
  bob.drains = false;
  for (int i = 0; i < 100; ++i) {
    server.Ask(ada,
               absl::StrCat(R"({"presence":{"channel":1,"revision":0,"ranges":[],"state":{"n":)", i,
                            R"(}}})"));
  }
  EXPECT_LT(bob.Take().size(), 60u);
  bob.drains = true;
  bob.Drain();
  EXPECT_THAT(bob.Take(), ElementsAre(HasSubstr(R"("n":99)")));
}

TEST(Session, SendsALargeSnapshotInPartsAndTheRoomBehindIt) {
  Limits limits;
  limits.part_bytes = 1024;
  Harness server(limits);
  Peer& ada = server.Join('a');
  server.Ask(ada, kOpen);
  server.Ask(ada,
             absl::StrCat(
                 R"({"submit":{"channel":1,"sequence":1,"revision":0,"delta":{"ops":[{"insert":")",
                 std::string(5000, 'x'), R"("}]}}})"));
  Peer& bob = server.Join('b', 1, R"(["parts"])");
  bob.drains = false;
  bob.Take();
  std::vector<std::string> got = server.Ask(bob, kOpen);
  ASSERT_THAT(got, ::testing::SizeIs(2));
  EXPECT_THAT(got[0], AllOf(HasSubstr("\"more\":true"), Not(HasSubstr("snapshot"))));
  EXPECT_THAT(got[1], AllOf(HasSubstr("\"part\""), HasSubstr("\"last\":false")));
  server.Ask(
      ada,
      R"({"submit":{"channel":1,"sequence":2,"revision":1,"delta":{"ops":[{"insert":"y"}]}}})");
  EXPECT_THAT(bob.Take(), IsEmpty()) << "a commit waits behind the snapshot";
  size_t parts = 1;
  while (true) {
    bob.Drain();
    got = bob.Take();
    ASSERT_THAT(got, Not(IsEmpty()));
    ++parts;
    if (got[0].find("\"last\":true") != std::string::npos) break;
    ASSERT_THAT(got, ::testing::SizeIs(1));
  }
  EXPECT_EQ(parts, 5u);
  ASSERT_THAT(got, ::testing::SizeIs(2));
  EXPECT_THAT(got[1], AllOf(HasSubstr("\"committed\""), HasSubstr("\"revision\":2")));
}

// ---- the end ----

TEST(Session, SaysGoodbyeOnShutdown) {
  Harness server;
  Peer& peer = server.Join('a');
  server.Ask(peer, kOpen);
  peer.session->OnShutdown(absl::Milliseconds(1500));
  EXPECT_THAT(peer.Take(),
              ElementsAre(AllOf(HasSubstr("\"goAway\""), HasSubstr("\"afterMs\":1500"))));
  EXPECT_EQ(peer.close_code, 1012);
}

}  // namespace
}  // namespace coedit::server
