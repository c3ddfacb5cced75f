// Who may ask: the rule on Host and Origin that stands in front of every handler. Pure.
//
// A page of another site must not be able to reach this server with a visitor's browser, neither by
// its own name pointed at our address (Host) nor by a request across sites (Origin). Programs send
// no Origin and pass.
#ifndef COEDIT_SERVER_IO_HTTP_GATE_H_
#define COEDIT_SERVER_IO_HTTP_GATE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/io/http_request.h"
#include "server/io/ip_address.h"

namespace coedit::server {

class HttpGate {
 public:
  struct Options {
    IpAddress listen;
    std::vector<IpAddress> machine;          // where `listen` is 0.0.0.0 or ::, what that means
    std::vector<std::string> allow_hosts;    // "docs.example.org", any port
    std::vector<std::string> allow_origins;  // "https://docs.example.org[:port]", exactly
  };
  // kInvalidArgument names the entry that is no host or no origin.
  static absl::StatusOr<HttpGate> Make(const Options& options);

  // Hosts: what Options allows, `localhost` and the listen address, with any port (a forwarded port
  // is another one). Origins: none, those of Options, and pages of an allowed host on the very port
  // the request was sent to. Returns the refusal (421, 403 or 400), if it is one.
  std::optional<HttpRefusal> Check(const HttpRequest& request) const;

 private:
  bool AllowsOrigin(absl::string_view origin, const HttpAuthority& host) const;

  absl::flat_hash_set<std::string> hosts_;
  absl::flat_hash_set<std::string> origins_;
};

// The addresses of this machine's network interfaces.
std::vector<IpAddress> MachineAddresses();

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IO_HTTP_GATE_H_
