#include "server/io/ip_address.h"

#include <arpa/inet.h>

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/io/log.h"

namespace coedit::server {
namespace {

constexpr std::array<uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

absl::StatusOr<IpAddress> IpAddress::Parse(absl::string_view text) {
  const std::string terminated(text);
  std::array<uint8_t, 16> bytes = {};
  if (text.find('\0') == absl::string_view::npos) {
    if (inet_pton(AF_INET, terminated.c_str(), bytes.data()) == 1) {
      return FromBytes(bytes.data(), false);
    }
    if (inet_pton(AF_INET6, terminated.c_str(), bytes.data()) == 1) {
      return FromBytes(bytes.data(), true);
    }
  }
  return absl::InvalidArgumentError(absl::StrCat(Quoted(text), " is no IP address"));
}

IpAddress IpAddress::FromBytes(const uint8_t* bytes, bool v6) {
  IpAddress address;
  if (v6 && std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes)) {
    v6 = false;
    bytes += kMappedPrefix.size();
  }
  address.v6_ = v6;
  std::copy_n(bytes, v6 ? 16 : 4, address.bytes_.begin());
  return address;
}

bool IpAddress::is_loopback() const {
  if (!v6_) return bytes_[0] == 127;
  return bytes_[15] == 1 &&
         std::all_of(bytes_.begin(), bytes_.begin() + 15, [](uint8_t byte) { return byte == 0; });
}

bool IpAddress::is_any() const {
  return std::all_of(bytes_.begin(), bytes_.end(), [](uint8_t byte) { return byte == 0; });
}

std::string IpAddress::ToString() const {
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(v6_ ? AF_INET6 : AF_INET, bytes_.data(), text, sizeof(text));
  return text;
}

std::string IpAddress::ToHost() const {
  return v6_ ? absl::StrCat("[", ToString(), "]") : ToString();
}

IpAddress IpAddress::CountedAs() const {
  IpAddress counted = *this;
  if (v6_) std::fill(counted.bytes_.begin() + 8, counted.bytes_.end(), 0);
  return counted;
}

std::string Endpoint::ToString() const { return absl::StrCat(address.ToHost(), ":", port); }

absl::StatusOr<Endpoint> ParseEndpoint(absl::string_view text) {
  const absl::Status wrong = absl::InvalidArgumentError(
      absl::StrCat(Quoted(text),
                   " is no ADDRESS:PORT; write for example 127.0.0.1:8080, [::1]:8080 or "
                   "0.0.0.0:8080"));
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos) return wrong;
  absl::string_view host = text.substr(0, colon);
  const absl::string_view digits = text.substr(colon + 1);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";

  Endpoint endpoint;
  const absl::StatusOr<IpAddress> address = IpAddress::Parse(host);
  int port = 0;
  const bool only_digits = !digits.empty() && digits.size() <= 5 &&
                           std::all_of(digits.begin(), digits.end(),
                                       [](char digit) { return digit >= '0' && digit <= '9'; });
  if (!address.ok() || (host.find(':') != absl::string_view::npos) != bracketed || !only_digits ||
      !absl::SimpleAtoi(digits, &port) || port > 65535) {
    return wrong;
  }
  endpoint.address = *address;
  endpoint.port = static_cast<uint16_t>(port);
  return endpoint;
}

}  // namespace coedit::server
