// The core's Executor on an Asio context.
#ifndef COEDIT_SERVER_IO_ASIO_EXECUTOR_H_
#define COEDIT_SERVER_IO_ASIO_EXECUTOR_H_

#include "server/seams.h"

namespace boost::asio {
class io_context;
}  // namespace boost::asio

namespace coedit::server {

class AsioExecutor final : public Executor {
 public:
  // `context` is run by one thread and outlives this.
  explicit AsioExecutor(boost::asio::io_context* context) : context_(context) {}

  void Post(Task task) override;
  void PostAfter(absl::Duration delay, Task task) override;

 private:
  boost::asio::io_context* context_;
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IO_ASIO_EXECUTOR_H_
