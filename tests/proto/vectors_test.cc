// The golden vectors in tests/vectors: what the wire looked like yesterday. The TypeScript tests
// read messages.json too. After a change that is meant, write them anew with
// COEDIT_UPDATE_VECTORS=1 and read the difference before it is committed.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "ot/document.h"
#include "proto/canonical_json.h"
#include "proto/json_delta.h"
#include "proto/json_tree.h"
#include "proto/json_writer.h"
#include "tests/proto/bad_frames.h"
#include "tests/proto/message_samples.h"

namespace coedit::proto {
namespace {

// Larger frames are made by the tables only.
constexpr size_t kVectorBytesMax = 2000;

std::string PathOf(absl::string_view name) {
  return absl::StrCat(COEDIT_SOURCE_DIR, "/tests/vectors/", name);
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string ArrayOfLines(const std::vector<std::string>& lines) {
  return absl::StrCat("[\n", absl::StrJoin(lines, ",\n"), "\n]\n");
}

void CompareOrUpdate(absl::string_view name, const std::string& expected) {
  const std::string path = PathOf(name);
  if (std::getenv("COEDIT_UPDATE_VECTORS") != nullptr) {
    std::ofstream(path, std::ios::binary) << expected;
  }
  EXPECT_EQ(ReadFile(path), expected) << path;
}

// The message object as it stands inside "messages".
std::string MessageOf(const std::string& frame) {
  const FrameGlue glue = GlueFor(Encoding::kJson);
  absl::string_view message = frame;
  EXPECT_TRUE(absl::ConsumePrefix(&message, glue.prefix));
  EXPECT_TRUE(absl::ConsumeSuffix(&message, glue.suffix));
  return std::string(message);
}

std::string Line(absl::string_view name, absl::string_view direction, const std::string& json,
                 const std::string& protobuf) {
  std::string line;
  JsonObjectWriter(&line)
      .Text("name", name)
      .Text("direction", direction)
      .Json("json", json)
      .Text("protobuf", absl::BytesToHexString(protobuf));
  return line;
}

TEST(VectorsTest, Messages) {
  std::vector<std::string> lines;
  for (const ClientSample& sample : ClientSamples()) {
    lines.push_back(Line(sample.name, "client",
                         MessageOf(EncodeClientFrame(Encoding::kJson, {sample.message})),
                         EncodeClientFrame(Encoding::kProtobuf, {sample.message})));
  }
  for (const ServerSample& sample : ServerSamples()) {
    lines.push_back(Line(sample.name, "server", EncodePiece(Encoding::kJson, sample.message),
                         EncodePiece(Encoding::kProtobuf, sample.message)));
  }
  CompareOrUpdate("messages.json", ArrayOfLines(lines));
}

// What clients compute (docs/protocol.md, Digest): one commit after the other.
TEST(VectorsTest, Digests) {
  std::vector<std::string> lines;
  ot::ReplicaDigest digest = 0;
  for (const ServerSample& sample : ServerSamples()) {
    const auto* commit = std::get_if<Committed>(&sample.message);
    if (commit == nullptr) continue;
    digest = ot::ExtendReplicaDigest(digest, commit->author, commit->delta);
    std::string line;
    {
      JsonObjectWriter out(&line);
      out.Number("author", commit->author);
      AppendJsonDelta(commit->delta, out.Key("delta"));
      out.Digest("digest", digest);
    }
    lines.push_back(line);
  }
  CompareOrUpdate("digests.json", ArrayOfLines(lines));
}

// The file is read as any reader would, and both columns mean the same.
TEST(VectorsTest, BothColumnsOfTheFileAreOneMessage) {
  const auto tree = JsonTree::Parse(ReadFile(PathOf("messages.json")));
  ASSERT_TRUE(tree.ok()) << tree.status();
  int read = 0;
  for (const JsonValue line : tree->root().items()) {
    const std::string name(line.Find("name")->string());
    SCOPED_TRACE(name);
    const std::string protobuf = absl::HexStringToBytes(line.Find("protobuf")->string());
    std::string json;
    ASSERT_TRUE(AppendCanonicalJson(*line.Find("json"), 32, &json).ok());
    const FrameGlue glue = GlueFor(Encoding::kJson);
    json = absl::StrCat(glue.prefix, json, glue.suffix);
    if (line.Find("direction")->string() == "client") {
      const auto from_json = DecodeClientFrame(Encoding::kJson, json, DecodeLimits());
      const auto from_protobuf = DecodeClientFrame(Encoding::kProtobuf, protobuf, DecodeLimits());
      ASSERT_TRUE(from_json.ok() && from_protobuf.ok());
      EXPECT_TRUE(std::get<ClientMessage>(from_json->front()) ==
                  std::get<ClientMessage>(from_protobuf->front()));
    } else {
      const auto from_json = DecodeServerFrame(Encoding::kJson, json);
      const auto from_protobuf = DecodeServerFrame(Encoding::kProtobuf, protobuf);
      ASSERT_TRUE(from_json.ok() && from_protobuf.ok());
      EXPECT_TRUE(from_json->front() == from_protobuf->front());
    }
    ++read;
  }
  EXPECT_EQ(read, static_cast<int>(ClientSamples().size() + ServerSamples().size()));
}

TEST(VectorsTest, BadFrames) {
  std::vector<std::string> lines;
  for (const BadFrame& bad : BadFrames()) {
    if (bad.frame.size() > kVectorBytesMax) continue;
    const bool is_json = bad.encoding == Encoding::kJson;
    std::string line;
    JsonObjectWriter(&line)
        .Text("name", bad.name)
        .Text("encoding", is_json ? "json" : "protobuf")
        .Text("frame", is_json ? bad.frame : absl::BytesToHexString(bad.frame))
        .Text("refused", bad.refused_as == RefusedAs::kFrame ? "frame" : "submit")
        .Text("contains", bad.contains);
    lines.push_back(line);
  }
  CompareOrUpdate("bad_frames.json", ArrayOfLines(lines));
}

// What the file holds is refused with what the file says.
TEST(VectorsTest, BadFramesOfTheFileAreRefused) {
  const auto tree = JsonTree::Parse(ReadFile(PathOf("bad_frames.json")));
  ASSERT_TRUE(tree.ok()) << tree.status();
  size_t read = 0;
  for (const JsonValue line : tree->root().items()) {
    SCOPED_TRACE(std::string(line.Find("name")->string()));
    const bool is_json = line.Find("encoding")->string() == "json";
    const absl::string_view text = line.Find("frame")->string();
    const auto decoded = is_json ? DecodeClientFrame(Encoding::kJson, text, DecodeLimits())
                                 : DecodeClientFrame(Encoding::kProtobuf,
                                                     absl::HexStringToBytes(text), DecodeLimits());
    EXPECT_EQ(decoded.ok(), line.Find("refused")->string() == "submit");
    const std::string refusal = decoded.ok() ? std::get<BadSubmit>(decoded->front()).text
                                             : std::string(decoded.status().message());
    EXPECT_TRUE(absl::StrContains(refusal, line.Find("contains")->string())) << refusal;
    ++read;
  }
  EXPECT_GT(read, BadFrames().size() / 2);
}

}  // namespace
}  // namespace coedit::proto
