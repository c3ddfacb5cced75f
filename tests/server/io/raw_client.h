// A TCP client that says exactly what a test wants it to say, legal or not.
//
// Reading waits for the event the test names (an answer, a frame, the end); a watchdog of 30
// seconds turns a server that never answers into a failure instead of a hang.
#ifndef COEDIT_TESTS_SERVER_IO_RAW_CLIENT_H_
#define COEDIT_TESTS_SERVER_IO_RAW_CLIENT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace coedit::server {

struct RawResponse {
  int status = 0;                             // 0: the connection ended without one
  std::map<std::string, std::string> fields;  // names in lower case
  std::string body;

  std::string Field(const std::string& name) const {
    const auto found = fields.find(name);
    return found == fields.end() ? "" : found->second;
  }
};

struct RawFrame {
  uint8_t first = 0;  // FIN, RSV and opcode; 0: the connection ended
  std::string payload;

  uint8_t opcode() const { return first & 0x0f; }
  // Of a close frame; 0 if it names none or the connection ended without one.
  int close_code() const;
};

class RawClient {
 public:
  static constexpr uint8_t kText = 0x81;
  static constexpr uint8_t kBinary = 0x82;
  static constexpr uint8_t kClose = 0x88;
  static constexpr uint8_t kPing = 0x89;
  static constexpr uint8_t kPong = 0x8a;

  // `from`: the address of this end, of 127.0.0.0/8; `receive_bytes`: the kernel's buffer, 0: as
  // is.
  explicit RawClient(uint16_t port, const std::string& from = "", int receive_bytes = 0);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // False once the other side has reset the connection.
  bool Send(absl::string_view bytes);
  void FinishSending();

  RawResponse ReadResponse(bool head_only = false);
  // Sends a request for `target` and reads the answer. `fields` are whole lines.
  RawResponse Get(absl::string_view target, absl::string_view fields = "",
                  absl::string_view method = "GET");
  // True if the connection ends without another byte.
  bool Ended();

  // Handshake; true on 101.
  bool Upgrade(absl::string_view subprotocol = "coedit.v1.json");
  bool SendFrame(uint8_t first, absl::string_view payload);
  RawFrame ReadFrame();
  // Reads up to the close frame or the end and skips what comes before.
  RawFrame ReadClose();
  // hello, then reads the welcome.
  void Hello(absl::string_view client_id = "0123456789abcdef0123456789abcdef");

 private:
  bool Fill();
  std::string TakeLine();

  int descriptor_ = -1;
  uint16_t port_;
  std::string received_;
};

// A client's frame: masked, with the shortest length unless `length_bytes` (2 or 8) asks for
// another.
std::string MaskedFrame(uint8_t first, absl::string_view payload, int length_bytes = 0);
std::string UnmaskedFrame(uint8_t first, absl::string_view payload);
std::string ClosePayload(int code, absl::string_view reason = "");
std::string HelloMessage(absl::string_view client_id = "0123456789abcdef0123456789abcdef");

// The handshake request of RawClient::Upgrade, for tests that change it.
std::string UpgradeRequest(uint16_t port, absl::string_view subprotocol);

}  // namespace coedit::server

#endif  // COEDIT_TESTS_SERVER_IO_RAW_CLIENT_H_
