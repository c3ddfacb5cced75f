#include "bench/load/load_report.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace coedit::bench {
namespace {

namespace json = boost::json;

struct Level {
  const char* name;
  double fraction;
};
constexpr Level kLevels[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}};

// From here on the tool itself may be what was measured.
constexpr double kBusyCores = 0.9;

double Milliseconds(int64_t ns) { return static_cast<double>(ns) * 1e-6; }

double Per(double amount, int64_t count) {
  return count == 0 ? 0 : amount / static_cast<double>(count);
}

double Per(int64_t amount, int64_t count) { return Per(static_cast<double>(amount), count); }

std::string Latency(const Histogram& histogram) {
  std::string line;
  for (const Level& level : kLevels) {
    absl::StrAppendFormat(&line, "%s %.3f ", level.name,
                          Milliseconds(histogram.Percentile(level.fraction)));
  }
  absl::StrAppendFormat(&line, "max %.3f  (%d samples)", Milliseconds(histogram.max()),
                        histogram.count());
  return line;
}

json::object LatencyJson(const Histogram& histogram) {
  json::object object;
  for (const Level& level : kLevels) {
    object[level.name] = Milliseconds(histogram.Percentile(level.fraction));
  }
  object["max"] = Milliseconds(histogram.max());
  object["mean"] = histogram.mean() * 1e-6;
  object["samples"] = histogram.count();
  return object;
}

class Table {
 public:
  template <typename... Values>
  void Line(absl::string_view name, const absl::FormatSpec<Values...>& format,
            const Values&... values) {
    absl::StrAppendFormat(&text_, "%-22s ", name);
    absl::StrAppendFormat(&text_, format, values...);
    text_ += '\n';
  }
  std::string Take() && { return std::move(text_); }

 private:
  std::string text_;
};

void AppendFigures(const LoadFigures& figures, Table* table) {
  const double seconds = figures.seconds;
  const int64_t messages = figures.messages();
  table->Line("connections", "%d", figures.connections);
  if (figures.connected > 0) {
    table->Line("connected", "%d more in %.2f s, %.0f/s, %.1f KiB of server RSS each",
                figures.connected, figures.connect_seconds,
                static_cast<double>(figures.connected) / figures.connect_seconds,
                Per(figures.connect_resident_bytes, figures.connected) / 1024);
  }
  table->Line("edits/s", "%.0f", static_cast<double>(figures.edits) / seconds);
  table->Line("operations/s", "%.0f", static_cast<double>(figures.operations) / seconds);
  table->Line("deliveries/s", "%.0f", static_cast<double>(figures.deliveries) / seconds);
  table->Line("ack ms", "%s", Latency(figures.ack_ns));
  table->Line("delivery ms", "%s", Latency(figures.delivery_ns));
  if (figures.presence_shown > 0) {
    table->Line("presence/s", "%.0f shown, %.0f seen by others",
                static_cast<double>(figures.presence_shown) / seconds,
                static_cast<double>(figures.presence_seen) / seconds);
    table->Line("presence ms", "%s", Latency(figures.presence_ns));
  }
  if (figures.join_ns.count() > 0) table->Line("join ms", "%s", Latency(figures.join_ns));
  if (figures.server.has_value()) {
    const double cpu_us = figures.server->cpu_seconds * 1e6;
    table->Line("server CPU us", "%.2f per operation, %.2f per message, %.0f %% of a core",
                Per(cpu_us, figures.operations), Per(cpu_us, messages),
                100 * figures.server->cpu_seconds / seconds);
    table->Line("server RSS MB", "%.1f, at most %.1f",
                static_cast<double>(figures.server->resident_bytes) * 1e-6,
                static_cast<double>(figures.server->resident_bytes_max) * 1e-6);
  }
  const WebSocketClient::Traffic& traffic = figures.traffic;
  table->Line("wire bytes", "%.1f up and %.1f down per operation, %.1f down per message",
              Per(traffic.wire_bytes_sent, figures.operations),
              Per(traffic.wire_bytes_received, figures.operations),
              Per(traffic.wire_bytes_received, messages));
  table->Line("messages per frame", "%.2f", Per(messages, traffic.messages_received));
  table->Line("this tool's CPU", "%.0f %% of a core", 100 * figures.own_cpu_seconds / seconds);
  if (figures.lag_ns.count() > 0)
    table->Line("this tool late by ms", "%s", Latency(figures.lag_ns));
  if (figures.disturbed) {
    table->Line("note", "this tool was kept from running: the figures are worth nothing");
  }
  if (figures.own_cpu_seconds / seconds > kBusyCores) {
    table->Line("note", "this tool had no time to spare: latencies and rates are partly its own");
  }
}

