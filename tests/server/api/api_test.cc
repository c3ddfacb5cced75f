// Every call of the API over a store in memory: what it answers, what it refuses, and that an edit
// over HTTP is like any other.
#include "server/api/api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "proto/json_tree.h"
#include "server/api/openapi.h"
#include "tests/server/api/api_harness.h"

namespace coedit::server::api {
namespace {

using ::testing::AllOf;
using testing::Answer;
using testing::ApiHarness;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kDocuments[] = "/v1/documents";
constexpr char kOpenSocket[] = R"({"open":{"request":1,"document":"d","create":"plain-text"}})";

// A plain document "d" that holds `content`.
void MakeDocument(ApiHarness& server, absl::string_view content) {
  const Answer made =
      server.Ask("POST", kDocuments,
                 absl::StrCat(R"({"id":"d","type":"plain-text","content":")", content, "\"}"));
  ASSERT_EQ(made.status, 201) << made.body;
}

// ---- what every request has to have ----

TEST(ApiRoutes, UnknownPathsAndMethods) {
  ApiHarness server;
  struct Row {
    const char* method;
    const char* path;
    int status;
    const char* allow;
  };
  for (const Row& row :
       {Row{"GET", "/v1/", 404, ""}, Row{"GET", "/v1/nothing", 404, ""},
        Row{"GET", "/v1/documents/", 404, ""}, Row{"GET", "/v1/documents/../x", 404, ""},
        Row{"GET", "/v1/documents/-x", 404, ""}, Row{"GET", "/v1/documents/a b", 404, ""},
        Row{"GET", "/v1/documents/d/versions/01", 404, ""},
        Row{"DELETE", "/v1/documents/d/versions/0", 404, ""},
        Row{"DELETE", "/v1/documents/d/versions/99999999999999999999", 404, ""},
        Row{"PUT", "/v1/documents/d", 405, "GET, HEAD, PATCH, DELETE, OPTIONS"},
        Row{"DELETE", kDocuments, 405, "GET, HEAD, POST, OPTIONS"},
        Row{"GET", "/v1/documents/d/restore", 405, "POST, OPTIONS"},
        Row{"OPTIONS", "/v1/documents/d/copy", 204, "POST, OPTIONS"}}) {
    const Answer answer = server.Ask(row.method, row.path);
    EXPECT_EQ(answer.status, row.status) << row.method << " " << row.path << answer.body;
    EXPECT_EQ(answer.Field("Allow"), row.allow);
    if (row.status != 204) {
      EXPECT_THAT(answer.body, HasSubstr(R"("code":"bad_message")"));
    }
  }
}

TEST(ApiRoutes, BodiesAreJsonAndSmallEnough) {
  ApiHarness server;
  Request request = ApiHarness::Make("POST", kDocuments, "{}");
  request.content_type = "text/plain";
  auto answer = server.Begin(request);
  EXPECT_EQ(answer->status, 415);
  request.content_type = "application/json; charset=utf-8";
  answer = server.Begin(request);
  server.Run();
  EXPECT_EQ(answer->status, 201);
  request.body = std::string(Limits().message_bytes + 1, ' ');
  answer = server.Begin(request);
  EXPECT_EQ(answer->status, 413);
  EXPECT_EQ(server.Ask("GET", kDocuments, "{}").status, 400);
  EXPECT_EQ(server.Ask("DELETE", "/v1/documents/d", "{}").status, 400);
}

TEST(ApiRoutes, WhatIsWrongIsNamed) {
  ApiHarness server;
  MakeDocument(server, "x");
  const std::string id = std::string(32, 'a');
  struct Row {
    const char* method;
    std::string target;
    std::string body;
    int status;
    const char* names;
  };
  for (
      const Row& row : {
          Row{"GET", "/v1/documents?colour=red", "", 400, "colour"},
          Row{"GET", "/v1/documents?limit=501", "", 400, "limit"},
          Row{"GET", "/v1/documents?limit=-1", "", 400, "limit"},
          Row{"GET", "/v1/documents?limit=+1", "", 400, "limit"},
          Row{"GET", "/v1/documents?limit=5&limit=6", "", 400, "twice"},
          Row{"GET", "/v1/documents?search=%ff", "", 400, "escape"},
          Row{"GET", "/v1/documents?search=%f", "", 400, "escape"},
          Row{"GET", "/v1/documents/d?revision=1&at=1", "", 400, "at"},
          Row{"GET", "/v1/documents/d?revision=1", "", 400, "1"},
          Row{"GET", "/v1/documents/d?format=pdf", "", 400, "pdf"},
          Row{"GET", "/v1/documents/d/operations?after=1", "", 400, "ahead"},
          Row{"GET", "/v1/documents/d/diff", "", 400, "from"},
          Row{"GET", "/v1/documents/d/blame?revision=7", "", 400, "ahead"},
          Row{"GET", "/v1/documents/d/timeline?points=0", "", 400, "points"},
          Row{"GET", "/v1/documents/d/members?x=1", "", 400, "x"},
          Row{"POST", kDocuments, "", 415, "application/json"},
          Row{"POST", kDocuments, "[]", 400, "object"},
          Row{"POST", kDocuments, "{", 400, "byte"},
          Row{"POST", kDocuments, R"({"id":"a","id":"b"})", 400, "id"},
          Row{"POST", kDocuments, R"({"id":7})", 400, "id"},
          Row{"POST", kDocuments, R"({"id":"-"})", 400, "id"},
          Row{"POST", kDocuments, R"({"kind":"x"})", 400, "kind"},
          Row{"POST", kDocuments, R"({"type":"table"})", 400, "table"},
          Row{"POST", kDocuments, "{\"title\":\"a\\nb\"}", 400, "control"},
          Row{"POST", kDocuments, "{\"title\":\"a\xc2\x85\"}", 400, "control"},
          Row{"POST", kDocuments, absl::StrCat(R"({"title":")", std::string(257, 'x'), "\"}"), 400,
              "257"},
          Row{"POST", kDocuments, "{\"title\":\"\xff\"}", 400, "no JSON"},
          Row{"POST", kDocuments, R"({"content":{"ops":[{"delete":1}]}})", 422, "inserts"},
          Row{"POST", kDocuments, R"({"content":{"ops":[{"insert":"a\rb"}]}})", 422, "U+000D"},
          Row{"POST", kDocuments,
              R"({"type":"plain-text","content":{"ops":[{"insert":"a","attributes":{"bold":true}}]}})",
              422, "plain-text"},
          Row{"POST", kDocuments, R"({"id":"d"})", 409, "already_exists"},
          Row{"PATCH", "/v1/documents/d", "{}", 400, "title"},
          Row{"PATCH", "/v1/documents/none", R"({"title":"x"})", 404, "none"},
          Row{"GET", "/v1/documents/none", "", 404, "none"},
          Row{"GET", "/v1/documents/none/members", "", 404, "none"},
          Row{"GET", "/v1/documents/none/blame", "", 404, "none"},
          Row{"GET", "/v1/documents/none/timeline", "", 404, "none"},
          Row{"DELETE", "/v1/documents/none", "", 404, "none"},
          Row{"DELETE", "/v1/documents/d/versions/3", "", 404, "version 3"},
          Row{"POST", "/v1/documents/none/copy", "{}", 404, "none"},
          Row{"POST", "/v1/documents/d/versions", "{}", 400, "name"},
          Row{"POST", "/v1/documents/d/versions", R"({"name":""})", 400, "name"},
          Row{"POST", "/v1/documents/d/versions", R"({"name":"x","revision":9})", 400, "9"},
          Row{"POST", "/v1/documents/d/restore",
              absl::StrCat(R"({"clientId":")", id, R"(","sequence":1,"revision":9})"), 400, "9"},
          Row{"POST", "/v1/documents/d/restore", R"({"clientId":"me","sequence":1,"revision":0})",
              400, "clientId"},
          Row{"POST", "/v1/documents/none/operations",
              absl::StrCat(R"({"clientId":")", id,
                           R"(","sequence":1,"revision":0,"delta":{"ops":[{"insert":"a"}]}})"),
              404, "none"},
          Row{"POST", "/v1/documents/d/operations",
              absl::StrCat(R"({"clientId":")", id,
                           R"(","sequence":1,"revision":0,"delta":{"ops":[{"insert":""}]}})"),
              422, "ops[0]"},
          Row{"POST", "/v1/documents/d/operations",
              absl::StrCat(R"({"clientId":")", id,
                           R"(","sequence":0,"revision":0,"delta":{"ops":[{"insert":"a"}]}})"),
              400, "sequence"},
      }) {
    const Answer answer = server.Ask(row.method, row.target, row.body);
    EXPECT_EQ(answer.status, row.status) << row.target << row.body << answer.body;
    EXPECT_THAT(answer.body, AllOf(HasSubstr("\"error\""), HasSubstr(row.names)))
        << row.target << row.body;
    EXPECT_TRUE(proto::JsonTree::Parse(answer.body).ok());
  }
  EXPECT_EQ(server.store.memory().documents().size(), 1u);
}

