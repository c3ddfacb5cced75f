// Every limit of the server, once: name, default, unit and reason. `--limit name=value` sets one;
// 0 means none where that makes sense (the table in limits.cc says where).
#ifndef COEDIT_SERVER_LIMITS_H_
#define COEDIT_SERVER_LIMITS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "ot/document.h"
#include "proto/codec.h"
#include "proto/messages.h"

namespace coedit::server {

struct Limits {
  // Messages.
  int64_t hello_bytes = 8 << 10;       // before a peer has said who it is
  int64_t message_bytes = 256 << 10;   // one WebSocket message from a client
  int64_t messages_per_frame = 256;    // client messages in one frame
  int64_t fragments_per_message = 64;  // WebSocket frames in one message
  int64_t delta_components = 4096;     // the worst message stays near 1 MB of objects
  int64_t attributes_per_component = 32;
  int64_t attribute_key_bytes = 64;
  int64_t attribute_value_bytes = 2048;
  int64_t embed_bytes = 16 << 10;
  int64_t json_depth = 8;  // attribute values, embeds, presence, signals
  int64_t presence_bytes = 1024;
  int64_t presence_ranges = 64;  // carets and selections of one member
  int64_t signal_bytes = 4096;
  int64_t name_characters = 64;

  // Documents.
  int64_t document_units = 4 << 20;  // UTF-16 units
  int64_t document_components = 1 << 20;
  int64_t catch_up_revisions = 5000;             // how far back a base may lie
  int64_t catch_up_composed_revisions = 200000;  // missed commits handed over as one change
  int64_t catch_up_single_commits = 256;         // missed commits that are not worth composing
  int64_t transform_steps = 4 << 20;  // components walked to carry one operation to the head
  int64_t history_in_memory = 2048;   // commits kept by an open document; older ones are read
  int64_t documents_open = 10000;
  int64_t documents_per_connection = 100;
  int64_t members_per_document = 2000;
  int64_t authors_per_document = 100000;
  int64_t document_idle_seconds = 30;  // without members, then it is unloaded
  int64_t mailbox_operations = 1024;   // waiting for the store, per document
  int64_t mailbox_bytes = 8 << 20;

  int64_t log_bytes = 16 << 20;      // the write-ahead log, until it is copied into the database
  int64_t recent_bytes = 128 << 10;  // appends that wait for being written into their documents

  // Connections.
  int64_t connections = 19488;              // 20,000 descriptors less what the store and files need
  int64_t connections_before_hello = 1948;  // a tenth of them may be nobody yet
  int64_t connections_per_address = 64;     // loopback and trusted proxies are exempt
  int64_t connections_per_user = 16;
  int64_t header_bytes = 8 << 10;
  int64_t header_fields = 64;
  int64_t handshake_seconds = 10;  // from TCP accept to the upgrade or a whole request
  int64_t hello_seconds = 5;
  int64_t assembly_seconds = 10;  // from the first to the last byte of one message
  int64_t write_seconds = 10;     // without one byte drained
  int64_t close_seconds = 5;
  int64_t heartbeat_seconds = 20;  // between pings, give or take a tenth
  int64_t silence_seconds = 45;    // without any byte: dead
  int64_t control_frames_per_second = 10;
  int64_t outbound_bytes = 1 << 20;    // queued for one slow reader
  int64_t part_bytes = 256 << 10;      // pieces of a large snapshot
  int64_t catch_up_bytes = 256 << 20;  // snapshots and catch-ups queued in the whole process
  int64_t drain_seconds = 10;          // from SIGTERM to the end

  // Rates; beyond them a client is slowed down, not refused.
  int64_t submits_per_second = 50;  // per connection and channel
  int64_t submits_burst = 100;
  int64_t presence_per_second = 20;  // broadcasts of one member; the latest wins
  int64_t signals_per_second = 20;
  int64_t signals_burst = 100;
  int64_t api_writes_per_second = 50;  // over HTTP, of one address; beyond it they are refused
  int64_t api_writes_burst = 200;
  int64_t api_computations = 64;  // blames, differences and texts that wait to be computed, each

  ot::DocumentLimits document() const;
  proto::DecodeLimits decode() const;
  proto::WireLimits wire() const;
};

struct LimitInfo {
  const char* name;  // as in --limit
  int64_t Limits::*field;
  int64_t minimum;  // smallest legal value; 0 where zero means "none"
  const char* unit;
  const char* reason;  // one line for --help and docs/operations.md
};
const std::vector<LimitInfo>& AllLimits();

// "name=value". kInvalidArgument names what is wrong and what would be right.
absl::Status SetLimit(absl::string_view assignment, Limits* limits);

}  // namespace coedit::server

#endif  // COEDIT_SERVER_LIMITS_H_
