// Tables that docs quote: limits and wire errors; and what a user's name is made of.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/identity.h"
#include "server/limits.h"
#include "server/wire_error.h"

namespace coedit::server {
namespace {

using ::testing::HasSubstr;

std::string ReadFile(const std::string& path) {
  std::ifstream file(absl::StrCat(COEDIT_SOURCE_DIR, "/", path));
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(WireErrors, ThePageSaysWhatTheTableSays) {
  const std::string page = ReadFile("docs/protocol.md");
  ASSERT_FALSE(page.empty());
  for (const WireErrorInfo& info : AllWireErrors()) {
    const std::string row =
        absl::StrCat("| `", info.name, "` | ", info.http_status, " | ", info.close_code, " | ",
                     info.retry ? "yes" : "no", " | ", info.client_action, " |");
    EXPECT_TRUE(page.find(row) != std::string::npos) << "not in docs/protocol.md: " << row;
  }
}

TEST(Limits, AreSetByName) {
  Limits limits;
  EXPECT_TRUE(SetLimit("submits_per_second=0", &limits).ok());
  EXPECT_EQ(limits.submits_per_second, 0);
  EXPECT_TRUE(SetLimit("message_bytes=1048576", &limits).ok());
  EXPECT_EQ(limits.wire().message_bytes, 1048576u);
}

TEST(Limits, AWrongOneIsNamed) {
  struct Row {
    const char* assignment;
    const char* names;
  };
  for (const Row& row :
       {Row{"speed=3", "'speed'"}, Row{"message_bytes", "''"}, Row{"message_bytes=big", "'big'"},
        Row{"message_bytes=0", "at least 8192"}, Row{"message_bytes=-1", "-1"}}) {
    Limits limits;
    EXPECT_THAT(std::string(SetLimit(row.assignment, &limits).message()), HasSubstr(row.names));
    EXPECT_EQ(limits.message_bytes, Limits().message_bytes);
  }
}

TEST(Limits, EachIsListedOnce) {
  std::set<std::string> names;
  for (const LimitInfo& info : AllLimits()) {
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_GE(Limits().*info.field, info.minimum) << info.name;
  }
  EXPECT_EQ(names.size() * sizeof(int64_t), sizeof(Limits)) << "a limit that can't be set";
}

TEST(Identity, NamesAreCleaned) {
  struct Row {
    const char* said;
    const char* shown;
  };
  for (const Row& row :
       {Row{"Ada", "Ada"}, Row{"  Ada  ", "Ada"}, Row{"", "Guest"}, Row{"\u202eadA", "adA"},
        Row{"A\u200bd\u0007a\n", "Ada"}, Row{"Zo\u0308e\u0301", "Zo\u0308e\u0301"},
        Row{"Z\u0308\u0308\u0308\u0308\u0308", "Z\u0308\u0308"}, Row{"<b>Ada</b>", "<b>Ada</b>"},
        Row{"\u200b\u2060", "Guest"}}) {
    proto::Hello hello;
    hello.name = row.said;
    EXPECT_EQ(MakeUser(hello, 64).name, row.shown);
  }
  proto::Hello hello;
  hello.name = std::string(10000, 'x');
  EXPECT_EQ(MakeUser(hello, 64).name.size(), 64u);
}

TEST(Identity, ColorsAreColors) {
  for (const char* said : {"red", "#12345", "#12345g", "url(x)", "#1234567"}) {
    proto::Hello hello;
    hello.color = said;
    EXPECT_THAT(MakeUser(hello, 64).color, ::testing::MatchesRegex("#[0-9a-f]+"));
    EXPECT_NE(MakeUser(hello, 64).color, said);
  }
  proto::Hello hello;
  hello.color = "#A1B2C3";
  EXPECT_EQ(MakeUser(hello, 64).color, "#a1b2c3");
}

TEST(Identity, TheUserIdIsStableAndTellsNoClientId) {
  proto::Hello hello;
  hello.client_id = std::string(32, 'a');
  const std::string id = MakeUser(hello, 64).id;
  EXPECT_EQ(MakeUser(hello, 64).id, id);
  EXPECT_EQ(id.size(), 18u);
  hello.client_id = std::string(32, 'b');
  EXPECT_NE(MakeUser(hello, 64).id, id);
}

}  // namespace
}  // namespace coedit::server
