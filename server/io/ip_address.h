// IP addresses as values, and the `ADDRESS:PORT` of the command line. No I/O.
#ifndef COEDIT_SERVER_IO_IP_ADDRESS_H_
#define COEDIT_SERVER_IO_IP_ADDRESS_H_

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace coedit::server {

class IpAddress {
 public:
  IpAddress() = default;  // 0.0.0.0

  // "192.0.2.1" or "2001:db8::1", without brackets and zone. kInvalidArgument names what it got.
  static absl::StatusOr<IpAddress> Parse(absl::string_view text);
  // `bytes` points to 4 or 16 bytes in network order.
  static IpAddress FromBytes(const uint8_t* bytes, bool v6);

  bool is_v6() const { return v6_; }
  bool is_loopback() const;
  bool is_any() const;  // 0.0.0.0 or ::
  std::string ToString() const;
  // As it stands in a Host field or a URL: v6 in brackets.
  std::string ToHost() const;

  // What one household or server is counted by: the address, for v6 its /64.
  IpAddress CountedAs() const;

  friend bool operator==(const IpAddress&, const IpAddress&) = default;
  template <typename Hash>
  friend Hash AbslHashValue(Hash state, const IpAddress& address) {
    return Hash::combine(std::move(state), address.bytes_, address.v6_);
  }

 private:
  // v4 stands in the first four bytes; a v4-mapped v6 address is kept as v4.
  std::array<uint8_t, 16> bytes_ = {};
  bool v6_ = false;
};

struct Endpoint {
  IpAddress address;
  uint16_t port = 0;             // 0: any free one
  std::string ToString() const;  // "127.0.0.1:8080", "[::1]:8080"
};

// "127.0.0.1:8080", "[::1]:8080", "localhost:0". kInvalidArgument says what would be right.
absl::StatusOr<Endpoint> ParseEndpoint(absl::string_view text);

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IO_IP_ADDRESS_H_
