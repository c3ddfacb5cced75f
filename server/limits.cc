#include "server/limits.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace coedit::server {

ot::DocumentLimits Limits::document() const {
  return {.document_units_max = document_units,
          .document_runs_max = document_components,
          .delta_components_max = delta_components,
          .catch_up_revisions_max = static_cast<uint64_t>(catch_up_revisions),
          .transform_work_max = transform_steps};
}

proto::DecodeLimits Limits::decode() const {
  proto::DecodeLimits limits;
  limits.messages_per_frame_max = messages_per_frame;
  limits.delta_components_max = delta_components;
  limits.attributes_per_component_max = attributes_per_component;
  limits.attribute_key_bytes_max = attribute_key_bytes;
  limits.attribute_value_bytes_max = attribute_value_bytes;
  limits.embed_bytes_max = embed_bytes;
  limits.json_depth_max = json_depth;
  limits.presence_bytes_max = presence_bytes;
  limits.presence_ranges_max = presence_ranges;
  limits.signal_bytes_max = signal_bytes;
  return limits;
}

proto::WireLimits Limits::wire() const {
  return {.message_bytes = static_cast<uint64_t>(message_bytes),
          .delta_components = static_cast<uint64_t>(delta_components),
          .document_units = static_cast<uint64_t>(document_units),
          .catch_up_revisions = static_cast<uint64_t>(catch_up_revisions),
          .presence_bytes = static_cast<uint64_t>(presence_bytes),
          .signal_bytes = static_cast<uint64_t>(signal_bytes)};
}