TEST(ApiRoutes, OneAddressMayNotWriteWithoutBound) {
  Limits limits;
  limits.api_writes_per_second = 1;
  limits.api_writes_burst = 2;
  ApiHarness server(limits);
  EXPECT_EQ(server.Ask("POST", kDocuments, "{}").status, 201);
  EXPECT_EQ(server.Ask("POST", kDocuments, "{}").status, 201);
  const Answer refused = server.Ask("POST", kDocuments, "{}");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.Field("Retry-After"), "1");
  EXPECT_EQ(server.Get(kDocuments).status, 200);
  Request other = ApiHarness::Make("POST", kDocuments, "{}");
  other.client = "192.0.2.2";
  const auto answer = server.Begin(other);
  server.Run();
  EXPECT_EQ(answer->status, 201);
  server.Advance(absl::Seconds(1));
  EXPECT_EQ(server.Ask("POST", kDocuments, "{}").status, 201);
}

// ---- documents ----

TEST(ApiDocuments, AreMadeListedNamedAndDeleted) {
  ApiHarness server;
  const Answer made = server.Ask("POST", kDocuments, R"({"id":"b","title":"Plan"})");
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(made.Field("Location"), "/v1/documents/b");
  EXPECT_THAT(made.body, HasSubstr(R"({"id":"b","type":"rich-text","title":"Plan","revision":0,)"));
  server.Ask("POST", kDocuments, R"({"id":"a","type":"plain-text","content":"hi"})");
  server.Ask("POST", kDocuments, R"({"id":"c","title":null})");
  EXPECT_THAT(server.Get("/v1/documents?limit=2").body,
              AllOf(HasSubstr(R"({"documents":[{"id":"a")"), HasSubstr(R"("next":"b")")));
  EXPECT_THAT(
      server.Get("/v1/documents?after=b").body,
      AllOf(HasSubstr(R"("id":"c")"), Not(HasSubstr(R"("id":"b")")), Not(HasSubstr("next"))));
  EXPECT_THAT(server.Get("/v1/documents?search=pL%61n").body,
              AllOf(HasSubstr(R"("id":"b")"), Not(HasSubstr(R"("id":"a")"))));
  EXPECT_THAT(server.Ask("PATCH", "/v1/documents/b", R"({"title":"<b>"})").body,
              HasSubstr(R"("title":"<b>")"));
  EXPECT_THAT(server.Ask("PATCH", "/v1/documents/b", R"({"title":null})").body,
              HasSubstr(R"("title":null)"));
  const Answer gone = server.Ask("DELETE", "/v1/documents/b");
  EXPECT_EQ(gone.status, 204);
  EXPECT_EQ(gone.body, "");
  EXPECT_EQ(server.Get("/v1/documents/b").status, 404);
}

