#include "tests/server/io/raw_client.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace coedit::server {
namespace {

constexpr int kWatchdogSeconds = 30;
constexpr absl::string_view kMask = "\x37\xfa\x21\x3d";

sockaddr_in LoopbackAddress(const std::string& address, uint16_t port) {
  sockaddr_in endpoint = {};
  endpoint.sin_family = AF_INET;
  endpoint.sin_port = htons(port);
  inet_pton(AF_INET, address.c_str(), &endpoint.sin_addr);
  return endpoint;
}

std::string FrameHeader(uint8_t first, size_t size, int length_bytes, uint8_t mask_bit) {
  std::string header(1, static_cast<char>(first));
  if (length_bytes == 0) length_bytes = size < 126 ? 1 : size < 65536 ? 2 : 8;
  if (length_bytes == 1) {
    header.push_back(static_cast<char>(mask_bit | size));
    return header;
  }
  header.push_back(static_cast<char>(mask_bit | (length_bytes == 2 ? 126 : 127)));
  for (int at = length_bytes - 1; at >= 0; --at) {
    header.push_back(static_cast<char>(size >> (8 * at) & 0xff));
  }
  return header;
}

}  // namespace

int RawFrame::close_code() const {
  if (opcode() != 8 || payload.size() < 2) return 0;
  return static_cast<uint8_t>(payload[0]) << 8 | static_cast<uint8_t>(payload[1]);
}

RawClient::RawClient(uint16_t port, const std::string& from, int receive_bytes) : port_(port) {
  descriptor_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval watchdog = {kWatchdogSeconds, 0};
  setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &watchdog, sizeof(watchdog));
  setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &watchdog, sizeof(watchdog));
  const int on = 1;
  setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (receive_bytes > 0) {
    setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof(receive_bytes));
  }
  if (!from.empty()) {
    const sockaddr_in local = LoopbackAddress(from, 0);
    EXPECT_EQ(bind(descriptor_, reinterpret_cast<const sockaddr*>(&local), sizeof(local)), 0);
  }
  const sockaddr_in remote = LoopbackAddress("127.0.0.1", port);
  EXPECT_EQ(connect(descriptor_, reinterpret_cast<const sockaddr*>(&remote), sizeof(remote)), 0);
}

RawClient::~RawClient() { close(descriptor_); }

bool RawClient::Send(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

void RawClient::FinishSending() { shutdown(descriptor_, SHUT_WR); }

bool RawClient::Fill() {
  char block[64 << 10];
  const ssize_t got = recv(descriptor_, block, sizeof(block), 0);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
    ADD_FAILURE() << "the server said nothing for " << kWatchdogSeconds << " seconds";
  }
  if (got <= 0) return false;
  received_.append(block, static_cast<size_t>(got));
  return true;
}

std::string RawClient::TakeLine() {
  size_t end = received_.find("\r\n");
  while (end == std::string::npos && Fill()) end = received_.find("\r\n");
  if (end == std::string::npos) return "";
  std::string line = received_.substr(0, end);
  received_.erase(0, end + 2);
  return line;
}

RawResponse RawClient::ReadResponse(bool head_only) {
  RawResponse response;
  const std::string status = TakeLine();
  if (!absl::StartsWith(status, "HTTP/1.1 ")) return response;
  response.status = std::atoi(status.c_str() + 9);
  for (std::string line = TakeLine(); !line.empty(); line = TakeLine()) {
    const size_t colon = line.find(": ");
    EXPECT_NE(colon, std::string::npos) << line;
    if (colon == std::string::npos) break;
    response.fields[absl::AsciiStrToLower(line.substr(0, colon))] = line.substr(colon + 2);
  }
  const size_t length =
      head_only ? 0 : static_cast<size_t>(std::atoll(response.Field("content-length").c_str()));
  while (received_.size() < length && Fill()) {
  }
  EXPECT_GE(received_.size(), length);
  response.body = received_.substr(0, length);
  received_.erase(0, length);
  return response;
}

RawResponse RawClient::Get(absl::string_view target, absl::string_view fields,
                           absl::string_view method) {
  Send(absl::StrCat(method, " ", target, " HTTP/1.1\r\nHost: 127.0.0.1:", port_, "\r\n", fields,
                    "\r\n"));
  return ReadResponse(method == "HEAD");
}

bool RawClient::Ended() { return received_.empty() && !Fill(); }

bool RawClient::Upgrade(absl::string_view subprotocol) {
  Send(UpgradeRequest(port_, subprotocol));
  return ReadResponse().status == 101;
}

bool RawClient::SendFrame(uint8_t first, absl::string_view payload) {
  return Send(MaskedFrame(first, payload));
}

RawFrame RawClient::ReadFrame() {
  RawFrame frame;
  const auto need = [this](size_t count) {
    while (received_.size() < count) {
      if (!Fill()) return false;
    }
    return true;
  };
  if (!need(2)) return frame;
  size_t header = 2;
  uint64_t length = static_cast<uint8_t>(received_[1]);
  EXPECT_LT(length, 128U) << "a server may not mask";
  const int extended = length == 126 ? 2 : length == 127 ? 8 : 0;
  if (!need(header + static_cast<size_t>(extended))) return frame;
  if (extended > 0) length = 0;
  for (int at = 0; at < extended; ++at) {
    length = length << 8 | static_cast<uint8_t>(received_[header++]);
  }
  if (!need(header + length)) return frame;
  frame.first = static_cast<uint8_t>(received_[0]);
  frame.payload = received_.substr(header, length);
  received_.erase(0, header + length);
  return frame;
}

RawFrame RawClient::ReadClose() {
  for (;;) {
    RawFrame frame = ReadFrame();
    if (frame.first == 0 || frame.opcode() == 8) return frame;
  }
}

void RawClient::Hello(absl::string_view client_id) {
  SendFrame(kText, HelloMessage(client_id));
  EXPECT_THAT(ReadFrame().payload, testing::HasSubstr("\"welcome\""));
}

std::string MaskedFrame(uint8_t first, absl::string_view payload, int length_bytes) {
  std::string frame = FrameHeader(first, payload.size(), length_bytes, 0x80);
  absl::StrAppend(&frame, kMask);
  for (size_t at = 0; at < payload.size(); ++at) {
    frame.push_back(static_cast<char>(payload[at] ^ kMask[at % kMask.size()]));
  }
  return frame;
}

std::string UnmaskedFrame(uint8_t first, absl::string_view payload) {
  return FrameHeader(first, payload.size(), 0, 0) + std::string(payload);
}

std::string ClosePayload(int code, absl::string_view reason) {
  std::string payload;
  payload.push_back(static_cast<char>(code >> 8));
  payload.push_back(static_cast<char>(code & 0xff));
  return absl::StrCat(payload, reason);
}

std::string HelloMessage(absl::string_view client_id) {
  return absl::StrCat(R"({"messages":[{"hello":{"protocol":1,"clientId":")", client_id,
                      R"(","attempt":1,"sdk":"raw/1","name":"Ada"}}]})");
}

std::string UpgradeRequest(uint16_t port, absl::string_view subprotocol) {
  return absl::StrCat("GET /v1/ws HTTP/1.1\r\nHost: 127.0.0.1:", port,
                      "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                      "Sec-WebSocket-Version: 13\r\n"
                      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
                      subprotocol.empty() ? "" : "Sec-WebSocket-Protocol: ", subprotocol,
                      subprotocol.empty() ? "" : "\r\n", "\r\n");
}

}  // namespace coedit::server
