// What every store demands of an AppendRequest before it looks at the log.
#ifndef COEDIT_STORAGE_APPEND_CHECK_H_
#define COEDIT_STORAGE_APPEND_CHECK_H_

#include "storage/store.h"

namespace coedit::storage {

// COEDIT_CHECKs that the commits follow `expected` without a gap, in revision and in digest, and
// that `authors` are exactly those of the commits, with their states after them. A request that is
// wrong in itself is a mistake of this program and must not become durable.
void CheckAppendRequest(const AppendRequest& request);

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_APPEND_CHECK_H_