json::object FiguresJson(const LoadFigures& figures) {
  const double seconds = figures.seconds;
  const int64_t messages = figures.messages();
  json::object object;
  object["seconds"] = seconds;
  object["disturbed"] = figures.disturbed;
  object["connections"] = figures.connections;
  object["edits"] = figures.edits;
  object["operations"] = figures.operations;
  object["deliveries"] = figures.deliveries;
  object["editsAcked"] = figures.edits_acked;
  object["editsDelivered"] = figures.edits_delivered;
  object["operationsPerSecond"] = static_cast<double>(figures.operations) / seconds;
  object["deliveriesPerSecond"] = static_cast<double>(figures.deliveries) / seconds;
  object["ackMs"] = LatencyJson(figures.ack_ns);
  object["deliveryMs"] = LatencyJson(figures.delivery_ns);
  object["toolLateMs"] = LatencyJson(figures.lag_ns);
  object["presenceShown"] = figures.presence_shown;
  object["presenceSeen"] = figures.presence_seen;
  object["presenceMs"] = LatencyJson(figures.presence_ns);
  object["joins"] = figures.join_ns.count();
  object["joinMs"] = LatencyJson(figures.join_ns);
  if (figures.server.has_value()) {
    const double cpu_us = figures.server->cpu_seconds * 1e6;
    object["serverCpuUsPerOperation"] = Per(cpu_us, figures.operations);
    object["serverCpuUsPerMessage"] = Per(cpu_us, messages);
    object["serverCpuCores"] = figures.server->cpu_seconds / seconds;
    object["serverResidentBytes"] = figures.server->resident_bytes;
    object["serverResidentBytesMax"] = figures.server->resident_bytes_max;
  }
  object["connected"] = figures.connected;
  object["connectSeconds"] = figures.connect_seconds;
  object["serverResidentBytesPerConnected"] =
      Per(figures.connect_resident_bytes, figures.connected);
  const WebSocketClient::Traffic& traffic = figures.traffic;
  object["payloadBytesUpPerOperation"] = Per(traffic.bytes_sent, figures.operations);
  object["payloadBytesDownPerMessage"] = Per(traffic.bytes_received, messages);
  object["wireBytesUpPerOperation"] = Per(traffic.wire_bytes_sent, figures.operations);
  object["wireBytesDownPerOperation"] = Per(traffic.wire_bytes_received, figures.operations);
  object["wireBytesDownPerMessage"] = Per(traffic.wire_bytes_received, messages);
  object["messagesPerFrame"] = Per(messages, traffic.messages_received);
  object["ownCpuCores"] = figures.own_cpu_seconds / seconds;
  return object;
}

std::string LoopText(const LoadOptions& options) {
  std::string text = options.rate.has_value()
                         ? absl::StrFormat("open loop at %g edits/s each", *options.rate)
                         : "closed loop";
  if (options.letters > 1) absl::StrAppendFormat(&text, " of %d letters", options.letters);
  return text;
}

}  // namespace

std::string ReportText(const LoadOptions& options, const LoadReport& report) {
  std::string head =
      absl::StrFormat("%d documents x %d clients", options.documents, options.clients);
  if (options.writers < options.clients)
    absl::StrAppendFormat(&head, ", %d typing", options.writers);
  absl::StrAppendFormat(&head, ", %s, %s, %.1f s measured\n", LoopText(options), options.label,
                        report.steps.front().seconds);
  Table table;
  for (const LoadFigures& figures : report.steps) AppendFigures(figures, &table);
  if (report.storm.has_value()) {
    table.Line("storm", "%d connections cut at once, back at once or within %s",
               report.storm->connections,
               absl::FormatDuration(options.storm_jitter.value_or(absl::ZeroDuration())));
    table.Line("back after ms", "%s", Latency(report.storm->back_ns));
    table.Line("attempts refused", "%d; %d got a text instead of what they missed",
               report.storm->refused, report.storm->skipped);
  }
  if (report.slow.has_value()) {
    table.Line("slow readers",
               "%d, of which the server dropped %d%s; once they read again, one got "
               "at most %.2f MB",
               report.slow->readers, report.slow->dropped,
               report.slow->reason.empty() ? "" : absl::StrCat(" (", report.slow->reason, ")"),
               static_cast<double>(report.slow->backlog_bytes_max) * 1e-6);
  }
  return absl::StrCat(
      head, std::move(table).Take(),
      absl::StrFormat("converged: %d documents, %d clients and a newcomer each, %d edits in all\n",
                      options.documents, options.clients, report.edits));
}

std::string ReportJson(const LoadOptions& options, const LoadReport& report) {
  json::object object;
  object["protocol"] = options.label;
  object["documents"] = options.documents;
  object["clientsPerDocument"] = options.clients;
  object["writersPerDocument"] = options.writers;
  object["lettersPerEdit"] = options.letters;
  object["loop"] = options.rate.has_value() ? "open" : "closed";
  if (options.rate.has_value()) object["editsPerSecondPerWriter"] = *options.rate;
  if (options.presence_rate.has_value()) object["presencePerSecond"] = *options.presence_rate;
  if (options.join_rate.has_value()) object["joinsPerSecond"] = *options.join_rate;
  object["seed"] = options.seed;
  json::array steps;
  for (const LoadFigures& figures : report.steps) steps.push_back(FiguresJson(figures));
  object["steps"] = std::move(steps);
  if (report.storm.has_value()) {
    object["storm"] = {{"connections", report.storm->connections},
                       {"jitterSeconds",
                        absl::ToDoubleSeconds(options.storm_jitter.value_or(absl::ZeroDuration()))},
                       {"backMs", LatencyJson(report.storm->back_ns)},
                       {"refused", report.storm->refused},
                       {"skipped", report.storm->skipped}};
  }
  if (report.slow.has_value()) {
    object["slowReaders"] = {{"readers", report.slow->readers},
                             {"dropped", report.slow->dropped},
                             {"reason", report.slow->reason},
                             {"backlogBytesMax", report.slow->backlog_bytes_max}};
  }
  object["convergedEdits"] = report.edits;
  object["converged"] = true;
  return json::serialize(object);
}

}  // namespace coedit::bench
