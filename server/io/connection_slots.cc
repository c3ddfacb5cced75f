#include "server/io/connection_slots.h"

#include <algorithm>

#include "ot/check.h"

namespace coedit::server {

bool ConnectionSlots::TakeConnection() {
  const std::lock_guard lock(mutex_);
  if (options_.connections != 0 && connections_ >= options_.connections) return false;
  ++connections_;
  return true;
}

void ConnectionSlots::FreeConnection() {
  const std::lock_guard lock(mutex_);
  COEDIT_CHECK(connections_ > 0);
  --connections_;
}

bool ConnectionSlots::TakeAddress(const IpAddress& address) {
  if (!IsCounted(address)) return true;
  const std::lock_guard lock(mutex_);
  int64_t& taken = per_address_[address.CountedAs()];
  if (taken >= options_.connections_per_address) return false;
  ++taken;
  return true;
}

void ConnectionSlots::FreeAddress(const IpAddress& address) {
  if (!IsCounted(address)) return;
  const std::lock_guard lock(mutex_);
  const auto found = per_address_.find(address.CountedAs());
  COEDIT_CHECK(found != per_address_.end());
  if (--found->second == 0) per_address_.erase(found);
}

bool ConnectionSlots::IsTrustedProxy(const IpAddress& address) const {
  return std::find(options_.trusted_proxies.begin(), options_.trusted_proxies.end(), address) !=
         options_.trusted_proxies.end();
}

IpAddress ConnectionSlots::ClientBehind(const IpAddress& peer,
                                        const std::vector<absl::string_view>& forwarded_for) const {
  if (!IsTrustedProxy(peer)) return peer;
  for (auto entry = forwarded_for.rbegin(); entry != forwarded_for.rend(); ++entry) {
    const absl::StatusOr<IpAddress> address = IpAddress::Parse(*entry);
    if (!address.ok()) return peer;
    if (!IsTrustedProxy(*address)) return *address;
  }
  return peer;
}

int64_t ConnectionSlots::connections() const {
  const std::lock_guard lock(mutex_);
  return connections_;
}

bool ConnectionSlots::IsCounted(const IpAddress& address) const {
  return options_.connections_per_address != 0 && !address.is_loopback() &&
         !IsTrustedProxy(address);
}

}  // namespace coedit::server
