#include "bench/traces.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace coedit::bench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Session(absl::string_view body, int transactions, int patches,
                    absl::string_view agents = "2") {
  return absl::StrCat("optrace 1\nname small\nkind session\nunits codepoint\nagents ", agents,
                      "\ntxns ", transactions, "\npatches ", patches, "\n---\n", body);
}

TEST(TracesTest, ReadsTransactionsOfASession) {
  const absl::StatusOr<Trace> trace = ParseTrace(Session(
      "@0\t0\t0\n0\t0\thi\n@\t1\t0\n0\t0\ta\\n\\t\\\\b\n1\t2\t\n@7\t0\t2\n2\t1\t\xC3\xA9\n", 3, 4));
  ASSERT_TRUE(trace.ok()) << trace.status();
  EXPECT_EQ(trace->name, "small");
  EXPECT_EQ(trace->kind, Trace::Kind::kSession);
  EXPECT_EQ(trace->agents, 2u);
  ASSERT_EQ(trace->transactions.size(), 3u);
  EXPECT_EQ(trace->transactions[0].seconds, 0);
  EXPECT_THAT(trace->transactions[0].patches, ElementsAre(Patch{0, 0, "hi"}));
  EXPECT_EQ(trace->transactions[1].seconds, std::nullopt);
  EXPECT_EQ(trace->transactions[1].agent, 1u);
  EXPECT_EQ(trace->transactions[1].base, 0u);
  EXPECT_THAT(trace->transactions[1].patches,
              ElementsAre(Patch{0, 0, "a\n\t\\b"}, Patch{1, 2, ""}));
  EXPECT_EQ(trace->transactions[2].base, 2u);
  EXPECT_THAT(trace->transactions[2].patches, ElementsAre(Patch{2, 1, "\xC3\xA9"}));
}

TEST(TracesTest, ReadsASequentialTrace) {
  const absl::StatusOr<Trace> trace = ParseTrace(
      "optrace 1\nname flat\nkind sequential\nunits codepoint\ntxns 2\npatches 1\n---\n"
      "@0\n0\t0\t@\n@\n");
  ASSERT_TRUE(trace.ok()) << trace.status();
  ASSERT_EQ(trace->transactions.size(), 2u);
  EXPECT_EQ(trace->transactions[0].patches[0].inserted, "@");
  EXPECT_EQ(trace->transactions[1].base, 1u);
  EXPECT_TRUE(trace->transactions[1].patches.empty());
}

TEST(TracesTest, PatchesOfATransactionApplyOneAfterAnother) {
  Transaction transaction;
  transaction.patches = {{3, 0, "ab"}, {4, 1, ""}, {0, 2, "x"}};
  EXPECT_EQ(TransactionDelta(transaction).DebugString(), "+\"x\" -2 =1 +\"a\"");
}

TEST(TracesTest, NamesTheLineAndWhatIsWrong) {
  struct Case {
    std::string text;
    const char* error;
  };
  const std::string good = Session("@0\t0\t0\n0\t0\thi\n", 1, 1);
  ASSERT_TRUE(ParseTrace(good).ok());
  const Case cases[] = {
      {"", "not a trace"},
      {"optrace 2\n", "not a trace"},
      {"optrace 1\nname a\n", "does not end"},
      {"optrace 1\nname a\nname b\n---\n", "line 3: 'name' twice"},
      {"optrace 1\n---\n", "no 'name'"},
      {"optrace 1\nname a\nkind tree\n---\n", "kind 'tree'"},
      {"optrace 1\nname a\nkind session\nunits byte\n---\n", "units 'byte'"},
      {Session("", 0, 0, "0"), "agents '0'"},
      {Session("", 0, 0, "1001"), "agents '1001', expected a number from 1 to 1000"},
      {Session("@0\t0\t0\n0\t0\thi\n", 2, 1), "announces 2 transactions, the file holds 1"},
      {Session("@0\t0\t0\n0\t0\thi\n", 1, 2), "announces 2 patches, the file holds 1"},
      {Session("", 1 << 30, 0), "1073741824 transactions in 0 bytes"},
      {Session("0\t0\thi\n", 0, 1, "1"), "a patch before"},
      {Session("@x\t0\t0\n", 1, 0, "1"), "line 9: time 'x'"},
      {Session("@\t0\n", 1, 0, "1"), "expected @time"},
      {Session("@\t1\t0\n", 1, 0, "1"), "agent '1'"},
      {Session("@\t0\t1\n", 1, 0, "1"), "base '1', expected a number from 0 to 0"},
      {Session("@\t0\t0\n@\t0\t1\n@\t0\t0\n", 3, 0), "line 11: base '0', expected a number from 1"},
      {Session("@\t0\t0\n-1\t0\t\n", 1, 1, "1"), "position '-1'"},
      {Session("@\t0\t0\n0\t4294967296\t\n", 1, 1, "1"), "deleted '4294967296'"},
      {Session("@\t0\t0\n0\t0\n", 1, 1, "1"), "expected position"},
      {Session("@\t0\t0\n0\t0\t\\x\n", 1, 1, "1"), "a backslash"},
      {Session("@\t0\t0\n0\t0\t\\\n", 1, 1, "1"), "a backslash"},
      {Session("@\t0\t0\n0\t0\t\xC3\n", 1, 1, "1"), "not UTF-8"},
      {Session("@\t0\t0\n0\t0\t\xF0\x9F\x8C\x80\n", 1, 1, "1"), "above U+FFFF"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const absl::StatusOr<Trace> trace = ParseTrace(c.text);
    ASSERT_FALSE(trace.ok());
    EXPECT_EQ(trace.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(trace.status().message()), HasSubstr(c.error));
  }
}

TEST(TracesTest, ReadsTheRecordedFiles) {
  const absl::StatusOr<Trace> trace =
      ReadTrace(COEDIT_SOURCE_DIR "/tests/data/clownschool.session.gz");
  ASSERT_TRUE(trace.ok()) << trace.status();
  EXPECT_EQ(trace->name, "clownschool");
  EXPECT_EQ(trace->agents, 3u);
  EXPECT_EQ(trace->transactions.size(), 23136u);
}

TEST(TracesTest, AMissingFileIsNotFound) {
  EXPECT_EQ(ReadTrace(COEDIT_SOURCE_DIR "/tests/data/none.gz").status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace coedit::bench
