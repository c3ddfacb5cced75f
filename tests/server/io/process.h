// The program itself as a child process: its output, its signals, how it ends.
#ifndef COEDIT_TESTS_SERVER_IO_PROCESS_H_
#define COEDIT_TESTS_SERVER_IO_PROCESS_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace coedit::server {

class Process {
 public:
  // Starts `coedit` of the same build with these arguments.
  explicit Process(const std::vector<std::string>& arguments);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  // Kills it if it still runs.
  ~Process();

  // One line of stdout, without its end; empty at the end.
  std::string ReadLine();
  // All that is to come, up to the end.
  std::string ReadOutput();
  std::string ReadErrors();

  void Signal(int number);
  // Its process id, while it has not been waited for.
  pid_t process() const;

  // Waits for its end: the exit code, or minus the signal that ended it.
  int Wait();

  // Waits for the line in which a server says it is ready.
  uint16_t ReadyPort();

 private:
  pid_t pid_ = -1;
  int output_[2] = {-1, -1};
  int errors_[2] = {-1, -1};
  bool waited_ = false;
};

// What a command that ends by itself came to.
struct Ended {
  int exit_code;
  std::string output;
  std::string errors;
};
Ended RunCoedit(const std::vector<std::string>& arguments);

}  // namespace coedit::server

#endif  // COEDIT_TESTS_SERVER_IO_PROCESS_H_