TEST(ApiDocuments, AnIdOfItsOwnIsLongAndUnlikeTheNext) {
  ApiHarness server;
  const std::string first = server.Ask("POST", kDocuments, "{}").Field("Location");
  const std::string second = server.Ask("POST", kDocuments, "{}").Field("Location");
  EXPECT_EQ(first.size(), std::string("/v1/documents/").size() + 24);
  EXPECT_NE(first, second);
}

TEST(ApiDocuments, ContentBecomesTheTextAtRevisionZero) {
  ApiHarness server;
  struct Row {
    const char* body;
    const char* delta;
  };
  for (const Row& row :
       {Row{R"({"id":"x"})", R"([{"insert":"\n"}])"},
        Row{R"({"id":"x","content":"hi"})", R"([{"insert":"hi\n"}])"},
        Row{R"({"id":"x","content":""})", R"([{"insert":"\n"}])"},
        Row{R"({"id":"x","content":{"ops":[{"insert":"a","attributes":{"bold":true}}]}})",
            R"([{"insert":"a","attributes":{"bold":true}},{"insert":"\n"}])"},
        Row{R"({"id":"x","content":{"ops":[{"insert":{"image":"i"}}]}})",
            R"([{"insert":{"image":"i"}},{"insert":"\n"}])"},
        Row{R"({"id":"x","type":"plain-text"})", "[]"},
        Row{R"({"id":"x","type":"plain-text","content":"hi"})", R"([{"insert":"hi"}])"}}) {
    EXPECT_EQ(server.Ask("POST", kDocuments, row.body).status, 201) << row.body;
    EXPECT_THAT(server.Get("/v1/documents/x").body,
                HasSubstr(absl::StrCat(R"("delta":{"ops":)", row.delta, "}")))
        << row.body;
    server.Ask("DELETE", "/v1/documents/x");
  }
}

TEST(ApiDocuments, ATextThatIsTooLongIsRefused) {
  Limits limits;
  limits.document_units = 1024;
  ApiHarness server(limits);
  const Answer answer = server.Ask("POST", kDocuments,
                                   absl::StrCat(R"({"content":")", std::string(1025, 'x'), "\"}"));
  EXPECT_EQ(answer.status, 413);
  EXPECT_THAT(answer.body, HasSubstr("document_limit"));
}

