// Connections: those that live on one thread. It keeps them alive, and goes over them for deadlines
// and the end. On that thread.
#ifndef COEDIT_SERVER_IO_CONNECTIONS_H_
#define COEDIT_SERVER_IO_CONNECTIONS_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "absl/time/time.h"
#include "server/io/connection.h"

namespace coedit::server {

class Connections {
 public:
  // A connection is added once and removes itself, which may end it.
  void Add(std::shared_ptr<Connection> connection);
  void Remove(Connection* connection);
  size_t size() const { return connections_.size(); }

  // Goes over all, in no order; `visit` may end connections.
  void ForEach(const std::function<void(Connection&)>& visit);
  // Tells all what time it is.
  void Sweep(absl::Duration now);
  // Drops all without a word.
  void Clear();

 private:
  std::vector<std::shared_ptr<Connection>> connections_;
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IO_CONNECTIONS_H_
