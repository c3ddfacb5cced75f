// kill -9 of a process that appends: whatever it had acknowledged is there afterwards.
//
// The child is this program again, with one test that runs only when it is asked for. It
// acknowledges through a pipe, one line for each commit. What it writes follows from the document
// and the revision alone, so the parent can make the same text again and compare.
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/sqlite_store.h"
#include "storage/time_track.h"
#include "tests/storage/store_testing.h"

extern char** environ;

namespace coedit::storage {
namespace {

constexpr int kDocuments = 4;
constexpr char kDirectoryVariable[] = "COEDIT_CRASH_DIRECTORY";

std::string Document(int number) { return absl::StrCat("d", number); }

void TypeNext(Scribe* scribe) {
  const ot::Revision revision = scribe->head().revision + 1;
  scribe->Type(1 + revision % 3, absl::StrCat("<", revision, ">"));
}

// The document as it is at `revision`.
Scribe Written(int number, ot::Revision revision) {
  Scribe scribe(Document(number));
  while (scribe.head().revision < revision) TypeNext(&scribe);
  (void)scribe.Take();
  return scribe;
}

ot::Revision HeadOf(const StoredDocument& stored) {
  return stored.tail.empty() ? stored.snapshot.head.revision : stored.tail.back().revision;
}

// Appends for ever, to all documents at once, each waiting for its own answers.
class Typist {
 public:
  Typist(SqliteStore* store, int number) : store_(store), number_(number), scribe_("") {
    absl::StatusOr<StoredDocument> stored = Load(store_, Document(number_));
    if (absl::IsNotFound(stored.status())) stored = Create(store_, Document(number_));
    if (!stored.ok()) std::abort();
    scribe_ = Written(number_, HeadOf(*stored));
  }

  void AppendNext() {
    for (int i = 0; i <= number_; ++i) TypeNext(&scribe_);
    const ot::Revision revision = scribe_.head().revision;
    store_->Append(scribe_.Take(), [this, revision](AppendResult result) {
      if (result.outcome != AppendOutcome::kCommitted) std::abort();
      const std::string line = absl::StrCat(number_, " ", revision, "\n");
      if (write(STDOUT_FILENO, line.data(), line.size()) < 0) std::abort();
      AppendNext();
    });
  }

 private:
  SqliteStore* store_;
  const int number_;
  Scribe scribe_;
};

TEST(CrashChild, DISABLED_AppendsUntilKilled) {
  const char* directory = std::getenv(kDirectoryVariable);
  ASSERT_NE(directory, nullptr);
  // Small log and eager packing, so that checkpoints and packing are interrupted too.
  SqliteStoreOptions options = EagerPacking();
  options.checkpoint_wal_bytes = 50'000;
  std::unique_ptr<SqliteStore> store = *SqliteStore::Open(directory, options);
  std::vector<std::unique_ptr<Typist>> typists;
  for (int i = 0; i < kDocuments; ++i) typists.push_back(std::make_unique<Typist>(store.get(), i));
  for (auto& typist : typists) typist->AppendNext();
  for (;;) pause();
}

class Child {
 public:
  explicit Child(const std::string& directory) {
    int ends[2];
    if (pipe(ends) != 0) std::abort();
    output_ = ends[0];
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    std::vector<std::string> variables = {absl::StrCat(kDirectoryVariable, "=", directory)};
    for (char** variable = environ; *variable != nullptr; ++variable) {
      // Those of GoogleTest are for the parent: its shard and its report.
      if (std::string(*variable).rfind("GTEST_", 0) != 0) variables.push_back(*variable);
    }
    std::vector<std::string> words = {"/proc/self/exe", "--gtest_also_run_disabled_tests",
                                      "--gtest_filter=CrashChild.*"};
    std::vector<char*> arguments = Pointers(&words);
    std::vector<char*> environment = Pointers(&variables);
    if (posix_spawn(&process_, "/proc/self/exe", &actions, nullptr, arguments.data(),
                    environment.data()) != 0) {
      std::abort();
    }
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
  }
  ~Child() {
    Kill();
    close(output_);
  }