TEST(ApiDocuments, ComeInTheFormAskedFor) {
  ApiHarness server;
  server.Ask("POST", kDocuments,
             R"({"id":"d","title":"T&C","content":{"ops":[{"insert":"a<b"},)"
             R"({"insert":"c","attributes":{"bold":true}},{"insert":{"image":"x:y"}},)"
             R"({"insert":"\n"}]}})");
  const auto as = [&server](const char* accept) {
    Request request = ApiHarness::Make("GET", "/v1/documents/d", "");
    request.accept = accept;
    const auto answer = server.Begin(request);
    server.Run();
    return *answer;
  };
  EXPECT_EQ(as("text/plain").body, "a<bc\n");
  EXPECT_EQ(as("text/plain").content_type, "text/plain; charset=utf-8");
  EXPECT_EQ(as("text/plain").Field("Coedit-Revision"), "0");
  EXPECT_THAT(as("text/html").body, AllOf(HasSubstr("<title>T&amp;C</title>"),
                                          HasSubstr("<p>a&lt;b<strong>c</strong>[image]</p>")));
  EXPECT_THAT(as("text/html").Field("Content-Security-Policy"), HasSubstr("default-src 'none'"));
  EXPECT_EQ(as("text/markdown").body, "a\\<b**c**\\[image\\]\n");
  EXPECT_THAT(as("*/*").body, HasSubstr("\"delta\""));
  EXPECT_THAT(as("").body, HasSubstr("\"delta\""));
  EXPECT_THAT(as("text/*;q=0.5, application/json;q=0.4").content_type, HasSubstr("text/plain"));
  EXPECT_THAT(as("text/html,application/xhtml+xml,*/*;q=0.8").content_type, HasSubstr("text/html"));
  EXPECT_EQ(as("image/png").status, 406);
  EXPECT_EQ(as("application/json;q=0").status, 406);
  EXPECT_EQ(server.Get("/v1/documents/d?format=text").body, "a<bc\n");
}

TEST(ApiDocuments, AreShownAsTheyWere) {
  ApiHarness server;
  MakeDocument(server, "one");
  server.Advance(absl::Seconds(10));
  EXPECT_EQ(server.Edit('a', 1, 0, R"([{"retain":3},{"insert":" two"}])").status, 200);
  server.Advance(absl::Seconds(10));
  EXPECT_EQ(server.Edit('a', 2, 1, R"([{"delete":4}])").status, 200);
  EXPECT_THAT(server.Get("/v1/documents/d?revision=1").body,
              AllOf(HasSubstr(R"("revision":1)"), HasSubstr(R"("headRevision":2)"),
                    HasSubstr(R"("atMs":1700000010000)"), HasSubstr("one two")));
  EXPECT_THAT(server.Get("/v1/documents/d?revision=0").body,
              AllOf(HasSubstr(R"("atMs":1700000000000)"), HasSubstr("\"one\"")));
  EXPECT_THAT(server.Get("/v1/documents/d").body,
              AllOf(HasSubstr(R"("atMs":1700000020000)"), HasSubstr("\"two\"")));
  EXPECT_EQ(server.Get("/v1/documents/d?at=1700000019999&format=text").body, "one two");
  EXPECT_EQ(server.Get("/v1/documents/d?at=1700000020000&format=text").body, "two");
  EXPECT_EQ(server.Get("/v1/documents/d?at=5&format=text").body, "one");
  EXPECT_EQ(server.Get("/v1/documents/d?at=5&format=text").Field("Coedit-Revision"), "0");
}

TEST(ApiDocuments, ACopyBeginsWithTheText) {
  ApiHarness server;
  MakeDocument(server, "one");
  server.Edit('a', 1, 0, R"([{"insert":"x"}])");
  EXPECT_EQ(server.Ask("POST", "/v1/documents/d/copy", R"({"id":"e","title":"E"})").status, 201);
  EXPECT_EQ(server.Ask("POST", "/v1/documents/d/copy", R"({"id":"f","revision":0})").status, 201);
  EXPECT_THAT(server.Get("/v1/documents/e").body,
              AllOf(HasSubstr(R"("title":"E")"), HasSubstr(R"("revision":0)"),
                    HasSubstr("plain-text"), HasSubstr("xone")));
  EXPECT_EQ(server.Get("/v1/documents/f?format=text").body, "one");
  EXPECT_EQ(server.Ask("POST", "/v1/documents/d/copy", R"({"id":"e"})").status, 409);
}

TEST(ApiDocuments, DeletingSendsMembersAway) {
  ApiHarness server;
  auto& ada = server.Join('a');
  server.Ask(ada, kOpenSocket);
  ada.Take();
  EXPECT_THAT(server.Get("/v1/documents/d/members").body,
              AllOf(HasSubstr(R"("author":1)"), HasSubstr(R"("name":"Na")")));
  EXPECT_EQ(server.Ask("DELETE", "/v1/documents/d").status, 204);
  EXPECT_THAT(ada.Take(), ElementsAre(HasSubstr(R"("code":"no_such_document")")));
  EXPECT_THAT(server.Ask(ada, R"({"open":{"request":2,"document":"d"}})"),
              ElementsAre(HasSubstr("refused")));
  EXPECT_EQ(server.Get("/v1/documents/d").status, 404);
}

