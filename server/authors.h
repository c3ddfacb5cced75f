// AuthorDirectory: who the authors of one document are.
//
// The server gives every (document, client id) a small integer. It is stable once a commit carries
// it; an author who never committed is known to memory only.
#ifndef COEDIT_SERVER_AUTHORS_H_
#define COEDIT_SERVER_AUTHORS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "ot/document.h"
#include "proto/messages.h"
#include "server/identity.h"
#include "storage/store.h"

namespace coedit::server {

class AuthorDirectory {
 public:
  AuthorDirectory() = default;
  explicit AuthorDirectory(const std::vector<storage::Author>& stored);

  // The number of this client, a new one if it was never seen; its user is remembered as of now.
  ot::AuthorNumber Register(std::shared_ptr<const Identity> identity);
  bool Knows(absl::string_view client_id) const { return by_client_.contains(client_id); }

  // nullptr if there is no such author.
  const proto::User* FindUser(ot::AuthorNumber author) const;
  // As the store keeps it; the author exists (CHECKed).
  storage::Author ToStore(ot::AuthorNumber author, const ot::AuthorState& state) const;
  int64_t size() const { return static_cast<int64_t>(by_number_.size()); }

 private:
  void Add(ot::AuthorNumber number, std::shared_ptr<const Identity> identity);

  absl::flat_hash_map<ot::AuthorNumber, std::shared_ptr<const Identity>> by_number_;
  absl::flat_hash_map<absl::string_view, ot::AuthorNumber> by_client_;  // keys stand in by_number_
  ot::AuthorNumber last_ = 0;
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_AUTHORS_H_
