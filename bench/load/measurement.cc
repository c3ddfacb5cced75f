#include "bench/load/measurement.h"

#include <unistd.h>

#include "bench/load/event_loop.h"

namespace coedit::bench {
namespace {

absl::Status ReadUsage(std::optional<int64_t> server_pid, ProcessUsage* own, ProcessUsage* server) {
  absl::StatusOr<ProcessUsage> read = ReadProcessUsage(getpid());
  if (!read.ok()) return read.status();
  *own = *read;
  if (!server_pid.has_value()) return absl::OkStatus();
  read = ReadProcessUsage(*server_pid);
  if (!read.ok()) return read.status();
  *server = *read;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Measurement> Measurement::Start(std::optional<int64_t> server_pid,
                                               const WebSocketClient::Traffic& traffic) {
  Measurement measurement;
  measurement.started_ns_ = EventLoop::NowNs();
  measurement.server_pid_ = server_pid;
  measurement.traffic_ = traffic;
  absl::Status read = ReadUsage(server_pid, &measurement.own_, &measurement.server_);
  if (!read.ok()) return read;
  return measurement;
}

absl::Status Measurement::Finish(const WebSocketClient::Traffic& traffic,
                                 LoadFigures* figures) const {
  ProcessUsage own;
  ProcessUsage server;
  if (absl::Status read = ReadUsage(server_pid_, &own, &server); !read.ok()) return read;
  figures->seconds = static_cast<double>(EventLoop::NowNs() - started_ns_) * 1e-9;
  figures->own_cpu_seconds = own.cpu_seconds - own_.cpu_seconds;
  if (server_pid_.has_value()) {
    figures->server = {.cpu_seconds = server.cpu_seconds - server_.cpu_seconds,
                       .resident_bytes = server.resident_bytes,
                       .resident_bytes_max = server.resident_bytes_max};
  }
  figures->traffic = traffic - traffic_;
  return absl::OkStatus();
}

}  // namespace coedit::bench
