// What was exported comes back exactly; what is not whole or not legal leaves nothing.
#include "storage/maintenance/import.h"

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/maintenance/export.h"
#include "storage/maintenance/verify.h"
#include "tests/storage/filled_directory.h"

namespace coedit::storage {
namespace {

using testing::HasSubstr;

class ImportTest : public testing::Test {
 protected:
  ImportOptions Options() {
    return {.epoch = "e-new", .new_client_id = [this] { return ClientId(1'000'000 + ++ids_); }};
  }
  // The exported document, line by line.
  static std::vector<std::string> Lines(const std::string& directory, const std::string& document) {
    std::vector<std::string> lines;
    NoProgress progress;
    const absl::StatusOr<ExportEnd> end = Export(
        directory, document,
        [&lines](absl::string_view line) {
          lines.emplace_back(line);
          return absl::OkStatus();
        },
        &progress);
    EXPECT_TRUE(end.ok()) << end.status();
    return lines;
  }
  absl::StatusOr<Imported> Run(const std::vector<std::string>& lines,
                               const ImportOptions& options) {
    const std::string file = files_.path() + "/document.jsonl";
    WriteFile(file, absl::StrJoin(lines, ""));
    NoProgress progress;
    return Import(target_.path(), file, options, &progress);
  }
  absl::StatusOr<Imported> Run(const std::vector<std::string>& lines) {
    return Run(lines, Options());
  }
  // Refused with a sentence, and nothing of it is there.
  void ExpectRefused(const std::vector<std::string>& lines, const std::string& says) {
    const absl::Status status = Run(lines).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status << " instead of " << says;
    EXPECT_THAT(std::string(status.message()), HasSubstr(says));
    EXPECT_TRUE(absl::IsNotFound(Load(MustOpen(target_.path()).get(), "plain").status()));
  }

