// Carrying carets and selections along with the text. Pure functions over a document's history.
#ifndef COEDIT_SERVER_PRESENCE_H_
#define COEDIT_SERVER_PRESENCE_H_

#include <memory>
#include <optional>
#include <vector>

#include "ot/document.h"
#include "proto/messages.h"
#include "server/member.h"

namespace coedit::server {

// `ranges` in the text at `from`, carried to the text at `to` (floor <= from <= to <= head). The
// owner's own insert at a caret moves it behind; another's leaves it before.
std::vector<proto::Range> CarryRanges(std::vector<proto::Range> ranges,
                                      const ot::Document& document, ot::AuthorNumber owner,
                                      ot::Revision from, ot::Revision to);

// What `members` show, carried to the text at `to` where it is older. Each commit is read once for
// all of them: old ones have to be unpacked.
void CarryShown(const std::vector<std::unique_ptr<Member>>& members, const ot::Document& document,
                ot::Revision to);

// `ranges` in the text at `seen` followed by the owner's own `operation`, which became commit
// `committed`; carried to the text at `committed`. nullopt if memory does not reach back far
// enough.
std::optional<std::vector<proto::Range>> CarryRangesAfter(std::vector<proto::Range> ranges,
                                                          const ot::Document& document,
                                                          const ot::Operation& operation,
                                                          ot::Revision seen,
                                                          ot::Revision committed);

}  // namespace coedit::server

#endif  // COEDIT_SERVER_PRESENCE_H_
