// One suite for every store: what store.h promises.
#include "storage/store.h"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "storage/memory_store.h"
#include "storage/sqlite_store.h"
#include "storage/time_track.h"
#include "tests/storage/store_testing.h"

namespace coedit::storage {
namespace {

// A store that can be closed and opened again over what is durable.
class Subject {
 public:
  virtual ~Subject() = default;
  virtual Store* store() = 0;
  virtual void Reopen() = 0;
};

class MemorySubject final : public Subject {
 public:
  Store* store() override { return store_.get(); }
  void Reopen() override {
    store_ = std::make_unique<MemoryStore>(MemoryStore::Documents(store_->documents()));
  }

 private:
  std::unique_ptr<MemoryStore> store_ = std::make_unique<MemoryStore>();
};

class SqliteSubject final : public Subject {
 public:
  explicit SqliteSubject(SqliteStoreOptions options = {}) : options_(std::move(options)) {
    Reopen();
  }
  Store* store() override { return store_.get(); }
  void Reopen() override {
    store_.reset();
    absl::StatusOr<std::unique_ptr<SqliteStore>> opened =
        SqliteStore::Open(directory_.path(), options_);
    ASSERT_TRUE(opened.ok()) << opened.status();
    store_ = *std::move(opened);
  }

 private:
  const SqliteStoreOptions options_;
  TemporaryDirectory directory_;
  std::unique_ptr<SqliteStore> store_;
};

struct Kind {
  std::string name;
  std::function<std::unique_ptr<Subject>()> make;
  int64_t time_tolerance_ms = 0;
  size_t tail_min = 64;  // the longest tail of a small document is not shorter

  friend void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }
};

class StoreTest : public testing::TestWithParam<Kind> {
 protected:
  Store* store() { return subject_->store(); }
  void Reopen() { subject_->Reopen(); }
  // Appends what `scribe` has pending; it must be committed.
  void MustAppend(Scribe* scribe) {
    const AppendResult result = Append(store(), scribe->Take());
    ASSERT_EQ(result.outcome, AppendOutcome::kCommitted) << result.text;
  }
  void ExpectStored(const std::string& document, const Scribe& scribe) {
    const absl::StatusOr<StoredDocument> stored = Load(store(), document);
    ASSERT_TRUE(stored.ok()) << stored.status();
    ExpectSame(*stored, scribe);
  }
  std::string Ids(const std::string& prefix = "", const std::string& after = "",
                  int64_t limit = 1000) {
    const absl::StatusOr<std::vector<DocumentInfo>> infos = List(store(), prefix, after, limit);
    if (!infos.ok()) return infos.status().ToString();
    return absl::StrJoin(*infos, " ",
                         [](std::string* out, const DocumentInfo& info) { out->append(info.id); });
  }

