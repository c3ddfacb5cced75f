// Admission: how many connections have not said who they are, and how many each client has.
//
// A Pass stands for one connection; GiveBack returns what it took. That is a call and no destructor
// because a session may be kept alive, unused, longer than this. Any thread; a pass belongs to one
// session. It takes a lock, three times in the life of a connection.
#ifndef COEDIT_SERVER_ADMISSION_H_
#define COEDIT_SERVER_ADMISSION_H_

#include <cstdint>
#include <memory>
#include <mutex>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "server/identity.h"
#include "server/limits.h"

namespace coedit::server {

class Admission {
 public:
  class Pass {
   public:
    explicit Pass(Admission* admission) : admission_(admission) {}
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;

    // The connection is there and owes a hello. False: too many do.
    [[nodiscard]] bool AwaitHello();
    // It said hello. False: this client has too many connections.
    [[nodiscard]] bool Welcome(std::shared_ptr<const Identity> identity);
    void GiveBack();

   private:
    Admission* admission_;
    bool awaits_hello_ = false;
    std::shared_ptr<const Identity> identity_;  // once welcomed
  };

  explicit Admission(const Limits* limits) : limits_(limits) {}

 private:
  struct Client {
    std::shared_ptr<const Identity> first;  // of its connections; the key stands in it
    int64_t connections = 0;
  };

  const Limits* limits_;
  std::mutex mutex_;
  int64_t awaiting_hello_ = 0;                                 // under mutex_
  absl::flat_hash_map<absl::string_view, Client> per_client_;  // under mutex_
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_ADMISSION_H_