// ---- edits ----

TEST(Api, ReachesDocumentsOfOtherShards) {
  ApiHarness server({}, 2);
  const std::string far = server.DocumentOn(1);
  const std::string path = absl::StrCat("/v1/documents/", far);
  auto& peer = server.Join('a');
  const std::string open =
      absl::StrCat(R"({"open":{"request":1,"document":")", far, R"(","create":"rich-text"}})");
  server.Ask(peer, open);
  EXPECT_THAT(server.Get(path + "/members").body, HasSubstr("\"name\":\"Na\""));

  EXPECT_EQ(server.Edit(far, 'b', 1, 0, R"([{"insert":"x"}])").status, 200);
  EXPECT_THAT(peer.Take(), ElementsAre(HasSubstr("\"committed\"")));
  EXPECT_EQ(server.Edit(far, 'a', 1, 1, R"([{"insert":"y"}])").status, 409) << "it is in the room";
  EXPECT_EQ(server.Edit(server.DocumentOn(0), 'b', 1, 0, "[]").status, 404);

  EXPECT_EQ(server.Ask("DELETE", path).status, 204);
  EXPECT_THAT(peer.Take(), ElementsAre(AllOf(HasSubstr("\"closed\""), HasSubstr("deleted"))));
  EXPECT_EQ(server.Get(path + "/members").status, 404);
  EXPECT_EQ(server.shards->open_documents(), 0);
}

TEST(ApiEdits, MembersSeeThem) {
  ApiHarness server;
  auto& bob = server.Join('b');
  server.Ask(bob, kOpenSocket);
  bob.Take();
  const Answer edited = server.Edit('a', 1, 0, R"([{"insert":"hi"}])");
  EXPECT_EQ(edited.status, 200) << edited.body;
  EXPECT_THAT(edited.body,
              AllOf(HasSubstr(R"("revision":1,"digest":")"), HasSubstr("\"author\":2")));
  // Nobody joined and nobody left.
  EXPECT_THAT(bob.Take(), ElementsAre(AllOf(HasSubstr("committed"), HasSubstr("\"author\":2"))));
}

TEST(ApiEdits, AreCarriedOverWhatTheirAuthorHadNotSeen) {
  ApiHarness server;
  MakeDocument(server, "abc");
  server.Edit('a', 1, 0, R"([{"delete":1}])");
  server.Edit('b', 1, 0, R"([{"retain":3},{"insert":"!"}])");
  EXPECT_EQ(server.Get("/v1/documents/d?format=text").body, "bc!");
}

TEST(ApiEdits, AnAnswerWaitsForTheDisk) {
  ApiHarness server;
  MakeDocument(server, "abc");
  server.store.hold = true;
  const auto answer = server.Begin(ApiHarness::Make(
      "POST", "/v1/documents/d/operations",
      absl::StrCat(R"({"clientId":")", std::string(32, 'a'),
                   R"(","sequence":1,"revision":0,"delta":{"ops":[{"insert":"x"}]}})")));
  server.Run();
  EXPECT_EQ(answer->status, 0);
  server.store.LetThrough();
  server.Run();
  EXPECT_EQ(answer->status, 200);
}

TEST(ApiEdits, AResendIsAnsweredAsBefore) {
  ApiHarness server;
  MakeDocument(server, "abc");
  const Answer first = server.Edit('a', 1, 0, R"([{"insert":"x"}])");
  server.Edit('b', 1, 1, R"([{"insert":"y"}])");
  EXPECT_EQ(server.Edit('a', 1, 0, R"([{"insert":"x"}])").body, first.body);
  EXPECT_EQ(server.Edit('a', 1, 0, R"([{"insert":"z"}])").status, 422);
  EXPECT_EQ(server.Edit('a', 2, 2, R"([{"insert":"z"}])").status, 200);
  const Answer stale = server.Edit('a', 1, 0, R"([{"insert":"x"}])");
  EXPECT_EQ(stale.status, 422);
  EXPECT_THAT(stale.body, HasSubstr("stale_sequence"));
  EXPECT_EQ(server.Get("/v1/documents/d?format=text").body, "zyxabc");
}

