// Both encodings carry the same things: every test here walks one table with each of them.
#include "proto/codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "proto/coedit.pb.h"
#include "tests/proto/message_samples.h"

namespace coedit::proto {
namespace {

using ::testing::HasSubstr;

class CodecTest : public testing::TestWithParam<Encoding> {};

INSTANTIATE_TEST_SUITE_P(Encodings, CodecTest,
                         testing::Values(Encoding::kProtobuf, Encoding::kJson),
                         [](const auto& info) { return NameOf(info.param); });

TEST_P(CodecTest, ClientMessagesComeBackAsTheyWere) {
  for (const ClientSample& sample : ClientSamples()) {
    SCOPED_TRACE(sample.name);
    const std::string frame = EncodeClientFrame(GetParam(), {sample.message});
    const auto decoded = DecodeClientFrame(GetParam(), frame, DecodeLimits());
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    ASSERT_EQ(decoded->size(), 1u);
    const auto* message = std::get_if<ClientMessage>(&decoded->front());
    ASSERT_NE(message, nullptr) << std::get<BadSubmit>(decoded->front()).text;
    EXPECT_TRUE(*message == sample.message) << frame;
    EXPECT_EQ(EncodeClientFrame(GetParam(), {*message}), frame);
  }
}

TEST_P(CodecTest, ServerMessagesComeBackAsTheyWere) {
  for (const ServerSample& sample : ServerSamples()) {
    SCOPED_TRACE(sample.name);
    const std::string frame = ServerFrameOf(GetParam(), {sample.message});
    const auto decoded = DecodeServerFrame(GetParam(), frame);
    ASSERT_TRUE(decoded.ok()) << decoded.status() << "\n" << frame;
    ASSERT_EQ(decoded->size(), 1u);
    EXPECT_TRUE(decoded->front() == sample.message) << frame;
  }
}

TEST_P(CodecTest, ManyMessagesKeepTheirOrder) {
  std::vector<ClientMessage> sent;
  for (const ClientSample& sample : ClientSamples()) sent.push_back(sample.message);
  const auto decoded =
      DecodeClientFrame(GetParam(), EncodeClientFrame(GetParam(), sent), DecodeLimits());
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  ASSERT_EQ(decoded->size(), sent.size());
  for (size_t i = 0; i < sent.size(); ++i) {
    EXPECT_TRUE(std::get<ClientMessage>((*decoded)[i]) == sent[i]) << ClientSamples()[i].name;
  }
  std::vector<ServerMessage> told;
  for (const ServerSample& sample : ServerSamples()) told.push_back(sample.message);
  const auto heard = DecodeServerFrame(GetParam(), ServerFrameOf(GetParam(), told));
  ASSERT_TRUE(heard.ok()) << heard.status();
  EXPECT_TRUE(*heard == told);
}

TEST_P(CodecTest, EveryKindIsInTheTable) {
  std::set<size_t> client_kinds;
  for (const ClientSample& sample : ClientSamples()) client_kinds.insert(sample.message.index());
  EXPECT_EQ(client_kinds.size(), std::variant_size_v<ClientMessage>);
  std::set<size_t> server_kinds;
  for (const ServerSample& sample : ServerSamples()) server_kinds.insert(sample.message.index());
  EXPECT_EQ(server_kinds.size(), std::variant_size_v<ServerMessage>);
}

TEST_P(CodecTest, AFrameWithoutMessagesIsEmpty) {
  const auto decoded =
      DecodeClientFrame(GetParam(), EncodeClientFrame(GetParam(), {}), DecodeLimits());
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_TRUE(decoded->empty());
}

// No cut crashes, and what still decodes is a prefix of what was sent.
TEST_P(CodecTest, EveryTruncationIsRefusedOrAPrefix) {
  for (const ClientSample& sample : ClientSamples()) {
    SCOPED_TRACE(sample.name);
    const std::string frame = EncodeClientFrame(GetParam(), {Ping{7}, sample.message});
    for (size_t size = 0; size < frame.size(); ++size) {
      const auto decoded =
          DecodeClientFrame(GetParam(), std::string(frame.data(), size), DecodeLimits());
      if (GetParam() == Encoding::kJson) {
        EXPECT_FALSE(decoded.ok()) << size;
      } else if (decoded.ok()) {
        ASSERT_LE(decoded->size(), 1u) << size;
        if (!decoded->empty()) {
          EXPECT_TRUE(std::get<ClientMessage>(decoded->front()) == ClientMessage(Ping{7}));
        }
      }
      if (!decoded.ok()) {
        EXPECT_EQ(decoded.status().code(), absl::StatusCode::kInvalidArgument);
      }
    }
  }
  for (const ServerSample& sample : ServerSamples()) {
    const std::string frame = ServerFrameOf(GetParam(), {sample.message});
    for (size_t size = 1; size < frame.size(); ++size) {
      EXPECT_FALSE(DecodeServerFrame(GetParam(), std::string(frame.data(), size)).ok())
          << sample.name << " cut to " << size;
    }
  }
}

// The server's half of the binary encoding is written by hand: hold it against the generated
// classes.
TEST(ProtobufTest, PiecesAreWhatTheGeneratedClassesWrite) {
  for (const ServerSample& sample : ServerSamples()) {
    SCOPED_TRACE(sample.name);
    const std::string piece = EncodePiece(Encoding::kProtobuf, sample.message);
    v1::ServerFrame frame;
    ASSERT_TRUE(frame.ParseFromString(piece));
    EXPECT_EQ(absl::BytesToHexString(frame.SerializeAsString()), absl::BytesToHexString(piece))
        << frame.DebugString();
  }
}

TEST(ProtobufTest, OneTypedLetterIsSmall) {
  const ServerMessage committed =
      Committed{7, 346, 2, std::nullopt, ot::DeltaBuilder().Retain(300).Insert("x").Build()};
  EXPECT_EQ(EncodePiece(Encoding::kProtobuf, committed).size(), 19u);
  EXPECT_EQ(EncodePiece(Encoding::kJson, committed).size(), 101u);
  EXPECT_EQ(EncodePiece(Encoding::kProtobuf, Ack{7, 12, 346}).size(), 11u);
}

TEST(ProtobufTest, UnpackedNumbersAndUnknownFieldsAreRead) {
  const std::string frame = absl::HexStringToBytes(
      "0a14"  // messages, 20 bytes
      "1a12"  // submit, 18 bytes
      "0807"
      "1001"
      "1802"    // channel 7, sequence 1, revision 2
      "f83f05"  // unknown field 1023
      "2207"    // delta, 7 bytes
      "0818"
      "080a"      // ops, not packed: retain 3, insert 1
      "120178");  // text "x"
  const auto decoded = DecodeClientFrame(Encoding::kProtobuf, frame, DecodeLimits());
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  const ClientMessage expected = Submit{7, 1, 2, ot::DeltaBuilder().Retain(3).Insert("x").Build()};
  EXPECT_TRUE(std::get<ClientMessage>(decoded->front()) == expected);
}

// Lengths on the wire grow from one byte to two at 128, and to three at 16384.
TEST(ProtobufTest, PiecesOfEverySizeAroundALongerLength) {
  for (const size_t middle : {128u, 16384u}) {
    for (size_t size = middle - 30; size < middle + 5; ++size) {
      const ServerMessage sent = Error{"bad_message", std::string(size, 'x')};
      const auto heard = DecodeServerFrame(Encoding::kProtobuf,
                                           ServerFrameOf(Encoding::kProtobuf, {sent, Pong{1}}));
      ASSERT_TRUE(heard.ok()) << size << " " << heard.status();
      ASSERT_EQ(heard->size(), 2u);
      EXPECT_TRUE(heard->front() == sent) << size;
    }
  }
}

TEST_P(CodecTest, AStateOfNullIsNoState) {
  const Presence sent{7, 1, {}, {}, "null"};
  const auto decoded =
      DecodeClientFrame(GetParam(), EncodeClientFrame(GetParam(), {sent}), DecodeLimits());
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_TRUE(std::get<ClientMessage>(decoded->front()) ==
              ClientMessage(Presence{7, 1, {}, {}, {}}));
}

// The worked example of docs/protocol.md, letter by letter.
TEST(JsonTest, ShapesAreThoseOfTheSpecification) {
  EXPECT_EQ(
      EncodeClientFrame(Encoding::kJson, {Submit{7, 1, 0,
                                                 ot::DeltaBuilder()
                                                     .Insert("Hello")
                                                     .Insert("\n", ot::Attributes{{"header", "1"}})
                                                     .Build()}}),
      R"({"messages":[{"submit":{"channel":7,"sequence":1,"revision":0,"delta":{"ops":[)"
      R"({"insert":"Hello"},{"insert":"\n","attributes":{"header":1}}]}}}]})");
  EXPECT_EQ(EncodePiece(Encoding::kJson, Ack{7, 1, 1}),
            R"({"ack":{"channel":7,"sequence":1,"revision":1}})");
  EXPECT_EQ(EncodePiece(Encoding::kJson, Refused{1, "no_such_document", "...", false, {}}),
            R"({"refused":{"request":1,"code":"no_such_document","text":"...","retry":false}})");
  Opened opened;
  opened.request = 1;
  opened.channel = 7;
  opened.document = "notes";
  opened.type = "rich-text";
  opened.epoch = "e-7f";
  opened.role = "writer";
  opened.author = 1;
  opened.authors = {{1, {"u-1", "Ada", "#d9480f"}}};
  opened.members = {{"s-1", 1, std::nullopt, {}, std::nullopt}};
  opened.snapshot = ot::DeltaBuilder().Insert("\n").Build();
  EXPECT_EQ(
      EncodePiece(Encoding::kJson, opened),
      R"({"opened":{"request":1,"channel":7,"document":"notes","type":"rich-text","epoch":"e-7f",)"
      R"("revision":0,"digest":"00000000","role":"writer","author":1,"lastSequence":0,)"
      R"("authors":[{"author":1,"user":{"id":"u-1","name":"Ada","color":"#d9480f"}}],)"
      R"("members":[{"sessionId":"s-1","author":1}],"snapshot":{"ops":[{"insert":"\n"}]}}})");
}

TEST(JsonTest, WhiteSpaceOrderAndUnknownFieldsDoNotMatter) {
  const auto decoded = DecodeClientFrame(
      Encoding::kJson,
      " {\"extra\":[{\"a\":1,\"a\":2}],\n\"messages\" : [ { \"submit\" : {\"delta\":{\"ops\":"
      "[{\"attributes\":{\"b\":1.0,\"a\":[ 1e0 ]},\"insert\":\"\\u0078\"},{\"retain\":2e0}],"
      "\"v\":1},\"new\":1e999,\"revision\":2.0,\"sequence\":1,\"channel\":7} } ] }\r\n",
      DecodeLimits());
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  const ClientMessage expected = Submit{
      7, 1, 2, ot::DeltaBuilder().Insert("x", ot::Attributes{{"a", "[1]"}, {"b", "1"}}).Build()};
  EXPECT_TRUE(std::get<ClientMessage>(decoded->front()) == expected);
}

TEST(JsonTest, NullIsAbsentWhereAFieldIsOptional) {
  const auto decoded = DecodeClientFrame(
      Encoding::kJson,
      R"({"messages":[{"open":{"request":1,"document":"a","create":null,"known":null,)"
      R"("inFlight":null,"composed":null}},{"presence":{"channel":1,"revision":0,"after":null,)"
      R"("ranges":null,"state":null}}]})",
      DecodeLimits());
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_TRUE(std::get<ClientMessage>((*decoded)[0]) ==
              ClientMessage(Open{1, "a", {}, {}, {}, false}));
  EXPECT_TRUE(std::get<ClientMessage>((*decoded)[1]) == ClientMessage(Presence{1, 0, {}, {}, {}}));
}

TEST_P(CodecTest, ForeignDeltasComeOutInNormalForm) {
  // Neighbours that merge, a delete before an insert, a trailing retain, keys out of order.
  const std::string json =
      R"({"messages":[{"submit":{"channel":1,"sequence":1,"revision":1,"delta":{"ops":[)"
      R"({"retain":1},{"retain":2,"attributes":{}},{"delete":1},{"insert":"a","attributes":null},)"
      R"({"insert":"b"},{"delete":2},{"retain":9}]}}}]})";
  v1::ClientFrame wire;
  v1::Submit* submit = wire.add_messages()->mutable_submit();
  submit->set_channel(1);
  submit->set_sequence(1);
  submit->set_revision(1);
  for (const uint64_t number :
       {1 << 3, 2 << 3 | 4, 0, 1 << 3 | 1, 1 << 3 | 2, 1 << 3 | 2, 2 << 3 | 1, 9 << 3}) {
    submit->mutable_delta()->add_ops(number);
  }
  submit->mutable_delta()->set_text("ab");
  submit->mutable_delta()->add_attributes(" { } ");
  const std::string frame = GetParam() == Encoding::kJson ? json : wire.SerializeAsString();
  const auto decoded = DecodeClientFrame(GetParam(), frame, DecodeLimits());
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  ASSERT_TRUE(std::holds_alternative<ClientMessage>(decoded->front()))
      << std::get<BadSubmit>(decoded->front()).text;
  const auto& read = std::get<Submit>(std::get<ClientMessage>(decoded->front()));
  EXPECT_EQ(read.delta.DebugString(), R"(=3 +"ab" -3)");
}

TEST(IdTest, DocumentIds) {
  for (const char* id : {"a", "0", "notes", "A.b_c~d-9", "9-"}) EXPECT_TRUE(IsDocumentId(id)) << id;
  EXPECT_TRUE(IsDocumentId(std::string(128, 'x')));
  EXPECT_FALSE(IsDocumentId(std::string(129, 'x')));
  for (const char* id : {"", ".a", "-a", "_a", "~a", "a/b", "a b", " a", "a\n", "\u00e9", "a%20"}) {
    EXPECT_FALSE(IsDocumentId(id)) << id;
  }
  EXPECT_FALSE(IsDocumentId(std::string("a\0", 2)));
}

TEST(IdTest, ClientIds) {
  EXPECT_TRUE(IsClientId("0123456789abcdef0123456789abcdef"));
  EXPECT_FALSE(IsClientId("0123456789ABCDEF0123456789abcdef"));
  EXPECT_FALSE(IsClientId("0123456789abcdef0123456789abcde"));
  EXPECT_FALSE(IsClientId("0123456789abcdef0123456789abcdef0"));
  EXPECT_FALSE(IsClientId("0123456789abcdef0123456789abcdeg"));
}

}  // namespace
}  // namespace coedit::proto
