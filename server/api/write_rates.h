// WriteRates: how fast each client address may change things over HTTP. One address has one bucket,
// whatever the number of its connections.
#ifndef COEDIT_SERVER_API_WRITE_RATES_H_
#define COEDIT_SERVER_API_WRITE_RATES_H_

#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/token_bucket.h"

namespace coedit::server::api {

class WriteRates {
 public:
  // `per_second` of 0: no bound.
  WriteRates(int64_t per_second, int64_t burst) : per_second_(per_second), burst_(burst) {}

  // Zero, or how long the client has to wait.
  absl::Duration Take(absl::string_view client, absl::Duration now) {
    if (per_second_ == 0) return absl::ZeroDuration();
    auto found = buckets_.find(client);
    if (found == buckets_.end()) {
      if (buckets_.size() >= kClientsMax) DropFull(now);
      // With so many at it at once, newcomers share a bucket.
      const absl::string_view name = buckets_.size() >= kClientsMax ? "" : client;
      found = buckets_.try_emplace(name, Bucket{TokenBucket(per_second_, burst_, now), now}).first;
    }
    found->second.used = now;
    return found->second.tokens.Take(now);
  }

  size_t clients() const { return buckets_.size(); }

  static constexpr size_t kClientsMax = 10000;

 private:
  struct Bucket {
    TokenBucket tokens;
    absl::Duration used;
  };

  // Those that are full again say nothing that a new one would not.
  void DropFull(absl::Duration now) {
    const absl::Duration full = absl::Seconds(1) * burst_ / per_second_;
    absl::erase_if(buckets_, [&](const auto& entry) { return now - entry.second.used >= full; });
  }

  const int64_t per_second_;
  const int64_t burst_;
  absl::flat_hash_map<std::string, Bucket> buckets_;
};

}  // namespace coedit::server::api

#endif  // COEDIT_SERVER_API_WRITE_RATES_H_
