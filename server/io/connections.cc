#include "server/io/connections.h"

#include <utility>

#include "ot/check.h"

namespace coedit::server {

void Connections::Add(std::shared_ptr<Connection> connection) {
  connection->index_ = connections_.size();
  connections_.push_back(std::move(connection));
}

void Connections::Remove(Connection* connection) {
  const size_t index = connection->index_;
  COEDIT_CHECK(index < connections_.size() && connections_[index].get() == connection);
  // It goes last, so that its end finds the list in order.
  const std::shared_ptr<Connection> gone = std::move(connections_[index]);
  if (index + 1 < connections_.size()) {
    connections_[index] = std::move(connections_.back());
    connections_[index]->index_ = index;
  }
  connections_.pop_back();
}

void Connections::ForEach(const std::function<void(Connection&)>& visit) {
  // From the back: one that goes is replaced by one already visited.
  for (size_t index = connections_.size(); index-- > 0;) {
    if (index >= connections_.size()) continue;
    const std::shared_ptr<Connection> connection = connections_[index];
    visit(*connection);
  }
}

void Connections::Sweep(absl::Duration now) {
  ForEach([now](Connection& connection) { connection.OnTick(now); });
}

void Connections::Clear() {
  const std::vector<std::shared_ptr<Connection>> gone = std::exchange(connections_, {});
}

}  // namespace coedit::server
