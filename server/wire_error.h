// The one table of wire error codes: what each means on HTTP and WebSocket and what a client does.
#ifndef COEDIT_SERVER_WIRE_ERROR_H_
#define COEDIT_SERVER_WIRE_ERROR_H_

#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "ot/document.h"

namespace coedit::server {

enum class WireCode : uint8_t {
  kBadMessage,
  kUnauthenticated,
  kForbidden,
  kNoSuchDocument,
  kTypeMismatch,
  kAlreadyOpen,
  kAlreadyExists,
  kVersion,
  kDocumentLimit,
  kInvalidOperation,
  kSequenceConflict,
  kStaleSequence,
  kRevisionTooOld,
  kTooComplex,
  kTooSlow,
  kReplaced,
  kResync,
  kRate,
  kUnavailable,
  kStorageFull,
};

struct WireErrorInfo {
  WireCode code;
  const char* name;  // on the wire
  int http_status;
  uint16_t close_code;  // 0: never ends a connection
  bool retry;
  const char* client_action;
};

const std::vector<WireErrorInfo>& AllWireErrors();
const WireErrorInfo& InfoOf(WireCode code);
inline absl::string_view NameOf(WireCode code) { return InfoOf(code).name; }

WireCode CodeOf(ot::Refusal refusal);

}  // namespace coedit::server

#endif  // COEDIT_SERVER_WIRE_ERROR_H_
