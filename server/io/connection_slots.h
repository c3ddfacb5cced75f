// How many connections there are, in all and from one address. Any thread.
#ifndef COEDIT_SERVER_IO_CONNECTION_SLOTS_H_
#define COEDIT_SERVER_IO_CONNECTION_SLOTS_H_

#include <cstdint>
#include <mutex>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "server/io/ip_address.h"

namespace coedit::server {

class ConnectionSlots {
 public:
  struct Options {
    int64_t connections = 0;              // in the process; 0: no bound
    int64_t connections_per_address = 0;  // 0: no bound
    std::vector<IpAddress> trusted_proxies;
  };
  explicit ConnectionSlots(Options options) : options_(std::move(options)) {}

  // Takes one of the process's slots; false: all are taken.
  bool TakeConnection();
  void FreeConnection();

  // Takes one of an address's slots. Loopback and trusted proxies are not counted, it is always
  // true for them. Freed with the same address.
  bool TakeAddress(const IpAddress& address);
  void FreeAddress(const IpAddress& address);

  bool IsTrustedProxy(const IpAddress& address) const;
  // Whom a connection is from: the peer, unless that is a trusted proxy. Then the last address of
  // the X-Forwarded-For list that is not a trusted proxy: what stands before it, anyone may have
  // written. Without a readable one, the proxy itself.
  IpAddress ClientBehind(const IpAddress& peer,
                         const std::vector<absl::string_view>& forwarded_for) const;

  int64_t connections() const;

 private:
  bool IsCounted(const IpAddress& address) const;

  const Options options_;
  mutable std::mutex mutex_;
  int64_t connections_ = 0;
  absl::flat_hash_map<IpAddress, int64_t> per_address_;
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IO_CONNECTION_SLOTS_H_
