// Server: everything of `coedit serve` but the command line.
#ifndef COEDIT_SERVER_IO_SERVER_H_
#define COEDIT_SERVER_IO_SERVER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/io/ip_address.h"
#include "server/limits.h"
#include "storage/store.h"

namespace coedit::server {

struct ServerOptions {
  Endpoint listen;
  std::string web_root;  // empty: none
  int64_t threads = 1;   // that serve documents; each has its share of them
  Limits limits;
  std::vector<std::string> allow_origins;
  std::vector<std::string> allow_hosts;
  std::vector<IpAddress> trusted_proxies;
};

// "coedit/0.1.0"
std::string ServerName();

class Server {
 public:
  // Reads the web root and listens, so that clients that connect from now on are served once Run is
  // called. The status says in one sentence what is in the way.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options,
                                                       std::unique_ptr<storage::Store> store);
  // Ends connections hard; finishes what the store was asked.
  ~Server();

  // "http://127.0.0.1:8080", with the port that was found where 0 was asked for.
  std::string url() const;
  uint16_t port() const;

  // Serves until Stop has done its work; at the door on the thread that calls it.
  void Run();
  // Any thread, more than once: takes nothing new, tells clients to come back, waits until what was
  // accepted is durable, closes the connections; at the latest after `drain_seconds` Run returns.
  void Stop();

 private:
  struct Parts;
  explicit Server(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IO_SERVER_H_
