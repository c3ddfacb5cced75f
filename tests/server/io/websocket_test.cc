// The WebSocket against a raw client: handshake, framing, limits and deadlines. What the messages
// mean is tested with Session; here they only have to arrive.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/server/io/raw_client.h"
#include "tests/server/io/test_server.h"

namespace coedit::server {
namespace {

using testing::HasSubstr;

constexpr uint8_t kTextBegin = 0x01;
constexpr uint8_t kContinue = 0x00;
constexpr uint8_t kContinueEnd = 0x80;

std::string PingMessage(int nonce) {
  return absl::StrCat(R"({"messages":[{"ping":{"nonce":)", nonce, "}}]}");
}

// A legal message of exactly `bytes` bytes.
std::string PaddedPing(int nonce, size_t bytes) {
  std::string message = PingMessage(nonce);
  EXPECT_LE(message.size(), bytes);
  message.resize(bytes, ' ');  // blanks after the value
  return message;
}

void ExpectPong(RawClient& client, int nonce) {
  EXPECT_THAT(client.ReadFrame().payload,
              HasSubstr(absl::StrCat(R"("pong":{"nonce":)", nonce, "}")));
}

// Several rules close with 1008; the reason tells which.
void ExpectPolicy(RawClient& client, const char* reason) {
  const RawFrame close = client.ReadClose();
  EXPECT_EQ(close.close_code(), 1008);
  EXPECT_THAT(close.payload, HasSubstr(reason));
}

TEST(WebSocketHandshakeTest, Table) {
  TestServer server;
  const std::string good = UpgradeRequest(server.port(), "");
  const auto with = [&good](absl::string_view from, absl::string_view to) {
    const std::string changed = absl::StrReplaceAll(good, {{from, to}});
    EXPECT_NE(changed, good) << from;
    return changed;
  };
  const auto plus = [&good](absl::string_view field) {
    return good.substr(0, good.size() - 2) + std::string(field) + "\r\n\r\n";
  };
  const struct {
    const char* name;
    std::string request;
    int status;
    const char* subprotocol;
  } kCases[] = {
      {"no subprotocol", good, 101, ""},
      {"json", plus("Sec-WebSocket-Protocol: coedit.v1.json"), 101, "coedit.v1.json"},
      {"protobuf", plus("Sec-WebSocket-Protocol: coedit.v1.protobuf"), 101, "coedit.v1.protobuf"},
      {"the client's first known one",
       plus("Sec-WebSocket-Protocol: coedit.v9, coedit.v1.json, coedit.v1.protobuf"), 101,
       "coedit.v1.json"},
      {"over two fields",
       plus("Sec-WebSocket-Protocol: coedit.v9\r\nSec-WebSocket-Protocol: coedit.v1.protobuf"), 101,
       "coedit.v1.protobuf"},
      {"only unknown ones", plus("Sec-WebSocket-Protocol: chat, coedit.v2.json"), 400, ""},
      {"another case", plus("Sec-WebSocket-Protocol: Coedit.V1.JSON"), 400, ""},
      {"lists and cases", with("Connection: Upgrade", "Connection: keep-alive, upgrade"), 101, ""},
      {"Upgrade in capitals", with("Upgrade: websocket", "Upgrade: WebSocket"), 101, ""},
      {"compression offered", plus("Sec-WebSocket-Extensions: permessage-deflate"), 101, ""},
      {"query", with("/v1/ws ", "/v1/ws?x=1 "), 101, ""},
      {"not asked for", with("Upgrade: websocket\r\n", ""), 426, ""},
      {"another protocol", with("Upgrade: websocket", "Upgrade: h2c"), 426, ""},
      {"Connection without it", with("Connection: Upgrade", "Connection: keep-alive"), 426, ""},
      {"version 8", with("Version: 13", "Version: 8"), 426, ""},
      {"no version", with("Sec-WebSocket-Version: 13\r\n", ""), 426, ""},
      {"two versions", plus("Sec-WebSocket-Version: 13"), 400, ""},
      {"no key", with("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", ""), 400, ""},
      {"two keys", plus("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="), 400, ""},
      {"short key", with("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25j"), 400, ""},
      {"key that is no base64", with("dGhlIHNhbXBsZSBub25jZQ==", "!!!!!!!!!!!!!!!!!!!!!!=="), 400,
       ""},
      {"POST", with("GET ", "POST "), 405, ""},
      {"HEAD", with("GET ", "HEAD "), 405, ""},
      {"another path", with("/v1/ws ", "/v1/ws/ "), 404, ""},
      {"HTTP/1.0", with("HTTP/1.1", "HTTP/1.0"), 505, ""},
      {"foreign host", with("127.0.0.1", "evil.example"), 421, ""},
      {"foreign page", plus("Origin: https://evil.example"), 403, ""},
      {"page without origin", plus("Origin: null"), 403, ""},
      {"own page", plus(absl::StrCat("Origin: http://localhost:", server.port())), 101, ""},
      {"frame behind the request", good + MaskedFrame(RawClient::kText, HelloMessage()), 400, ""},
      {"body", with("Connection: Upgrade", "Content-Length: 3\r\nConnection: Upgrade") + "abc", 413,
       ""},
  };
  for (const auto& entry : kCases) {
    SCOPED_TRACE(entry.name);
    RawClient client(server.port());
    client.Send(entry.request);
    const RawResponse response = client.ReadResponse(entry.request.substr(0, 5) == "HEAD ");
    EXPECT_EQ(response.status, entry.status) << response.body;
    if (response.status != 101) continue;
    EXPECT_EQ(response.Field("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    EXPECT_EQ(response.Field("sec-websocket-protocol"), entry.subprotocol);
    EXPECT_EQ(response.Field("sec-websocket-extensions"), "") << "compression is off";
    EXPECT_THAT(response.Field("server"), testing::StartsWith("coedit/"));
  }
}

class WebSocketTest : public testing::Test {
 protected:
  void Serve(const Limits& limits = {}) {
    ServerOptions options = TestOptions();
    options.limits = limits;
    server_ = std::make_unique<TestServer>(options);
  }
  // A client that has been welcomed.
  std::unique_ptr<RawClient> Welcomed() {
    if (server_ == nullptr) Serve();
    auto client = std::make_unique<RawClient>(server_->port());
    EXPECT_TRUE(client->Upgrade());
    client->Hello();
    return client;
  }

  std::unique_ptr<TestServer> server_;
};

TEST_F(WebSocketTest, MessagesOfEveryLengthForm) {
  const auto client = Welcomed();
  int nonce = 0;
  for (const size_t bytes : {40, 125, 126, 127, 255, 256, 257, 4096, 65535, 65536, 65537, 262144}) {
    SCOPED_TRACE(bytes);
    client->SendFrame(RawClient::kText, PaddedPing(++nonce, bytes));
    ExpectPong(*client, nonce);
  }
}

TEST_F(WebSocketTest, MessagesMayArriveInAnyPieces) {
  const auto client = Welcomed();
  const std::string bytes = MaskedFrame(RawClient::kText, PingMessage(1)) +
                            MaskedFrame(RawClient::kText, PaddedPing(2, 300)) +
                            MaskedFrame(RawClient::kPing, "x") +
                            MaskedFrame(RawClient::kText, PingMessage(3));
  for (const char byte : bytes) client->Send(std::string(1, byte));
  // The answer to the control frame may overtake the others, which keep their order.
  int nonce = 0;
  int control_answers = 0;
  while (nonce < 3 || control_answers < 1) {
    const RawFrame frame = client->ReadFrame();
    ASSERT_NE(frame.first, 0);
    if (frame.first == RawClient::kPong) {
      EXPECT_EQ(frame.payload, "x");
      ++control_answers;
      continue;
    }
    // Answers that were ready together came in one frame.
    for (absl::string_view rest = frame.payload; absl::StrContains(rest, "\"pong\"");) {
      rest.remove_prefix(rest.find("\"pong\"") + 6);
      EXPECT_THAT(std::string(rest), testing::StartsWith(absl::StrCat(":{\"nonce\":", ++nonce)));
    }
  }
}

TEST_F(WebSocketTest, Fragments) {
  const auto client = Welcomed();
  const std::string message = PaddedPing(1, 600);
  client->SendFrame(kTextBegin, message.substr(0, 10));
  client->SendFrame(kContinue, "");
  client->SendFrame(RawClient::kPing, "between");
  client->SendFrame(kContinue, message.substr(10, 500));
  client->SendFrame(kContinueEnd, message.substr(510));
  const RawFrame pong = client->ReadFrame();
  EXPECT_EQ(pong.first, RawClient::kPong);
  EXPECT_EQ(pong.payload, "between");
  ExpectPong(*client, 1);

  const std::string second = PingMessage(2);
  for (int at = 0; at < 63; ++at) {
    client->SendFrame(at == 0 ? kTextBegin : kContinue, at == 0 ? second : " ");
  }
  client->SendFrame(kContinueEnd, "");
  ExpectPong(*client, 2);
}

TEST_F(WebSocketTest, PingsAreAnsweredWithTheirPayload) {
  const auto client = Welcomed();
  for (const size_t bytes : {0, 1, 125}) {
    const std::string payload(bytes, 'p');
    client->SendFrame(RawClient::kPing, payload);
    const RawFrame pong = client->ReadFrame();
    EXPECT_EQ(pong.first, RawClient::kPong);
    EXPECT_EQ(pong.payload, payload);
  }
  client->SendFrame(RawClient::kPong, "unasked");
  client->SendFrame(RawClient::kText, PingMessage(1));
  ExpectPong(*client, 1);
}

TEST_F(WebSocketTest, BrokenFramesEndTheConnection) {
  const std::string ping = PingMessage(1);
  const struct {
    const char* name;
    std::string bytes;
    int close_code;
  } kCases[] = {
      {"unmasked", UnmaskedFrame(RawClient::kText, ping), 1002},
      {"RSV1", MaskedFrame(0xc1, ping), 1002},
      {"RSV2", MaskedFrame(0xa1, ping), 1002},
      {"RSV3", MaskedFrame(0x91, ping), 1002},
      {"opcode 3", MaskedFrame(0x83, ping), 1002},
      {"opcode 7", MaskedFrame(0x87, ping), 1002},
      {"opcode 11", MaskedFrame(0x8b, ""), 1002},
      {"opcode 15", MaskedFrame(0x8f, ""), 1002},
      {"length 5 in two bytes", MaskedFrame(RawClient::kText, "12345", 2), 1002},
      {"length 5 in eight bytes", MaskedFrame(RawClient::kText, "12345", 8), 1002},
      {"length 300 in eight bytes", MaskedFrame(RawClient::kText, std::string(300, ' '), 8), 1002},
      {"length with the highest bit", std::string("\x81\xff\x80\0\0\0\0\0\0\x01mask!", 15), 1009},
      {"continuation of nothing", MaskedFrame(kContinueEnd, ping), 1002},
      {"text within a text", MaskedFrame(kTextBegin, "{") + MaskedFrame(RawClient::kText, ping),
       1002},
      {"long ping", MaskedFrame(RawClient::kPing, std::string(126, 'x'), 2), 1002},
      {"fragmented ping", MaskedFrame(0x09, "x"), 1002},
      {"fragmented close", MaskedFrame(0x08, ""), 1002},
      {"close of one byte", MaskedFrame(RawClient::kClose, "x"), 1002},
      {"bad UTF-8", MaskedFrame(RawClient::kText, "\xff\xfe"), 1007},
      {"surrogate in UTF-8", MaskedFrame(RawClient::kText, "\xed\xa0\x80"), 1007},
      {"overlong UTF-8", MaskedFrame(RawClient::kText, "\xc0\xaf"), 1007},
      {"beyond U+10FFFF", MaskedFrame(RawClient::kText, "\xf4\x90\x80\x80"), 1007},
      {"cut UTF-8", MaskedFrame(RawClient::kText, "\xe2\x82"), 1007},
      {"binary on JSON", MaskedFrame(RawClient::kBinary, ping), 1003},
      {"a message too big", MaskedFrame(RawClient::kText, std::string(262145, ' ')), 1009},
      {"fragments too big",
       MaskedFrame(kTextBegin, std::string(262144, ' ')) + MaskedFrame(kContinueEnd, " "), 1009},
  };
  for (const auto& entry : kCases) {
    SCOPED_TRACE(entry.name);
    const auto client = Welcomed();
    client->Send(entry.bytes);
    EXPECT_EQ(client->ReadClose().close_code(), entry.close_code);
    client->FinishSending();
    EXPECT_TRUE(client->Ended());
  }
}

TEST_F(WebSocketTest, CloseCodes) {
  for (const int code : {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000,
                         3999, 4000, 4400, 4999}) {
    SCOPED_TRACE(code);
    const auto client = Welcomed();
    client->SendFrame(RawClient::kClose, ClosePayload(code, "bye"));
    EXPECT_EQ(client->ReadClose().close_code(), code);
    EXPECT_TRUE(client->Ended());
  }
  for (const int code : {0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999}) {
    SCOPED_TRACE(code);
    const auto client = Welcomed();
    client->SendFrame(RawClient::kClose, ClosePayload(code));
    EXPECT_EQ(client->ReadClose().close_code(), 1002);
  }
  {
    const auto client = Welcomed();
    client->SendFrame(RawClient::kClose, "");
    EXPECT_EQ(client->ReadClose().opcode(), 8);
    EXPECT_TRUE(client->Ended());
  }
  {
    const auto client = Welcomed();
    client->SendFrame(RawClient::kClose, ClosePayload(1000, "\xff"));
    EXPECT_EQ(client->ReadClose().close_code(), 1002) << "the reason must be UTF-8";
  }
}

TEST_F(WebSocketTest, TextOnProtobufIsRefused) {
  Serve();
  RawClient client(server_->port());
  ASSERT_TRUE(client.Upgrade("coedit.v1.protobuf"));
  client.SendFrame(RawClient::kText, HelloMessage());
  EXPECT_EQ(client.ReadClose().close_code(), 1003);
}

TEST_F(WebSocketTest, BeforeHelloMessagesAreSmall) {
  Serve();
  {
    RawClient client(server_->port());
    ASSERT_TRUE(client.Upgrade());
    std::string hello = HelloMessage();
    hello.resize(8192, ' ');
    client.SendFrame(RawClient::kText, hello);
    EXPECT_THAT(client.ReadFrame().payload, HasSubstr("welcome"));
  }
  RawClient client(server_->port());
  ASSERT_TRUE(client.Upgrade());
  std::string hello = HelloMessage();
  hello.resize(8193, ' ');
  client.SendFrame(RawClient::kText, hello);
  EXPECT_EQ(client.ReadClose().close_code(), 1009);
}

TEST_F(WebSocketTest, AnnouncedLengthCostsNoMemory) {
  // Refused by the header alone: the payload never comes.
  const auto client = Welcomed();
  client->Send(absl::string_view("\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xffmask", 14));
  EXPECT_EQ(client->ReadClose().close_code(), 1009);
}

TEST_F(WebSocketTest, TooManyFragments) {
  const auto client = Welcomed();
  for (int at = 0; at < 65; ++at) {
    client->SendFrame(at == 0 ? kTextBegin : kContinue, at % 2 == 0 ? " " : "");
  }
  ExpectPolicy(*client, "64 fragments");
}

TEST_F(WebSocketTest, TooManyControlFrames) {
  for (const uint8_t frame : {RawClient::kPing, RawClient::kPong}) {
    const auto client = Welcomed();
    std::string flood;
    for (int at = 0; at < 200; ++at) flood += MaskedFrame(frame, "");
    client->Send(flood);
    ExpectPolicy(*client, "control frames");
  }
}

TEST_F(WebSocketTest, HalfAMessageIsCutAfterAWhile) {
  Limits limits;
  limits.assembly_seconds = 1;
  Serve(limits);
  const std::string message = MaskedFrame(RawClient::kText, PingMessage(1));
  const std::string kHalves[] = {
      message.substr(0, 1),
      message.substr(0, 4),
      message.substr(0, message.size() - 1),
      MaskedFrame(kTextBegin, "{"),
      MaskedFrame(RawClient::kPing, "ping").substr(0, 3),
  };
  std::vector<std::unique_ptr<RawClient>> clients;
  for (const std::string& half : kHalves) {
    clients.push_back(Welcomed());
    clients.back()->Send(half);
  }
  for (const auto& client : clients) ExpectPolicy(*client, "finished within 1 seconds");
}

TEST_F(WebSocketTest, WhoSaysNothingIsPingedAndThenDropped) {
  Limits limits;
  limits.heartbeat_seconds = 1;
  limits.silence_seconds = 3;
  Serve(limits);
  const auto client = Welcomed();
  EXPECT_EQ(client->ReadFrame().first, RawClient::kPing);
  for (;;) {
    const RawFrame frame = client->ReadFrame();
    if (frame.first == 0) break;  // cut, without a word to who does not listen
    EXPECT_EQ(frame.first, RawClient::kPing);
  }
}

TEST_F(WebSocketTest, APeerThatNeverClosesIsCut) {
  Limits limits;
  limits.close_seconds = 1;
  Serve(limits);
  const auto client = Welcomed();
  client->SendFrame(RawClient::kClose, ClosePayload(1000));
  EXPECT_EQ(client->ReadClose().close_code(), 1000);
  // We keep our end open; the server counts the connection no longer.
  for (;;) {
    RawClient other(server_->port());
    if (other.Get("/healthz").body.find("\"connections\":1,") != std::string::npos) break;
  }
}

TEST_F(WebSocketTest, APeerThatNeverAnswersACloseIsCut) {
  Limits limits;
  limits.close_seconds = 1;
  Serve(limits);
  const auto client = Welcomed();
  client->SendFrame(RawClient::kBinary, "x");
  EXPECT_EQ(client->ReadClose().close_code(), 1003);
  EXPECT_TRUE(client->Ended());
}

TEST_F(WebSocketTest, APeerThatNeverReadsIsCut) {
  Limits limits;
  limits.write_seconds = 1;
  limits.signals_per_second = 0;
  limits.outbound_bytes = int64_t{1} << 30;
  Serve(limits);
  RawClient client(server_->port(), "", 4096);
  ASSERT_TRUE(client.Upgrade());
  client.Hello();
  // Answers that nobody reads fill the kernel's buffers until the server gives up.
  const std::vector<std::string> pings(200, R"({"ping":{"nonce":1}})");
  const std::string frame = MaskedFrame(
      RawClient::kText, absl::StrCat(R"({"messages":[)", absl::StrJoin(pings, ","), "]}"));
  const absl::Time begin = absl::Now();
  while (client.Send(frame)) {
  }
  EXPECT_GE(absl::Now() - begin, absl::Seconds(limits.write_seconds));
  RawClient other(server_->port());
  EXPECT_EQ(other.Get("/healthz").status, 200);
}

TEST_F(WebSocketTest, ProcessCap) {
  Limits limits;
  limits.connections = 2;
  Serve(limits);
  const auto first = Welcomed();
  const auto second = Welcomed();
  RawClient third(server_->port());
  EXPECT_EQ(third.ReadResponse().status, 503);
  first->SendFrame(RawClient::kText, PingMessage(1));
  ExpectPong(*first, 1);
}

TEST_F(WebSocketTest, AddressCapCountsClientsBehindAProxy) {
  ServerOptions options = TestOptions();
  options.limits.connections_per_address = 1;
  options.trusted_proxies = {*IpAddress::Parse("127.0.0.1")};
  server_ = std::make_unique<TestServer>(options);
  const auto upgrade = [this](RawClient& client, absl::string_view forwarded) {
    const std::string request = UpgradeRequest(server_->port(), "");
    client.Send(absl::StrCat(request.substr(0, request.size() - 2), "X-Forwarded-For: ", forwarded,
                             "\r\n\r\n"));
    return client.ReadResponse().status;
  };
  RawClient a1(server_->port());
  EXPECT_EQ(upgrade(a1, "198.51.100.1"), 101);
  {
    RawClient a2(server_->port());
    EXPECT_EQ(upgrade(a2, "203.0.113.9, 198.51.100.1"), 429) << "the first entry is hearsay";
    RawClient b(server_->port());
    EXPECT_EQ(upgrade(b, "198.51.100.2"), 101);
    RawClient v6(server_->port());
    EXPECT_EQ(upgrade(v6, "2001:db8:0:1::1"), 101);
    RawClient same_64(server_->port());
    EXPECT_EQ(upgrade(same_64, "2001:db8:0:1::2"), 429);
    RawClient other_64(server_->port());
    EXPECT_EQ(upgrade(other_64, "2001:db8:0:2::1"), 101);
  }
  RawClient direct(server_->port(), "127.0.0.5");
  EXPECT_TRUE(direct.Upgrade()) << "loopback is not counted";
}

TEST_F(WebSocketTest, OtherMembersNoticeNothingOfABrokenOne) {
  const auto steady = Welcomed();
  for (int round = 0; round < 20; ++round) {
    const auto broken = Welcomed();
    broken->Send(UnmaskedFrame(RawClient::kText, "{"));
    steady->SendFrame(RawClient::kText, PingMessage(round + 1));
    ExpectPong(*steady, round + 1);
  }
}

}  // namespace
}  // namespace coedit::server
