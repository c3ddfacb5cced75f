#include "bench/load/endpoint.h"

#include <arpa/inet.h>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace coedit::bench {
namespace {

bool IsLoopback(const std::string& address) {
  in_addr four;
  if (inet_pton(AF_INET, address.c_str(), &four) == 1) return (ntohl(four.s_addr) >> 24) == 127;
  return address == "::1";
}

}  // namespace

absl::StatusOr<Endpoint> ParseEndpoint(absl::string_view url) {
  absl::string_view rest = url;
  if (!absl::ConsumePrefix(&rest, "ws://")) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", url, "' is no address of the form ws://127.0.0.1:8080/v1/ws"));
  }
  Endpoint endpoint;
  const size_t slash = rest.find('/');
  endpoint.path = slash == absl::string_view::npos ? "/" : std::string(rest.substr(slash));
  endpoint.host = std::string(rest.substr(0, slash));

  absl::string_view authority = endpoint.host;
  absl::string_view address;
  if (absl::ConsumePrefix(&authority, "[")) {
    const size_t bracket = authority.find(']');
    if (bracket == absl::string_view::npos) {
      return absl::InvalidArgumentError(absl::StrCat("'", url, "' lacks a ']'"));
    }
    address = authority.substr(0, bracket);
    authority.remove_prefix(bracket + 1);
  } else {
    const size_t colon = authority.find(':');
    address = authority.substr(0, colon);
    authority.remove_prefix(address.size());
  }
  uint32_t port = 80;
  if (!authority.empty() && (!absl::ConsumePrefix(&authority, ":") ||
                             !absl::SimpleAtoi(authority, &port) || port == 0 || port > 65535)) {
    return absl::InvalidArgumentError(absl::StrCat("'", url, "' does not name a port"));
  }
  endpoint.port = static_cast<uint16_t>(port);
  endpoint.address =
      absl::EqualsIgnoreCase(address, "localhost") ? "127.0.0.1" : std::string(address);
  if (!IsLoopback(endpoint.address)) {
    return absl::PermissionDeniedError(absl::StrCat(
        "'", address,
        "' is not a loopback address; coedit-load only drives a server on this machine"));
  }
  return endpoint;
}

std::string SourceAddress(const Endpoint& endpoint, uint64_t n) {
  // Half of its ports: Linux gives a connection an even one, and searches for a millisecond where
  // few of those are left.
  constexpr uint64_t kPerAddress = 10000;
  constexpr uint64_t kAddresses = 200;
  const uint64_t address = n / kPerAddress % kAddresses;
  if (address == 0 || endpoint.address.find(':') != std::string::npos) return "";
  return absl::StrCat("127.0.0.", address + 1);
}

}  // namespace coedit::bench
