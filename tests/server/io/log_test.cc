#include "server/io/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace coedit::server {
namespace {

TEST(LogTest, TextFromOutsideCannotFormItsOwnLines) {
  ASSERT_TRUE(SetLogLevel("info").ok());
  testing::internal::CaptureStderr();
  LogInfo("a\nb\x1b[31mc\r\x7f");
  LogDebug("not shown");
  const std::string output = testing::internal::GetCapturedStderr();
  ASSERT_TRUE(SetLogLevel("off").ok());
  EXPECT_THAT(output, testing::HasSubstr("a\\x0ab\\x1b[31mc\\x0d\\x7f\n"));
  EXPECT_THAT(output, testing::Not(testing::HasSubstr("not shown")));
}

TEST(LogTest, QuotedIsPrintableAndShort) {
  EXPECT_EQ(Quoted("plain"), "\"plain\"");
  EXPECT_EQ(Quoted("a\"b\\c\nd"), "\"a\\\"b\\\\c\\nd\"");
  EXPECT_LT(Quoted(std::string(100000, '\x01')).size(), 1000U);
}

}  // namespace
}  // namespace coedit::server
