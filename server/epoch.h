// A new epoch: the name of one history of a document.
#ifndef COEDIT_SERVER_EPOCH_H_
#define COEDIT_SERVER_EPOCH_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "server/seams.h"

namespace coedit::server {

// As "e-9c1f02ab9c1f02ab"; never the same twice.
inline std::string NewEpoch(RandomSource* random) { return absl::StrCat("e-", random->Hex(8)); }

}  // namespace coedit::server

#endif  // COEDIT_SERVER_EPOCH_H_