TEST(ApiEdits, AResendIsAnsweredAsBeforeByAServerStartedAnew) {
  ApiHarness server;
  MakeDocument(server, "abc");
  const Answer edited = server.Edit('a', 1, 0, R"([{"insert":"x"}])");
  server.Edit('b', 1, 1, R"([{"insert":"y"}])");
  const Answer restored = server.Restore('c', 1, 0);
  server.Edit('b', 2, 3, R"([{"insert":"w"}])");
  // The actor goes after its idle time; the next one knows only what is in the store, from a
  // snapshot that leaves the commits out.
  server.Advance(absl::Minutes(2));
  ASSERT_EQ(server.hub->open_documents(), 0u);
  auto documents = server.store.memory().documents();
  auto& document = documents.at("d");
  document.snapshot = {document.head, ot::Text()};
  server.store.memory().ReadRevision(
      "d", document.head.revision, [&](auto snapshot) { document.snapshot.text = snapshot->text; });
  server.store.memory() = storage::MemoryStore(documents);
  EXPECT_EQ(server.Edit('a', 1, 0, R"([{"insert":"x"}])").body, edited.body);
  EXPECT_EQ(server.Restore('c', 1, 0).body, restored.body);
  EXPECT_EQ(server.Get("/v1/documents/d?format=text").body, "wabc");
  EXPECT_EQ(server.store.memory().documents().at("d").log.size(), 4u);
}

TEST(ApiEdits, AClientIdThatIsInTheRoomIsNotSharedWithIt) {
  ApiHarness server;
  auto& ada = server.Join('a');
  server.Ask(ada, kOpenSocket);
  ada.Take();
  const Answer refused = server.Edit('a', 1, 0, R"([{"insert":"x"}])");
  EXPECT_EQ(refused.status, 409);
  EXPECT_THAT(refused.body, HasSubstr("already_open"));
  EXPECT_THAT(ada.Take(), IsEmpty());
}

TEST(ApiEdits, WhoOpensUnderTheSameIdLearnsOfThem) {
  ApiHarness server;
  MakeDocument(server, "abc");
  server.store.hold = true;
  const auto answer = server.Begin(ApiHarness::Make(
      "POST", "/v1/documents/d/operations",
      absl::StrCat(R"({"clientId":")", std::string(32, 'a'),
                   R"(","sequence":4,"revision":0,"delta":{"ops":[{"insert":"x"}]}})")));
  server.Run();
  auto& ada = server.Join('a');
  EXPECT_THAT(server.Ask(ada, R"({"open":{"request":1,"document":"d","inFlight":4}})"), IsEmpty());
  server.store.LetThrough();
  server.Run();
  EXPECT_EQ(answer->status, 200);
  EXPECT_THAT(ada.Take(), ElementsAre(AllOf(HasSubstr(R"("committed":true)"),
                                            HasSubstr(R"("lastSequence":4)"))));
}

TEST(ApiEdits, WhatTheStoreCannotTakeMayBeTriedAgain) {
  ApiHarness server;
  MakeDocument(server, "abc");
  server.store.hold = true;
  const Request request = ApiHarness::Make(
      "POST", "/v1/documents/d/operations",
      absl::StrCat(R"({"clientId":")", std::string(32, 'a'),
                   R"(","sequence":1,"revision":0,"delta":{"ops":[{"insert":"x"}]}})"));
  auto answer = server.Begin(request);
  server.Run();
  // Written, though the store cannot tell.
  server.store.Fail({.outcome = storage::AppendOutcome::kUnknown, .text = "?"}, /*written=*/true);
  server.store.hold = false;
  server.Run();
  EXPECT_EQ(answer->status, 503);
  EXPECT_THAT(answer->body, HasSubstr(R"("retry":true)"));
  answer = server.Begin(request);
  server.Run();
  EXPECT_EQ(answer->status, 200);
  EXPECT_THAT(answer->body, HasSubstr(R"("revision":1)"));
  EXPECT_EQ(server.Get("/v1/documents/d?format=text").body, "xabc");
}

TEST(ApiEdits, ARestoreIsAnOrdinaryEdit) {
  ApiHarness server;
  MakeDocument(server, "one two three");
  server.Edit('a', 1, 0, R"([{"delete":4}])");
  server.Edit('a', 2, 1, R"([{"retain":3},{"insert":"!"}])");
  const Answer restored = server.Restore('b', 1, 0);
  EXPECT_EQ(restored.status, 200) << restored.body;
  EXPECT_THAT(restored.body, HasSubstr(R"("revision":3)"));
  EXPECT_EQ(server.Get("/v1/documents/d?format=text").body, "one two three");
  EXPECT_THAT(server.Get("/v1/documents/d/operations?after=2").body,
              HasSubstr(R"("author":2,"sequence":1)"));
  // Somebody writes on; the resend does not take it away.
  server.Edit('a', 3, 3, R"([{"insert":"zero "}])");
  EXPECT_EQ(server.Restore('b', 1, 0).body, restored.body);
  EXPECT_EQ(server.Restore('b', 1, 1).status, 422);
  EXPECT_EQ(server.Get("/v1/documents/d?format=text").body, "zero one two three");
}

TEST(ApiEdits, AResentRestoreIsKnownThoughNothingIsLeftToDo) {
  ApiHarness server;
  MakeDocument(server, "one");
  server.Edit('a', 1, 0, R"([{"insert":"x"}])");
  const Answer restored = server.Restore('b', 1, 0);
  // Away from the text and back to it.
  server.Edit('a', 2, 2, R"([{"insert":"y"}])");
  server.Edit('a', 3, 3, R"([{"delete":1}])");
  EXPECT_EQ(server.Restore('b', 1, 0).body, restored.body);
  EXPECT_THAT(server.Restore('b', 2, 0).body, HasSubstr(R"("revision":4)"));
}