  FilledDirectory source_;
  TemporaryDirectory target_;
  TemporaryDirectory files_;
  uint64_t ids_ = 0;
};

TEST_F(ImportTest, ComesBackExactly) {
  for (const char* document : {kRich, kPlain, kEmpty}) {
    SCOPED_TRACE(document);
    const std::vector<std::string> lines = Lines(source_.path(), document);
    const absl::StatusOr<Imported> imported = Run(lines);
    ASSERT_TRUE(imported.ok()) << imported.status();
    EXPECT_EQ(imported->document, document);
    EXPECT_EQ(imported->digest, source_.scribe(document).head().digest);
    std::vector<std::string> again = Lines(target_.path(), document);
    EXPECT_THAT(again.front(), HasSubstr("\"epoch\":\"e-new\""));
    again.front() = lines.front();
    EXPECT_EQ(again, lines);
  }
  NoProgress progress;
  const absl::StatusOr<VerifyReport> report = Verify(target_.path(), std::nullopt, &progress);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_TRUE(report->sound()) << report->problems.front().text;
  EXPECT_EQ(report->documents, 3);

  EXPECT_EQ(report->versions, 3);

  // Editing goes on from there, by those who come: the former authors are nobody's any more.
  std::unique_ptr<SqliteStore> store = MustOpen(target_.path());
  const absl::StatusOr<StoredDocument> stored = Load(store.get(), kRich);
  ASSERT_TRUE(stored.ok()) << stored.status();
  ASSERT_EQ(stored->authors.size(), 3);
  for (const Author& author : stored->authors) {
    EXPECT_TRUE(proto::IsClientId(author.client_id));
    EXPECT_NE(author.client_id, ClientId(author.number));
  }
  Scribe& scribe = source_.scribe(kRich);
  (void)scribe.Take();
  scribe.Type(9, "goes on");
  MustAppend(store.get(), &scribe);
}

TEST_F(ImportTest, UnderAnotherName) {
  ImportOptions options = Options();
  options.document = "copy";
  ASSERT_TRUE(Run(Lines(source_.path(), kPlain), options).ok());
  EXPECT_EQ(Lines(target_.path(), "copy").size(), Lines(source_.path(), kPlain).size());
  options.document = "../copy";
  const absl::Status status = Run(Lines(source_.path(), kPlain), options).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
}

TEST_F(ImportTest, WhatIsThereIsKept) {
  ASSERT_TRUE(Run(Lines(source_.path(), kPlain)).ok());
  const absl::Status status = Run(Lines(source_.path(), kPlain)).status();
  EXPECT_TRUE(absl::IsAlreadyExists(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("'plain'"));
}

TEST_F(ImportTest, NotWhileAServerRuns) {
  const std::unique_ptr<SqliteStore> store = MustOpen(target_.path());
  const absl::Status status = Run(Lines(source_.path(), kPlain)).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
}

TEST_F(ImportTest, AFileCutShortAnywhereLeavesNothing) {
  std::vector<std::string> lines = Lines(source_.path(), kPlain);
  for (size_t keep :
       {size_t{0}, size_t{1}, size_t{3}, size_t{4}, lines.size() - 2, lines.size() - 1}) {
    SCOPED_TRACE(keep);
    ExpectRefused({lines.begin(), lines.begin() + keep}, keep == 0 ? "empty" : "cut short");
  }
  lines.back().resize(lines.back().size() - 3);
  ExpectRefused(lines, "line 56: ");
}

TEST_F(ImportTest, LinesThatDoNotFit) {
  const std::vector<std::string> sound = Lines(source_.path(), kPlain);
  // Lines: 1 header, 2 and 3 authors, 4 initial text, 5 to 54 commits, 55 a version,
  // 56 end.
  const auto with = [&sound](size_t line, const std::string& from, const std::string& to) {
    std::vector<std::string> lines = sound;
    std::string& text = lines[line - 1];
    EXPECT_TRUE(absl::StrContains(text, from)) << text;
    text = absl::StrReplaceAll(text, {{from, to}});
    return lines;
  };
  const auto without = [&sound](size_t line) {
    std::vector<std::string> lines = sound;
    lines.erase(lines.begin() + line - 1);
    return lines;
  };
  const auto twice = [&sound](size_t line) {
    std::vector<std::string> lines = sound;
    lines.insert(lines.begin() + line - 1, sound[line - 1]);
    return lines;
  };
  ExpectRefused(without(1), "line 1: the first line is not the header");
  ExpectRefused(twice(1), "line 2: a second header");
  ExpectRefused(twice(2), "line 3: author 1 stands twice");
  ExpectRefused(without(3), "line 5: commit 2: there is no author 2");
  ExpectRefused(twice(4), "line 5: a second initial text");
  ExpectRefused(without(4), "line 4: a commit before the initial text");
  ExpectRefused(without(7), "line 7: commit 4 after revision 2");
  ExpectRefused(twice(7), "line 8: commit 3 after revision 3");
  ExpectRefused(twice(56), "line 57: a line after the end");
  ExpectRefused(with(1, "\"commits\":50", "\"commits\":49"), "line 54: commit 50, but");
  ExpectRefused(with(1, "\"commits\":50", "\"commits\":51"), "line 56: the file holds 50 commits");
  ExpectRefused(with(56, "\"commits\":50", "\"commits\":49"), "line 56: the file holds 50 commits");
  ExpectRefused(with(5, "line 0", "line x"), "line 56: the commits have digest ");
  ExpectRefused(with(56, "\"sha256\":\"", "\"sha256\":\"0000"), "line 56: end.sha256: ");
  ExpectRefused(with(6, "\"author\":2", "\"author\":3"), "line 6: commit 2: there is no author 3");
  ExpectRefused(with(7, "\"author\":1", "\"author\":2"), "commit");
  ExpectRefused(with(7, "{\"insert\"", "{\"delete\":99},{\"insert\""),
                "line 7: commit 3 does not fit");
  ExpectRefused(with(7, "{\"insert\"", "{\"attributes\":{\"bold\":true},\"insert\""),
                "line 7: commit 3: a format");
  ExpectRefused(with(7, "\"revision\":3", "\"revision\":-3"), "line 7: commit.revision: -3");
  ExpectRefused(with(2, "#d9480f", "url(x)"), "line 2: author.color");
  ExpectRefused(with(2, "Name 1", "Name\\n1"), "line 2: author.name");

  ExpectRefused(without(55), "line 55: the file holds 0 versions, its end says 1");
  ExpectRefused(twice(55), "line 57: the file holds 2 versions, its end says 1");
  ExpectRefused(with(55, "\"revision\":50", "\"revision\":51"),
                "line 55: a version of revision 51 after revision 50");
  std::vector<std::string> early = sound;
  std::swap(early[53], early[54]);
  ExpectRefused(early, "line 54: a version of revision 50 after revision 49");
  early[53] = absl::StrReplaceAll(early[53], {{"\"revision\":50", "\"revision\":1"}});
  ExpectRefused(early, "line 55: a commit after a version");
  std::swap(early[3], early[53]);
  ExpectRefused(early, "line 4: a version before the initial text");
}

TEST_F(ImportTest, Limits) {
  const std::vector<std::string> lines = Lines(source_.path(), kPlain);
  {
    ImportOptions options = Options();
    options.limits.document_units_max = 100;
    const absl::Status status = Run(lines, options).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("at most 100"));
  }
  ImportOptions options = Options();
  options.authors_max = 1;
  EXPECT_THAT(std::string(Run(lines, options).status().message()),
              HasSubstr("more than 1 authors"));
  EXPECT_TRUE(Run(lines).ok());
}

class StopsAt final : public Progress {
 public:
  explicit StopsAt(int step) : left_(step) {}
  absl::Status Step(absl::string_view, int64_t, int64_t, absl::string_view) override {
    return left_-- == 0 ? absl::CancelledError("stop") : absl::OkStatus();
  }

 private:
  int left_;
};

TEST_F(ImportTest, StoppedItLeavesNothing) {
  const std::string file = files_.path() + "/document.jsonl";
  WriteFile(file, absl::StrJoin(Lines(source_.path(), kPlain), ""));
  StopsAt progress(30);
  const absl::Status status = Import(target_.path(), file, Options(), &progress).status();
  EXPECT_TRUE(absl::IsCancelled(status)) << status;
  EXPECT_TRUE(absl::IsNotFound(Load(MustOpen(target_.path()).get(), kPlain).status()));
  EXPECT_TRUE(Run(Lines(source_.path(), kPlain)).ok());
}

}  // namespace
}  // namespace coedit::storage
