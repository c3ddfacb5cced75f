// What connections need of the server. Everything outlives them.
#ifndef COEDIT_SERVER_IO_SERVICES_H_
#define COEDIT_SERVER_IO_SERVICES_H_

#include <vector>

#include "server/api/api.h"
#include "server/environment.h"
#include "server/io/connection_slots.h"
#include "server/io/door.h"
#include "server/io/http_gate.h"
#include "server/io/static_files.h"
#include "server/io/store_probe.h"
#include "server/io/worker.h"
#include "server/shards.h"

namespace coedit::server {

struct Services {
  const Environment* environment = nullptr;  // the door's
  Shards* shards = nullptr;
  std::vector<Worker*> workers;  // one for each shard
  Door* door = nullptr;
  api::Api* api = nullptr;
  ConnectionSlots* slots = nullptr;
  const HttpGate* gate = nullptr;
  const StaticFiles* files = nullptr;
  const StoreProbe* store_probe = nullptr;

  const Limits& limits() const { return environment->limits; }
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IO_SERVICES_H_
