// The options of the commands, as CLI11 reads them.
#ifndef COEDIT_SERVER_IO_COMMANDS_COMMAND_LINE_H_
#define COEDIT_SERVER_IO_COMMANDS_COMMAND_LINE_H_

#include <functional>
#include <memory>
#include <vector>

#include "server/seams.h"

namespace CLI {
class App;
}

namespace coedit::server {

class CommandLine {
 public:
  // Adds the commands to `program`. Both outlive the object.
  CommandLine(CLI::App* program, RandomSource* random);
  ~CommandLine();

  // After parsing: does what the command that was given asks for and returns the exit code; nullptr
  // if none of these was given.
  std::function<int()> Given() const;

 private:
  struct Values;

  struct Command {
    CLI::App* app;
    std::function<int()> run;
  };
  CLI::App* Add(CLI::App* program, const char* name, const char* text, std::function<int()> run);

  std::unique_ptr<Values> values_;
  std::vector<Command> commands_;
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IO_COMMANDS_COMMAND_LINE_H_
