// What each call of the API does (docs/http-api.md). A handler gets an exchange whose path fits its
// pattern, whose document id is legal, and whose body, if the call has one, was sent as JSON; it
// answers in its own time. On the executor.
//
// Reads go to the log, which knows only what is durable. Edits go through the hub, in one order
// with everyone else's.
#ifndef COEDIT_SERVER_API_HANDLERS_H_
#define COEDIT_SERVER_API_HANDLERS_H_

#include "server/api/exchange.h"

namespace coedit::server::api {

// document_handlers.cc
void CreateDocument(ExchangePtr exchange);
void ListDocuments(ExchangePtr exchange);
void GetDocument(ExchangePtr exchange);
void PatchDocument(ExchangePtr exchange);
void DeleteDocument(ExchangePtr exchange);
void CopyDocument(ExchangePtr exchange);
void ListMembers(ExchangePtr exchange);

// edit_handlers.cc
void PostOperation(ExchangePtr exchange);
void RestoreRevision(ExchangePtr exchange);

// history_handlers.cc
void ListOperations(ExchangePtr exchange);
void GetDiff(ExchangePtr exchange);
void GetTimeline(ExchangePtr exchange);
void ListVersions(ExchangePtr exchange);
void AddVersion(ExchangePtr exchange);
void DeleteVersion(ExchangePtr exchange);

// blame_handler.cc
void GetBlame(ExchangePtr exchange);

// openapi.cc
void GetOpenApi(ExchangePtr exchange);

}  // namespace coedit::server::api

#endif  // COEDIT_SERVER_API_HANDLERS_H_