 private:
  std::unique_ptr<Subject> subject_ = GetParam().make();
};

TEST_P(StoreTest, UnknownDocument) {
  EXPECT_TRUE(absl::IsNotFound(Load(store(), "notes").status()));
  EXPECT_TRUE(absl::IsNotFound(ReadCommits(store(), "notes", 1, 1).status()));
  Scribe scribe("notes");
  scribe.Type(1, "a");
  EXPECT_EQ(Append(store(), scribe.Take()).outcome, AppendOutcome::kConflict);
  EXPECT_TRUE(absl::IsNotFound(Load(store(), "notes").status()));
}

TEST_P(StoreTest, CreateAnswersLikeLoad) {
  const absl::StatusOr<StoredDocument> created =
      Create(store(), "notes", ot::DocumentType::kPlainText, "hello");
  ASSERT_TRUE(created.ok()) << created.status();
  for (int round = 0; round < 2; ++round) {
    const absl::StatusOr<StoredDocument> loaded = Load(store(), "notes");
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    for (const StoredDocument* stored : {&*created, &*loaded}) {
      EXPECT_EQ(stored->type, ot::DocumentType::kPlainText);
      EXPECT_EQ(stored->epoch, "epoch of notes");
      EXPECT_EQ(stored->snapshot.head, Head{});
      ExpectSame(*stored, Scribe("notes", "hello"));
    }
    Reopen();
  }
}

TEST_P(StoreTest, CreateTwiceIsRefusedAndChangesNothing) {
  ASSERT_TRUE(Create(store(), "notes", ot::DocumentType::kPlainText, "first").ok());
  EXPECT_TRUE(absl::IsAlreadyExists(Create(store(), "notes").status()));
  ExpectStored("notes", Scribe("notes", "first"));
}

TEST_P(StoreTest, IdsAreComparedByByte) {
  ASSERT_TRUE(Create(store(), "notes", ot::DocumentType::kPlainText, "small").ok());
  ASSERT_TRUE(Create(store(), "Notes", ot::DocumentType::kPlainText, "large").ok());
  ExpectStored("notes", Scribe("notes", "small"));
  ExpectStored("Notes", Scribe("Notes", "large"));
}

TEST_P(StoreTest, AppendsAreThereAfterReopening) {
  ASSERT_TRUE(Create(store(), "notes").ok());
  Scribe scribe("notes");
  scribe.Type(1, "one");
  MustAppend(&scribe);
  scribe.Type(2, "two");
  scribe.Type(1, "three \xF0\x9F\x98\x80");
  scribe.Commit(3, ot::DeltaBuilder().Retain(2, {{"bold", "true"}}).Delete(3).Build());
  scribe.Commit(2, ot::DeltaBuilder().InsertEmbed(R"({"image":"x"})").Build());
  MustAppend(&scribe);
  ExpectStored("notes", scribe);
  Reopen();
  ExpectStored("notes", scribe);
  scribe.Type(1, "four");
  MustAppend(&scribe);
  ExpectStored("notes", scribe);
}

TEST_P(StoreTest, TheEmptyDeltaIsACommitToo) {
  ASSERT_TRUE(Create(store(), "notes").ok());
  Scribe scribe("notes");
  scribe.Commit(1, {});
  scribe.Commit(1, {});
  MustAppend(&scribe);
  ExpectStored("notes", scribe);
}

TEST_P(StoreTest, ConflictOnRevision) {
  ASSERT_TRUE(Create(store(), "notes").ok());
  Scribe scribe("notes");
  Scribe late = scribe;
  scribe.Type(1, "first");
  MustAppend(&scribe);
  late.Type(2, "late");
  const AppendResult result = Append(store(), late.Take());
  EXPECT_EQ(result.outcome, AppendOutcome::kConflict);
  EXPECT_NE(result.text.find("notes"), std::string::npos) << result.text;
  ExpectStored("notes", scribe);
  Reopen();
  ExpectStored("notes", scribe);
}

// Two writers with as many commits each: only the digest tells them apart.
TEST_P(StoreTest, ConflictOnDigest) {
  ASSERT_TRUE(Create(store(), "notes").ok());
  Scribe scribe("notes");
  Scribe other = scribe;
  scribe.Type(1, "this");
  MustAppend(&scribe);
  other.Type(1, "that");
  (void)other.Take();
  other.Type(1, "goes on");
  ASSERT_EQ(other.head().revision, scribe.head().revision + 1);
  EXPECT_EQ(Append(store(), other.Take()).outcome, AppendOutcome::kConflict);
  ExpectStored("notes", scribe);
}

TEST_P(StoreTest, AppendedTwiceConflicts) {
  ASSERT_TRUE(Create(store(), "notes").ok());
  Scribe scribe("notes");
  scribe.Type(1, "once");
  AppendRequest request = scribe.Take();
  AppendRequest again = request;
  EXPECT_EQ(Append(store(), std::move(request)).outcome, AppendOutcome::kCommitted);
  EXPECT_EQ(Append(store(), std::move(again)).outcome, AppendOutcome::kConflict);
  ExpectStored("notes", scribe);
}

// An append may be asked for before the one it continues is answered.
TEST_P(StoreTest, AppendsFollowEachOtherWithoutWaiting) {
  std::map<std::string, Scribe> scribes;
  for (const char* id : {"a", "b", "c"}) {
    ASSERT_TRUE(Create(store(), id).ok());
    scribes.emplace(id, Scribe(id));
  }
  for (int round = 0; round < 4; ++round) {
    std::vector<AppendRequest> requests;
    for (int i = 0; i < 40; ++i) {
      for (auto& [id, scribe] : scribes) {
        // Some authors stay, some are new, one changes its name on the way.
        if (i > 0) scribe.author(1).name = absl::StrCat("Name ", i / 20);
        for (int k = i % 3; k >= 0; --k) scribe.Type(1 + (i + k) % (2 + round), absl::StrCat(i));
        requests.push_back(scribe.Take());
        if (i % 7 != 0) requests.back().text.reset();
      }
    }
    const std::vector<NumberedResult> answers = AppendAll(store(), std::move(requests));
    std::map<size_t, size_t> last;
    for (const NumberedResult& answer : answers) {
      EXPECT_EQ(answer.result.outcome, AppendOutcome::kCommitted) << answer.result.text;
      // Those of one document, in order.
      size_t& before = last[answer.request % 3];
      EXPECT_LE(before, answer.request);
      before = answer.request;
    }
    for (const auto& [id, scribe] : scribes) {
      ExpectStored(id, scribe);
      ExpectRevision(store(), id, scribe, scribe.head().revision / 2);
    }
    Reopen();
  }
}

// What follows an append that was refused is refused as well.
TEST_P(StoreTest, NothingFollowsARefusedAppend) {
  ASSERT_TRUE(Create(store(), "notes").ok());
  ASSERT_TRUE(Create(store(), "plans").ok());
  Scribe scribe("notes");
  Scribe plans("plans");
  scribe.Type(1, "a");
  scribe.Type(2, "b");
  MustAppend(&scribe);

  for (const bool by_author : {false, true}) {
    SCOPED_TRACE(by_author ? "an author that does not fit" : "another head");
    Scribe good = scribe;
    std::vector<AppendRequest> requests;
    good.Type(1, "good");
    requests.push_back(good.Take());
    good.Type(2, "good too");
    requests.push_back(good.Take());
    Scribe bad = good;
    if (by_author) {
      bad.author(2).client_id = ClientId(99);
    } else {
      bad.Type(1, "is nowhere");
      (void)bad.Take();
    }
    for (int i = 0; i < 3; ++i) {
      bad.Type(2, "bad");
      requests.push_back(bad.Take());
    }
    // The head is still that of the last good one.
    good.Type(1, "goes on");
    requests.push_back(good.Take());
    plans.Type(1, "of another document");
    requests.push_back(plans.Take());
    std::vector<AppendOutcome> outcomes(requests.size());
    for (const NumberedResult& answer : AppendAll(store(), std::move(requests))) {
      outcomes[answer.request] = answer.result.outcome;
    }
    constexpr AppendOutcome kYes = AppendOutcome::kCommitted;
    constexpr AppendOutcome kNo = AppendOutcome::kConflict;
    EXPECT_EQ(outcomes, (std::vector<AppendOutcome>{kYes, kYes, kNo, kNo, kNo, kYes, kYes}));
    scribe = good;
    ExpectStored("notes", scribe);
    ExpectStored("plans", plans);
    Reopen();
    ExpectStored("notes", scribe);
  }
}

// Other calls of the document between them see what stands before, and nothing of what comes after.
TEST_P(StoreTest, AppendsAndChangesOfOneDocumentInOrder) {
  ASSERT_TRUE(Create(store(), "notes").ok());
  Scribe scribe("notes");
  std::vector<std::string> answers;
  const auto append = [&] {
    scribe.Type(1, "a");
    store()->Append(scribe.Take(), [&](AppendResult result) {
      answers.push_back(absl::StrCat("append ", static_cast<int>(result.outcome)));
    });
  };
  const auto name = [&](ot::Revision revision) {
    store()->AddVersion("notes", {.revision = revision, .name = "v"},
                        [&](absl::StatusOr<Version> added) {
                          answers.push_back(added.ok() ? "version" : added.status().ToString());
                        });
  };
  append();
  append();
  name(2);
  append();
  store()->SetTitle("notes", "Notes", [&](absl::Status) { answers.push_back("title"); });
  append();
  name(5);
  append();
  store()->Delete("notes", [&](absl::Status) { answers.push_back("deleted"); });
  append();
  Scribe again("notes");
  store()->Create("notes", ot::DocumentType::kRichText, PlainText("\n"), "another", 1,
                  [&](absl::StatusOr<StoredDocument> created) {
                    answers.push_back(created.ok() ? "created" : created.status().ToString());
                  });
  again.Type(1, "anew");
  again.Type(3, "anew");
  ASSERT_EQ(Append(store(), again.Take()).outcome, AppendOutcome::kCommitted);
  ASSERT_EQ(answers.size(), 11);
  EXPECT_TRUE(absl::StrContains(answers[6], "OUT_OF_RANGE")) << answers[6];
  answers[6] = "";
  EXPECT_EQ(absl::StrJoin(answers, ","),
            "append 0,append 0,version,append 0,title,append 0,,append 0,deleted,append 1,created");
  ExpectStored("notes", again);
  EXPECT_EQ(Info(store(), "notes")->title, std::nullopt);
  Reopen();
  ExpectStored("notes", again);
}

TEST_P(StoreTest, AuthorsKeepTheirNumberAndMayChangeTheirName) {
  ASSERT_TRUE(Create(store(), "notes").ok());
  Scribe scribe("notes");
  scribe.Type(1, "a");
  scribe.Type(7, "b");
  MustAppend(&scribe);
  scribe.author(7).name = "Somebody \xC3\xA9lse";
  scribe.author(7).color = "";
  scribe.Type(7, "c");
  MustAppend(&scribe);
  ExpectStored("notes", scribe);
  Reopen();
  ExpectStored("notes", scribe);
}

// A wrong author is refused whole: neither commits nor the other authors of the request are kept.
TEST_P(StoreTest, AuthorsThatDoNotFitConflict) {
  ASSERT_TRUE(Create(store(), "notes").ok());
  Scribe scribe("notes");
  scribe.Type(1, "a");
  scribe.Type(2, "b");
  MustAppend(&scribe);

  Scribe other_client = scribe;
  other_client.author(2).client_id = ClientId(99);
  other_client.Type(1, "c");
  other_client.Type(2, "c");
  EXPECT_EQ(Append(store(), other_client.Take()).outcome, AppendOutcome::kConflict);

  Scribe second_number = scribe;
  second_number.author(3) = second_number.author(2);
  second_number.author(3).number = 3;
  second_number.Type(1, "c");
  second_number.Type(3, "c");
  EXPECT_EQ(Append(store(), second_number.Take()).outcome, AppendOutcome::kConflict);

  Scribe old_sequence = scribe;
  old_sequence.author(1).state.last_sequence -= 2;
  old_sequence.Type(2, "c");
  old_sequence.Type(1, "c");
  EXPECT_EQ(Append(store(), old_sequence.Take()).outcome, AppendOutcome::kConflict);

  ExpectStored("notes", scribe);
  scribe.Type(2, "goes on");
  MustAppend(&scribe);
  ExpectStored("notes", scribe);
}

TEST_P(StoreTest, TheSameClientHasItsOwnNumberInEachDocument) {
  Scribe notes("notes");
  Scribe plans("plans");
  for (Scribe* scribe : {&notes, &plans}) {
    ASSERT_TRUE(Create(store(), scribe == &notes ? "notes" : "plans").ok());
    const ot::AuthorNumber number = scribe == &notes ? 1 : 5;
    scribe->Type(number, "a");
    AppendRequest request = scribe->Take();
    request.authors[0].client_id = ClientId(42);
    EXPECT_EQ(Append(store(), std::move(request)).outcome, AppendOutcome::kCommitted);
  }
  EXPECT_EQ(Load(store(), "notes")->authors[0].number, 1);
  EXPECT_EQ(Load(store(), "plans")->authors[0].number, 5);
  EXPECT_EQ(Load(store(), "plans")->authors[0].client_id, ClientId(42));
}

TEST_P(StoreTest, LargeNumbersSurvive) {
  ASSERT_TRUE(Create(store(), "notes").ok());
  Scribe scribe("notes");
  const ot::AuthorNumber author = (uint64_t{1} << 53) - 1;
  scribe.author(author) = {.number = author,
                           .client_id = ClientId(1),
                           .user_id = "",
                           .name = std::string("nul \0 inside", 12),
                           .color = "",
                           .state = {.last_sequence = (uint64_t{1} << 53) - 100}};
  scribe.Type(author, "a");
  scribe.author(author).state.last_hash = ~uint64_t{0};
  MustAppend(&scribe);
  Reopen();
  ExpectStored("notes", scribe);
}

TEST_P(StoreTest, ReadCommits) {
  ASSERT_TRUE(Create(store(), "notes").ok());
  Scribe scribe("notes");
  for (int batch = 1; batch <= 4; ++batch) {
    for (int i = 0; i < batch; ++i) scribe.Type(batch, absl::StrCat("<", batch, ":", i, ">"));
    MustAppend(&scribe);
  }
  ASSERT_EQ(scribe.head().revision, 10);
  for (ot::Revision first = 1; first <= 10; ++first) {
    for (ot::Revision last = first; last <= 10; ++last) {
      const absl::StatusOr<std::vector<ot::Commit>> commits =
          ReadCommits(store(), "notes", first, last);
      ASSERT_TRUE(commits.ok()) << commits.status();
      ExpectSameCommits(*commits, scribe.log(), first, last, GetParam().time_tolerance_ms);
    }
  }
  for (const auto& [first, last] : std::vector<std::pair<ot::Revision, ot::Revision>>{
           {0, 1}, {0, 0}, {3, 2}, {10, 11}, {11, 11}, {1, ~ot::Revision{0}}}) {
    EXPECT_TRUE(absl::IsOutOfRange(ReadCommits(store(), "notes", first, last).status()))
        << first << " " << last;
  }
}

TEST_P(StoreTest, ReadRevision) {
  EXPECT_TRUE(absl::IsNotFound(ReadRevision(store(), "notes", 0).status()));
  ASSERT_TRUE(Create(store(), "notes").ok());
  Scribe scribe("notes");
  ExpectRevision(store(), "notes", scribe, 0);
  EXPECT_TRUE(absl::IsOutOfRange(ReadRevision(store(), "notes", 1).status()));
  for (int batch = 0; batch < 60; ++batch) {
    for (int i = 0; i < 1 + batch % 7; ++i) {
      scribe.Commit(1 + batch % 3, ot::DeltaBuilder()
                                       .Retain(scribe.text().length() - 1)
                                       .Insert(absl::StrCat(batch, i))
                                       .Build());
    }
    if (batch % 5 == 0) scribe.Commit(2, ot::DeltaBuilder().Retain(2).Delete(1).Build());
    MustAppend(&scribe);
    ExpectRevision(store(), "notes", scribe, scribe.head().revision);
  }
  for (int round = 0; round < 2; ++round) {
    for (ot::Revision revision = 0; revision <= scribe.head().revision; ++revision) {
      ExpectRevision(store(), "notes", scribe, revision);
    }
    EXPECT_TRUE(
        absl::IsOutOfRange(ReadRevision(store(), "notes", scribe.head().revision + 1).status()));
    EXPECT_TRUE(absl::IsOutOfRange(ReadRevision(store(), "notes", ~ot::Revision{0}).status()));
    Reopen();
  }
}

TEST_P(StoreTest, List) {
  EXPECT_EQ(Ids(), "");
  for (const char* id : {"b", "a", "b.2", "b.1", "b.10", "c", "B"}) {
    ASSERT_TRUE(Create(store(), id).ok());
  }
  EXPECT_EQ(Ids(), "B a b b.1 b.10 b.2 c");
  EXPECT_EQ(Ids("b"), "b b.1 b.10 b.2");
  EXPECT_EQ(Ids("b."), "b.1 b.10 b.2");
  EXPECT_EQ(Ids("b.", "b.1"), "b.10 b.2");
  EXPECT_EQ(Ids("b.", "b.2"), "");
  EXPECT_EQ(Ids("b.", "a"), "b.1 b.10 b.2");
  EXPECT_EQ(Ids("", "", 3), "B a b");
  EXPECT_EQ(Ids("", "b", 2), "b.1 b.10");
  EXPECT_EQ(Ids("", "", 0), "");
  EXPECT_EQ(Ids("z"), "");
}

TEST_P(StoreTest, ListTellsHeadAndTimes) {
  ASSERT_TRUE(Create(store(), "notes", ot::DocumentType::kPlainText, "", 1234).ok());
  Scribe scribe("notes", "");
  for (int round = 0; round < 3; ++round) {
    const absl::StatusOr<std::vector<DocumentInfo>> infos = List(store());
    ASSERT_TRUE(infos.ok()) << infos.status();
    ASSERT_EQ(infos->size(), 1);
    const DocumentInfo& info = infos->front();
    EXPECT_EQ(info.id, "notes");
    EXPECT_EQ(info.type, ot::DocumentType::kPlainText);
    EXPECT_EQ(info.head, scribe.head());
    EXPECT_EQ(info.created_ms, 1234);
    EXPECT_EQ(info.changed_ms, round == 0 ? 1234 : scribe.log().back().time_ms);
    scribe.Type(1, "a");
    MustAppend(&scribe);
  }
}

// The tail of a small document stays short, however long its history.
TEST_P(StoreTest, SnapshotsKeepTheTailShort) {
  ASSERT_TRUE(Create(store(), "notes").ok());
  Scribe scribe("notes");
  size_t tail_max = 0;
  for (int i = 0; i < 400; ++i) {
    scribe.Type(1, "a");
    MustAppend(&scribe);
    if (i % 7 == 0 || i > 390) {
      const absl::StatusOr<StoredDocument> stored = Load(store(), "notes");
      ASSERT_TRUE(stored.ok()) << stored.status();
      tail_max = std::max(tail_max, stored->tail.size());
      ExpectSame(*stored, scribe);
    }
  }
  EXPECT_LE(tail_max, 128);
  EXPECT_GE(tail_max, GetParam().tail_min);  // and not every append writes one
  Reopen();
  ExpectStored("notes", scribe);
}

TEST_P(StoreTest, WithoutATextThereIsNoSnapshot) {
  ASSERT_TRUE(Create(store(), "notes").ok());
  Scribe scribe("notes");
  for (int i = 0; i < 300; ++i) scribe.Type(1, "a");
  AppendRequest request = scribe.Take();
  request.text.reset();
  ASSERT_EQ(Append(store(), std::move(request)).outcome, AppendOutcome::kCommitted);
  const absl::StatusOr<StoredDocument> stored = Load(store(), "notes");
  ASSERT_TRUE(stored.ok());
  EXPECT_EQ(stored->tail.size(), 300);
  ExpectSame(*stored, scribe);
}

// Calls of one document are answered in the order they were made, without waiting between them.
TEST_P(StoreTest, AnswersKeepTheirOrder) {
  // Their callbacks run on different threads, but never two of one document at once; the last one
  // hands over to this thread.
  std::vector<std::string> answers;
  Scribe scribe("notes");
  const auto append = [&](const std::string& name) {
    scribe.Type(1, name);
    store()->Append(scribe.Take(), [&answers, name](AppendResult result) {
      answers.push_back(result.outcome == AppendOutcome::kCommitted ? name : result.text);
    });
  };
  const auto load = [&] {
    store()->Load("notes", [&answers](absl::StatusOr<StoredDocument> stored) {
      answers.push_back(stored.ok() ? absl::StrCat("load ", stored->tail.size())
                                    : stored.status().ToString());
    });
  };
  store()->Create("notes", ot::DocumentType::kRichText, PlainText("\n"), "epoch", 1,
                  [&answers](absl::StatusOr<StoredDocument> stored) {
                    answers.push_back(stored.ok() ? "created" : stored.status().ToString());
                  });
  append("a1");
  load();
  load();
  append("a2");
  append("a3");
  store()->ReadCommits("notes", 3, 3, [&answers](absl::StatusOr<std::vector<ot::Commit>> commits) {
    answers.push_back(commits.ok() ? "commits" : commits.status().ToString());
  });
  append("a4");
  ASSERT_TRUE(Load(store(), "notes").ok());
  EXPECT_EQ(absl::StrJoin(answers, ", "), "created, a1, load 1, load 1, a2, a3, commits, a4");
}

TEST_P(StoreTest, CallbacksMayCallTheStore) {
  ASSERT_TRUE(Create(store(), "notes").ok());
  Scribe scribe("notes");
  Scribe* const writer = &scribe;
  Store* const target = store();
  writer->Type(1, "a");
  target->Append(writer->Take(), [target, writer](AppendResult) {
    writer->Type(1, "b");
    target->Append(writer->Take(), [target](AppendResult) {
      target->Load("notes", [](absl::StatusOr<StoredDocument>) {});
    });
  });
  Reopen();  // waits for what was asked, and for what that asked
  ExpectStored("notes", scribe);
}

TEST_P(StoreTest, OfAnUnknownDocumentThereIsNothing) {
  EXPECT_TRUE(absl::IsNotFound(Info(store(), "notes").status()));
  EXPECT_TRUE(absl::IsNotFound(Authors(store(), "notes").status()));
  EXPECT_TRUE(absl::IsNotFound(FindRevision(store(), "notes", 0).status()));
  EXPECT_TRUE(absl::IsNotFound(ReadTimeline(store(), "notes", 1).status()));
  EXPECT_TRUE(absl::IsNotFound(ListVersions(store(), "notes").status()));
  EXPECT_TRUE(absl::IsNotFound(SetTitle(store(), "notes", "Notes")));
  EXPECT_TRUE(absl::IsNotFound(AddVersion(store(), "notes", {}).status()));
  EXPECT_TRUE(absl::IsNotFound(DeleteVersion(store(), "notes", 1)));
  EXPECT_TRUE(absl::IsNotFound(Delete(store(), "notes")));
}

TEST_P(StoreTest, TitlesStayUntilTheyAreChanged) {
  ASSERT_TRUE(Create(store(), "notes", ot::DocumentType::kPlainText, "", 1234).ok());
  EXPECT_EQ(Info(store(), "notes")->title, std::nullopt);
  const std::vector<std::optional<std::string>> titles = {
      "Notes", "", std::nullopt, "\xC3\x84rger \xF0\x9F\x98\x80", std::string("nul \0", 5)};
  Scribe scribe("notes", "");
  for (const std::optional<std::string>& title : titles) {
    ASSERT_TRUE(SetTitle(store(), "notes", title).ok());
    scribe.Type(1, "a");
    MustAppend(&scribe);
    for (int round = 0; round < 2; ++round) {
      const absl::StatusOr<DocumentInfo> info = Info(store(), "notes");
      ASSERT_TRUE(info.ok()) << info.status();
      EXPECT_EQ(info->id, "notes");
      EXPECT_EQ(info->type, ot::DocumentType::kPlainText);
      EXPECT_EQ(info->epoch, "epoch of notes");
      EXPECT_EQ(info->title, title);
      EXPECT_EQ(info->head, scribe.head());
      EXPECT_EQ(info->created_ms, 1234);
      EXPECT_EQ(info->changed_ms, scribe.log().back().time_ms);
      EXPECT_EQ(List(store())->front().title, title);
      Reopen();
    }
  }
  ExpectStored("notes", scribe);
}

TEST_P(StoreTest, SearchFindsIdsAndTitles) {
  const std::vector<std::pair<std::string, std::optional<std::string>>> documents = {
      {"agenda", "Montag"},
      {"Budget-2026", std::nullopt},
      {"c1",
       "\xC3\x9C"
       "bersicht MONTAGE"},
      {"c2", "\xD0\x9F\xD0\xBB\xD0\xB0\xD0\xBD budget"},
      {"c3", ""},
      {"montage", "x"}};
  for (const auto& [id, title] : documents) {
    ASSERT_TRUE(Create(store(), id).ok());
    ASSERT_TRUE(SetTitle(store(), id, title).ok());
  }
  // Page after page, however long a page is.
  const auto found = [&](const std::string& search, const std::string& prefix = "") {
    std::string first;
    for (const int64_t limit : {100, 1, 2}) {
      std::string ids;
      std::string after;
      do {
        const absl::StatusOr<DocumentPage> page =
            ListPage(store(), {.prefix = prefix, .search = search, .after = after, .limit = limit});
        if (!page.ok()) return page.status().ToString();
        EXPECT_LE(page->documents.size(), limit);
        for (const DocumentInfo& info : page->documents) absl::StrAppend(&ids, info.id, " ");
        after = page->next;
      } while (!after.empty());
      if (limit == 100) first = ids;
      EXPECT_EQ(ids, first);
    }
    return first;
  };
  EXPECT_EQ(found(""), "Budget-2026 agenda c1 c2 c3 montage ");
  EXPECT_EQ(found("montag"), "agenda c1 montage ");
  EXPECT_EQ(found("MONTAGE"), "c1 montage ");
  EXPECT_EQ(found("\xC3\xBC"
                  "BER"),
            "c1 ");
  EXPECT_EQ(found("\xD0\xBF\xD0\x9B\xD0\xB0"), "c2 ");
  EXPECT_EQ(found("budget"), "Budget-2026 c2 ");
  EXPECT_EQ(found("budget", "c"), "c2 ");
  EXPECT_EQ(found("%"), "");
  EXPECT_EQ(found("nothing like it"), "");
}

TEST_P(StoreTest, AuthorsWithoutTheText) {
  ASSERT_TRUE(Create(store(), "notes").ok());
  EXPECT_TRUE(Authors(store(), "notes")->empty());
  Scribe scribe("notes");
  for (const ot::AuthorNumber author : {7, 1, 3, 7}) scribe.Type(author, "a");
  MustAppend(&scribe);
  const absl::StatusOr<std::vector<Author>> authors = Authors(store(), "notes");
  ASSERT_TRUE(authors.ok()) << authors.status();
  ASSERT_EQ(authors->size(), 3);
  auto expected = scribe.authors().begin();
  for (const Author& author : *authors) {
    EXPECT_EQ(author.number, expected->second.number);
    EXPECT_EQ(author.name, expected->second.name);
    EXPECT_EQ(author.color, expected->second.color);
    EXPECT_EQ((expected++)->second.client_id, author.client_id);
  }
}

TEST_P(StoreTest, VersionsKeepTheirNumbers) {
  ASSERT_TRUE(Create(store(), "notes").ok());
  ASSERT_TRUE(Create(store(), "plans").ok());
  Scribe scribe("notes");
  scribe.Type(1, "a");
  scribe.Type(1, "b");
  MustAppend(&scribe);
  EXPECT_TRUE(ListVersions(store(), "notes")->empty());
  std::map<VersionNumber, Version> expected;
  const auto add = [&](Version version) {
    const absl::StatusOr<Version> added = AddVersion(store(), "notes", version);
    ASSERT_TRUE(added.ok()) << added.status();
    version.number = added->number;
    ExpectSameVersion(*added, version);
    EXPECT_TRUE(expected.emplace(added->number, version).second);
  };
  add({.revision = 2, .name = "Second draft", .by = "Ada", .created_ms = 5000});
  add({.revision = 0, .name = "", .by = std::nullopt, .created_ms = -1});
  add({.number = 99, .revision = 2, .name = "\xF0\x9F\x98\x80", .by = "", .created_ms = 6000});
  EXPECT_EQ(expected.rbegin()->first, 3);
  EXPECT_TRUE(absl::IsOutOfRange(AddVersion(store(), "notes", {.revision = 3}).status()));
  // A number that was deleted is not given again: who deletes 3 twice does not delete another.
  EXPECT_TRUE(DeleteVersion(store(), "notes", 3).ok());
  expected.erase(3);
  EXPECT_TRUE(absl::IsOutOfRange(DeleteVersion(store(), "notes", 3)));
  EXPECT_TRUE(absl::IsOutOfRange(DeleteVersion(store(), "plans", 1)));
  Reopen();
  add({.revision = 1, .name = "First draft", .by = "Bob", .created_ms = 7000});
  EXPECT_EQ(expected.rbegin()->first, 4);
  scribe.Type(1, "c");
  MustAppend(&scribe);
  for (int round = 0; round < 2; ++round) {
    const absl::StatusOr<std::vector<Version>> versions = ListVersions(store(), "notes");
    ASSERT_TRUE(versions.ok()) << versions.status();
    ASSERT_EQ(versions->size(), 3);
    ExpectSameVersion((*versions)[0], expected[2]);  // by revision
    ExpectSameVersion((*versions)[1], expected[4]);
    ExpectSameVersion((*versions)[2], expected[1]);
    Reopen();
  }
  EXPECT_TRUE(ListVersions(store(), "plans")->empty());
}

TEST_P(StoreTest, ThereAreNotTooManyVersions) {
  ASSERT_TRUE(Create(store(), "notes").ok());
  int64_t answers = 0;
  for (int64_t i = 1; i < kVersionsMax; ++i) {
    store()->AddVersion("notes", {.name = absl::StrCat(i)},
                        [&answers](absl::StatusOr<Version> added) { answers += added.ok(); });
  }
  ASSERT_TRUE(AddVersion(store(), "notes", {.name = "the last"}).ok());
  EXPECT_EQ(answers, kVersionsMax - 1);
  EXPECT_TRUE(
      absl::IsFailedPrecondition(AddVersion(store(), "notes", {.name = "one more"}).status()));
  EXPECT_TRUE(DeleteVersion(store(), "notes", 17).ok());
  EXPECT_EQ(AddVersion(store(), "notes", {.name = "one more"})->number, kVersionsMax + 1);
  EXPECT_EQ(ListVersions(store(), "notes")->size(), kVersionsMax);
}

TEST_P(StoreTest, DeleteLeavesNothing) {
  std::map<std::string, Scribe> scribes;
  for (const char* id : {"a", "b", "c"}) {
    ASSERT_TRUE(Create(store(), id).ok());
    Scribe& scribe = scribes.emplace(id, Scribe(id)).first->second;
    for (int i = 0; i < 200; ++i) {
      scribe.Type(1 + i % 3, "ab");
      if (i % 3 == 0) MustAppend(&scribe);
    }
    MustAppend(&scribe);
    ASSERT_TRUE(SetTitle(store(), id, "Title").ok());
    ASSERT_TRUE(AddVersion(store(), id, {.revision = 7, .name = "seven"}).ok());
  }
  Scribe late = scribes.at("b");
  ASSERT_TRUE(Delete(store(), "b").ok());
  EXPECT_TRUE(absl::IsNotFound(Delete(store(), "b")));
  late.Type(1, "too late");
  EXPECT_EQ(Append(store(), late.Take()).outcome, AppendOutcome::kConflict);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(Ids(), "a c");
    EXPECT_TRUE(absl::IsNotFound(Load(store(), "b").status()));
    EXPECT_TRUE(absl::IsNotFound(ReadCommits(store(), "b", 1, 1).status()));
    EXPECT_TRUE(absl::IsNotFound(ReadRevision(store(), "b", 0).status()));
    EXPECT_TRUE(absl::IsNotFound(Info(store(), "b").status()));
    EXPECT_TRUE(absl::IsNotFound(ListVersions(store(), "b").status()));
    for (const char* id : {"a", "c"}) {
      ExpectStored(id, scribes.at(id));
      ExpectRevision(store(), id, scribes.at(id), 100);
      EXPECT_EQ(Info(store(), id)->title, "Title");
      EXPECT_EQ(ListVersions(store(), id)->size(), 1);
    }
    Reopen();
  }

