// The commands beside `serve`, as a person or a script runs them: what they say and how they end.
// What they do is tested in tests/storage.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/server/io/process.h"
#include "tests/server/io/raw_client.h"
#include "tests/server/io/test_server.h"

namespace coedit::server {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

constexpr char kExported[] =
    R"({"header":{"format":"coedit-history","version":2,"document":"notes","type":"rich-text",)"
    R"("epoch":"e-1","createdMs":1000,"commits":2,"title":"Notes"}}
{"author":{"number":1,"userId":"u-1","name":"Ada","color":"#d9480f"}}
{"initial":{"ops":[{"insert":"\n"}]}}
{"commit":{"revision":1,"author":1,"sequence":2,"timeMs":1700000000007,"ops":[{"insert":"hi"}]}}
{"commit":{"revision":2,"author":1,"sequence":4,"timeMs":1700000000014,)"
    R"("ops":[{"retain":2,"attributes":{"bold":true}}]}}
{"end":{"commits":2,"versions":0,"digest":"f1deb2d8ce9cccb5",)"
    R"("sha256":"98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4"}}
)";

class CommandsTest : public testing::Test {
 protected:
  CommandsTest() { files_.Write("notes.jsonl", kExported); }

  std::string data() const { return files_.path() + "/data"; }
  std::string database() const { return data() + "/coedit.db"; }
  std::string file(const std::string& name) const { return files_.path() + "/" + name; }
  void Import() {
    const Ended ended = RunCoedit({"import", "--data", data(), file("notes.jsonl")});
    ASSERT_EQ(ended.exit_code, 0) << ended.errors;
    EXPECT_EQ(ended.output,
              "imported document 'notes': 2 commits by 1 author, digest f1deb2d8ce9cccb5\n");
  }
  // Fails with this exit code and one sentence.
  static void ExpectFailure(const Ended& ended, int exit_code, const std::string& says) {
    EXPECT_EQ(ended.exit_code, exit_code) << ended.errors;
    EXPECT_THAT(ended.errors, AllOf(StartsWith("coedit: "), HasSubstr(says)));
    EXPECT_EQ(std::count(ended.errors.begin(), ended.errors.end(), '\n'), 1) << ended.errors;
  }
  static std::string Read(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }
  // Changes one byte of what a document is made of: of the text, after its length.
  void Damage() const {
    std::string bytes = Read(database());
    const size_t at = bytes.find("\x02hi");
    ASSERT_NE(at, std::string::npos);
    bytes[at + 1] = 'H';
    std::ofstream(database(), std::ios::binary | std::ios::trunc) << bytes;
  }

  TemporaryDirectory files_;
};

// Of an export from before there were titles and versions.
TEST_F(CommandsTest, AnOlderFileIsImported) {
  files_.Write("notes.jsonl", absl::StrReplaceAll(kExported, {{"\"version\":2", "\"version\":1"},
                                                              {",\"title\":\"Notes\"", ""},
                                                              {"\"versions\":0,", ""}}));
  Import();
  const Ended shown = RunCoedit({"export", "--data", data(), "notes"});
  EXPECT_THAT(shown.output, AllOf(HasSubstr("\"version\":2"), HasSubstr("\"versions\":0")));
}

TEST_F(CommandsTest, ImportAndExportAreInverse) {
  Import();
  ExpectFailure(RunCoedit({"import", "--data", data(), file("notes.jsonl")}), 1, "'notes' exists");
  const Ended shown = RunCoedit({"export", "--data", data(), "notes"});
  EXPECT_EQ(shown.exit_code, 0) << shown.errors;
  std::string exported = shown.output;
  const size_t epoch = exported.find("\"epoch\":\"e-");
  ASSERT_NE(epoch, std::string::npos);
  exported.replace(epoch + 8, 20, "\"e-1\"");
  EXPECT_EQ(exported, kExported);

  const Ended written = RunCoedit({"export", "--data", data(), "notes", file("again.jsonl")});
  EXPECT_EQ(written.exit_code, 0) << written.errors;
  EXPECT_EQ(Read(file("again.jsonl")), shown.output);
  ExpectFailure(RunCoedit({"export", "--data", data(), "notes", file("again.jsonl")}), 1,
                "again.jsonl' exists");
  ExpectFailure(RunCoedit({"export", "--data", data(), "missing"}), 1, "'missing'");
  EXPECT_EQ(RunCoedit({"import", "--data", data(), "--as", "two", file("again.jsonl")}).exit_code,
            0);
  ExpectFailure(RunCoedit({"import", "--data", data(), "--as", "a/b", file("again.jsonl")}), 1,
                "\"a/b\"");
  ExpectFailure(RunCoedit({"import", "--data", data(), "--limit", "x=1", file("again.jsonl")}), 2,
                "--limit");
  files_.Write("cut.jsonl", std::string(kExported).substr(0, 400));
  ExpectFailure(RunCoedit({"import", "--data", data(), "--as", "cut", file("cut.jsonl")}), 1,
                "cut.jsonl', line ");
}

TEST_F(CommandsTest, VerifySaysSoundDamagedOrUnknown) {
  ExpectFailure(RunCoedit({"verify", "--data", data()}), 2, "data' does not exist");
  Import();
  Ended ended = RunCoedit({"verify", "--data", data()});
  EXPECT_EQ(ended.exit_code, 0) << ended.errors;
  EXPECT_EQ(ended.output, "sound: 1 document, 2 commits, 1 snapshot, 1 author\n");
  EXPECT_EQ(ended.errors, "") << "no progress where there is no terminal";
  ExpectFailure(RunCoedit({"verify", "--data", data(), "--document", "missing"}), 2, "'missing'");
  Damage();
  ended = RunCoedit({"verify", "--data", data()});
  EXPECT_EQ(ended.exit_code, 1) << ended.errors;
  EXPECT_THAT(ended.output, AllOf(StartsWith("damaged: document 'notes': "),
                                  HasSubstr("\nDAMAGED: 1 document of 1 document, ")));
  const Ended refused = RunCoedit({"export", "--data", data(), "notes", file("never.jsonl")});
  ExpectFailure(refused, 1, "document 'notes' is damaged");
  EXPECT_FALSE(std::filesystem::exists(file("never.jsonl")));
}

TEST_F(CommandsTest, BackupAndRestore) {
  Import();
  Process server({"serve", "--data", data(), "--listen", "127.0.0.1:0", "--log-level", "off"});
  server.ReadyPort();
  const Ended backup = RunCoedit({"backup", "--data", data(), file("backup.db")});
  EXPECT_EQ(backup.exit_code, 0) << backup.errors;
  EXPECT_THAT(backup.output, AllOf(StartsWith("backup "), EndsWith("2 commits, sound\n")));
  ExpectFailure(RunCoedit({"backup", "--data", data(), file("backup.db")}), 1, "exists");
  EXPECT_EQ(RunCoedit({"verify", "--data", file("backup.db")}).exit_code, 0);

  // While the server has the directory nothing but reading is possible.
  ExpectFailure(RunCoedit({"restore", file("backup.db"), "--data", data(), "--replace"}), 1,
                "in use");
  ExpectFailure(RunCoedit({"compact", "--data", data()}), 1, "in use");
  ExpectFailure(RunCoedit({"import", "--data", data(), file("notes.jsonl")}), 1, "in use");
  EXPECT_EQ(RunCoedit({"verify", "--data", data()}).exit_code, 0);
  EXPECT_EQ(RunCoedit({"inspect", "--data", data()}).exit_code, 0);
  EXPECT_EQ(RunCoedit({"export", "--data", data(), "notes"}).exit_code, 0);
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(), 0);

  ExpectFailure(RunCoedit({"restore", file("backup.db"), "--data", data()}), 1, "--replace");
  Ended restored = RunCoedit({"restore", file("backup.db"), "--data", data(), "--replace"});
  EXPECT_EQ(restored.exit_code, 0) << restored.errors;
  EXPECT_THAT(restored.output, AllOf(StartsWith("restored 1 document to "),
                                     HasSubstr("kept as " + database() + ".replaced-")));
  restored = RunCoedit({"restore", file("backup.db"), "--data", file("fresh")});
  EXPECT_EQ(restored.exit_code, 0) << restored.errors;
  const std::string before = RunCoedit({"export", "--data", data(), "notes"}).output;
  const std::string after = RunCoedit({"export", "--data", file("fresh"), "notes"}).output;
  EXPECT_NE(before, after) << "each restore makes an epoch of its own";
  EXPECT_EQ(before.substr(before.find('\n')), after.substr(after.find('\n')));
}

TEST_F(CommandsTest, ADamagedBackupIsNotRestored) {
  Import();
  Damage();
  const Ended backup = RunCoedit({"backup", "--data", data(), file("backup.db")});
  EXPECT_EQ(backup.exit_code, 1);
  EXPECT_THAT(backup.errors, HasSubstr("the backup is damaged"));
  EXPECT_TRUE(std::filesystem::exists(file("backup.db")));
  ExpectFailure(RunCoedit({"restore", file("backup.db"), "--data", file("fresh")}), 1, "damaged");
  EXPECT_EQ(
      RunCoedit({"restore", file("backup.db"), "--data", file("fresh"), "--no-verify"}).exit_code,
      0);
}

TEST_F(CommandsTest, CompactAndInspect) {
  Import();
  const Ended compacted = RunCoedit({"compact", "--data", data()});
  EXPECT_EQ(compacted.exit_code, 0) << compacted.errors;
  EXPECT_THAT(compacted.output, MatchesRegex("compacted .*: .* before, .* now\n"));
  EXPECT_EQ(RunCoedit({"verify", "--data", data()}).exit_code, 0);

  const Ended table = RunCoedit({"inspect", "--data", data()});
  EXPECT_EQ(table.exit_code, 0) << table.errors;
  EXPECT_THAT(table.output, HasSubstr("\nnotes    rich-text           2        1 "));
  const Ended one = RunCoedit({"inspect", "--data", data(), "notes"});
  EXPECT_THAT(one.output,
              AllOf(HasSubstr("head       revision 2, digest f1deb2d8ce9cccb5\n"),
                    HasSubstr("author 1   Ada (u-1), last sequence 4 at revision 2\n")));
  const Ended json = RunCoedit({"inspect", "--data", data(), "--json", "notes"});
  EXPECT_THAT(json.output, AllOf(StartsWith("{\"file\":{"), EndsWith("\"damaged\":[]}\n"),
                                 HasSubstr("\"authors\":[{\"number\":1,\"userId\":\"u-1\"")));
  ExpectFailure(RunCoedit({"inspect", "--data", data(), "missing"}), 1, "'missing'");
}

// A pipe that nobody writes to holds the import where it is, until the signal.
TEST_F(CommandsTest, AnInterruptedCommandLeavesNothingHalf) {
  const std::string pipe = file("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  Process process({"import", "--data", data(), pipe});
  {
    std::ofstream writer(pipe);  // waits until the import reads
    writer << std::string(kExported).substr(0, 300) << std::flush;
    process.Signal(SIGINT);
    writer << std::string(kExported).substr(300) << std::flush;
  }
  const std::string errors = process.ReadErrors();
  EXPECT_EQ(process.Wait(), 128 + SIGINT) << errors;
  EXPECT_EQ(errors, "coedit: interrupted\n");
  Import();
}

}  // namespace
}  // namespace coedit::server
