// The commands of `coedit` beside `serve` and `limits`.
//
// Each takes what the command line said, does its work, says what came of it and returns the exit
// code. docs/operations.md has the codes.
#ifndef COEDIT_SERVER_IO_COMMANDS_COMMANDS_H_
#define COEDIT_SERVER_IO_COMMANDS_COMMANDS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/seams.h"

namespace coedit::server {

struct VerifyCommand {
  std::string data;
  std::optional<std::string> document;
};
int RunVerify(const VerifyCommand& command);

struct InspectCommand {
  std::string data;
  std::optional<std::string> document;
  bool json = false;
};
int RunInspect(const InspectCommand& command);

struct BackupCommand {
  std::string data;
  std::string target;
  bool no_verify = false;
  int64_t log_mebibytes_max = 1024;
};
int RunBackup(const BackupCommand& command);

struct RestoreCommand {
  std::string backup;
  std::string data;
  bool replace = false;
  bool no_verify = false;
};
int RunRestore(const RestoreCommand& command, RandomSource* random);

struct ExportCommand {
  std::string data;
  std::string document;
  std::string file;  // empty: standard output
};
int RunExport(const ExportCommand& command);

struct ImportCommand {
  std::string data;
  std::string file;  // "-": standard input
  std::optional<std::string> document;
  std::vector<std::string> limits;
};
int RunImport(const ImportCommand& command, RandomSource* random);

struct CompactCommand {
  std::string data;
};
int RunCompact(const CompactCommand& command);

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IO_COMMANDS_COMMANDS_H_