  // One of the same id begins anew, in every respect.
  ASSERT_TRUE(Create(store(), "b", ot::DocumentType::kPlainText, "", 2000, "another epoch").ok());
  Scribe again("b", "");
  EXPECT_EQ(Info(store(), "b")->epoch, "another epoch");
  EXPECT_EQ(Info(store(), "b")->title, std::nullopt);
  EXPECT_TRUE(ListVersions(store(), "b")->empty());
  EXPECT_EQ(AddVersion(store(), "b", {.name = "zero"})->number, 1);
  late.Type(1, "still too late");
  EXPECT_EQ(Append(store(), late.Take()).outcome, AppendOutcome::kConflict);
  again.Type(4, "anew");
  MustAppend(&again);
  ExpectStored("b", again);
  Reopen();
  ExpectStored("b", again);
  for (const char* id : {"a", "b", "c"}) ASSERT_TRUE(Delete(store(), id).ok());
  Reopen();
  EXPECT_EQ(Ids(), "");
}

// Times that stand still, jump ahead and are set back: what FindRevision and ReadTimeline say is
// what ReadCommits says.
TEST_P(StoreTest, TimesAndTimelines) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(absl::StrCat("COEDIT_SEED=", seed));
  std::mt19937_64 random(seed);
  const auto below = [&](int64_t bound) {
    return std::uniform_int_distribution<int64_t>(0, bound - 1)(random);
  };
  ASSERT_TRUE(Create(store(), "notes").ok());
  EXPECT_EQ(*FindRevision(store(), "notes", 1'000'000'000'000), 0);
  EXPECT_TRUE(ReadTimeline(store(), "notes", 10)->points.empty());
  Scribe scribe("notes");
  int64_t time_ms = 1'700'000'000'000;
  for (int batch = 0; batch < 120; ++batch) {
    for (int64_t i = 1 + below(12); i > 0; --i) {
      time_ms += below(40) == 0 ? below(4) * 3'600'000 - 3'600'000 : below(3) * below(9000);
      scribe.CommitAt(time_ms, 1 + below(12), ot::DeltaBuilder().Insert("a").Build());
    }
    MustAppend(&scribe);
    if (batch != 3 && batch != 60 && batch != 119) continue;
    const ot::Revision head = scribe.head().revision;
    // What is packed meanwhile may change times within their tolerance; then it is asked again.
    bool steady = false;
    while (!steady && !HasFailure()) {
      const absl::StatusOr<std::vector<ot::Commit>> log = ReadCommits(store(), "notes", 1, head);
      ASSERT_TRUE(log.ok()) << log.status();
      std::vector<std::pair<int64_t, ot::Revision>> found;
      for (int i = 0; i < 60; ++i) {
        const int64_t at_ms = i == 0   ? 0
                              : i == 1 ? 2'000'000'000'000
                                       : (*log)[below(head)].time_ms + below(3) - 1;
        const absl::StatusOr<ot::Revision> revision = FindRevision(store(), "notes", at_ms);
        ASSERT_TRUE(revision.ok()) << revision.status();
        found.emplace_back(at_ms, *revision);
      }
      std::vector<Timeline> timelines;
      for (const int64_t points :
           {int64_t{1}, int64_t{2}, int64_t{7}, int64_t{100}, int64_t{1000}}) {
        absl::StatusOr<Timeline> timeline = ReadTimeline(store(), "notes", points);
        ASSERT_TRUE(timeline.ok()) << timeline.status();
        EXPECT_EQ(timeline->points.size(), std::min<ot::Revision>(points, head));
        timelines.push_back(*std::move(timeline));
      }
      const absl::StatusOr<std::vector<ot::Commit>> after = ReadCommits(store(), "notes", 1, head);
      ASSERT_TRUE(after.ok()) << after.status();
      steady = std::equal(
          log->begin(), log->end(), after->begin(),
          [](const ot::Commit& a, const ot::Commit& b) { return a.time_ms == b.time_ms; });
      if (!steady) continue;
      for (const auto& [at_ms, revision] : found) {
        ot::Revision expected = head;
        while (expected > 0 && (*log)[expected - 1].time_ms > at_ms) --expected;
        EXPECT_EQ(revision, expected) << at_ms;
      }
      for (const Timeline& timeline : timelines) {
        EXPECT_EQ(timeline.document.head, scribe.head());
        EXPECT_EQ(timeline.document.id, "notes");
        EXPECT_EQ(timeline.points.back().revision, head);
        ot::Revision last = 0;
        const ot::Revision gap = (head + timeline.points.size() - 1) / timeline.points.size();
        for (const TimelinePoint& point : timeline.points) {
          EXPECT_GT(point.revision, last);
          EXPECT_LE(point.revision - last, gap);
          last = point.revision;
          EXPECT_EQ(point.time_ms, (*log)[point.revision - 1].time_ms) << point.revision;
          EXPECT_EQ(point.author, scribe.log()[point.revision - 1].author) << point.revision;
        }
      }
    }
  }
}

