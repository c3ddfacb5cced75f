// The real server in this process, on a free loopback port, with a store in a directory of its own.
#ifndef COEDIT_TESTS_SERVER_IO_TEST_SERVER_H_
#define COEDIT_TESTS_SERVER_IO_TEST_SERVER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "server/io/server.h"

namespace coedit::server {

// Every address and limit as by default, but a free port.
ServerOptions TestOptions();

// A directory that goes with it.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();

  const std::string& path() const { return path_; }
  // Writes a file below it; makes the folders it needs.
  void Write(const std::string& name, const std::string& content) const;

 private:
  std::string path_;
};

class TestServer {
 public:
  explicit TestServer(const ServerOptions& options = TestOptions());
  ~TestServer();

  uint16_t port() const { return server_->port(); }
  Server& server() { return *server_; }
  // Asks for a stop and waits for its end.
  void StopAndWait();

 private:
  TemporaryDirectory directory_;
  std::unique_ptr<Server> server_;
  std::thread thread_;
};

}  // namespace coedit::server

#endif  // COEDIT_TESTS_SERVER_IO_TEST_SERVER_H_
