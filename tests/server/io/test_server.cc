#include "tests/server/io/test_server.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "ot/check.h"
#include "server/io/log.h"
#include "storage/sqlite_store.h"

namespace coedit::server {

ServerOptions TestOptions() {
  ServerOptions options;
  options.listen = *ParseEndpoint("127.0.0.1:0");
  return options;
}

TestServer::TestServer(const ServerOptions& options) {
  static const bool quiet = SetLogLevel("off").ok();
  COEDIT_CHECK(quiet);
  absl::StatusOr<std::unique_ptr<storage::SqliteStore>> store =
      storage::SqliteStore::Open(directory_.path());
  COEDIT_CHECK(store.ok());
  absl::StatusOr<std::unique_ptr<Server>> server = Server::Start(options, *std::move(store));
  if (!server.ok()) ADD_FAILURE() << server.status();
  COEDIT_CHECK(server.ok());
  server_ = *std::move(server);
  thread_ = std::thread([this] { server_->Run(); });
}

TestServer::~TestServer() {
  if (thread_.joinable()) StopAndWait();
}

void TestServer::StopAndWait() {
  server_->Stop();
  thread_.join();
}

TemporaryDirectory::TemporaryDirectory() {
  std::string name = std::filesystem::temp_directory_path() / "coedit-test-XXXXXX";
  COEDIT_CHECK(mkdtemp(name.data()) != nullptr);
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() { std::filesystem::remove_all(path_); }

void TemporaryDirectory::Write(const std::string& name, const std::string& content) const {
  const std::filesystem::path path = std::filesystem::path(path_) / name;
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << content;
}

}  // namespace coedit::server
