// Where the server listens: ws://ADDRESS:PORT/PATH on this machine.
//
// The load tool talks to loopback addresses only: it is made to press a server to its limits, and
// nobody's server but one's own is there to be pressed.
#ifndef COEDIT_BENCH_LOAD_ENDPOINT_H_
#define COEDIT_BENCH_LOAD_ENDPOINT_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace coedit::bench {

struct Endpoint {
  std::string address;  // an IP address: 127.x.x.x or ::1
  uint16_t port = 0;
  std::string host;  // for the Host header, as it stood in the URL
  std::string path;  // with the query, from "/"
  // How one connection differs from another.
  std::string source_address;    // empty: the system chooses
  int receive_buffer_bytes = 0;  // 0: the system chooses
};

// The source address for connection number `n` of a load: one address has 28,000 ports to offer, so
// beyond 10,000 connections others of 127.0.0.0/8 lend theirs. Empty while the first will do, and
// for a server that listens on ::1, which is alone.
std::string SourceAddress(const Endpoint& endpoint, uint64_t n);

// kInvalidArgument if it is no ws:// URL, kPermissionDenied if it names another machine. Names are
// not looked up: "localhost" is 127.0.0.1, every other host is written as an address.
absl::StatusOr<Endpoint> ParseEndpoint(absl::string_view url);

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_ENDPOINT_H_
