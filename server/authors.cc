#include "server/authors.h"

#include <algorithm>
#include <utility>

#include "ot/check.h"

namespace coedit::server {

AuthorDirectory::AuthorDirectory(const std::vector<storage::Author>& stored) {
  for (const storage::Author& author : stored) {
    Add(author.number, std::make_shared<const Identity>(Identity{
                           author.client_id, {author.user_id, author.name, author.color}}));
  }
}

void AuthorDirectory::Add(ot::AuthorNumber number, std::shared_ptr<const Identity> identity) {
  const auto [added, is_new] = by_number_.emplace(number, std::move(identity));
  COEDIT_CHECK(is_new);
  by_client_[added->second->client_id] = number;
  last_ = std::max(last_, number);
}

ot::AuthorNumber AuthorDirectory::Register(std::shared_ptr<const Identity> identity) {
  const auto known = by_client_.find(identity->client_id);
  if (known == by_client_.end()) {
    Add(last_ + 1, std::move(identity));
    return last_;
  }
  const ot::AuthorNumber number = known->second;
  // The key stands in the identity that goes.
  by_client_.erase(known);
  by_client_[identity->client_id] = number;
  by_number_[number] = std::move(identity);
  return number;
}

const proto::User* AuthorDirectory::FindUser(ot::AuthorNumber author) const {
  const auto found = by_number_.find(author);
  return found == by_number_.end() ? nullptr : &found->second->user;
}

storage::Author AuthorDirectory::ToStore(ot::AuthorNumber author,
                                         const ot::AuthorState& state) const {
  const auto found = by_number_.find(author);
  COEDIT_CHECK(found != by_number_.end());
  return {.number = author,
          .client_id = found->second->client_id,
          .user_id = found->second->user.id,
          .name = found->second->user.name,
          .color = found->second->user.color,
          .state = state};
}

}  // namespace coedit::server