// A change that fits `text`: an edit somewhere, or a format, or both.
ot::Delta RandomDelta(const ot::Text& text, std::mt19937_64* random) {
  const auto below = [&](int64_t bound) {
    return std::uniform_int_distribution<int64_t>(0, bound - 1)(*random);
  };
  const auto boundary = [&](int64_t from) {
    int64_t position = from + below(text.length() - from + 1);
    while (!text.IsBoundary(position)) --position;
    return position;
  };
  const std::vector<std::string> pieces = {
      "a", "word ", "\n", "\xF0\x9F\x98\x80", "\xC3\xA9", std::string(5000, 'x')};
  const int64_t begin = boundary(0);
  const int64_t end = std::min(boundary(begin), begin + 20);
  ot::DeltaBuilder builder;
  builder.Retain(begin);
  if (below(3) > 0) builder.Insert(pieces[below(below(20) == 0 ? 6 : 5)]);
  if (below(8) == 0) builder.InsertEmbed(R"({"image":"x"})", {{"alt", R"("y")"}});
  if (text.IsBoundary(end)) {
    if (below(3) == 0) {
      builder.Delete(end - begin);
    } else {
      builder.Retain(end - begin, {{"bold", below(2) == 0 ? "true" : "null"}});
    }
  }
  return builder.Build();
}

