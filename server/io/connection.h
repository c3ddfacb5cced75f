// What a thread knows of a connection of its own, whatever it speaks.
#ifndef COEDIT_SERVER_IO_CONNECTION_H_
#define COEDIT_SERVER_IO_CONNECTION_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include "absl/time/time.h"
#include "server/io/connection_slots.h"

namespace coedit::server {

// Everything happens on the connection's thread. None of these calls removes a connection from its
// list before it has returned, and none lets an exception out.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  virtual ~Connection() = default;

  // About once a second: deadlines. One sweep for all, so that no connection needs a timer.
  virtual void OnTick(absl::Duration now) = 0;
  // Asked for by Worker::FlushSoon and FlushPaced; runs after everything else that was ready in
  // this turn.
  virtual void OnFlush() {}
  // The process is going down: no new requests; live sessions tell their clients.
  virtual void OnGoAway(absl::Duration come_back_after) = 0;
  // Documents are flushed: finish and close.
  virtual void OnEnd() = 0;

 private:
  friend class Connections;
  size_t index_ = 0;  // in the list
};

// The slots a connection occupies, given back when it is gone.
class ConnectionTicket {
 public:
  ConnectionTicket() = default;
  // The process's slot has been taken.
  explicit ConnectionTicket(ConnectionSlots* slots) : slots_(slots) {}
  ConnectionTicket(ConnectionTicket&& other) noexcept
      : slots_(std::exchange(other.slots_, nullptr)), address_(std::exchange(other.address_, {})) {}
  ConnectionTicket& operator=(ConnectionTicket&& other) noexcept {
    std::swap(slots_, other.slots_);
    std::swap(address_, other.address_);
    return *this;
  }
  ~ConnectionTicket() {
    if (slots_ == nullptr) return;
    if (address_.has_value()) slots_->FreeAddress(*address_);
    slots_->FreeConnection();
  }

  // Counts the connection under an address; false if that has too many. At most once.
  bool CountUnder(const IpAddress& address) {
    if (!slots_->TakeAddress(address)) return false;
    address_ = address;
    return true;
  }

 private:
  ConnectionSlots* slots_ = nullptr;
  std::optional<IpAddress> address_;
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IO_CONNECTION_H_
