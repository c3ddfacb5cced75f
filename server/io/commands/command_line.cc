#include "server/io/commands/command_line.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "server/io/commands/commands.h"

namespace coedit::server {
namespace {

constexpr char kDirectory[] = "Directory of the documents";
constexpr char kDirectoryOrBackup[] = "Directory of the documents, or a backup file";

}  // namespace

struct CommandLine::Values {
  VerifyCommand verify;
  InspectCommand inspect;
  BackupCommand backup;
  RestoreCommand restore;
  ExportCommand export_;
  ImportCommand import_;
  CompactCommand compact;
};

CommandLine::CommandLine(CLI::App* program, RandomSource* random)
    : values_(std::make_unique<Values>()) {
  {
    VerifyCommand& command = values_->verify;
    CLI::App* app = Add(program, "verify", "Checks that all that is stored is sound",
                        [&command] { return RunVerify(command); });
    app->add_option("--data", command.data, kDirectoryOrBackup)->required();
    app->add_option("--document", command.document, "Only this document");
    app->footer("Exit code: 0 sound, 1 damaged, 2 it could not be checked.");
  }
  {
    InspectCommand& command = values_->inspect;
    CLI::App* app = Add(program, "inspect", "Shows what is stored, in numbers",
                        [&command] { return RunInspect(command); });
    app->add_option("--data", command.data, kDirectoryOrBackup)->required();
    app->add_option("DOCUMENT", command.document, "Only this document, with its authors");
    app->add_flag("--json", command.json, "One JSON object");
  }
  {
    BackupCommand& command = values_->backup;
    CLI::App* app = Add(program, "backup", "Copies all documents into one file, while serving too",
                        [&command] { return RunBackup(command); });
    app->add_option("--data", command.data, kDirectory)->required();
    app->add_option("TARGET", command.target, "The backup, a new file")->required();
    app->add_flag("--no-verify", command.no_verify, "Do not verify the copy");
    app->add_option("--log-mib-max", command.log_mebibytes_max,
                    "Give up if the server's log grows beyond this meanwhile, in MiB")
        ->check(CLI::Range(int64_t{1}, int64_t{1} << 20))
        ->capture_default_str();
  }
  {
    RestoreCommand& command = values_->restore;
    CLI::App* app = Add(program, "restore", "Makes a backup the documents of a directory",
                        [&command, random] { return RunRestore(command, random); });
    app->add_option("BACKUP", command.backup, "A file that `coedit backup` made")->required();
    app->add_option("--data", command.data, "Directory of the documents; made if it is missing")
        ->required();
    app->add_flag("--replace", command.replace, "Move what the directory holds aside");
    app->add_flag("--no-verify", command.no_verify, "Restore a damaged backup too");
  }
  {
    ExportCommand& command = values_->export_;
    CLI::App* app = Add(program, "export", "Writes a document with its whole history as JSON Lines",
                        [&command] { return RunExport(command); });
    app->add_option("--data", command.data, kDirectoryOrBackup)->required();
    app->add_option("DOCUMENT", command.document, "Id of the document")->required();
    app->add_option("FILE", command.file, "A new file; without it, standard output");
  }
  {
    ImportCommand& command = values_->import_;
    CLI::App* app = Add(program, "import", "Makes a document out of an exported one",
                        [&command, random] { return RunImport(command, random); });
    app->add_option("--data", command.data, "Directory of the documents; made if it is missing")
        ->required();
    app->add_option("FILE", command.file, "What `coedit export` wrote; - is standard input")
        ->required();
    app->add_option("--as", command.document, "Another id for the document");
    app->add_option("--limit", command.limits,
                    "name=value as for `serve`, may be repeated; the file must keep them")
        ->type_size(1)
        ->allow_extra_args(false);
  }
  {
    CompactCommand& command = values_->compact;
    CLI::App* app = Add(program, "compact", "Gives back disk space that is no longer needed",
                        [&command] { return RunCompact(command); });
    app->add_option("--data", command.data, kDirectory)->required();
  }
}

CommandLine::~CommandLine() = default;

CLI::App* CommandLine::Add(CLI::App* program, const char* name, const char* text,
                           std::function<int()> run) {
  CLI::App* app = program->add_subcommand(name, text);
  commands_.push_back({app, std::move(run)});
  return app;
}

std::function<int()> CommandLine::Given() const {
  for (const Command& command : commands_) {
    if (command.app->parsed()) return command.run;
  }
  return nullptr;
}

}  // namespace coedit::server