const std::vector<LimitInfo>& AllLimits() {
  using L = Limits;
  static const auto& limits = *new std::vector<LimitInfo>{
      {"hello_bytes", &L::hello_bytes, 512, "bytes", "first message of a connection"},
      {"message_bytes", &L::message_bytes, 8192, "bytes", "one WebSocket message from a client"},
      {"messages_per_frame", &L::messages_per_frame, 1, "messages", "client messages in one frame"},
      {"fragments_per_message", &L::fragments_per_message, 1, "frames",
       "WebSocket frames of one message"},
      {"delta_components", &L::delta_components, 16, "components", "one submitted delta"},
      {"attributes_per_component", &L::attributes_per_component, 1, "attributes",
       "formats of one run"},
      {"attribute_key_bytes", &L::attribute_key_bytes, 8, "bytes", "one attribute name"},
      {"attribute_value_bytes", &L::attribute_value_bytes, 16, "bytes", "one attribute value"},
      {"embed_bytes", &L::embed_bytes, 64, "bytes", "one embed"},
      {"json_depth", &L::json_depth, 1, "levels", "nesting of foreign JSON"},
      {"presence_bytes", &L::presence_bytes, 16, "bytes", "state of one member"},
      {"presence_ranges", &L::presence_ranges, 1, "ranges", "carets and selections of one member"},
      {"signal_bytes", &L::signal_bytes, 16, "bytes", "payload of one signal"},
      {"name_characters", &L::name_characters, 1, "characters", "name of a user"},
      {"document_units", &L::document_units, 1024, "UTF-16 units", "length of a document"},
      {"document_components", &L::document_components, 64, "components",
       "runs and embeds of a document"},
      {"catch_up_revisions", &L::catch_up_revisions, 1, "revisions",
       "how far back an operation's base may lie"},
      {"catch_up_composed_revisions", &L::catch_up_composed_revisions, 1, "revisions",
       "missed commits handed over as one change"},
      {"catch_up_single_commits", &L::catch_up_single_commits, 0, "commits",
       "missed commits that are sent one by one even to a client that takes composed ones"},
      {"transform_steps", &L::transform_steps, 1024, "components",
       "work to carry one operation to the head"},
      {"history_in_memory", &L::history_in_memory, 1, "commits",
       "kept by an open document; older ones are read from disk"},
      {"documents_open", &L::documents_open, 0, "documents", "open in the process"},
      {"documents_per_connection", &L::documents_per_connection, 1, "documents",
       "open on one connection"},
      {"members_per_document", &L::members_per_document, 0, "members", "in one room"},
      {"authors_per_document", &L::authors_per_document, 0, "authors",
       "client ids a document remembers"},
      {"document_idle_seconds", &L::document_idle_seconds, 0, "seconds",
       "without members until a document is unloaded"},
      {"mailbox_operations", &L::mailbox_operations, 1, "operations",
       "waiting for the store, per document"},
      {"mailbox_bytes", &L::mailbox_bytes, 1 << 20, "bytes", "waiting for the store, per document"},
      {"log_bytes", &L::log_bytes, 64 << 10, "bytes",
       "the write-ahead log, until it is copied into the database; beside readers three times "
       "that"},
      {"recent_bytes", &L::recent_bytes, 0, "bytes",
       "durable appends of all documents that are not in their documents' rows yet"},
      {"connections", &L::connections, 1, "connections", "of the process"},
      {"connections_before_hello", &L::connections_before_hello, 0, "connections",
       "that have not said hello"},
      {"connections_per_address", &L::connections_per_address, 0, "connections",
       "from one address; loopback and trusted proxies are exempt"},
      {"connections_per_user", &L::connections_per_user, 0, "connections", "of one client id"},
      {"header_bytes", &L::header_bytes, 1024, "bytes", "header of an HTTP request"},
      {"header_fields", &L::header_fields, 8, "fields", "header of an HTTP request"},
      {"handshake_seconds", &L::handshake_seconds, 1, "seconds", "from accept to a whole request"},
      {"hello_seconds", &L::hello_seconds, 1, "seconds", "from the upgrade to `hello`"},
      {"assembly_seconds", &L::assembly_seconds, 1, "seconds",
       "from the first to the last byte of a message"},
      {"write_seconds", &L::write_seconds, 1, "seconds", "without one byte drained"},
      {"close_seconds", &L::close_seconds, 1, "seconds", "for the closing handshake"},
      {"heartbeat_seconds", &L::heartbeat_seconds, 1, "seconds", "between pings"},
      {"silence_seconds", &L::silence_seconds, 2, "seconds", "without any byte: dead"},
      {"control_frames_per_second", &L::control_frames_per_second, 0, "frames/s",
       "pings and pongs of one peer"},
      {"outbound_bytes", &L::outbound_bytes, 4096, "bytes", "queued for one slow reader"},
      {"part_bytes", &L::part_bytes, 1024, "bytes", "pieces of a large snapshot"},
      {"catch_up_bytes", &L::catch_up_bytes, 0, "bytes",
       "snapshots and catch-ups queued in the process"},
      {"drain_seconds", &L::drain_seconds, 1, "seconds", "from SIGTERM to the end"},
      {"submits_per_second", &L::submits_per_second, 0, "operations/s",
       "per connection and document; beyond it they are held"},
      {"submits_burst", &L::submits_burst, 1, "operations", "at once before they are held"},
      {"presence_per_second", &L::presence_per_second, 0, "messages/s",
       "broadcasts of one member; the latest wins"},
      {"signals_per_second", &L::signals_per_second, 0, "messages/s",
       "signals, opens and pings of a connection"},
      {"signals_burst", &L::signals_burst, 1, "messages", "at once before that is refused"},
      {"api_writes_per_second", &L::api_writes_per_second, 0, "requests/s",
       "changes over HTTP from one address"},
      {"api_writes_burst", &L::api_writes_burst, 1, "requests", "at once before that is refused"},
      {"api_computations", &L::api_computations, 1, "requests",
       "waiting for a text to be written out; as many for a blame or difference"},
  };
  return limits;
}

absl::Status SetLimit(absl::string_view assignment, Limits* limits) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(assignment, absl::MaxSplits('=', 1));
  const auto found = std::find_if(AllLimits().begin(), AllLimits().end(),
                                  [&](const LimitInfo& info) { return parts.first == info.name; });
  if (found == AllLimits().end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("there is no limit '", parts.first, "'; `coedit limits` lists them"));
  }
  int64_t value = 0;
  if (!absl::SimpleAtoi(parts.second, &value)) {
    return absl::InvalidArgumentError(absl::StrCat("limit ", parts.first,
                                                   " wants a whole number of ", found->unit,
                                                   ", not '", parts.second, "'"));
  }
  if (value < found->minimum || value > (int64_t{1} << 40)) {
    return absl::InvalidArgumentError(absl::StrCat("limit ", parts.first, " of ", value, " ",
                                                   found->unit, " is out of range; it is at least ",
                                                   found->minimum));
  }
  limits->*found->field = value;
  return absl::OkStatus();
}

}  // namespace coedit::server
