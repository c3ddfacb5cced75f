#include "server/wire_error.h"

#include "ot/check.h"

namespace coedit::server {

const std::vector<WireErrorInfo>& AllWireErrors() {
  using W = WireCode;
  static const auto& table = *new std::vector<WireErrorInfo>{
      {W::kBadMessage, "bad_message", 400, 4400, false,
       "a bug of the client: stops and reports it"},
      {W::kUnauthenticated, "unauthenticated", 401, 4401, false,
       "gets a new token, then reconnects"},
      {W::kForbidden, "forbidden", 403, 4403, false, "goes read-only; pending edits become a copy"},
      {W::kNoSuchDocument, "no_such_document", 404, 4404, false, "tells the user"},
      {W::kTypeMismatch, "type_mismatch", 409, 0, false, "tells the user"},
      {W::kAlreadyOpen, "already_open", 409, 0, false,
       "uses the channel it has, or waits for its own `leave`"},
      {W::kAlreadyExists, "already_exists", 409, 0, false,
       "chooses another id, or uses what is there"},
      {W::kVersion, "version", 406, 4406, false, "asks the user to reload"},
      {W::kDocumentLimit, "document_limit", 413, 4413, false, "rolls the operation back"},
      {W::kInvalidOperation, "invalid_operation", 422, 4422, false, "rolls the operation back"},
      {W::kSequenceConflict, "sequence_conflict", 422, 4422, false, "rolls the operation back"},
      {W::kStaleSequence, "stale_sequence", 422, 4422, false, "rolls the operation back"},
      {W::kRevisionTooOld, "revision_too_old", 422, 4422, false, "rolls the operation back"},
      {W::kTooComplex, "too_complex", 422, 4422, false, "rolls the operation back"},
      {W::kTooSlow, "too_slow", 408, 4408, true, "resumes by revision"},
      {W::kReplaced, "replaced", 409, 4409, false, "reconnects only when the user acts"},
      {W::kResync, "resync", 410, 4410, true, "keeps a copy, opens without `known`"},
      {W::kRate, "rate", 429, 4429, true, "waits, then goes on"},
      {W::kUnavailable, "unavailable", 503, 4503, true, "reconnects with jitter"},
      {W::kStorageFull, "storage_full", 507, 4507, true, "reconnects with jitter"},
  };
  return table;
}

const WireErrorInfo& InfoOf(WireCode code) {
  for (const WireErrorInfo& info : AllWireErrors()) {
    if (info.code == code) return info;
  }
  COEDIT_CHECK(false);
  return AllWireErrors().front();
}

WireCode CodeOf(ot::Refusal refusal) {
  switch (refusal) {
    case ot::Refusal::kInvalidOperation:
      return WireCode::kInvalidOperation;
    case ot::Refusal::kSequenceConflict:
      return WireCode::kSequenceConflict;
    case ot::Refusal::kStaleSequence:
      return WireCode::kStaleSequence;
    case ot::Refusal::kRevisionTooOld:
      return WireCode::kRevisionTooOld;
    case ot::Refusal::kTooComplex:
      return WireCode::kTooComplex;
    case ot::Refusal::kDocumentLimit:
      return WireCode::kDocumentLimit;
  }
  COEDIT_CHECK(false);
  return WireCode::kInvalidOperation;
}

}  // namespace coedit::server
