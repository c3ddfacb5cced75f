#include "server/shards.h"

#include <utility>

#include "ot/canonical.h"
#include "ot/check.h"

namespace coedit::server {
namespace {

const Limits* LimitsOf(const std::vector<const Environment*>& environments) {
  COEDIT_CHECK(!environments.empty());
  return &environments.front()->limits;
}

}  // namespace

Shards::Shards(const std::vector<const Environment*>& environments)
    : environments_(environments), counts_(LimitsOf(environments)) {
  for (const Environment* environment : environments_) {
    hubs_.push_back(std::make_unique<Hub>(environment, &counts_));
  }
}

Shards::~Shards() = default;

size_t Shards::ShardOf(absl::string_view document) const {
  if (count() == 1) return 0;
  return ot::HashBytes(document, 0) % count();
}

void Shards::Shutdown(Executor* executor, Task done) {
  // Each shard holds a share of the promise; the last one to let go keeps it.
  const std::shared_ptr<void> last(nullptr,
                                   [executor, done = std::move(done)](std::nullptr_t) mutable {
                                     executor->Post(std::move(done));
                                   });
  for (size_t shard = 0; shard < count(); ++shard) {
    this->executor(shard)->Post([hub = hubs_[shard].get(), last] { hub->Shutdown([last] {}); });
  }
}

}  // namespace coedit::server
