// The listening socket: takes connections in, within the caps.
#ifndef COEDIT_SERVER_IO_LISTENER_H_
#define COEDIT_SERVER_IO_LISTENER_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "server/io/ip_address.h"
#include "server/io/services.h"

namespace coedit::server {

class Listener {
 public:
  // Binds; kUnavailable says which address and why. Nothing is accepted before Start.
  static absl::StatusOr<std::unique_ptr<Listener>> Bind(const Services* services,
                                                        const Endpoint& endpoint);
  ~Listener();

  uint16_t port() const;
  void Start();
  // No more connections are taken. On the door's thread.
  void Stop();

 private:
  struct State;
  explicit Listener(std::shared_ptr<State> state) : state_(std::move(state)) {}

  std::shared_ptr<State> state_;
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IO_LISTENER_H_