TEST(ApiEdits, ARestoreOfWhatIsThereChangesNothing) {
  ApiHarness server;
  MakeDocument(server, "one");
  server.Edit('a', 1, 0, R"([{"insert":"x"}])");
  const Answer restored = server.Restore('b', 1, 1);
  EXPECT_EQ(restored.status, 200);
  EXPECT_THAT(restored.body, HasSubstr(R"("revision":1)"));
  EXPECT_THAT(server.Get("/v1/documents/d").body, HasSubstr(R"("headRevision":1)"));
  const Answer at_zero = server.Ask("POST", kDocuments, R"({"id":"e"})");
  EXPECT_EQ(at_zero.status, 201);
}

TEST(ApiEdits, TooMuchToComputeIsRefusedByName) {
  ApiHarness server;
  MakeDocument(server, "one");
  server.Edit('a', 1, 0, R"([{"insert":"x"}])");
  server.compute.full = true;
  for (const char* target : {"/v1/documents/d/diff?from=0", "/v1/documents/d/blame"}) {
    const Answer answer = server.Get(target);
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(answer.Field("Retry-After"), "1");
  }
  EXPECT_EQ(server.Restore('b', 1, 0).status, 503);
  server.compute.full = false;
  EXPECT_EQ(server.Get("/v1/documents/d/blame").status, 200);
}

// ---- history ----