TEST_P(StoreTest, RandomHistories) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(absl::StrCat("COEDIT_SEED=", seed));
  std::mt19937_64 random(seed);
  const auto below = [&](uint64_t bound) {
    return std::uniform_int_distribution<uint64_t>(0, bound - 1)(random);
  };
  std::map<std::string, Scribe> model;
  const int steps = IsLongRun() ? 5000 : 500;
  for (int step = 0; step < steps && !HasFailure(); ++step) {
    SCOPED_TRACE(absl::StrCat("step ", step));
    const std::string id = absl::StrCat("d", below(6));
    const auto known = model.find(id);
    if (known == model.end()) {
      EXPECT_TRUE(absl::IsNotFound(Load(store(), id).status()));
      ASSERT_TRUE(
          Create(store(), id, ot::DocumentType::kRichText, "\n", 1000, absl::StrCat("epoch ", step))
              .ok());
      model.emplace(id, Scribe(id));
      continue;
    }
    Scribe& scribe = known->second;
    const uint64_t choice = below(100);
    if (choice < 10) {
      std::vector<AppendRequest> requests;
      for (uint64_t i = 1 + below(12); i > 0; --i) {
        for (uint64_t k = 1 + below(3); k > 0; --k) {
          scribe.Commit(1 + below(5), RandomDelta(scribe.text(), &random));
        }
        requests.push_back(scribe.Take());
      }
      for (const NumberedResult& answer : AppendAll(store(), std::move(requests))) {
        ASSERT_EQ(answer.result.outcome, AppendOutcome::kCommitted) << answer.result.text;
      }
    } else if (choice < 60) {
      for (uint64_t i = 1 + below(below(10) == 0 ? 60 : 4); i > 0; --i) {
        scribe.Commit(1 + below(5), RandomDelta(scribe.text(), &random));
      }
      MustAppend(&scribe);
    } else if (choice < 70) {
      // Somebody else was quicker.
      Scribe late = scribe;
      late.Commit(1 + below(5), RandomDelta(late.text(), &random));
      scribe.Commit(1 + below(5), RandomDelta(scribe.text(), &random));
      scribe.Commit(1, RandomDelta(scribe.text(), &random));
      MustAppend(&scribe);
      EXPECT_EQ(Append(store(), late.Take()).outcome, AppendOutcome::kConflict);
    } else if (choice < 76) {
      ExpectStored(id, scribe);
    } else if (choice < 80) {
      ExpectRevision(store(), id, scribe, below(scribe.head().revision + 1));
    } else if (choice < 90 && scribe.head().revision > 0) {
      const ot::Revision first = 1 + below(scribe.head().revision);
      const ot::Revision last = first + below(scribe.head().revision - first + 1);
      const absl::StatusOr<std::vector<ot::Commit>> commits = ReadCommits(store(), id, first, last);
      ASSERT_TRUE(commits.ok()) << commits.status();
      ExpectSameCommits(*commits, scribe.log(), first, last, GetParam().time_tolerance_ms);
    } else if (choice < 91) {
      ASSERT_TRUE(Delete(store(), id).ok());
      model.erase(known);
    } else if (choice < 95) {
      EXPECT_TRUE(absl::IsAlreadyExists(Create(store(), id).status()));
      EXPECT_EQ(Ids(), absl::StrJoin(model, " ", [](std::string* out, const auto& entry) {
                  out->append(entry.first);
                }));
    } else {
      Reopen();
    }
  }
  Reopen();
  for (const auto& [id, scribe] : model) ExpectStored(id, scribe);
}

INSTANTIATE_TEST_SUITE_P(
    All, StoreTest,
    testing::Values(
        Kind{"Memory", [] { return std::make_unique<MemorySubject>(); }},
        Kind{"Sqlite", [] { return std::make_unique<SqliteSubject>(); }},
        Kind{"SqliteWithoutRecentAppends",
             [] {
               return std::make_unique<SqliteSubject>(SqliteStoreOptions{.recent_bytes_max = 0});
             }},
        Kind{"SqliteFewRecentAppends",
             [] {
               return std::make_unique<SqliteSubject>(SqliteStoreOptions{.recent_bytes_max = 200});
             }},
        Kind{"SqlitePacked", [] { return std::make_unique<SqliteSubject>(EagerPacking()); },
             TimeTrack::kToleranceMs, 4}),
    [](const testing::TestParamInfo<Kind>& info) { return info.param.name; });

}  // namespace
}  // namespace coedit::storage
