// An exported document holds all of it, and nothing but it.
#include "storage/maintenance/export.h"

#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/maintenance/sha256.h"
#include "tests/storage/filled_directory.h"

namespace coedit::storage {
namespace {

using testing::HasSubstr;
using testing::Not;

absl::StatusOr<std::string> ExportText(const std::string& path, const std::string& document) {
  std::string text;
  NoProgress progress;
  const absl::StatusOr<ExportEnd> end = Export(
      path, document,
      [&text](absl::string_view line) {
        absl::StrAppend(&text, line);
        return absl::OkStatus();
      },
      &progress);
  if (!end.ok()) return end.status();
  return text;
}

TEST(ExportTest, LinesAreWhatWasCommitted) {
  FilledDirectory directory;
  for (const auto& [document, scribe] : directory.scribes()) {
    SCOPED_TRACE(document);
    const absl::StatusOr<std::string> text = ExportText(directory.path(), document);
    ASSERT_TRUE(text.ok()) << text.status();
    for (const auto& [number, author] : scribe.authors()) {
      EXPECT_THAT(*text, Not(HasSubstr(author.client_id))) << "a client id is a secret";
    }
    std::vector<absl::string_view> texts = absl::StrSplit(*text, '\n');
    ASSERT_EQ(texts.back(), "");
    texts.pop_back();
    std::vector<ExportLine> lines;
    for (const absl::string_view line : texts) {
      absl::StatusOr<ExportLine> read = ReadExportLine(line, {});
      ASSERT_TRUE(read.ok()) << read.status() << " in " << line;
      EXPECT_EQ(WriteExportLine(*read), absl::StrCat(line, "\n"));
      lines.push_back(*std::move(read));
    }
    const size_t authors = scribe.authors().size();
    const size_t versions = document == kRich ? 2 : document == kPlain ? 1 : 0;
    ASSERT_EQ(lines.size(), 1 + authors + 1 + scribe.log().size() + versions + 1);
    const auto& header = std::get<ExportHeader>(lines.front());
    EXPECT_EQ(header.document, document);
    EXPECT_EQ(header.commits, scribe.log().size());
    EXPECT_EQ(header.created_ms, 1000);
    EXPECT_EQ(header.title.has_value(), document == kRich);
    std::vector<ot::Commit> commits;
    Head head;
    for (size_t i = 0; i < scribe.log().size(); ++i) {
      ot::Commit commit = std::get<ExportCommit>(lines[2 + authors + i]).commit;
      head = {commit.revision,
              ot::ExtendDigest(head.digest, commit.author, commit.sequence, commit.delta)};
      commit.digest = head.digest;
      commits.push_back(std::move(commit));
    }
    ExpectSameCommits(commits, scribe.log(), 1, scribe.log().size());
    const auto& end = std::get<ExportEnd>(lines.back());
    EXPECT_EQ(end.versions, versions);
    if (document == kRich) {
      const Version& version = std::get<ExportVersion>(lines[lines.size() - 3]).version;
      ExpectSameVersion(
          version,
          {.revision = 200, .name = "The end \u2028", .by = "Ada \"A\"", .created_ms = 6000});
    }
    EXPECT_EQ(end.digest, scribe.head().digest);
    EXPECT_EQ(end.sha256, Sha256Hex(scribe.text().ToString()));
  }
}

// The example of docs/storage.md.
TEST(ExportTest, TheFormat) {
  const TemporaryDirectory directory;
  std::unique_ptr<SqliteStore> store = MustOpen(directory.path());
  ASSERT_TRUE(Create(store.get(), "notes").ok());
  Scribe scribe("notes");
  scribe.Type(1, "hi");
  scribe.Commit(1, ot::DeltaBuilder().Retain(2, {{"bold", "true"}}).Build());
  MustAppend(store.get(), &scribe);
  ASSERT_TRUE(SetTitle(store.get(), "notes", "Notes").ok());
  ASSERT_TRUE(
      AddVersion(store.get(), "notes",
                 {.revision = 1, .name = "First draft", .by = "Ada", .created_ms = 1700000000020})
          .ok());
  EXPECT_EQ(
      *ExportText(directory.path(), "notes"),
      R"({"header":{"format":"coedit-history","version":2,"document":"notes","type":"rich-text",)"
      R"("epoch":"epoch of notes","createdMs":1000,"commits":2,"title":"Notes"}}
{"author":{"number":1,"userId":"user 1","name":"Name 1","color":"#d9480f"}}
{"initial":{"ops":[{"insert":"\n"}]}}
{"commit":{"revision":1,"author":1,"sequence":2,"timeMs":1700000000007,"ops":[{"insert":"hi"}]}}
{"commit":{"revision":2,"author":1,"sequence":4,"timeMs":1700000000014,)"
      R"("ops":[{"retain":2,"attributes":{"bold":true}}]}}
{"version":{"revision":1,"name":"First draft","by":"Ada","createdMs":1700000000020}}
{"end":{"commits":2,"versions":1,"digest":")" +
          absl::StrCat(absl::Hex(scribe.head().digest, absl::kZeroPad16)) +
          R"(","sha256":"98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4"}}
)");
}

TEST(ExportTest, DamageIsToldAndNamesTheDocument) {
  FilledDirectory directory;
  directory.Tamper(FlipBit("segments", "document = 1 AND first_revision = 21"));
  const absl::Status status = ExportText(directory.path(), kRich).status();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("'rich'"));
  EXPECT_TRUE(ExportText(directory.path(), kPlain).ok());
  EXPECT_TRUE(absl::IsNotFound(ExportText(directory.path(), "missing").status()));
}

TEST(ExportTest, LinesThatAreRefused) {
  const struct {
    const char* line;
    const char* says;
  } kCases[] = {
      {"", "JSON"},
      {"[]", "one member"},
      {"{}", "one member"},
      {R"({"end":{},"end2":{}})", "one member"},
      {R"({"commits":{}})", "no line \"commits\""},
      {R"({"header":{"format":"other","version":1}})", "header.format: \"other\""},
      {R"({"header":{"format":"coedit-history","version":3}})", "header.version: 3"},
      {R"({"header":{"format":"coedit-history","version":2,"document":"a","type":"rich-text",)"
       R"("epoch":"e","createdMs":0,"commits":0,"title":"a\nb"}})",
       "header.title: \"a\\nb\""},
      {R"({"version":{"revision":-1,"name":"","createdMs":0}})", "version.revision: -1"},
      {R"({"version":{"revision":1,"name":"\u0007","createdMs":0}})", "version.name"},
      {R"({"end":{"commits":0,"versions":1001}})", "end.versions: 1001"},
      {R"({"header":{"format":"coedit-history","version":1,"document":"a/b","type":"rich-text",)"
       R"("epoch":"e","createdMs":0,"commits":0}})",
       "header.document: \"a/b\""},
      {R"({"header":{"format":"coedit-history","version":1,"document":"a","type":"odt",)"
       R"("epoch":"e","createdMs":0,"commits":0}})",
       "header.type: \"odt\""},
      {R"({"author":{"number":0,"userId":"","name":"","color":""}})", "author.number: 0"},
      {R"({"initial":{"ops":[{"delete":1}]}})", "initial.ops"},
      {R"({"commit":{"revision":1,"author":1,"sequence":1,"timeMs":0,"ops":[{"insert":""}]}})",
       "ops[0]"},
      {R"({"commit":{"revision":1,"author":1,"sequence":1,"timeMs":-1,"ops":[]}})",
       "commit.timeMs: -1"},
      {R"({"commit":{"revision":1,"author":1,"sequence":1,"timeMs":0}})", "commit.ops"},
      {R"({"end":{"commits":0,"digest":"xyz","sha256":""}})", "end.digest: \"xyz\""},
      {R"({"end":{"commits":0,"digest":"0000000000000000","sha256":"0"}})", "end.sha256: \"0\""},
  };
  for (const auto& entry : kCases) {
    const absl::Status status = ReadExportLine(entry.line, {}).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << entry.line << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(entry.says)) << entry.line;
  }
}

}  // namespace
}  // namespace coedit::storage
