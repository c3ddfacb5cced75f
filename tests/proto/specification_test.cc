// The worked trace of docs/protocol.md is read as a peer would read it.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "proto/codec.h"

namespace coedit::proto {
namespace {

std::vector<std::string> Lines() {
  std::ifstream file(absl::StrCat(COEDIT_SOURCE_DIR, "/docs/protocol.md"));
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

// Frames of one direction: a line that begins with `mark`, and the indented lines after it.
std::vector<std::string> Frames(absl::string_view mark) {
  std::vector<std::string> frames;
  bool continues = false;
  for (const std::string& line : Lines()) {
    if (absl::StartsWith(line, mark)) {
      frames.push_back(line.substr(mark.size()));
    } else if (continues && absl::StartsWith(line, "     ")) {
      absl::StrAppend(&frames.back(), line);
    } else {
      continues = false;
      continue;
    }
    continues = true;
  }
  for (std::string& frame : frames) frame = absl::StrReplaceAll(frame, {{"[...]", "[]"}});
  return frames;
}

std::vector<Incoming> ClientMessagesOfTheTrace() {
  std::vector<Incoming> messages;
  for (const std::string& frame : Frames("> ")) {
    const auto decoded = DecodeClientFrame(Encoding::kJson, frame, DecodeLimits());
    EXPECT_TRUE(decoded.ok()) << decoded.status() << "\n" << frame;
    if (decoded.ok()) messages.insert(messages.end(), decoded->begin(), decoded->end());
  }
  return messages;
}

TEST(SpecificationTest, FramesOfTheTraceAreLegal) {
  const std::vector<Incoming> sent = ClientMessagesOfTheTrace();
  EXPECT_EQ(sent.size(), 6u);
  for (const Incoming& message : sent) {
    EXPECT_TRUE(std::holds_alternative<ClientMessage>(message));
  }
  const std::vector<std::string> received = Frames("< ");
  EXPECT_EQ(received.size(), 7u);
  for (const std::string& frame : received) {
    const auto decoded = DecodeServerFrame(Encoding::kJson, frame);
    ASSERT_TRUE(decoded.ok()) << decoded.status() << "\n" << frame;
    // Our own encoder would have written it so, but for the breaks.
    std::string again(GlueFor(Encoding::kJson).prefix);
    for (size_t i = 0; i < decoded->size(); ++i) {
      absl::StrAppend(&again, i > 0 ? "," : "", EncodePiece(Encoding::kJson, (*decoded)[i]));
    }
    absl::StrAppend(&again, GlueFor(Encoding::kJson).suffix);
    EXPECT_EQ(again, std::regex_replace(frame, std::regex(" {5}"), ""));
  }
}

TEST(SpecificationTest, BytesOfTheTraceAreAdasSubmit) {
  const std::regex line_of_bytes("^ *((?:[0-9a-f]{2} )*[0-9a-f]{2})(?:  .*)?$");
  std::string hex;
  for (const std::string& line : Lines()) {
    std::smatch match;
    if (std::regex_match(line, match, line_of_bytes)) hex += match[1];
  }
  hex.erase(std::remove(hex.begin(), hex.end(), ' '), hex.end());
  const auto decoded =
      DecodeClientFrame(Encoding::kProtobuf, absl::HexStringToBytes(hex), DecodeLimits());
  ASSERT_TRUE(decoded.ok()) << decoded.status() << " " << hex;
  const std::vector<Incoming> sent = ClientMessagesOfTheTrace();
  ASSERT_GT(sent.size(), 2u);
  EXPECT_TRUE(std::get<ClientMessage>(decoded->at(0)) == std::get<ClientMessage>(sent[2])) << hex;
}

}  // namespace
}  // namespace coedit::proto