TEST(ApiHistory, OperationsComeInPages) {
  ApiHarness server;
  MakeDocument(server, "");
  for (int at = 0; at < 5; ++at)
    server.Edit(at % 2 == 0 ? 'a' : 'b', at + 1, at, R"([{"insert":"x"}])");
  const std::string first = server.Get("/v1/documents/d/operations?limit=3").body;
  EXPECT_THAT(first, AllOf(HasSubstr(R"([{"revision":1,"author":1,"sequence":1,"atMs":)"),
                           HasSubstr(R"("headRevision":5,"next":3})"),
                           HasSubstr(R"({"author":2,"name":"Nb","color":"#)")));
  const std::string rest = server.Get("/v1/documents/d/operations?after=3").body;
  EXPECT_THAT(rest, AllOf(HasSubstr(R"({"revision":5,"author":1)"), Not(HasSubstr("next"))));
  EXPECT_THAT(server.Get("/v1/documents/d/operations?after=5").body,
              HasSubstr(R"({"operations":[],"authors":[],"headRevision":5})"));
}

TEST(ApiHistory, APageOfLargeOperationsEndsEarly) {
  ApiHarness server;
  MakeDocument(server, "");
  const std::string ops = absl::StrCat(R"([{"insert":")", std::string(20000, 'x'), "\"}]");
  for (int at = 0; at < 150; ++at) ASSERT_EQ(server.Edit('a', at + 1, at, ops).status, 200);
  EXPECT_THAT(server.Get("/v1/documents/d/operations?limit=1000").body,
              HasSubstr(R"("headRevision":150,"next":128})"));
}

TEST(ApiHistory, VersionsAreNamedListedAndForgotten) {
  ApiHarness server;
  MakeDocument(server, "one");
  server.Edit('a', 1, 0, R"([{"insert":"x"}])");
  const Answer draft =
      server.Ask("POST", "/v1/documents/d/versions", R"({"name":"Draft","by":"Ada"})");
  EXPECT_EQ(draft.status, 201);
  EXPECT_THAT(draft.body, HasSubstr(R"({"version":1,"name":"Draft","revision":1,)"));
  server.Ask("POST", "/v1/documents/d/versions", R"({"name":"Begin","revision":0})");
  EXPECT_THAT(server.Get("/v1/documents/d/versions").body,
              HasSubstr(R"({"versions":[{"version":2,"name":"Begin","revision":0,)"));
  EXPECT_EQ(server.Ask("DELETE", "/v1/documents/d/versions/2").status, 204);
  EXPECT_EQ(server.Ask("DELETE", "/v1/documents/d/versions/2").status, 404);
  EXPECT_THAT(server.Get("/v1/documents/d/versions").body, Not(HasSubstr("Begin")));
}

TEST(ApiHistory, ThereAreAtMostAThousandVersions) {
  Limits limits;
  limits.api_writes_per_second = 0;
  ApiHarness server(limits);
  MakeDocument(server, "one");
  for (int at = 0; at < storage::kVersionsMax; ++at) {
    ASSERT_EQ(server.Ask("POST", "/v1/documents/d/versions", R"({"name":"v"})").status, 201);
  }
  const Answer refused = server.Ask("POST", "/v1/documents/d/versions", R"({"name":"v"})");
  EXPECT_EQ(refused.status, 413);
  EXPECT_THAT(refused.body, HasSubstr("document_limit"));
}

TEST(ApiHistory, ATimelineNamesItsAuthors) {
  ApiHarness server;
  MakeDocument(server, "");
  for (int at = 0; at < 10; ++at) server.Edit('a', at + 1, at, R"([{"insert":"x"}])");
  EXPECT_THAT(server.Get("/v1/documents/d/timeline?points=5").body,
              AllOf(HasSubstr(R"("points":[{"revision":2,"atMs":1700000000000,"author":1})"),
                    HasSubstr(R"({"revision":10,)"), HasSubstr(R"("authors":[{"author":1,)")));
}

TEST(ApiHistory, BlameGoesOnFromTheLastOne) {
  ApiHarness server;
  MakeDocument(server, "one");
  server.Edit('a', 1, 0, R"([{"retain":3},{"insert":" two"}])");
  server.Edit('b', 1, 1, R"([{"retain":1},{"insert":"!!"}])");
  const std::string whole = R"("spans":[{"length":1,"author":0,"revision":0,"atMs":1700000000000},)"
                            R"({"length":2,"author":2,"revision":2,"atMs":1700000000000},)"
                            R"({"length":2,"author":0,"revision":0,"atMs":1700000000000},)"
                            R"({"length":4,"author":1,"revision":1,"atMs":1700000000000}])";
  EXPECT_THAT(server.Get("/v1/documents/d/blame?revision=1").body,
              HasSubstr(R"({"length":3,"author":0)"));
  EXPECT_THAT(server.Get("/v1/documents/d/blame").body, HasSubstr(whole));
  EXPECT_THAT(server.Get("/v1/documents/d/blame").body, HasSubstr(whole));
  EXPECT_THAT(server.Get("/v1/documents/d/blame?revision=1").body,
              HasSubstr(R"({"length":3,"author":0)"));
  // Another document of the same id has a blame of its own.
  server.Ask("DELETE", "/v1/documents/d");
  MakeDocument(server, "x");
  server.Edit('a', 1, 0, R"([{"insert":"a"}])");
  server.Edit('a', 2, 1, R"([{"insert":"a"}])");
  EXPECT_THAT(server.Get("/v1/documents/d/blame").body,
              HasSubstr(R"("spans":[{"length":2,"author":1,"revision":2,)"));
}

TEST(ApiHistory, ADiffTellsWhatChanged) {
  ApiHarness server;
  MakeDocument(server, "one two");
  server.Edit('a', 1, 0, R"([{"retain":4},{"insert":"and "}])");
  EXPECT_THAT(server.Get("/v1/documents/d/diff?from=0").body,
              HasSubstr(R"({"from":0,"to":1,"delta":{"ops":[{"retain":4},{"insert":"and "}]},)"
                        R"("before":{"ops":[{"insert":"one two"}]}})"));
  EXPECT_THAT(server.Get("/v1/documents/d/diff?from=1&to=0").body,
              HasSubstr(R"([{"retain":4},{"delete":4}])"));
  EXPECT_THAT(server.Get("/v1/documents/d/diff?from=1&to=1").body,
              HasSubstr(R"("delta":{"ops":[]})"));
}

// ---- the description ----

TEST(ApiDescription, IsServedAndHasEveryRoute) {
  ApiHarness server;
  const Answer answer = server.Get("/v1/openapi.json");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, OpenApiJson());
  const auto tree = proto::JsonTree::Parse(answer.body);
  ASSERT_TRUE(tree.ok()) << tree.status();
  const auto paths = tree->root().Find("paths");
  ASSERT_TRUE(paths.has_value());
  std::set<std::string> codes;
  int calls = 0;
  for (const proto::JsonMember path : paths->members()) {
    for (const proto::JsonMember method : path.value.members()) {
      if (method.key == "parameters") continue;
      ++calls;
      std::string name(path.key);
      if (const size_t at = name.find("{document}"); at != std::string::npos)
        name.replace(at, 10, "d");
      if (const size_t at = name.find("{version}"); at != std::string::npos)
        name.replace(at, 9, "1");
      const Answer tried = server.Ask(absl::AsciiStrToUpper(method.key), name);
      EXPECT_NE(tried.status, 405) << path.key << " " << method.key;
    }
  }
  EXPECT_EQ(calls, 17);
}

TEST(ApiDescription, ErrorsAreThoseOfTheTable) {
  for (const WireErrorInfo& info : AllWireErrors()) {
    const Response response = ErrorResponse(info.code, "x");
    EXPECT_EQ(response.status, info.http_status);
    EXPECT_THAT(*response.body, HasSubstr(absl::StrCat("\"code\":\"", info.name, "\"")));
  }
}

}  // namespace
}  // namespace coedit::server::api