  pid_t process() const { return process_; }

  // Reads what the child says, until `acks_max` acknowledgements or until it is dead.
  void ReadAcks(int64_t acks_max, std::map<int, ot::Revision>* acked) {
    char byte;
    while (acks_max > 0 && read(output_, &byte, 1) == 1) {
      if (byte != '\n') {
        line_.push_back(byte);
        continue;
      }
      const std::vector<std::string> words = absl::StrSplit(line_, ' ');
      line_.clear();
      int number;
      ot::Revision revision;
      // GoogleTest writes lines of its own.
      if (words.size() != 2 || !absl::SimpleAtoi(words[0], &number) ||
          !absl::SimpleAtoi(words[1], &revision)) {
        continue;
      }
      (*acked)[number] = revision;
      --acks_max;
    }
  }

  void Kill() {
    if (process_ == 0) return;
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
    process_ = 0;
  }

 private:
  static std::vector<char*> Pointers(std::vector<std::string>* texts) {
    std::vector<char*> pointers;
    for (std::string& text : *texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
  }

  pid_t process_ = 0;
  int output_ = -1;
  std::string line_;
};

TEST(CrashTest, WhatWasAcknowledgedSurvivesAKill) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(absl::StrCat("COEDIT_SEED=", seed));
  std::mt19937_64 random(seed);
  TemporaryDirectory directory;
  std::map<int, ot::Revision> acked;
  const int rounds = IsLongRun() ? 500 : 20;
  for (int round = 0; round < rounds && !testing::Test::HasFailure(); ++round) {
    SCOPED_TRACE(absl::StrCat("round ", round));
    {
      Child child(directory.path());
      child.ReadAcks(1 + static_cast<int64_t>(random() % 300), &acked);
      child.Kill();
      // What it said before it died counts as well.
      child.ReadAcks(std::numeric_limits<int64_t>::max(), &acked);
    }
    absl::StatusOr<std::unique_ptr<SqliteStore>> store = SqliteStore::Open(directory.path());
    ASSERT_TRUE(store.ok()) << store.status();
    for (int number = 0; number < kDocuments; ++number) {
      const absl::StatusOr<StoredDocument> stored = Load(store->get(), Document(number));
      if (absl::IsNotFound(stored.status())) {
        EXPECT_EQ(acked.count(number), 0);
        continue;
      }
      ASSERT_TRUE(stored.ok()) << stored.status();
      EXPECT_GE(HeadOf(*stored), acked[number]);
      EXPECT_EQ(HeadOf(*stored) % (number + 1), 0);  // a request is there as a whole
      const Scribe written = Written(number, HeadOf(*stored));
      ExpectSame(*stored, written);
      if (HeadOf(*stored) == 0) continue;
      const absl::StatusOr<std::vector<ot::Commit>> commits =
          ReadCommits(store->get(), Document(number), 1, HeadOf(*stored));
      ASSERT_TRUE(commits.ok()) << commits.status();
      ExpectSameCommits(*commits, written.log(), 1, HeadOf(*stored), TimeTrack::kToleranceMs);
      ExpectRevision(store->get(), Document(number), written, 1 + random() % HeadOf(*stored));
    }
  }
  EXPECT_GT(acked[0], 0);
  std::printf("%d rounds, %llu appends acknowledged\n", rounds,
              static_cast<unsigned long long>(acked[0]));
}

TEST(CrashTest, ADirectoryInUseIsRefusedUntilItsProcessIsDead) {
  TemporaryDirectory directory;
  std::map<int, ot::Revision> acked;
  Child child(directory.path());
  child.ReadAcks(1, &acked);
  const absl::Status status = SqliteStore::Open(directory.path()).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr(directory.path()));
  EXPECT_THAT(std::string(status.message()),
              testing::HasSubstr(absl::StrCat("process ", child.process())));
  child.Kill();
  EXPECT_TRUE(SqliteStore::Open(directory.path()).ok());
}

}  // namespace
}  // namespace coedit::storage
