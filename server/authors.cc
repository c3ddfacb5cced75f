#include "server/authors.h"

#include <algorithm>

#include "ot/check.h"

namespace coedit::server {

AuthorDirectory::AuthorDirectory(const std::vector<storage::Author>& stored) {
  for (const storage::Author& author : stored) {
    by_number_[author.number] = {author.client_id, {author.user_id, author.name, author.color}};
    by_client_[author.client_id] = author.number;
    last_ = std::max(last_, author.number);
  }
}

ot::AuthorNumber AuthorDirectory::Register(absl::string_view client_id, const proto::User& user) {
  const auto [found, is_new] = by_client_.try_emplace(client_id, last_ + 1);
  if (is_new) ++last_;
  by_number_[found->second] = {std::string(client_id), user};
  return found->second;
}

const proto::User* AuthorDirectory::FindUser(ot::AuthorNumber author) const {
  const auto found = by_number_.find(author);
  return found == by_number_.end() ? nullptr : &found->second.user;
}

storage::Author AuthorDirectory::ToStore(ot::AuthorNumber author,
                                         const ot::AuthorState& state) const {
  const auto found = by_number_.find(author);
  COEDIT_CHECK(found != by_number_.end());
  return {.number = author,
          .client_id = found->second.client_id,
          .user_id = found->second.user.id,
          .name = found->second.user.name,
          .color = found->second.user.color,
          .state = state};
}

}  // namespace coedit::server
