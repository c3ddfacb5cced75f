// What every part of the server's core is given: one for each shard, alike but for the executor.
#ifndef COEDIT_SERVER_ENVIRONMENT_H_
#define COEDIT_SERVER_ENVIRONMENT_H_

#include <string>

#include "server/limits.h"
#include "server/seams.h"
#include "storage/store.h"

namespace coedit::server {

struct Environment {
  Limits limits;
  std::string server_name;  // "coedit/0.1.0", told in `welcome`
  storage::Store* store = nullptr;
  Executor* executor = nullptr;
  Clock* clock = nullptr;
  RandomSource* random = nullptr;
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_ENVIRONMENT_H_
