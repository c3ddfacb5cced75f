#include "server/io/http_gate.h"

#include <ifaddrs.h>
#include <netinet/in.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/io/log.h"

namespace coedit::server {
namespace {

struct Origin {
  bool secure = false;  // https
  HttpAuthority authority;

  uint16_t port() const { return authority.port.value_or(secure ? 443 : 80); }
  std::string Key() const {
    return absl::StrCat(secure ? "https" : "http", "://", authority.host, ":", port());
  }
};

std::optional<Origin> ParseOrigin(absl::string_view text) {
  Origin origin;
  origin.secure = absl::ConsumePrefix(&text, "https://");
  if (!origin.secure && !absl::ConsumePrefix(&text, "http://")) return std::nullopt;
  std::optional<HttpAuthority> authority = ParseAuthority(text);
  if (!authority.has_value()) return std::nullopt;
  origin.authority = *std::move(authority);
  return origin;
}

}  // namespace

absl::StatusOr<HttpGate> HttpGate::Make(const Options& options) {
  HttpGate gate;
  gate.hosts_.insert("localhost");
  if (options.listen.is_any()) {
    for (const IpAddress& address : options.machine) gate.hosts_.insert(address.ToHost());
  } else {
    gate.hosts_.insert(options.listen.ToHost());
  }
  for (const std::string& host : options.allow_hosts) {
    const std::optional<HttpAuthority> authority = ParseAuthority(host);
    if (!authority.has_value() || authority->port.has_value()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "--allow-host ", Quoted(host), " is no host name; write for example docs.example.org"));
    }
    gate.hosts_.insert(authority->host);
  }
  for (const std::string& text : options.allow_origins) {
    const std::optional<Origin> origin = ParseOrigin(text);
    if (!origin.has_value()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--allow-origin ", Quoted(text),
                       " is no origin; write for example https://docs.example.org"));
    }
    gate.origins_.insert(origin->Key());
  }
  return gate;
}

std::optional<HttpRefusal> HttpGate::Check(const HttpRequest& request) const {
  if (!hosts_.contains(request.host.host)) {
    return HttpRefusal{
        421, absl::StrCat("the host ", Quoted(request.host.host),
                          " is not served here; `--allow-host ", request.host.host,
                          "` would allow it (known are localhost and the addresses listened on)")};
  }
  const std::optional<absl::string_view> origin = request.Field("origin");
  if (origin.has_value() && !AllowsOrigin(*origin, request.host)) {
    return HttpRefusal{403, absl::StrCat("pages of ", Quoted(*origin),
                                         " may not use this server; `--allow-origin ORIGIN` "
                                         "allows one")};
  }
  return std::nullopt;
}

bool HttpGate::AllowsOrigin(absl::string_view text, const HttpAuthority& host) const {
  const std::optional<Origin> origin = ParseOrigin(text);
  if (!origin.has_value()) return false;  // "null" is one
  if (origins_.contains(origin->Key())) return true;
  if (!hosts_.contains(origin->authority.host)) return false;
  // Behind a proxy that ends TLS the page is https although we are not, so the scheme gives the
  // default port of both.
  return origin->port() == host.port.value_or(origin->secure ? 443 : 80);
}

std::vector<IpAddress> MachineAddresses() {
  std::vector<IpAddress> addresses;
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) return addresses;
  for (const ifaddrs* entry = first; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr) continue;
    if (entry->ifa_addr->sa_family == AF_INET) {
      const auto* v4 = reinterpret_cast<const sockaddr_in*>(entry->ifa_addr);
      addresses.push_back(
          IpAddress::FromBytes(reinterpret_cast<const uint8_t*>(&v4->sin_addr), false));
    } else if (entry->ifa_addr->sa_family == AF_INET6) {
      const auto* v6 = reinterpret_cast<const sockaddr_in6*>(entry->ifa_addr);
      addresses.push_back(
          IpAddress::FromBytes(reinterpret_cast<const uint8_t*>(&v6->sin6_addr), true));
    }
  }
  freeifaddrs(first);
  return addresses;
}

}  // namespace coedit::server
